"""LSGAN, Mao et al. 2016 (arXiv:1611.04076), with the networks of its LSUN scenes."""

import ganforge as gf
from ganforge_classic import Adam, LayeredDiscriminator, LayeredGenerator, LeastSquares
from ganforge_data import CIFAR10


@gf.recipe
def lsgan(
    data: gf.ImageData = CIFAR10(),
    *,
    a: float = 0.0,
    b: float = 1.0,
    c: float = 1.0,
    latent_dim: int = 1024,
    base_channels: int = 64,
    lr: float = 1e-3,
    batch_size: int = 64,
    steps: float = 1_000_000,
) -> gf.Game:
    """Scores are pulled to labels by least squares, which also moves fakes that D already takes for real.

    (a, b, c) = (0, 1, 1) is the paper's equation 9 and its scenes'; ``a=-1 b=1 c=0`` is equation 8, which minimises
    Pearson's chi-squared. The networks are those of the authors' code for 112 pixels, with its kernels of 3 in G
    and 5 in D, uniform noise that both turns share, and TensorFlow's padding: 112 = 7 * 2^4. For another size maps
    are halved until the shorter side has 4 to 7 pixels, and G's doublings next to the image stay: at 32 pixels
    256 (and a layer of stride 1), 128, 64. Their losses are sums over the batch, which Adam does not notice.
    The paper's rate of 1e-3 is for scenes, 2e-4 for all else; take 2e-4 where 1e-3 does not settle.

    Args:
        data: Images to imitate, of 8 pixels or more.
        a: Label of fake examples.
        b: Label of real examples.
        c: What the generator wants its examples to score.
        latent_dim: Length of the noise vector z, uniform from -1 to 1.
        base_channels: Channels of the widest maps: G's last and D's first.
        lr: Learning rate of both players.
        batch_size: Images per update.
        steps: Updates of each player.
    """
    real = data.batch().images
    halvings = (min(real.shape[1:]) // 4).bit_length() - 1
    base = base_channels
    refined = ((4 * base, 3, 2), (4 * base, 3, 1))
    G = LayeredGenerator(
        "G",
        shape=real.shape,
        start_channels=4 * base,
        layers=refined * (halvings - 2) + ((2 * base, 3, 2), (base, 3, 2))[-halvings:],
        last_kernel=3,
        init_std=0.02,
    )
    widths = (base, 2 * base, 4 * base, *[8 * base] * (halvings - 3))[:halvings]
    D = LayeredDiscriminator("D", layers=tuple((width, 5, 2) for width in widths), norm="batch", init_std=0.02)
    fake = G(gf.per_step(gf.noise(latent_dim, prior="uniform")))

    adv = LeastSquares(a=a, b=b, c=c)
    adam = Adam(lr=lr, betas=(0.5, 0.999))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=adv.discriminator(real=D(real), fake=D(fake)), optimizer=adam),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=adam),
        batch_size=batch_size,
        length=gf.steps(steps),
        samples=fake,
    )
