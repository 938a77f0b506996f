"""Images whose 256 levels are spread out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganforge as gf

if TYPE_CHECKING:
    from torch import Tensor


@gf.op
def dequantised(images: Tensor) -> Tensor:
    """Spread each of the 256 levels of images in [-1, 1] evenly over its share of that interval.

    x' = 255/256 (x + 1) - 1 + u,  u from U[0, 1/128) for each value, so level n lies in [n/128 - 1, (n + 1)/128 - 1)

    The code of Gulrajani et al. 2017 (arXiv:1704.00028) for CIFAR-10; call it on ``data.batch().images``.
    """
    noise = images.new_empty(images.shape).uniform_(0.0, 1 / 128)
    return (images + 1) * (255 / 256) - 1 + noise
