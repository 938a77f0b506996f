"""Penalties on the gradient of a discriminator's scores with respect to what it sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

import ganforge as gf

from .ranges import within

if TYPE_CHECKING:
    from torch import Tensor


def _gradients(scores: Tensor, wrt: Tensor) -> Tensor:
    """The gradient of each example's score (the sum of its scores, where it has several), one row each."""
    from torch.autograd import grad

    (gradient,) = grad(scores.sum(), wrt, create_graph=True)
    return gradient.flatten(1)


@gf.component("gradient-penalty")
class GradientPenalty(gf.Loss):
    """WGAN-GP's penalty: Gulrajani et al. 2017 (arXiv:1704.00028), equation 3, without its weight lambda.

    L = E (||grad D(x)||_2 - target)^2, the norm of each example over all dimensions of x

    Usage: ``x_hat = gf.interpolate(real, fake)``, then ``10 * gradient_penalty(C(x_hat), wrt=x_hat)``. An
    example's scores are summed, so a network that mixes examples (batch norm) is penalised for more than its
    own input. Where a gradient is exactly zero, its norm contributes no gradient.

    Args:
        target: The norm that costs nothing.
        one_sided: Penalise only norms above the target.
    """

    target: float = attrs.field(default=1.0, validator=within("[0, inf)"))
    one_sided: bool = False

    def __call__(self, scores: gf.Signal, *, wrt: gf.Signal) -> gf.Term:
        """Penalise the gradient of scores at a point.

        Args:
            scores: What the discriminator says of the point.
            wrt: The point: the signal that the discriminator was called on.
        """
        return self.term(scores, wrt=wrt)

    def compute(self, scores: Tensor, wrt: Tensor) -> Tensor:
        from torch.linalg import vector_norm

        # The derivative of vector_norm at zero is zero; that of a square root would be infinite.
        excess: Tensor = vector_norm(_gradients(scores, wrt), dim=1) - self.target
        return (excess.relu() if self.one_sided else excess).square().mean()


@gf.component("r1")
class R1(gf.Loss):
    """The zero-centred penalty: Mescheder et al. 2018 (arXiv:1801.04406), equation 9, without gamma / 2.

    L = E ||grad D(x)||_2^2, the norm of each example over all dimensions of x

    Usage: ``0.5 * gamma * r1(on_real, wrt=real)``; on fake examples it is the paper's R2. An example's scores
    are summed.
    """

    def __call__(self, scores: gf.Signal, *, wrt: gf.Signal) -> gf.Term:
        """Penalise the gradient of scores at a point.

        Args:
            scores: What the discriminator says of the point.
            wrt: The point: the signal that the discriminator was called on.
        """
        return self.term(scores, wrt=wrt)

    def compute(self, scores: Tensor, wrt: Tensor) -> Tensor:
        return _gradients(scores, wrt).square().sum(1).mean()


@gf.op
def perturbed(images: Tensor, *, deviations: float = 0.5) -> Tensor:
    """Move every value up at random, by at most some standard deviations of the whole batch.

    x + deviations std(batch) u, u from U[0, 1) for each value: the neighbourhood of real examples in the code of
    Kodali et al. 2017 (arXiv:1705.07215). Usage: ``near = gf.interpolate(real, perturbed(real))``, then
    ``10 * gradient_penalty(D(near), wrt=near)``.

    Args:
        images: Real examples of any shape.
        deviations: The greatest move.
    """
    return images + deviations * images.std(correction=0) * images.new_empty(images.shape).uniform_()


gradient_penalty = GradientPenalty()
r1 = R1()
