"""The first GAN on MNIST as its authors ran it, Goodfellow et al. 2014 (arXiv:1406.2661)."""

import ganforge as gf
from ganforge_classic import SGD, Exponential, Linear, MaxoutDiscriminator, MLPGenerator, NonSaturating
from ganforge_data import MNIST


@gf.recipe
def goodfellow(
    data: gf.ImageData = MNIST(),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    latent_dim: int = 100,
    hidden: int = 1200,
    units: int = 240,
    pieces: int = 5,
    k: int = 1,
    lr: float = 0.1,
    lr_decay: float = 1.000004,
    momentum: float = 0.5,
    final_momentum: float = 0.7,
    momentum_epochs: float = 250,
    batch_size: int = 100,
    epochs: float = 500,
) -> gf.Game:
    """Two layers of ReLU against two layers of maxout with dropout, by gradient descent with rising momentum.

    Numbers and order are those of the authors' ``mnist.yaml``: images from 0 to 1, normal noise, one pass through
    G for both players. Three things differ. There D and G are updated at once, here D before G; there the biases
    of G's output start from the log-odds of each pixel's mean, here from zero; there 50,000 images are trained
    on, here all of them. Their run has no end; 500 epochs is ours. The paper's own game, whose G saturates where
    D is sure, is ``adv=minimax``. Momentum counts gradients before the rate multiplies them, which the slow decay
    of the rate makes the same. The paper's Parzen estimate is 225 (its table 1). Expect blobs in the
    first epochs, then digits with ragged edges: after seven with ``hidden=300 units=60``.

    Args:
        data: Images to imitate, taken with values from 0 to 1.
        adv: Adversarial loss; the discriminator's half of it is taken.
        latent_dim: Length of the noise vector z.
        hidden: Units of each of G's two hidden layers.
        units: Maxout units of each of D's two hidden layers.
        pieces: Linear functions of each maxout unit.
        k: Turns of D in each step, as in algorithm 1.
        lr: Learning rate of both players at first.
        lr_decay: What the rate is divided by in each step, down to 1e-6.
        momentum: Momentum up to the end of the first epoch.
        final_momentum: Momentum from ``momentum_epochs`` on; a straight line lies between.
        momentum_epochs: Epochs after which the momentum stays.
        batch_size: Images per update.
        epochs: Passes over the data.
    """
    real = data.with_range(0.0, 1.0).batch().images
    z = gf.noise(latent_dim)

    G = MLPGenerator("G", shape=real.shape, widths=(hidden, hidden), output_activation="sigmoid", init_range=0.05)
    D = MaxoutDiscriminator("D", units=(units, units), pieces=pieces, init_range=0.005)
    fake = gf.per_step(G(z))

    sgd = SGD(
        lr=Exponential(start=lr, factor=1 / lr_decay, interval=gf.steps(1), end=1e-6),
        momentum=Linear(start=momentum, end=final_momentum, begin=gf.epochs(1), until=gf.epochs(momentum_epochs)),
    )
    d_loss = 0.5 * adv.discriminator(real=D(real), fake=D(fake))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=sgd, updates=k),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=sgd),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples=fake,
    )
