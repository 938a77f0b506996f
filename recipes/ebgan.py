"""EBGAN on MNIST, Zhao et al. 2016 (arXiv:1609.03126)."""

import ganforge as gf
from ganforge_classic import Adam, MLPGenerator
from ganforge_data import MNIST
from ganforge_encoding import DenseAutoencoder, EnergyMargin, pulling_away


@gf.recipe
def ebgan(
    data: gf.ImageData = MNIST(),
    *,
    latent_dim: int = 100,
    g_widths: tuple[int, ...] = (800, 800, 800, 800),
    d_widths: tuple[int, ...] = (1024,),
    margin: float = 10.0,
    lambda_pt: float = 0.1,
    lr: float = 1e-3,
    batch_size: int = 128,
    epochs: float = 100,
) -> gf.Game:
    """An energy, the error of an auto-encoder, that is low on real images and at least the margin on others.

    The setting of the best EBGAN-PT of the paper's grid search on MNIST: five layers of 800 units in G, two of
    1024 in D, margin 10, Adam at 0.001 and the pulling-away term at 0.1; ``lambda_pt=0`` is the best EBGAN. The
    energy is the Euclidean norm of equation 4. The paper does not give z and the batch size. D's reconstruction
    is not normalised, though the paper names only G's output and D's input as exceptions.

    Args:
        data: Images to imitate, from -1 to 1.
        latent_dim: Length of the noise vector z.
        g_widths: Units of each hidden layer of G.
        d_widths: Units of each layer of D's encoder; its decoder is one layer.
        margin: Energy from which generated images cost D nothing; it grows with the number of pixels.
        lambda_pt: Weight of the pulling-away term on D's codes of generated images.
        lr: Learning rate of both players.
        batch_size: Images per update.
        epochs: Passes over the data.
    """
    real = data.batch().images
    z = gf.noise(latent_dim)

    G = MLPGenerator("G", shape=real.shape, widths=g_widths, norm="batch", init_std=0.02)
    D = DenseAutoencoder("D", widths=d_widths)
    fake = G(z)
    on_real, on_fake = D(real), D(fake)

    adv = EnergyMargin(margin=margin)
    g_loss = adv.generator(fake=on_fake.energy) + lambda_pt * pulling_away(on_fake.code)

    adam = Adam(lr=lr)
    return gf.Game(
        gf.Player(
            "D",
            trains=D,
            minimizes=adv.discriminator(real=on_real.energy, fake=on_fake.energy),
            optimizer=adam,
        ),
        gf.Player("G", trains=G, minimizes=g_loss, optimizer=adam),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples={"fake": fake, "real": real, "reconstruction": on_real.reconstruction},
    )
