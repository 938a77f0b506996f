"""WGAN with gradient penalty and residual networks on CIFAR-10, Gulrajani et al. 2017 (arXiv:1704.00028)."""

import ganforge as gf
from ganforge_classic import Adam, Linear, Wasserstein, gradient_penalty
from ganforge_data import CIFAR10
from ganforge_residual import ResNetDiscriminator, ResNetGenerator, dequantised


@gf.recipe
def wgan_gp_resnet(
    data: gf.ImageData = CIFAR10(),
    *,
    latent_dim: int = 128,
    base_channels: int = 128,
    lambda_gp: float = 10.0,
    n_critic: int = 5,
    lr: float = 2e-4,
    batch_size: int = 64,
    steps: float = 100_000,
) -> gf.Game:
    """A residual critic held 1-Lipschitz by a penalty on its gradient, against a residual generator.

    The unconditional form of the authors' CIFAR-10 ResNet code; its classes (an auxiliary classifier) are left out.
    As there, the generator learns from two batches, each with batch statistics of its own, real images are
    dequantised by U(0, 1/128), and the rate falls linearly to zero over the run. The code begins a step with the
    generator's update, this recipe ends with it. The paper gives an Inception score of 7.86 without classes.

    Args:
        data: Images to imitate, from -1 to 1.
        latent_dim: Length of the noise vector z.
        base_channels: Channels of every map in both networks.
        lambda_gp: Weight of the gradient penalty.
        n_critic: Turns of the critic in each step.
        lr: Learning rate of both players at first.
        batch_size: Images per update of the critic; the generator's see twice as many.
        steps: Updates of the generator.
    """
    real = dequantised(data.batch().images)

    G = ResNetGenerator("G", shape=real.shape, base_channels=base_channels)
    C = ResNetDiscriminator("C", base_channels=base_channels)
    fake, more = G(gf.noise(latent_dim)), G(gf.noise(latent_dim))

    adv = Wasserstein()
    x_hat = gf.interpolate(real, fake)
    penalty = gradient_penalty(C(x_hat), wrt=x_hat)
    critic_loss = adv.discriminator(real=C(real), fake=C(fake)) + lambda_gp * penalty
    g_loss = 0.5 * adv.generator(fake=C(fake)).named("first") + 0.5 * adv.generator(fake=C(more)).named("second")

    adam = Adam(lr=Linear(start=lr, end=0.0, until=gf.steps(steps)), betas=(0.0, 0.9))
    return gf.Game(
        gf.Player("C", trains=C, minimizes=critic_loss, optimizer=adam, updates=n_critic),
        gf.Player("G", trains=G, minimizes=g_loss, optimizer=adam),
        batch_size=batch_size,
        length=gf.steps(steps),
        samples=fake,
    )
