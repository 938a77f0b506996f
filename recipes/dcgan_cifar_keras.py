"""DCGAN for CIFAR-10 as Keras's books write it, after Radford et al. 2015 (arXiv:1511.06434)."""

import ganforge as gf
from ganforge_classic import InverseTime, LayeredDiscriminator, LayeredGenerator, NonSaturating, RMSprop
from ganforge_data import CIFAR10


@gf.recipe
def dcgan_keras(
    data: gf.ImageData = CIFAR10(),
    adv: gf.AdversarialLoss = NonSaturating(noise=0.05),
    *,
    latent_dim: int = 32,
    base_channels: int = 128,
    dropout: float = 0.4,
    lr_d: float = 8e-4,
    lr_g: float = 4e-4,
    decay: float = 1e-8,
    clip_value: float = 1.0,
    batch_size: int = 20,
    steps: float = 10_000,
) -> gf.Game:
    """A generator that doubles its map once, against three unpadded convolutions; no normalisation.

    The tricks of Chollet's "Deep Learning with Python": normal latents, tanh, leaky ReLU (Keras's slope of 0.3),
    dropout and noisy labels in D, kernels that their stride divides, clipped gradients, and one batch half real
    and half fake for D. The book's noise moves labels upwards only, ours towards the other label; it trains on
    frogs alone, with pixels from 0 to 1, which are from -1 to 1 here as tanh is. Images have 12 pixels or more.
    No normalisation holds this game together. Expect collapse: with ``base_channels=16`` on shapes of 16 pixels
    half of the seeds' samples became one saturated image within 200 steps, and at lower rates nearly all by 400;
    with more noise, ``adv="non-saturating(noise=0.3, smooth=0.1)"``, they became blots of many colours.

    Args:
        data: Images to imitate.
        adv: Adversarial loss, with noise on D's labels.
        latent_dim: Length of the noise vector z.
        base_channels: Channels of D's maps and of G's first; G's others have twice as many.
        dropout: Share of the values before D's matrix product dropped.
        lr_d: Learning rate of D.
        lr_g: Learning rate of G.
        decay: Keras's decay of the rates: the n-th step divides them by 1 + decay n.
        clip_value: Greatest absolute value of each gradient.
        batch_size: Real images per update.
        steps: Updates of each player.
    """
    real = data.batch().images
    c = base_channels
    G = LayeredGenerator(
        "G",
        shape=real.shape,
        start_channels=c,
        layers=((2 * c, 5, 1), (2 * c, 4, 2), (2 * c, 5, 1), (2 * c, 5, 1)),
        last_kernel=7,
        slope=0.3,
        norm="none",
    )
    D = LayeredDiscriminator(
        "D", layers=((c, 3, 1), (c, 4, 2), (c, 4, 2)), padding="valid", slope=0.3, last_dropout=dropout
    )
    fake = G(gf.noise(latent_dim))
    on_real, on_fake = gf.together(D, real, fake)

    def rmsprop(lr: float) -> RMSprop:
        return RMSprop(lr=InverseTime(start=lr, rate=decay), alpha=0.9, eps=1e-7, clip_value=clip_value)

    d_loss = 0.5 * adv.discriminator(real=on_real, fake=on_fake)
    return gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=rmsprop(lr_d)),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=rmsprop(lr_g)),
        batch_size=batch_size,
        length=gf.steps(steps),
        samples=fake,
    )
