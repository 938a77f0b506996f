"""StackGAN on CUB birds, Zhang et al. 2016 (arXiv:1612.03242)."""

import ganforge as gf
from ganforge_classic import Adam, NonSaturating, Step
from ganforge_text import (
    CaptionDiscriminator,
    ConditioningAugmentation,
    EmbeddedFolder,
    StageIGenerator,
    StageIIGenerator,
    encoder_for,
    kl_to_normal,
)


@gf.recipe
def stackgan(
    data: gf.CaptionedData = EmbeddedFolder(root="data/birds", size=256, load_size=304, flip=True),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    encoder: gf.TextEncoder | None = None,
    latent_dim: int = 100,
    condition_dim: int = 128,
    base_channels: int = 128,
    critic_channels: int = 64,
    ratio: int = 4,
    lambda_kl: float = 2.0,
    lr: float = 2e-4,
    halve_every: float = 50,
    batch_size: int = 64,
    epochs: float = 600,
) -> gf.Game:
    """Sketch at 64 pixels what a caption says; then, with that stage held still, refine the sketches to 256.

    Networks and losses are those of the authors' TensorFlow code, whose noise is cut off at two deviations; its
    second stage begins at epoch 600 of 1200. Captions in words train a small encoder with the first critic, where
    the paper's embeddings were made before.

    Args:
        data: Images with captions, words or embeddings.
        adv: Adversarial loss.
        encoder: Makes embeddings of captions; None takes embeddings as they are and a new WordEncoder for words.
        latent_dim: Length of the noise vector z.
        condition_dim: Length of the condition drawn from an embedding.
        base_channels: Channels of G1's last and G2's first map.
        critic_channels: Channels of the critics' first maps.
        ratio: Sides of an image over those of its sketch.
        lambda_kl: Weight of the divergence of conditions from N(0, I).
        lr: Learning rate of all players.
        halve_every: Epochs after which the rate is halved in the first stage; twice as many in the second.
        batch_size: Images per update.
        epochs: Passes over the data in each stage.
    """
    images, captions, wrong = data.batch()
    _, height, width = images.shape
    small, wrong_small = (gf.resize(each, (height // ratio, width // ratio)) for each in (images, wrong))
    E = encoder or encoder_for(data)
    text = E(captions)

    CA1, CA2 = ConditioningAugmentation("CA1", dim=condition_dim), ConditioningAugmentation("CA2", dim=condition_dim)
    G1 = StageIGenerator("G1", shape=small.shape, base_channels=base_channels)
    G2 = StageIIGenerator("G2", shape=images.shape, base_channels=base_channels)
    D1 = CaptionDiscriminator("D1", base_channels=critic_channels, condition=condition_dim)
    D2 = CaptionDiscriminator("D2", base_channels=critic_channels, condition=condition_dim)
    coarse, fine = CA1(text), CA2(text)
    sketch = G1(gf.noise(latent_dim), coarse.sample)
    image = G2(sketch, fine.sample)

    def judged(D: CaptionDiscriminator, right: gf.Signal, mismatched: gf.Signal, fake: gf.Signal) -> gf.Term:
        on_right = D(right, text)
        on_wrong = adv.discriminator(real=on_right, fake=D(mismatched, text)).named("mismatched")
        # The encoder that D1's player trains must not learn to spoil the fakes.
        on_fake = adv.discriminator(real=on_right, fake=D(gf.stop_gradient(fake), text)).named("fake")
        return 0.5 * (on_wrong + on_fake)

    g1_loss = adv.generator(fake=D1(sketch, text)) + lambda_kl * kl_to_normal(coarse.mean, coarse.log_std)
    g2_loss = adv.generator(fake=D2(image, text)) + lambda_kl * kl_to_normal(fine.mean, fine.log_std)
    rates = (Step(start=lr, factor=0.5, interval=gf.epochs(stage * halve_every)) for stage in (1, 2))
    adam1, adam2 = (Adam(lr=rate, betas=(0.5, 0.999)) for rate in rates)
    d1_loss, d2_loss = judged(D1, small, wrong_small, sketch), judged(D2, images, wrong, image)
    D1_player = gf.Player("D1", trains=[D1] if E.frozen else [D1, E], minimizes=d1_loss, optimizer=adam1)
    G1_player = gf.Player("G1", trains=[G1, CA1], minimizes=g1_loss, optimizer=adam1)
    D2_player = gf.Player("D2", trains=D2, minimizes=d2_loss, optimizer=adam2)
    G2_player = gf.Player("G2", trains=[G2, CA2], minimizes=g2_loss, optimizer=adam2)
    return gf.Game(
        gf.Phase("stage-1", D1_player, G1_player, length=gf.epochs(epochs)),
        gf.Phase("stage-2", D2_player, G2_player, length=gf.epochs(epochs)),
        batch_size=batch_size,
        samples={"sketch": sketch, "image": image, "real": images},
    )
