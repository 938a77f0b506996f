"""DiscoGAN on edges2shoes, Kim et al. 2017 (arXiv:1703.05192)."""

import ganforge as gf
from ganforge_classic import Adam, NonSaturating, Piecewise, l2
from ganforge_conditional import feature_matching
from ganforge_data import UnpairedFolder
from ganforge_translate import EncoderDecoder, FeatureDiscriminator, FeatureVerdict


@gf.recipe
def discogan(
    data: gf.UnpairedData = UnpairedFolder(root="data/edges2shoes", size=64),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    base_channels: int = 64,
    early_rate: float = 0.01,
    late_rate: float = 0.5,
    curriculum: int = 3333,
    lr: float = 2e-4,
    batch_size: int = 64,
    steps: float = 100_000,
) -> gf.Game:
    """Two translators without skips that must undo each other and match what two discriminators see.

    As in the authors' code: of every three updates the first is the discriminators' and two are the
    translators' (a step here), which draw new batches but for their first; a translator's share of its
    reconstruction rises from 0.01 to 0.5 after 10,000 updates (3,333 steps), and the rest is a tenth
    adversarial, nine tenths features. The code's images run from 0 to 1; a quarter of the squared distance
    between -1 and 1 is the same. From memory, the paper says batches of 200 and a weight decay of 1e-4; the
    code's default is 64 and 1e-5. Its number of epochs, 5,000, is no more than an end; so are ``steps`` here.
    Expect the two domains' main difference to be exchanged, and fine detail to be lost in the 4x4 map.

    Args:
        data: Images of two domains, a and b.
        adv: Adversarial loss.
        base_channels: Channels of the first map of every network.
        early_rate: Share of the reconstruction in a translator's loss at first.
        late_rate: The same after the curriculum.
        curriculum: Steps before that change.
        lr: Learning rate of both players.
        batch_size: Images of each domain per update.
        steps: Steps to play, of three updates each.
    """
    a, b = data.batch()

    G_AB = EncoderDecoder("G_AB", shape=b.shape, base_channels=base_channels)
    G_BA = EncoderDecoder("G_BA", shape=a.shape, base_channels=base_channels)
    D_A = FeatureDiscriminator("D_A", base_channels=base_channels)
    D_B = FeatureDiscriminator("D_B", base_channels=base_channels)
    fake_b, fake_a = G_AB(a), G_BA(b)
    cycle_a, cycle_b = G_BA(fake_b), G_AB(fake_a)
    real_a, real_b, on_a, on_b = D_A(a), D_B(b), D_A(fake_a), D_B(fake_b)

    def matched(real: FeatureVerdict, fake: FeatureVerdict, domain: str) -> gf.Term:
        layers = enumerate(zip(fake.features, real.features, strict=True), 1)
        terms = [feature_matching(*pair).named(f"features_{domain}{layer}") for layer, pair in layers]
        return sum(terms[1:], terms[0])

    change = (gf.steps(curriculum),)
    rate = Piecewise(levels=(early_rate, late_rate), boundaries=change)
    rest = Piecewise(levels=(1 - early_rate, 1 - late_rate), boundaries=change)
    adversarial = adv.generator(fake=on_a.validity).named("adv_a") + adv.generator(fake=on_b.validity).named("adv_b")
    features = matched(real_a, on_a, "a") + matched(real_b, on_b, "b")
    cycles = l2(cycle_a, a).named("cycle_a") + l2(cycle_b, b).named("cycle_b")
    g_loss = rest * (0.1 * adversarial + 0.9 * features) + rate * (0.25 * cycles)
    d_loss = adv.discriminator(real=real_a.validity, fake=on_a.validity).named("adv_a")
    d_loss += adv.discriminator(real=real_b.validity, fake=on_b.validity).named("adv_b")

    adam = Adam(lr=lr, betas=(0.5, 0.999), weight_decay=1e-5)
    drawn = {"a": a, "fake_b": fake_b, "cycle_a": cycle_a, "b": b, "fake_a": fake_a, "cycle_b": cycle_b}
    return gf.Game(
        gf.Player("D", trains=[D_A, D_B], minimizes=0.5 * d_loss, optimizer=adam),
        gf.Player("G", trains=[G_AB, G_BA], minimizes=g_loss, optimizer=adam, updates=2),
        batch_size=batch_size,
        length=gf.steps(steps),
        samples=drawn,
    )
