"""The loss that keeps a normal distribution near the standard one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganforge as gf

if TYPE_CHECKING:
    from torch import Tensor


@gf.component("kl-to-normal")
class KLToNormal(gf.Loss):
    """Divergence of N(m, exp(l)^2) from N(0, 1), a mean over the batch and all elements.

    L = mean (-l + 1/2 (exp(2 l) + m^2 - 1)),  l the logarithm of the standard deviation

    Zhang et al. 2016 (arXiv:1612.03242), equation 2, divided by the number of elements as in the authors' code,
    which weighs it by 2. The paper's sum over the elements is this mean times their number.
    """

    def __call__(self, mean: gf.Signal, log_std: gf.Signal) -> gf.Term:
        """Judge a distribution.

        Args:
            mean: Its mean.
            log_std: The logarithm of its standard deviation, of the same shape.
        """
        term = self.term(mean, log_std)
        gf.expect_same_shape("kl-to-normal", mean=mean, log_std=log_std)
        return term

    def compute(self, mean: Tensor, log_std: Tensor) -> Tensor:
        return (0.5 * ((2 * log_std).exp() + mean.square() - 1) - log_std).mean()


kl_to_normal = KLToNormal()
