"""pix2pix on facades, Isola et al. 2016 (arXiv:1611.07004)."""

import ganforge as gf
from ganforge_classic import Adam, Linear, NonSaturating, l1
from ganforge_data import PairedFolder
from ganforge_translate import PatchDiscriminator, UNet


@gf.recipe
def pix2pix(
    data: gf.PairedData = PairedFolder(root="data/facades", size=256, direction="b-to-a", load_size=286, flip=True),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    base_channels: int = 64,
    patch_layers: int = 3,
    dropout: float = 0.5,
    lambda_l1: float = 100.0,
    lr: float = 2e-4,
    batch_size: int = 1,
    epochs: float = 200,
) -> gf.Game:
    """A translator that must stay near the target, and look real beside its source to a judge of patches.

    Facades become photographs (on the left of each file) out of labels (on the right). D and G share each step's
    translation and D, whose loss is halved, goes first, as in the authors' Lua code. That code keeps the rate
    for all 200 epochs; the later PyTorch code, like this, lets it fall to zero over the second hundred. The
    innermost map is not normalised, as in the revised paper. Dropout is the only noise, so samples keep it and
    the statistics of their batch on. Expect the outlines within minutes and texture last; on small images, whose
    U-Net has little more than the three blocks that drop, let D see smaller patches (``patch_layers=1`` at 16
    pixels, 2 at 32) and drop less.

    Args:
        data: Pairs of images, source and target.
        adv: Adversarial loss.
        base_channels: Channels of the first map of both networks.
        patch_layers: Convolutions of stride 2 in D; 3 see patches of 70 pixels.
        dropout: Share of values dropped in the first three blocks of G's decoder.
        lambda_l1: Weight of the mean absolute distance to the target.
        lr: Learning rate of both players until half of the epochs have passed.
        batch_size: Pairs per update.
        epochs: Passes over the data.
    """
    source, target = data.batch()

    G = UNet("G", shape=target.shape, base_channels=base_channels, dropout=dropout)
    D = PatchDiscriminator("D", base_channels=base_channels, layers=patch_layers, norm="batch")
    fake = gf.per_step(G(source))

    d_loss = adv.discriminator(real=D(source, target), fake=D(source, fake))
    g_loss = adv.generator(fake=D(source, fake)) + lambda_l1 * l1(fake, target)

    decay = Linear(start=lr, end=0.0, begin=gf.epochs(epochs / 2), until=gf.epochs(epochs))
    adam = Adam(lr=decay, betas=(0.5, 0.999))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=0.5 * d_loss, optimizer=adam),
        gf.Player("G", trains=G, minimizes=g_loss, optimizer=adam),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples={"source": source, "fake": gf.sampling(fake, mode="train"), "target": target},
    )
