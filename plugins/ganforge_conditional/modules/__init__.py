"""The torch modules of the networks that know classes; importing this package's files imports torch."""
