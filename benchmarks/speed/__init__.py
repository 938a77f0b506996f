"""The speed benchmark: games played by a textbook loop, a tuned loop, ganforge and peers' own trainers."""
