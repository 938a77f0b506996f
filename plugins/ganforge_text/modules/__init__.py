"""The torch modules of the networks for captions; importing this package's files imports torch."""
