"""CoGAN on the digits of MNIST and their edges, Liu & Tuzel 2016 (arXiv:1606.07536)."""

import ganforge as gf
from ganforge_classic import Adam, NonSaturating
from ganforge_data import Transformed
from ganforge_encoding import CoupledDiscriminator, CoupledGenerator


@gf.recipe
def cogan(
    data: gf.UnpairedData = Transformed(),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    latent_dim: int = 100,
    base_channels: int = 128,
    g_shared: int | None = None,
    d_shared: int = 3,
    dropout: float = 0.5,
    lr: float = 2e-4,
    weight_decay: float = 5e-4,
    batch_size: int = 128,
    steps: float = 25_000,
) -> gf.Game:
    """Two GANs of two domains that share layers, so that one z makes images of both that correspond.

    No pair of images is ever seen. For the paper's other task, digits and their negatives, take
    ``data=transformed(look="negative")``. Networks, noise and numbers are those of the authors' code, whose Adam
    steps G and D in turn; images go from -1 to 1 through tanh, where theirs go from 0 to 1 through a sigmoid,
    and every weight decays, as in their PyTorch code. With ``g_shared=0 d_shared=0`` nothing corresponds.

    Args:
        data: Images of two domains, from -1 to 1; by default different digits, those of b as edges.
        adv: Adversarial loss, of each domain.
        latent_dim: Length of the noise vector z, from U(-1, 1).
        base_channels: Channels of the generators' last map before the image.
        g_shared: Layers, from z on, that the generators share; none: all but the last.
        d_shared: Layers of four, from the logit backwards, that the discriminators share.
        dropout: Share of the discriminators' hidden values dropped.
        lr: Learning rate of both players.
        weight_decay: L2 penalty of all weights.
        batch_size: Images of each domain per update.
        steps: Updates of each player.
    """
    a, b = data.batch()
    z = gf.noise(latent_dim, prior="uniform")

    G = CoupledGenerator("G", a_shape=a.shape, b_shape=b.shape, base_channels=base_channels, shared=g_shared)
    D = CoupledDiscriminator("D", shared=d_shared, dropout=dropout)
    fake = G(z)
    on_real, on_fake = D(a, b), D(fake.a, fake.b)

    g_loss = adv.generator(fake=on_fake.a).named("a") + adv.generator(fake=on_fake.b).named("b")
    d_loss = adv.discriminator(real=on_real.a, fake=on_fake.a).named("a") + adv.discriminator(
        real=on_real.b, fake=on_fake.b
    ).named("b")

    adam = Adam(lr=lr, betas=(0.5, 0.999), weight_decay=weight_decay)
    return gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=adam),
        gf.Player("G", trains=G, minimizes=g_loss, optimizer=adam),
        batch_size=batch_size,
        length=gf.steps(steps),
        samples={"a": fake.a, "b": fake.b},
    )
