"""BEGAN on faces, Berthelot et al. 2017 (arXiv:1703.10717)."""

import ganforge as gf
from ganforge_classic import Adam, l1
from ganforge_data import Folder
from ganforge_encoding import ConvolutionalAutoencoder, ConvolutionalDecoder


@gf.recipe
def began(
    data: gf.ImageData = Folder(root="data/celeba", size=64),
    *,
    latent_dim: int = 64,
    base_channels: int = 128,
    skips: bool = False,
    gamma: float = 0.5,
    lambda_k: float = 1e-3,
    lr: float = 1e-4,
    patience: int = 10_000,
    batch_size: int = 16,
    steps: float = 200_000,
) -> gf.Game:
    """An auto-encoding discriminator, kept in balance with G by a feedback weight k.

    D reconstructs real images well and, as far as k says, generated ones badly; k keeps the generated ones'
    error at ``gamma`` times the real ones'. The paper updates both players at once: here G's turn comes first
    and is judged by the D that D's turn then trains; each draws its own z. The paper does not say when
    a plateau is one, nor how exactly maps are halved: here by convolutions of stride 2. It fades identity
    connections out of the first steps, which is left out. The measure falls as images get better.

    Args:
        data: Images to imitate, from -1 to 1; the paper's are faces of 32 to 128 pixels and more.
        latent_dim: Length of the noise z and of D's code h.
        base_channels: Channels of the widest maps; the paper's n, 64 or 128.
        skips: Whether both decoders join their first map to the map of every other size.
        gamma: Diversity ratio: error of generated images over error of real ones.
        lambda_k: Gain of the feedback.
        lr: Learning rate of both players at first, halved on each plateau of the convergence measure.
        patience: Steps that make a plateau if the measure, smoothed over some hundred, falls by less than 1%.
        batch_size: Images per update.
        steps: Updates of each player.
    """
    real = data.batch().images
    z = gf.noise(latent_dim, prior="uniform")

    G = ConvolutionalDecoder("G", shape=real.shape, base_channels=base_channels, skips=skips)
    D = ConvolutionalAutoencoder("D", base_channels=base_channels, code_dim=latent_dim, skips=skips)
    fake, reconstruction = G(z), D(real).reconstruction

    on_real = l1(reconstruction, real).named("real")
    on_fake, d_on_fake = (l1(D(fake).reconstruction, fake).named("fake") for _ in range(2))
    balance = gamma * on_real - on_fake
    k = gf.integral(balance, gain=lambda_k, start=0.0, bounds=(0.0, 1.0))
    measure = gf.reading(lambda real, balance: real + balance.abs(), on_real, balance)

    adam = Adam(lr=gf.plateau(measure, start=lr, factor=0.5, patience=patience, threshold=0.01))
    return gf.Game(
        gf.Player("G", trains=G, minimizes=on_fake, optimizer=adam),
        gf.Player("D", trains=D, minimizes=on_real - k * d_on_fake, optimizer=adam),
        batch_size=batch_size,
        length=gf.steps(steps),
        samples={"fake": fake, "real": real, "reconstruction": reconstruction},
        monitors={"measure": measure, "balance": balance, "k": k},
    )
