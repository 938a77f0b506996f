"""R3GAN on CIFAR-10, Huang et al. 2024 (arXiv:2501.05441)."""

import ganforge as gf
from ganforge_classic import Adam, Cosine, Relativistic, r1
from ganforge_data import CIFAR10
from ganforge_residual import HalfLife, R3GANDiscriminator, R3GANGenerator, augmented


@gf.recipe
def r3gan(
    data: gf.ImageData = CIFAR10(),
    *,
    latent_dim: int = 64,
    base_channels: int = 768,
    blocks: int = 2,
    cardinality: int = 96,
    gamma: float = 0.05,
    lr: float = 2e-4,
    ema_kimg: float = 5_000,
    augmentation: float = 0.55,
    burn_in: float = 20_000,
    batch_size: int = 512,
    kimg: float = 20_000,
) -> gf.Game:
    """Scores of real and fake images in pairs, zero-centred penalties on both, and modernised residual networks.

    The authors' preset for CIFAR-10 without classes: rate, second beta, penalty, half-life of the average (from zero)
    and chance of augmentation (from zero) follow half a cosine while the run burns in. As in their code each player
    draws real images of its own. Penalties are on the gradient with respect to augmented images, theirs to images
    before. The paper's FID of 1.96 is with classes. Expect overshooting colours at first: G's output has no tanh.

    Args:
        data: Images to imitate.
        latent_dim: Length of the noise vector z.
        base_channels: Channels of every map outside the residual blocks.
        blocks: Residual blocks in each stage.
        cardinality: Groups of the 3x3 convolutions; divides twice base_channels.
        gamma: Weight of the penalties at first; a tenth of it at the end. 0.05 is for CIFAR-10, 2 for 64 pixels.
        lr: Learning rate of both players at first; a quarter of it at the end.
        ema_kimg: Half-life of the average at the end, in thousands of images.
        augmentation: Chance of each change of the images that D sees, at the end; 0 changes none.
        burn_in: Length of the schedules in thousands of images.
        batch_size: Images per update.
        kimg: Length of the run in thousands of images.
    """
    real, other = data.batch().images, data.batch().images
    z = gf.noise(latent_dim)

    G = R3GANGenerator("G", shape=real.shape, base_channels=base_channels, blocks=blocks, cardinality=cardinality)
    D = R3GANDiscriminator("D", base_channels=base_channels, blocks=blocks, cardinality=cardinality)
    fake = G(z)

    def burning(start: float, end: float) -> Cosine:
        return Cosine(start=start, end=end, until=gf.kimg(burn_in))

    chance = burning(0.0, augmentation)
    seen, made = augmented(real, chance=chance), augmented(fake, chance=chance)
    on_real, on_fake = D(seen), D(made)

    adv = Relativistic()
    penalty = r1(on_real, wrt=seen).named("r1") + r1(on_fake, wrt=made).named("r2")
    d_loss = adv.discriminator(real=on_real, fake=on_fake) + burning(gamma, gamma / 10) * (0.5 * penalty)
    g_loss = adv.generator(fake=on_fake, real=D(augmented(other, chance=chance)))

    adam = Adam(lr=burning(lr, lr / 4), betas=(0.0, burning(0.9, 0.99)))
    average = gf.ema(G, decay=HalfLife(kimg=burning(0.0, ema_kimg), batch_size=batch_size))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=adam),
        gf.Player("G", trains=G, minimizes=g_loss, optimizer=adam),
        batch_size=batch_size,
        length=gf.kimg(kimg),
        samples=average(z),
    )
