"""StarGAN on RaFD, Choi et al. 2017 (arXiv:1711.09020)."""

import ganforge as gf
from ganforge_classic import Adam, Linear, Wasserstein, cross_entropy, cycle, gradient_penalty
from ganforge_data import Folder
from ganforge_translate import DomainDiscriminator, DomainTranslator


@gf.recipe
def stargan(
    data: gf.LabelledData = Folder(root="data/RaFD", size=128, classes=8, flip=True),
    *,
    base_channels: int = 64,
    blocks: int = 6,
    lambda_cls: float = 1.0,
    lambda_rec: float = 10.0,
    lambda_gp: float = 10.0,
    n_critic: int = 5,
    lr: float = 1e-4,
    batch_size: int = 16,
    steps: float = 40_000,
) -> gf.Game:
    """One translator between many domains, judged by a critic that also names the domain of each image.

    Every image has one class, as RaFD's expressions, and the class loss is a softmax cross-entropy; CelebA's
    attributes, several to an image, take a binary one each and another sampling of targets. Targets are drawn
    uniformly; the authors' code shuffles the batch's own labels. That code counts updates of D, 200,000 of
    them and so 40,000 of G, and means the rate to fall to zero over the second half, as here; what it
    subtracts every 1,000th time is a thousandth of that. Expect colours to follow the class soon and shapes
    late; ``--label 3`` draws translations to class 3.

    Args:
        data: Images with one class each.
        base_channels: Channels of the first map of both networks.
        blocks: Residual blocks of G.
        lambda_cls: Weight of the class losses.
        lambda_rec: Weight of the way back to the image's own class.
        lambda_gp: Weight of the gradient penalty.
        n_critic: Turns of D in each step.
        lr: Learning rate of both players in the first half.
        batch_size: Images per update.
        steps: Updates of G.
    """
    real, labels = data.batch()
    wanted = gf.random_labels(data.num_classes)
    own, other = gf.one_hot(labels, data.num_classes), gf.one_hot(wanted, data.num_classes)

    G = DomainTranslator("G", shape=real.shape, base_channels=base_channels, blocks=blocks)
    D = DomainDiscriminator("D", num_classes=data.num_classes, base_channels=base_channels)
    fake = G(real, other)
    on_real, on_fake = D(real), D(fake)

    adv = Wasserstein()
    x_hat = gf.interpolate(real, fake)
    d_loss = (
        adv.discriminator(real=on_real.validity, fake=on_fake.validity)
        + lambda_cls * cross_entropy(on_real.logits, labels).named("class_real")
        + lambda_gp * gradient_penalty(D(x_hat).validity, wrt=x_hat)
    )
    g_loss = (
        adv.generator(fake=on_fake.validity)
        + lambda_cls * cross_entropy(on_fake.logits, wanted).named("class_fake")
        + lambda_rec * cycle(G(fake, own), real)
    )

    decay = Linear(start=lr, end=0.0, begin=gf.steps(steps / 2), until=gf.steps(steps))
    adam = Adam(lr=decay, betas=(0.5, 0.999))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=adam, updates=n_critic),
        gf.Player("G", trains=G, minimizes=g_loss, optimizer=adam),
        batch_size=batch_size,
        length=gf.steps(steps),
        samples={"source": real, "fake": fake},
    )
