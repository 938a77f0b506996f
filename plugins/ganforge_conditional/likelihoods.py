"""Losses of classes and codes: fakes as one more class, feature matching, likelihood of codes, share of errors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import attrs

import ganforge as gf
from ganforge_classic.ranges import within

if TYPE_CHECKING:
    from torch import Tensor


@gf.component()
class FakeClass(gf.AdversarialLoss):
    """Base of the losses that read the odds of being real from class logits; every score is a row of logits."""

    def discriminator(self, *, real: gf.Signal, fake: gf.Signal) -> gf.Term:
        """The classifier's loss of its logits on unlabelled real and on fake examples, each of shape (logits,)."""
        term = super().discriminator(real=real, fake=fake)
        gf.expect_same_shape(type(self).component_name(), real=real, fake=fake)
        self._expect_logits(real)
        return term

    def generator(self, *, fake: gf.Signal, real: gf.Signal | None = None) -> gf.Term:
        """The generator's loss of the logits of its examples, of shape (logits,)."""
        term = super().generator(fake=fake, real=real)
        self._expect_logits(fake)
        return term

    def _expect_logits(self, scores: gf.Signal) -> None:
        gf.expect(
            len(scores.shape) == 1 and scores.shape[0] > 1,
            f"{type(self).component_name()} takes logits of two classes or more; received {scores.shape}.",
        )


@gf.component("extra-class")
class ExtraClass(FakeClass):
    """Fakes are class N + 1 of one softmax: Odena 2016 (arXiv:1606.01583), with N + 1 logits l as scores.

    L_D = -E log(1 - p_fake(x)) - E log p_fake(G(z)),  L_G = -E log(1 - p_fake(G(z))),
    log(1 - p_fake) = LSE(l_1 … l_N) - LSE(l_1 … l_{N+1}),  log p_fake = l_{N+1} - LSE(l_1 … l_{N+1})

    Labelled images have ``cross_entropy`` over all N + 1 logits. The paper gives real images only with their
    labels; images without labels count here as any class but the last. Its generator maximises -log p_fake;
    this is the same aim in the form that does not saturate.
    """

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        return softplus(-self._odds(real)).mean() + softplus(self._odds(fake)).mean()

    def generator_loss(self, fake: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        return softplus(-self._odds(fake)).mean()

    def _odds(self, logits: Tensor) -> Tensor:
        """The logarithm of (1 - p_fake) / p_fake, from which both probabilities follow without a difference."""
        return logits[:, :-1].logsumexp(1) - logits[:, -1]


@gf.component("implicit-class")
class ImplicitClass(FakeClass):
    """Fakes are class K + 1, whose logit is always 0: Salimans et al. 2016 (arXiv:1606.03498), section 5.

    With K logits l as scores, Z = sum_k exp l_k and D = Z / (Z + 1), LSE = log Z:
    L_D = 1/2 E [softplus(LSE(x)) - LSE(x)] + 1/2 E softplus(LSE(G(z))),  L_G = E [softplus(LSE) - LSE](G(z))

    That is -1/2 E log D(x) - 1/2 E log(1 - D(G(z))); the factors 1/2 are those of the authors' code. Labelled
    images have ``cross_entropy`` over the K logits. The authors' generator minimises ``feature_matching`` in
    place of L_G.
    """

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        # softplus(v) - v is softplus(-v).
        return 0.5 * (softplus(-real.logsumexp(1)).mean() + softplus(fake.logsumexp(1)).mean())

    def generator_loss(self, fake: Tensor) -> Tensor:
        from torch.nn.functional import softplus

        return softplus(-fake.logsumexp(1)).mean()


@gf.component("feature-matching")
class FeatureMatching(gf.Loss):
    """How far the mean features of two batches are apart: Salimans et al. 2016 (arXiv:1606.03498), section 3.1.

    L = mean_j |E f_j(G(z)) - E f_j(x)|^p,  p = 2 for l2 and 1 for l1, the expectations over each batch

    The paper sums over the features; the authors' code takes the mean, with p = 2 on MNIST and 1 on CIFAR-10.

    Args:
        norm: ``"l2"`` or ``"l1"``.
    """

    norm: Literal["l2", "l1"] = "l2"

    def __call__(self, fake: gf.Signal, real: gf.Signal) -> gf.Term:
        """Compare features of one shape.

        Args:
            fake: Features of generated examples.
            real: Features of real examples.
        """
        term = self.term(fake, real)
        gf.expect_same_shape("feature-matching", fake=fake, real=real)
        return term

    def compute(self, fake: Tensor, real: Tensor) -> Tensor:
        apart = fake.mean(0) - real.mean(0)
        return (apart.square() if self.norm == "l2" else apart.abs()).mean()


@gf.component("gaussian-likelihood")
class GaussianLikelihood(gf.Loss):
    """Negative log-likelihood of codes c under independent normal distributions with means m and one deviation.

    L = E sum_i [(c_i - m_i)^2 / (2 std^2) + log std + log(2 pi) / 2]

    Up to the codes' entropy, minus L bounds their mutual information with the images that m was read from:
    Chen et al. 2016 (arXiv:1606.03657), equation 5. The deviation is fixed, at 1 in the authors' code.

    Args:
        std: Standard deviation.
    """

    std: float = attrs.field(default=1.0, validator=within("(0, inf)"))

    def __call__(self, codes: gf.Signal, means: gf.Signal) -> gf.Term:
        """Judge means by the codes that they should be.

        Args:
            codes: What the generator was given.
            means: What a network reads from its images, of the same shape.
        """
        term = self.term(codes, means)
        gf.expect_same_shape("gaussian-likelihood", codes=codes, means=means)
        return term

    def compute(self, codes: Tensor, means: Tensor) -> Tensor:
        constant = math.log(self.std) + 0.5 * math.log(2 * math.pi)
        return (0.5 * ((codes - means) / self.std).square() + constant).flatten(1).sum(1).mean()


@gf.component("error-rate")
class ErrorRate(gf.Loss):
    """The share of examples whose greatest logit is not their label's; for monitors.

    L = E [argmax_k l_k != y]

    It has no gradient, so no player can minimise it.

    Args:
        classes: Only so many logits, the first ones, compete, where others stand for no class; None: all.
    """

    classes: int | None = attrs.field(default=None, validator=within("[1, inf)"))

    def __call__(self, logits: gf.Signal, labels: gf.Signal) -> gf.Term:
        """Compare logits with labels.

        Args:
            logits: One number per class, shape (K,).
            labels: Whole numbers, shape ().
        """
        term = self.term(logits, labels)
        gf.expect(
            len(logits.shape) == 1 and logits.shape[0] >= (self.classes or 1),
            f"error-rate takes logits of shape ({self.classes or 'classes'},); received {logits.shape}.",
        )
        gf.expect(
            labels.shape == () and labels.dtype == "int",
            f"error-rate takes one whole number per example as labels; received {labels}, {labels.dtype}.",
        )
        return term

    def compute(self, logits: Tensor, labels: Tensor) -> Tensor:
        return (logits[:, : self.classes].argmax(1) != labels).float().mean()


feature_matching = FeatureMatching()
gaussian_likelihood = GaussianLikelihood()
error_rate = ErrorRate()
