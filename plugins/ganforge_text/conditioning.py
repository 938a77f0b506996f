"""Conditioning augmentation: a random vector near what a caption's embedding says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs

import ganforge as gf
from ganforge_classic.ranges import within

from .inputs import expect_vector

if TYPE_CHECKING:
    from torch import nn


class Condition(NamedTuple):
    """A vector drawn from a normal distribution, and the distribution; each of shape (dim,)."""

    sample: gf.Signal
    mean: gf.Signal
    log_std: gf.Signal


@gf.component("conditioning-augmentation", eq=False)
class ConditioningAugmentation(gf.Network):
    """Draws a condition from a normal distribution that follows from a caption's embedding.

    c = m + exp(l) e,  (m, l) = leaky_relu(W embedding + b),  e from N(0, I)

    Zhang et al. 2016 (arXiv:1612.03242), section 3.2; ``kl_to_normal`` keeps the distribution near N(0, I). The
    authors' first code cuts e off at two deviations, the paper does not. Each call has noise of its own, drawn
    anew in each turn, and for samples too, which are drawn (as the authors do) with fixed noise and not at the
    mean. Weights start from N(0, 0.02), biases from zero.

    Args:
        dim: Length of the condition.
        slope: Negative slope of the activation: 0.2 as in the authors' first code, 0 as in their PyTorch code.
    """

    dim: int = attrs.field(default=128, validator=within("[1, inf)"))
    slope: float = attrs.field(default=0.2, validator=within("[0, inf)"))

    def __call__(self, embedding: gf.Signal) -> Condition:
        expect_vector(self.name, embedding)
        shape = (self.dim,)
        return Condition(*self.outputs(embedding, gf.noise(self.dim), shapes=[shape] * 3))

    def build(self, embedding: gf.Shape, noise: gf.Shape) -> nn.Module:
        from .modules.conditioning import NormalCondition

        return NormalCondition(embedding[0], self.dim, slope=self.slope)
