"""WGAN with gradient penalty on CIFAR-10, Gulrajani et al. 2017 (arXiv:1704.00028)."""

import ganforge as gf
from ganforge_classic import Adam, DCGANDiscriminator, DCGANGenerator, Wasserstein, gradient_penalty
from ganforge_data import CIFAR10


@gf.recipe
def wgan_gp(
    data: gf.ImageData = CIFAR10(),
    *,
    latent_dim: int = 128,
    base_channels: int = 128,
    lambda_gp: float = 10.0,
    n_critic: int = 5,
    lr: float = 1e-4,
    batch_size: int = 64,
    steps: float = 200_000,
) -> gf.Game:
    """A Wasserstein critic held 1-Lipschitz by a penalty on its gradient.

    The convolutional networks of the authors' CIFAR-10 code, with its initial weights: 5x5 kernels, no normalisation
    in the critic. The residual networks of the paper are in ``wgan_gp_resnet``. Expect colours within some hundred
    steps; minus the critic's loss, without the penalty, estimates the distance and falls as images get better.

    Args:
        data: Images to imitate.
        latent_dim: Length of the noise vector z.
        base_channels: Channels of the widest maps.
        lambda_gp: Weight of the gradient penalty.
        n_critic: Turns of the critic in each step.
        lr: Learning rate of both players.
        batch_size: Images per update.
        steps: Updates of the generator.
    """
    real = data.batch().images
    z = gf.noise(latent_dim)

    G = DCGANGenerator(
        "G", shape=real.shape, base_channels=base_channels, kernel=5, norm_per_unit=True, bias=True, init="fans"
    )
    C = DCGANDiscriminator("C", base_channels=base_channels, kernel=5, norm="none", init="fans")
    fake = G(z)

    adv = Wasserstein()
    x_hat = gf.interpolate(real, fake)
    penalty = gradient_penalty(C(x_hat), wrt=x_hat)
    critic_loss = adv.discriminator(real=C(real), fake=C(fake)) + lambda_gp * penalty

    adam = Adam(lr=lr, betas=(0.5, 0.9))
    return gf.Game(
        gf.Player("C", trains=C, minimizes=critic_loss, optimizer=adam, updates=n_critic),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=C(fake)), optimizer=adam),
        batch_size=batch_size,
        length=gf.steps(steps),
        samples=fake,
    )
