"""Spectrally normalised GAN on CIFAR-10, Miyato et al. 2018 (arXiv:1802.05957)."""

from typing import Literal

import ganforge as gf
from ganforge_classic import Adam, Hinge, Linear
from ganforge_data import CIFAR10
from ganforge_residual import CNNDiscriminator, CNNGenerator, ResNetDiscriminator, ResNetGenerator


@gf.recipe
def sngan(
    data: gf.ImageData = CIFAR10(),
    adv: gf.AdversarialLoss = Hinge(),
    *,
    networks: Literal["resnet", "cnn"] = "resnet",
    latent_dim: int = 128,
    base_channels: int | None = None,
    n_dis: int = 5,
    lr: float = 2e-4,
    batch_size: int = 64,
    steps: float = 100_000,
) -> gf.Game:
    """A discriminator whose every layer is divided by its largest singular value, and the hinge loss.

    As in the authors' code one power iteration follows each weight, the generator learns from two batches joined
    in one, and the rate falls linearly to zero. Their published configuration for CIFAR-10 stops after 50,000
    steps. The paper's own FID is 21.7 (ResNet, of 5,000 samples); re-implementations report 14 to 17 of 50,000.

    Args:
        data: Images to imitate.
        adv: Adversarial loss.
        networks: Residual networks (table 4), or plain convolutional ones (table 3).
        latent_dim: Length of the noise vector z.
        base_channels: Channels of the discriminator's first map; None for the paper's 128 (resnet) or 64 (cnn).
            A residual generator has twice as many, a plain one as many in its last map.
        n_dis: Turns of the discriminator in each step.
        lr: Learning rate of both players at first.
        batch_size: Images per update of the discriminator; the generator's see twice as many.
        steps: Updates of the generator.
    """
    real = data.batch().images
    z, z_more = gf.noise(latent_dim), gf.noise(latent_dim)

    G: ResNetGenerator | CNNGenerator
    D: ResNetDiscriminator | CNNDiscriminator
    if networks == "resnet":
        G = ResNetGenerator("G", shape=real.shape, base_channels=2 * (base_channels or 128))
        D = ResNetDiscriminator(
            "D", base_channels=base_channels or 128, spectral_norm=True, pooling="sum", logit_bias=False
        )
    else:
        G = CNNGenerator("G", shape=real.shape, base_channels=base_channels or 64)
        D = CNNDiscriminator("D", base_channels=base_channels or 64, spectral_norm=True)
    fake = G(z)
    first, second = gf.together(D, *gf.together(G, z, z_more))
    g_loss = 0.5 * adv.generator(fake=first).named("first") + 0.5 * adv.generator(fake=second).named("second")

    adam = Adam(lr=Linear(start=lr, end=0.0, until=gf.steps(steps)), betas=(0.0, 0.9))
    return gf.Game(
        gf.Player(
            "D", trains=D, minimizes=adv.discriminator(real=D(real), fake=D(fake)), optimizer=adam, updates=n_dis
        ),
        gf.Player("G", trains=G, minimizes=g_loss, optimizer=adam),
        batch_size=batch_size,
        length=gf.steps(steps),
        samples=fake,
    )
