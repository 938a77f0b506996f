"""How far examples are from what they should be, each by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganforge as gf
from ganforge_classic import Comparison

if TYPE_CHECKING:
    from torch import Tensor


@gf.component("distance")
class Distance(Comparison):
    """Mean Euclidean distance of two signals of one shape.

    L = E ||prediction - target||_2, the norm of each example over all its elements

    The reconstruction error that the code of Donahue et al. 2016 (arXiv:1605.09782) reports.
    """

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        from torch.linalg import vector_norm

        # The derivative of vector_norm at zero is zero; that of a square root would be infinite.
        distances: Tensor = vector_norm((prediction - target).flatten(1), dim=1)
        return distances.mean()


distance = Distance()
