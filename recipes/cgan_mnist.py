"""Conditional GAN on MNIST, Mirza & Osindero 2014 (arXiv:1411.1784)."""

import ganforge as gf
from ganforge_classic import SGD, Exponential, Linear, NonSaturating
from ganforge_conditional import ConditionalGenerator, ConditionalMaxout
from ganforge_data import MNIST


@gf.recipe
def cgan(
    data: gf.LabelledData = MNIST(),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    latent_dim: int = 100,
    generator_widths: tuple[int, int, int] = (200, 1000, 1200),
    maxout_widths: tuple[int, int, int] = (240, 50, 240),
    dropout: float = 0.5,
    lr: float = 0.1,
    momentum_epochs: float = 250,
    batch_size: int = 100,
    epochs: float = 250,
) -> gf.Game:
    """Both networks are told the class: G makes the digit that is asked for, D judges image and label together.

    The paper gives the layers, the rates and the momenta, and stops by the likelihood of held-out images; when the
    momentum reaches 0.7 is taken from the code of the first GAN, as are the half before D's loss and D's small
    initial weights on the image. D sees real images with their labels and fakes with the labels they were made
    from, which are drawn evenly. ``ganforge sample RUN --label 7`` gives sevens. Expect one image for all labels
    at first, and the right digits after some four to ten epochs, alike at first: samples are drawn without dropout.

    Args:
        data: Images to imitate, with their classes.
        adv: Adversarial loss.
        latent_dim: Length of the noise vector z, uniform in the unit cube.
        generator_widths: Units of G that see the noise, the label, and both.
        maxout_widths: Maxout units of D that see the image, the label, and both.
        dropout: Share of the hidden values of both networks dropped.
        lr: First learning rate of both players, divided by 1.00004 in each step.
        momentum_epochs: Epochs in which the momentum rises from 0.5 to 0.7.
        batch_size: Images per update.
        epochs: Passes over the data.
    """
    real, labels = data.with_range(0.0, 1.0).batch()
    z = gf.noise(latent_dim, prior="uniform", low=0.0, high=1.0)
    y = gf.one_hot(gf.random_labels(data.num_classes), data.num_classes)

    G = ConditionalGenerator("G", shape=real.shape, widths=generator_widths, dropout=dropout)
    D = ConditionalMaxout("D", widths=maxout_widths, dropout=dropout)
    fake = G(z, y)

    on_real, on_fake = D(real, gf.one_hot(labels, data.num_classes)), D(fake, y)
    d_loss = 0.5 * adv.discriminator(real=on_real, fake=on_fake)

    rate = Exponential(start=lr, factor=1 / 1.00004, interval=gf.steps(1), end=1e-6)
    momentum = Linear(start=0.5, end=0.7, begin=gf.epochs(1), until=gf.epochs(momentum_epochs))
    sgd = SGD(lr=rate, momentum=momentum)
    return gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=sgd),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=on_fake), optimizer=sgd),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples=fake,
    )
