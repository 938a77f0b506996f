"""InfoGAN on MNIST, Chen et al. 2016 (arXiv:1606.03657)."""

import ganforge as gf
from ganforge_classic import Adam, NonSaturating, cross_entropy
from ganforge_conditional import InfoGANDiscriminator, InfoGANGenerator, gaussian_likelihood
from ganforge_data import MNIST


@gf.recipe
def infogan(
    data: gf.ImageData = MNIST(),
    adv: gf.AdversarialLoss = NonSaturating(),
    *,
    latent_dim: int = 62,
    categories: int = 10,
    codes: int = 2,
    base_channels: int = 64,
    hidden: int = 1024,
    lambda_category: float = 1.0,
    lambda_codes: float = 0.1,
    lr: float = 1e-3,
    lr_discriminator: float = 2e-4,
    batch_size: int = 128,
    epochs: float = 50,
) -> gf.Game:
    """G must let its codes be read from its images, so that they come to mean something without any label.

    The networks of the paper's appendix C.1, and its authors' order, rates and initial weights. Q, which reads the
    codes, shares D's trunk and is trained in D's turn; G wants the codes read as well. Continuous codes are read as
    means of normal distributions of variance 1, fixed as in the authors' code, where their weight is 1. Their
    mutual information is the negative of these losses but for constants. Unlike there, real and fake images share
    D's batch statistics: apart, small networks hide the codes in textures for long. Expect most categories to be
    digits within some epochs; ``ganforge sample RUN --label 3`` draws one category.

    Args:
        data: Images to imitate.
        adv: Adversarial loss.
        latent_dim: Length of the noise vector z, from U(-1, 1), to which the codes are joined.
        categories: Values of the categorical code.
        codes: Number of continuous codes, from U(-1, 1).
        base_channels: Channels of the widest maps.
        hidden: Units of both networks' wide linear layer.
        lambda_category: Weight of the information in the categorical code.
        lambda_codes: Weight of the information in the continuous codes.
        lr: Learning rate of G.
        lr_discriminator: Learning rate of D and Q.
        batch_size: Images per update.
        epochs: Passes over the data.
    """
    real = data.with_range(0.0, 1.0).batch().images
    z, c = (gf.noise(length, prior="uniform") for length in (latent_dim, codes))
    category = gf.random_labels(categories)

    G = InfoGANGenerator("G", shape=real.shape, base_channels=base_channels, hidden=hidden)
    D = InfoGANDiscriminator("D", categories=categories, codes=codes, base_channels=base_channels, hidden=hidden)
    fake = G(z, gf.one_hot(category, categories), c)

    on_real, on_fake = gf.together(D, real, fake)
    information = lambda_category * cross_entropy(on_fake.category, category).named("category")
    information += lambda_codes * gaussian_likelihood(c, on_fake.codes).named("codes")
    d_loss = adv.discriminator(real=on_real.validity, fake=on_fake.validity) + information

    def adam(rate: float) -> Adam:
        return Adam(lr=rate, betas=(0.5, 0.999))

    return gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=adam(lr_discriminator)),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=on_fake.validity) + information, optimizer=adam(lr)),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples=fake,
    )
