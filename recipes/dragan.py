"""DRAGAN on CIFAR-10, Kodali et al. 2017 (arXiv:1705.07215)."""

import ganforge as gf
from ganforge_classic import Adam, DCGANDiscriminator, DCGANGenerator, GradientPenalty, NonSaturating, perturbed
from ganforge_data import CIFAR10


@gf.recipe
def dragan(
    data: gf.ImageData = CIFAR10(),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    latent_dim: int = 100,
    base_channels: int = 64,
    lambda_gp: float = 10.0,
    k: float = 1.0,
    c: float = 0.5,
    lr: float = 1e-4,
    batch_size: int = 128,
    steps: float = 200_000,
) -> gf.Game:
    """The usual loss with a discriminator whose gradient is kept at length k around real images only.

    The paper perturbs real images by normal noise (algorithm 1). The authors' code does what this does: it adds
    c times the batch's deviation times U(0, 1) to each pixel, and then takes a random point on the line from
    the image to that. It shows a perceptron on MNIST; here are DCGAN's networks, as in the paper's CIFAR-10
    experiments, without normalisation in D, whose penalty is of single images. Rates, betas, batch and
    uniform noise are the code's. On shapes of 16 pixels blots of every colour stand
    after 2,000 steps of ``base_channels=16 batch_size=64 lr=5e-4``.

    Args:
        data: Images to imitate.
        adv: Adversarial loss.
        latent_dim: Length of the noise vector z, uniform from -1 to 1.
        base_channels: Channels of the widest maps: G's last hidden and D's first.
        lambda_gp: Weight of the gradient penalty.
        k: Length of the gradient that costs nothing.
        c: Size of the perturbation, in standard deviations of the batch.
        lr: Learning rate of both players.
        batch_size: Images per update.
        steps: Updates of each player.
    """
    real = data.batch().images
    G = DCGANGenerator("G", shape=real.shape, base_channels=base_channels)
    D = DCGANDiscriminator("D", base_channels=base_channels, norm="none")
    fake = G(gf.noise(latent_dim, prior="uniform"))

    near = gf.interpolate(real, perturbed(real, deviations=c))
    penalty = GradientPenalty(target=k)(D(near), wrt=near)
    d_loss = adv.discriminator(real=D(real), fake=D(fake)) + lambda_gp * penalty

    adam = Adam(lr=lr, betas=(0.5, 0.9))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=adam),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=adam),
        batch_size=batch_size,
        length=gf.steps(steps),
        samples=fake,
    )
