"""The recipe ``dcgan_cifar`` with fakes of its own in each turn, as hand-written loops mostly have it."""

import ganforge as gf
from ganforge_classic import Adam, DCGANDiscriminator, DCGANGenerator, NonSaturating
from ganforge_data import Shapes

DATA, LOSS = Shapes(), NonSaturating()


@gf.recipe
def dcgan_own(
    data: gf.ImageData = DATA,
    adv: gf.AdversarialLoss = LOSS,
    *,
    latent_dim: int = 128,
    base_channels: int = 64,
    lr: float = 2e-4,
    batch_size: int = 64,
    epochs: float = 25,
) -> gf.Game:
    """DCGAN whose players each draw noise and make fakes.

    Args:
        data: Images to imitate.
        adv: Adversarial loss.
        latent_dim: Length of the noise vector z.
        base_channels: Channels of the widest maps: G's last hidden and D's first.
        lr: Learning rate of both players.
        batch_size: Images per update.
        epochs: Passes over the data.
    """
    real = data.batch().images
    z = gf.noise(latent_dim)

    G = DCGANGenerator("G", shape=real.shape, base_channels=base_channels)
    D = DCGANDiscriminator("D", base_channels=base_channels)
    fake = G(z)

    adam = Adam(lr=lr, betas=(0.5, 0.999))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=adv.discriminator(real=D(real), fake=D(fake)), optimizer=adam),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=adam),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples=fake,
    )
