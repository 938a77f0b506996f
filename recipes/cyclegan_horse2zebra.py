"""CycleGAN on horse2zebra, Zhu et al. 2017 (arXiv:1703.10593)."""

import ganforge as gf
from ganforge_classic import Adam, LeastSquares, Linear, cycle, l1
from ganforge_data import UnpairedFolder
from ganforge_translate import PatchDiscriminator, ResNetTranslator


@gf.recipe
def cyclegan(
    data: gf.UnpairedData = UnpairedFolder(root="data/horse2zebra", size=256, load_size=286, flip=True),
    *,
    base_channels: int = 64,
    patch_layers: int = 3,
    lambda_cycle: float = 10.0,
    lambda_identity: float = 5.0,
    pool_size: int = 50,
    lr: float = 2e-4,
    batch_size: int = 1,
    epochs: float = 200,
) -> gf.Game:
    """Two translators that must undo each other, judged by two critics who also see earlier fakes.

    As in the authors' PyTorch code both translators are updated together, before the critics, and the rate is
    constant for half of the epochs and then falls to zero, here in every step and there after every epoch. (Their
    Lua code takes four turns: a translator, its critic, the other translator, its critic.) The critics' least
    squares keep their factor of one half; the code's is written out here. Expect colours first, stripes late. On
    small images let a critic see smaller patches: ``patch_layers=2`` at 32 pixels, 1 at 16.

    Args:
        data: Images of two domains, a (horses) and b (zebras).
        base_channels: Channels of the first map of every network.
        patch_layers: Convolutions of stride 2 in the critics; 3 see patches of 70 pixels.
        lambda_cycle: Weight of the way there and back.
        lambda_identity: Weight of leaving images of the target domain alone.
        pool_size: Earlier fakes that each critic is shown.
        lr: Learning rate of both players.
        batch_size: Images of each domain per update.
        epochs: Passes over the larger domain.
    """
    a, b = data.batch()

    G_AB = ResNetTranslator("G_AB", shape=b.shape, base_channels=base_channels)
    G_BA = ResNetTranslator("G_BA", shape=a.shape, base_channels=base_channels)
    D_A = PatchDiscriminator("D_A", base_channels=base_channels, layers=patch_layers)
    D_B = PatchDiscriminator("D_B", base_channels=base_channels, layers=patch_layers)
    # Each fake is made once in a step, by the translators' turn, and judged as it was then.
    fake_b, fake_a = gf.per_step(G_AB(a)), gf.per_step(G_BA(b))
    cycle_a, cycle_b = G_BA(fake_b), G_AB(fake_a)
    pool_a, pool_b = gf.image_pool(fake_a, size=pool_size), gf.image_pool(fake_b, size=pool_size)

    adv = LeastSquares()
    g_loss = (
        2.0 * adv.generator(fake=D_A(fake_a)).named("adv_a")
        + 2.0 * adv.generator(fake=D_B(fake_b)).named("adv_b")
        + lambda_cycle * cycle(cycle_a, a).named("cycle_a")
        + lambda_cycle * cycle(cycle_b, b).named("cycle_b")
        + lambda_identity * l1(G_BA(a), a).named("identity_a")
        + lambda_identity * l1(G_AB(b), b).named("identity_b")
    )
    d_loss = adv.discriminator(real=D_A(a), fake=D_A(pool_a)).named("adv_a") + adv.discriminator(
        real=D_B(b), fake=D_B(pool_b)
    ).named("adv_b")

    decay = Linear(start=lr, end=0.0, begin=gf.epochs(epochs / 2), until=gf.epochs(epochs))
    adam = Adam(lr=decay, betas=(0.5, 0.999))
    drawn = {"a": a, "fake_b": fake_b, "cycle_a": cycle_a, "b": b, "fake_a": fake_a, "cycle_b": cycle_b}
    return gf.Game(
        gf.Player("G", trains=[G_AB, G_BA], minimizes=g_loss, optimizer=adam),
        gf.Player("D", trains=[D_A, D_B], minimizes=d_loss, optimizer=adam),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples=drawn,
    )
