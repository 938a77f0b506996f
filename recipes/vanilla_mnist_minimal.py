"""The smallest GAN on MNIST: one hidden layer on each side, after Goodfellow et al. 2014 (arXiv:1406.2661)."""

import ganforge as gf
from ganforge_classic import Adam, MLPDiscriminator, MLPGenerator, NonSaturating
from ganforge_data import MNIST


@gf.recipe
def vanilla_minimal(
    data: gf.ImageData = MNIST(),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    latent_dim: int = 128,
    hidden: int = 256,
    init_std: float = 0.01,
    lr: float = 2e-4,
    batch_size: int = 100,
    epochs: float = 100,
) -> gf.Game:
    """Two perceptrons, 128-256-784 against 784-256-1, whose turns see the same noise.

    The first program of many TensorFlow tutorials: ReLU inside, sigmoid outside, images from 0 to 1, the sum of
    both log-likelihoods for D and -log D(G(z)) for G. The tutorial trains on 55,000 of MNIST's 60,000 images
    and takes the logarithm of a sigmoid, which a sure D makes infinite; the losses here are those of the logits.
    After four epochs the samples are specks in the form of a few digits; they clear up slowly. For ten samples,
    as the tutorial saves every ten epochs: ``ganforge sample RUN -n 10``.

    Args:
        data: Images to imitate, taken with values from 0 to 1.
        adv: Adversarial loss.
        latent_dim: Length of the noise vector z.
        hidden: Units of each network's hidden layer.
        init_std: Standard deviation of the initial weights; biases start from zero.
        lr: Learning rate of both players.
        batch_size: Images per update.
        epochs: Passes over the data.
    """
    real = data.with_range(0.0, 1.0).batch().images
    z = gf.per_step(gf.noise(latent_dim))

    G = MLPGenerator("G", shape=real.shape, widths=(hidden,), output_activation="sigmoid", init_std=init_std)
    D = MLPDiscriminator("D", widths=(hidden,), slope=0.0, init_std=init_std)
    fake = G(z)

    adam = Adam(lr=lr)
    return gf.Game(
        gf.Player("D", trains=D, minimizes=adv.discriminator(real=D(real), fake=D(fake)), optimizer=adam),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=adam),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples=fake,
    )
