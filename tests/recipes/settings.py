"""Parameters that make each bundled recipe play four steps in a second."""

SMALL: dict[str, dict[str, str]] = {
    "cyclegan_horse2zebra": {"data": "shapes(size=16, count=24)", "base_channels": "4", "patch_layers": "1"},
    "dcgan_cifar": {"data": "shapes(size=16, count=64)", "base_channels": "4", "batch_size": "8"},
    "vanilla_mnist": {"data": "shapes(size=8, count=64)", "batch_size": "8"},
    "wgan_gp_cifar": {"data": "shapes(size=16, count=64)", "base_channels": "4", "batch_size": "4", "n_critic": "2"},
}
