"""The torch modules of the image-to-image networks; importing this package's files imports torch."""
