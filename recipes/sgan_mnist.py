"""Semi-supervised GAN on MNIST, Salimans et al. 2016 (arXiv:1606.03498) and Odena 2016 (arXiv:1606.01583)."""

from typing import Literal

import ganforge as gf
from ganforge_classic import Adam, cross_entropy
from ganforge_conditional import (
    ErrorRate,
    ExtraClass,
    ImplicitClass,
    NoisyClassifier,
    SoftplusGenerator,
    feature_matching,
)
from ganforge_data import MNIST, FewLabels


@gf.recipe
def sgan(
    data: gf.LabelledData = MNIST(),
    *,
    form: Literal["salimans", "odena"] = "salimans",
    labels_per_class: int = 10,
    latent_dim: int = 100,
    classifier_widths: tuple[int, ...] = (1000, 500, 250, 250, 250),
    generator_widths: tuple[int, ...] = (500, 500),
    averaging: float = 0.9999,
    lr: float = 3e-3,
    batch_size: int = 100,
    epochs: float = 300,
) -> gf.Game:
    """D classifies, and learns from images without labels that they are of some class, while fakes are of none.

    ``salimans`` is their code for MNIST: K logits, fakes have the logit 0, and G matches the mean features of D's
    last hidden layer on other images than D is shown. ``odena`` gives the same networks a class N + 1 for fakes and
    an adversarial G; that paper has convolutional networks and no image without its label. ``error`` is that of D's
    averaged weights on 1,000 held-out images. The paper reports 0.93 % with 10 labels per class after 300 epochs.
    In our short runs, of narrow networks, ``salimans`` came to 17 % in two epochs and 13 % in four and ``odena`` to
    21 % in two, where D alone on the labelled images stays at 21 %; hence the default.

    Args:
        data: Images with classes; all are seen, a few with their labels.
        form: How D knows fakes and what G wants: ``salimans`` or ``odena``.
        labels_per_class: Images of each class whose labels are known.
        latent_dim: Length of the noise vector z, uniform in the unit cube.
        classifier_widths: Units of D's hidden layers.
        generator_widths: Units of G's hidden layers.
        averaging: Share of D's averaged weights that each step keeps.
        lr: Learning rate of both players.
        batch_size: Images per update, with labels and without.
        epochs: Passes over the images without labels.
    """
    data, classes = data.with_range(0.0, 1.0), data.num_classes
    unlabelled, others = data.batch().images, data.batch().images
    labelled, test = FewLabels(data=data, per_class=labels_per_class).batch(), data.held_out().batch()
    z = gf.noise(latent_dim, prior="uniform", low=0.0, high=1.0)

    logits = classes + (form == "odena")
    G = SoftplusGenerator("G", shape=unlabelled.shape, widths=generator_widths)
    D = NoisyClassifier("D", num_classes=logits, widths=classifier_widths)
    averaged = gf.ema(D, decay=averaging, warmup=True)
    fake = G(z)

    on_fake, on_labelled = D(fake), D(labelled.images)
    adv = ExtraClass() if form == "odena" else ImplicitClass()
    d_loss = adv.discriminator(real=D(unlabelled).logits, fake=on_fake.logits) + cross_entropy(
        on_labelled.logits, labelled.labels
    )
    matching = feature_matching(on_fake.features, D(others).features)
    g_loss = adv.generator(fake=on_fake.logits) if form == "odena" else matching

    error = ErrorRate(classes=classes)
    # The authors add 1e-8 to the mean square below the root.
    adam = Adam(lr=lr, betas=(0.5, 0.999), eps=1e-4)
    return gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=adam),
        gf.Player("G", trains=G, minimizes=g_loss, optimizer=adam),
        batch_size=batch_size,
        length=gf.epochs(epochs),
        samples=fake,
        monitors={
            "error": error(averaged(test.images).logits, test.labels),
            "error_on_labelled": error(on_labelled.logits, labelled.labels),
        },
    )
