"""The first GAN on MNIST, Goodfellow et al. 2014 (arXiv:1406.2661), with today's activations."""

import ganforge as gf
from ganforge_classic import Adam, MLPDiscriminator, MLPGenerator, NonSaturating
from ganforge_data import MNIST


@gf.recipe
def vanilla(
    data: gf.ImageData = MNIST(),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    latent_dim: int = 128,
    k: int = 1,
    dropout: float = 0.3,
    lr: float = 2e-4,
    batch_size: int = 512,
    epochs: float = 200,
) -> gf.Game:
    """Two multilayer perceptrons: 128-256-512-1024-784 against 784-1024-512-256-1.

    Leaky ReLU, dropout in D and Adam are later than the paper, whose own setting is ``goodfellow_mnist``. With k
    above 1 every turn of D sees another batch, as in the paper's algorithm 1. Noise is normal, images are from -1
    to 1. In the source D's loss falls and G's rises at first, then both turn round; its digits still have many
    specks after 100 epochs and fewer after 200.

    Args:
        data: Images to imitate.
        adv: Adversarial loss.
        latent_dim: Length of the noise vector z.
        k: Turns of D in each step, as in algorithm 1.
        dropout: Share of D's hidden values dropped.
        lr: Learning rate of both players.
        batch_size: Images per update.
        epochs: Passes over the data.
    """
    real = data.batch().images
    z = gf.noise(latent_dim)

    G = MLPGenerator("G", shape=real.shape, widths=(256, 512, 1024), activation="leaky-relu")
    D = MLPDiscriminator("D", widths=(1024, 512, 256), dropout=dropout)
    fake = G(z)

    adam = Adam(lr=lr)
    return gf.Game(
        gf.Player("D", trains=D, minimizes=adv.discriminator(real=D(real), fake=D(fake)), optimizer=adam, updates=k),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=adam),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples=fake,
    )
