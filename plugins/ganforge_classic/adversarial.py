"""Adversarial losses: how a discriminator's scores become one loss for it and one for the generator.

Scores are unbounded (no sigmoid) and of any shape that begins with the batch: (batch, 1) from a critic that
sees a whole image, (batch, 1, height, width) from one that judges patches. Every loss is a mean over all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

import ganforge as gf

from .ranges import within

if TYPE_CHECKING:
    from torch import Tensor


@gf.component()
class Targeted(gf.AdversarialLoss):
    """Base of the losses that pull scores towards targets.

    The discriminator's targets are made in this order. The real label is smoothed. Then, for each example by
    itself, the label is exchanged for the other one with chance ``flip``, and moved by ``noise * u`` of the
    way towards the other one, u from U[0, 1). The generator's target is always its plain label. Random
    numbers come from torch's global generator, and none are drawn while ``flip`` and ``noise`` are zero.

    Args:
        smooth: Share of the way from the real label to the fake one by which the target of real examples is
            moved; 0.1 makes 1 a 0.9. Salimans et al. 2016 (arXiv:1606.03498), section 3.4: one-sided, fake
            targets stay.
        flip: Chance that a real example is called fake, and a fake one real.
        noise: Greatest share of the way to the other label by which a target is moved at random. Targets stay
            between the labels, so that the loss keeps a lower bound; code that adds noise to labels 0 and 1
            moves one of the two outwards instead.
    """

    smooth: float = attrs.field(default=0.0, validator=within("[0, 1)"))
    flip: float = attrs.field(default=0.0, validator=within("[0, 1]"))
    noise: float = attrs.field(default=0.0, validator=within("[0, 1]"))

    def real_targets(self, scores: Tensor, real: float, fake: float) -> Tensor | float:
        """Targets of the scores of real examples, one number for all or one for each example."""
        return self._disturbed(scores, real + self.smooth * (fake - real), fake)

    def fake_targets(self, scores: Tensor, real: float, fake: float) -> Tensor | float:
        """Targets of the scores of fake examples, one number for all or one for each example."""
        return self._disturbed(scores, fake, real + self.smooth * (fake - real))

    def _disturbed(self, scores: Tensor, label: float, other: float) -> Tensor | float:
        if not (self.flip or self.noise):
            return label
        # Single precision, because chances below 1/256 do not exist in bfloat16.
        examples = scores.new_empty((len(scores),) + (1,) * (scores.dim() - 1)).float()
        share = self.noise * examples.uniform_() if self.noise else examples.zero_()
        if self.flip:
            exchanged = (share.new_empty(share.shape).uniform_() < self.flip).float()
            share = (exchanged - share).abs()
        return label + (other - label) * share


def _cross_entropy(scores: Tensor, target: Tensor | float) -> Tensor:
    """Mean of -t log s(x) - (1 - t) log(1 - s(x)) with the logistic s, finite for every finite score."""
    from torch.nn.functional import softplus

    if isinstance(target, float) and target in (0.0, 1.0):
        return softplus(-scores if target else scores).mean()
    return (target * softplus(-scores) + (1 - target) * softplus(scores)).mean()


def _discriminator_cross_entropy(loss: Targeted, real: Tensor, fake: Tensor) -> Tensor:
    on_real = _cross_entropy(real, loss.real_targets(real, 1.0, 0.0))
    return on_real + _cross_entropy(fake, loss.fake_targets(fake, 1.0, 0.0))


@gf.component("minimax")
class Minimax(Targeted):
    """The zero-sum game: Goodfellow et al. 2014 (arXiv:1406.2661), equation 1, with scores as logits.

    L_D = -E log s(D(x)) - E log(1 - s(D(G(z)))),  L_G = E log(1 - s(D(G(z)))),  s the logistic function

    The generator's gradient vanishes where D is sure; see ``NonSaturating``. The sum has no factor 1/2.
    """

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return _discriminator_cross_entropy(self, real, fake)

    def generator_loss(self, fake: Tensor) -> Tensor:
        return -_cross_entropy(fake, 0.0)


@gf.component("non-saturating")
class NonSaturating(Targeted):
    """The usual GAN loss: Goodfellow et al. 2014 (arXiv:1406.2661), section 3, with scores as logits.

    L_D = -E log s(D(x)) - E log(1 - s(D(G(z)))),  L_G = -E log s(D(G(z))),  s the logistic function

    The sum has no factor 1/2; where a paper halves the discriminator's loss, the recipe does.
    """

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return _discriminator_cross_entropy(self, real, fake)

    def generator_loss(self, fake: Tensor) -> Tensor:
        return _cross_entropy(fake, 1.0)


@gf.component("least-squares")
class LeastSquares(Targeted):
    """LSGAN: Mao et al. 2016 (arXiv:1611.04076), equation 2.

    L_D = 1/2 E (D(x) - b)^2 + 1/2 E (D(G(z)) - a)^2,  L_G = 1/2 E (D(G(z)) - c)^2

    The factors 1/2 are the paper's. Code that takes the plain mean squared error, such as CycleGAN's, has
    twice these losses. (a, b, c) = (-1, 1, 0) minimises the Pearson chi-squared divergence.

    Args:
        a: Label of fake examples.
        b: Label of real examples.
        c: What the generator wants its examples to score.
    """

    a: float = attrs.field(default=0.0, validator=within("(-inf, inf)"))
    b: float = attrs.field(default=1.0, validator=within("(-inf, inf)"))
    c: float = attrs.field(default=1.0, validator=within("(-inf, inf)"))

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        on_real = (real - self.real_targets(real, self.b, self.a)).square().mean()
        on_fake = (fake - self.fake_targets(fake, self.b, self.a)).square().mean()
        return 0.5 * (on_real + on_fake)

    def generator_loss(self, fake: Tensor) -> Tensor:
        return 0.5 * (fake - self.c).square().mean()


@gf.component("wasserstein")
class Wasserstein(gf.AdversarialLoss):
    """WGAN: Arjovsky et al. 2017 (arXiv:1701.07875), equations 2 and 3 with the sign of a loss.

    L_D = E D(G(z)) - E D(x),  L_G = -E D(G(z))

    Minus L_D estimates the Wasserstein distance only while D is held Lipschitz, by ``WeightClip`` or by
    ``gradient_penalty``.
    """

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return fake.mean() - real.mean()

    def generator_loss(self, fake: Tensor) -> Tensor:
        return -fake.mean()


@gf.component("hinge")
class Hinge(gf.AdversarialLoss):
    """The hinge loss of Lim & Ye 2017 (arXiv:1705.02894) and Miyato et al. 2018 (arXiv:1802.05957).

    L_D = E max(0, margin - D(x)) + E max(0, margin + D(G(z))),  L_G = -E D(G(z))

    Args:
        margin: How far a score must be on its side of zero to cost nothing.
    """

    margin: float = attrs.field(default=1.0, validator=within("(0, inf)"))

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return (self.margin - real).relu().mean() + (self.margin + fake).relu().mean()

    def generator_loss(self, fake: Tensor) -> Tensor:
        return -fake.mean()


@gf.component("relativistic")
class Relativistic(gf.AdversarialLoss):
    """The relativistic pairing loss: Jolicoeur-Martineau 2018 (arXiv:1807.00734); R3GAN's (arXiv:2501.05441).

    L_D = E log(1 + exp(D(G(z)) - D(x))),  L_G = E log(1 + exp(D(x) - D(G(z))))

    The n-th real score is paired with the n-th fake one, so both have one shape, and the generator's loss
    needs ``real=`` too.
    """

    def discriminator(self, *, real: gf.Signal, fake: gf.Signal) -> gf.Term:
        """The discriminator's loss of its scores on real and fake examples."""
        term = super().discriminator(real=real, fake=fake)
        gf.expect_same_shape("relativistic", real=real, fake=fake)
        return term

    def generator(self, *, fake: gf.Signal, real: gf.Signal | None = None) -> gf.Term:
        """The generator's loss of the scores of its examples, measured from those of real ones."""
        term = super().generator(fake=fake, real=real)
        if real is not None:
            gf.expect_same_shape("relativistic", fake=fake, real=real)
        return term

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return _cross_entropy(real - fake, 1.0)

    def generator_loss(self, fake: Tensor, real: Tensor) -> Tensor:
        return _cross_entropy(fake - real, 1.0)
