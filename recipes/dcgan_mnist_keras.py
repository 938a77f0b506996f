"""DCGAN for MNIST with upsampling, as written for Keras, after Radford et al. 2015 (arXiv:1511.06434)."""

import ganforge as gf
from ganforge_classic import Adam, LayeredDiscriminator, LayeredGenerator, NonSaturating
from ganforge_data import MNIST


@gf.recipe
def dcgan_upsampling(
    data: gf.ImageData = MNIST(),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    latent_dim: int = 100,
    base_channels: int = 64,
    dropout: float = 0.4,
    lr_d: float = 8e-4,
    lr_g: float = 4e-4,
    batch_size: int = 256,
    epochs: float = 400,
) -> gf.Game:
    """Nearest-pixel upsampling and transposed convolutions against strided convolutions with dropout.

    The original starts from 8x8 and makes 32x32 (``data='mnist(size=32)'`` has its shapes); here the start map has
    a quarter of any image's sides, 7x7 for 28. Padding is TensorFlow's, batch norm Keras's (momentum 0.9; for
    each unit of the start map, because it stands before the Reshape), images are from 0 to 1. D sees one
    batch half real and half fake. Keras's ``predict`` makes D's fakes with running statistics and without
    dropout; here G is in training mode in D's turn too, as in most code. Batch size and length are not told;
    they are ours. With ``base_channels=16 batch_size=64`` clean strokes stand after 300 steps.

    Args:
        data: Images to imitate, taken with values from 0 to 1.
        adv: Adversarial loss.
        latent_dim: Length of the noise vector z, uniform from -1 to 1.
        base_channels: Channels of D's first map; the widest have eight times as many, G's start map four times.
        dropout: Share of each of D's maps and of G's start map dropped.
        lr_d: Learning rate of D.
        lr_g: Learning rate of G.
        batch_size: Real images per update.
        epochs: Passes over the data.
    """
    real = data.with_range(0.0, 1.0).batch().images
    c = base_channels
    G = LayeredGenerator(
        "G",
        shape=real.shape,
        start_channels=4 * c,
        layers=((2 * c, 5, 2), (c, 5, 2), (c // 2, 5, 1)),
        upsampling="nearest",
        norm_per_unit=True,
        norm_momentum=0.1,
        norm_eps=1e-3,
        start_dropout=dropout,
        output_activation="sigmoid",
    )
    D = LayeredDiscriminator("D", layers=((c, 5, 2), (2 * c, 5, 2), (4 * c, 5, 2), (8 * c, 5, 1)), dropout=dropout)
    fake = G(gf.noise(latent_dim, prior="uniform"))
    on_real, on_fake = gf.together(D, real, fake)

    d_loss = 0.5 * adv.discriminator(real=on_real, fake=on_fake)
    return gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=Adam(lr=lr_d, eps=1e-7)),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=Adam(lr=lr_g, eps=1e-7)),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples=fake,
    )
