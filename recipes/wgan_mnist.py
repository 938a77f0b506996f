"""WGAN on MNIST, Arjovsky et al. 2017 (arXiv:1701.07875), with the networks of a Keras textbook."""

import ganforge as gf
from ganforge_classic import LayeredDiscriminator, LayeredGenerator, RMSprop, Wasserstein, WeightClip
from ganforge_data import MNIST


@gf.recipe
def wgan(
    data: gf.ImageData = MNIST(),
    *,
    latent_dim: int = 100,
    base_channels: int = 32,
    clip: float = 0.01,
    n_critic: int | gf.Schedule = 5,
    lr: float = 5e-5,
    batch_size: int = 64,
    steps: float = 40_000,
) -> gf.Game:
    """A critic held Lipschitz by clipping every weight after each of its updates.

    Networks and numbers of Atienza's "Advanced Deep Learning with Keras": leaky ReLU before each convolution, the
    image's too. The critic's loss is algorithm 1's, E C(G(z)) - E C(x), of two separate batches in one update.
    The book makes two updates, one of each batch, with one running mean square: RMSprop then divides by the size of
    each gradient, not of their difference, so that steps shrink when both cancel; here they do not. The book
    clips after both, and makes the critic's fakes with running statistics. The paper's 100 turns in the first
    25 steps and at every 500th, where the critic shall be optimal, are ``n_critic=bursts``. Losses are
    of the order of 0.01. With ``base_channels=16 lr=5e-4`` strokes like digits stand after 160 steps.

    Args:
        data: Images to imitate, taken with values from 0 to 1.
        latent_dim: Length of the noise vector z, uniform from -1 to 1.
        base_channels: Channels of the critic's first map and of G's last.
        clip: Greatest absolute value of each of the critic's weights.
        n_critic: Turns of the critic in each step; a schedule such as ``bursts``.
        lr: Learning rate of both players.
        batch_size: Images per update.
        steps: Updates of the generator.
    """
    real = data.with_range(0.0, 1.0).batch().images
    c = base_channels
    G = LayeredGenerator(
        "G",
        shape=real.shape,
        start_channels=4 * c,
        layers=((4 * c, 5, 2), (2 * c, 5, 2), (c, 5, 1)),
        norm_momentum=0.01,
        norm_eps=1e-3,
        output_activation="sigmoid",
    )
    C = LayeredDiscriminator(
        "C", layers=((c, 5, 2), (2 * c, 5, 2), (4 * c, 5, 2), (8 * c, 5, 1)), activation_first=True
    )
    fake = G(gf.noise(latent_dim, prior="uniform"))

    adv = Wasserstein()
    rmsprop = RMSprop(lr=lr, alpha=0.9, eps=1e-7)
    return gf.Game(
        gf.Player(
            "C",
            trains=C,
            minimizes=adv.discriminator(real=C(real), fake=C(fake)),
            optimizer=rmsprop,
            updates=n_critic,
            constraints=WeightClip(limit=clip),
        ),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=C(fake)), optimizer=rmsprop),
        batch_size=batch_size,
        length=gf.steps(steps),
        samples=fake,
    )
