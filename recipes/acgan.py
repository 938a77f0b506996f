"""ACGAN, an auxiliary classifier GAN, on CIFAR-10, Odena et al. 2017 (arXiv:1610.09585)."""

import ganforge as gf
from ganforge_classic import Adam, DCGANGenerator, NonSaturating, cross_entropy
from ganforge_conditional import ACGANDiscriminator
from ganforge_data import CIFAR10


@gf.recipe
def acgan(
    data: gf.LabelledData = CIFAR10(),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    latent_dim: int = 100,
    generator_channels: int = 96,
    discriminator_channels: int = 16,
    dropout: float = 0.5,
    lambda_class: float = 1.0,
    lr: float = 2e-4,
    batch_size: int = 100,
    steps: float = 50_000,
) -> gf.Game:
    """D tells real from fake and names the class; both players want the class to be told, of real and of fake.

    The networks of the paper's appendix A: the class, one-hot, is joined to the noise; transposed convolutions of
    5x5 in G, six convolutions of 3x3 with dropout in D, which has one logit and ten logits of classes, without
    softmax. All hidden maps of G have batch norm, its first one too, whose gains start from N(1, 0.02); the noise
    on D's activations that the paper also tries is left out. The paper's inception score is 8.25. Expect the
    classes of fakes to be right before the images are good. ``ganforge sample RUN --label 7`` draws one class.

    Args:
        data: Images to imitate, with their classes.
        adv: Adversarial loss of the logit of validity.
        latent_dim: Length of the noise vector z, to which the one-hot class is joined.
        generator_channels: Channels of G's last map before the image.
        discriminator_channels: Channels of D's first map.
        dropout: Share of D's hidden values dropped.
        lambda_class: Weight of the likelihood of classes.
        lr: Learning rate of both players.
        batch_size: Images per update.
        steps: Updates of each player.
    """
    real, labels = data.batch()
    z, y = gf.noise(latent_dim), gf.random_labels(data.num_classes)

    G = DCGANGenerator("G", shape=real.shape, base_channels=generator_channels, kernel=5)
    D = ACGANDiscriminator("D", num_classes=data.num_classes, base_channels=discriminator_channels, dropout=dropout)
    fake = G(z, gf.one_hot(y, data.num_classes))

    on_real, on_fake = D(real), D(fake)
    class_of_fake = lambda_class * cross_entropy(on_fake.classes, y).named("class_of_fake")
    d_loss = (
        adv.discriminator(real=on_real.validity, fake=on_fake.validity)
        + lambda_class * cross_entropy(on_real.classes, labels).named("class_of_real")
        + class_of_fake
    )

    adam = Adam(lr=lr, betas=(0.5, 0.999))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=adam),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=on_fake.validity) + class_of_fake, optimizer=adam),
        batch_size=batch_size,
        length=gf.steps(steps),
        samples=fake,
    )
