"""Losses that compare a signal with what it should be: L1, L2, cycle consistency and cross-entropy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

import ganforge as gf

from .ranges import within

if TYPE_CHECKING:
    from torch import Tensor


@gf.component()
class Comparison(gf.Loss):
    """Base of the losses that compare a signal with what it should be."""

    def __call__(self, prediction: gf.Signal, target: gf.Signal) -> gf.Term:
        """Compare two signals of one shape.

        Args:
            prediction: What a network made.
            target: What it should be.
        """
        term = self.term(prediction, target)
        gf.expect_same_shape(type(self).component_name(), prediction=prediction, target=target)
        return term


@gf.component("l1")
class L1(Comparison):
    """Mean absolute difference of two signals of one shape; pix2pix's, Isola et al. 2016 (arXiv:1611.07004).

    L = mean |prediction - target|, over the batch and all elements
    """

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        from torch.nn.functional import l1_loss

        return l1_loss(prediction, target)


@gf.component("l2")
class L2(Comparison):
    """Mean squared difference of two signals of one shape.

    L = mean (prediction - target)^2, over the batch and all elements
    """

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        from torch.nn.functional import mse_loss

        return mse_loss(prediction, target)


@gf.component("cycle")
class Cycle(gf.Loss):
    """How far a round trip of two translators ends from where it began.

    L = mean |F(G(x)) - x|, over the batch and all elements

    One of the two expectations of Zhu et al. 2017 (arXiv:1703.10593), equation 2; the recipe adds the other.
    """

    def __call__(self, reconstruction: gf.Signal, original: gf.Signal) -> gf.Term:
        """Compare the end of a round trip with its start.

        Args:
            reconstruction: F(G(x)), of the original's shape.
            original: x.
        """
        term = self.term(reconstruction, original)
        gf.expect_same_shape("cycle", reconstruction=reconstruction, original=original)
        return term

    def compute(self, reconstruction: Tensor, original: Tensor) -> Tensor:
        from torch.nn.functional import l1_loss

        return l1_loss(reconstruction, original)


@gf.component("cross-entropy")
class CrossEntropy(gf.Loss):
    """Cross-entropy of class labels y under the softmax of logits l.

    L = -E sum_k q_k log softmax(l)_k,  q_k = (1 - smooth) [k = y] + smooth / K

    Logits are (batch, K) and come from a layer without softmax; labels are (batch,), whole numbers from 0 to
    K - 1. Label smoothing: Szegedy et al. 2015 (arXiv:1512.00567), section 7.

    Args:
        smooth: Share of each target that is spread evenly over all classes.
    """

    smooth: float = attrs.field(default=0.0, validator=within("[0, 1]"))

    def __call__(self, logits: gf.Signal, labels: gf.Signal) -> gf.Term:
        """Judge logits by labels.

        Args:
            logits: One number per class, shape (K,).
            labels: Whole numbers, shape ().
        """
        term = self.term(logits, labels)
        gf.expect(
            len(logits.shape) == 1,
            f"cross-entropy takes logits of shape (classes,); received {logits.shape}.",
        )
        gf.expect(
            labels.shape == () and labels.dtype == "int",
            f"cross-entropy takes one whole number per example as labels; received {labels}, {labels.dtype}.",
        )
        return term

    def compute(self, logits: Tensor, labels: Tensor) -> Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(logits, labels, label_smoothing=self.smooth)


l1 = L1()
l2 = L2()
cycle = Cycle()
cross_entropy = CrossEntropy()
