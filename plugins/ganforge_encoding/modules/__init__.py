"""The torch modules of the encoding networks; importing this package's files imports torch."""
