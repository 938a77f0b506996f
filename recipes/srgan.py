"""SRGAN on photographs, Ledig et al. 2016 (arXiv:1609.04802)."""

import ganforge as gf
from ganforge_classic import L2, Adam, Comparison, NonSaturating, Piecewise, l2
from ganforge_data import Folder
from ganforge_translate import SRGANDiscriminator, SRResNet


@gf.recipe
def srgan(
    data: gf.ImageData = Folder(root="data/imagenet", size=96, load_size=384, flip=True),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    content: Comparison = L2(),
    base_channels: int = 64,
    blocks: int = 16,
    scale: int = 4,
    lambda_adv: float = 1e-3,
    lr: float = 1e-4,
    batch_size: int = 16,
    pretrain: int = 1_000_000,
    steps: int = 200_000,
) -> gf.Game:
    """A network that enlarges images, first by squared distance alone, then against a discriminator.

    The default content loss is the paper's SRGAN-MSE; ``content=vgg-content`` is its SRGAN-VGG54, for which the
    weights of VGG19 must be at hand. Small images are made by a bilinear filter, bicubic in the paper, and run
    from -1 to 1 (there from 0 to 1); crops come from images of 384 pixels, where the paper crops ImageNet's own.
    The discriminator goes first; the paper only says that both alternate. ``gain`` is how many decibels of PSNR
    the enlarged images are above those of bilinear enlargement: expect it to begin far below zero, to rise in
    the first phase and to drop when the second begins; the paper's own PSNR, from memory, ends lower after it.

    Args:
        data: Large images.
        adv: Adversarial loss.
        content: Loss of an enlarged image and its original, in the second phase.
        base_channels: Channels of the maps of both networks, D's first.
        blocks: Residual blocks of G.
        scale: Factor of enlargement, a power of two.
        lambda_adv: Weight of the adversarial loss.
        lr: Learning rate; a tenth of it in the second half of the second phase.
        batch_size: Images per update.
        pretrain: Steps of the first phase; 0 leaves it out.
        steps: Steps of the second phase.
    """
    large = data.batch().images
    _, height, width = large.shape
    small = gf.resize(large, (height // scale, width // scale))

    G = SRResNet("G", shape=large.shape, base_channels=base_channels, blocks=blocks)
    D = SRGANDiscriminator("D", base_channels=base_channels)
    fake = gf.per_step(G(small))

    g_loss = content(fake, large).named("content") + lambda_adv * adv.generator(fake=D(fake))
    d_loss = adv.discriminator(real=D(large), fake=D(fake))
    error, bilinear = l2(fake, large), l2(gf.resize(small, (height, width)), large)

    halves = Piecewise(levels=(lr, lr / 10), boundaries=(gf.steps(steps / 2),))
    first, second = Adam(lr=lr, betas=(0.9, 0.999)), Adam(lr=halves, betas=(0.9, 0.999))
    alone = gf.Phase(
        "pretrain", gf.Player("SRResNet", trains=G, minimizes=error, optimizer=first), length=gf.steps(pretrain)
    )
    against = gf.Phase(
        "adversarial",
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=second),
        gf.Player("G", trains=G, minimizes=g_loss, optimizer=second),
        length=gf.steps(steps),
    )
    return gf.Game(
        *([alone] if pretrain else []),
        against,
        batch_size=batch_size,
        samples={"low": small, "fake": fake, "target": large},
        monitors={"gain": gf.reading(lambda mine, plain: 10 * (plain / mine).log10(), error, bilinear)},
    )
