"""The torch modules of the residual networks; importing this package's files imports torch."""
