"""DCGAN on CIFAR-10, Radford et al. 2015 (arXiv:1511.06434)."""

import ganforge as gf
from ganforge_classic import Adam, DCGANDiscriminator, DCGANGenerator, Kernel, NonSaturating
from ganforge_data import CIFAR10


@gf.recipe
def dcgan(
    data: gf.ImageData = CIFAR10(),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    latent_dim: int = 100,
    uniform_noise: bool = False,
    base_channels: int = 64,
    kernel: Kernel = 4,
    lr: float = 2e-4,
    batch_size: int = 128,
    epochs: float = 25,
) -> gf.Game:
    """A convolutional generator and discriminator without pooling.

    As in PyTorch's DCGAN example, D and G share each step's fakes, noise is normal and kernels are 4x4. The
    paper's networks and noise are ``base_channels=128 kernel=5 uniform_noise=true`` on images of 64 pixels; at
    32 one stage is left out. The paper's code steps D and G on alternate batches. Weights start from N(0, 0.02),
    Adam's first beta is 0.5. A D that wins shows in G's rising loss.

    Args:
        data: Images to imitate.
        adv: Adversarial loss.
        latent_dim: Length of the noise vector z.
        uniform_noise: Whether z is from U(-1, 1), as the paper's, and not from N(0, 1).
        base_channels: Channels of the widest maps: G's last hidden and D's first.
        kernel: Side of the kernels; the paper's is 5.
        lr: Learning rate of both players.
        batch_size: Images per update.
        epochs: Passes over the data.
    """
    real = data.batch().images
    z = gf.noise(latent_dim, prior="uniform" if uniform_noise else "normal")

    G = DCGANGenerator("G", shape=real.shape, base_channels=base_channels, kernel=kernel)
    D = DCGANDiscriminator("D", base_channels=base_channels, kernel=kernel)
    fake = gf.per_step(G(z))

    adam = Adam(lr=lr, betas=(0.5, 0.999))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=adv.discriminator(real=D(real), fake=D(fake)), optimizer=adam),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=adam),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples=fake,
    )
