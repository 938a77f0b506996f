"""DCGAN on CIFAR-10, Radford et al. 2015 (arXiv:1511.06434)."""

import ganforge as gf
from ganforge_classic import Adam, DCGANDiscriminator, DCGANGenerator, NonSaturating
from ganforge_data import CIFAR10


@gf.recipe
def dcgan(
    data: gf.ImageData = CIFAR10(),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    latent_dim: int = 100,
    base_channels: int = 64,
    lr: float = 2e-4,
    batch_size: int = 128,
    epochs: float = 25,
) -> gf.Game:
    """A convolutional generator and discriminator without pooling.

    As in PyTorch's DCGAN example, D and G share each step's fakes. Kernels are 4x4 (the paper's are 5x5) and
    one stage is left out at 32 pixels; noise is normal.

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
    fake = gf.per_step(G(z))

    adam = Adam(lr=lr, betas=(0.5, 0.999))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=adv.discriminator(real=D(real), fake=D(fake)), optimizer=adam),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=adam),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples=fake,
    )
