"""Plain loops as people write them, after PyTorch's tutorials and the best-known collections of GANs."""
