"""The torch modules of the classic networks; importing this package's files imports torch."""
