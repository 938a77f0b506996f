"""Random changes of images that keep a discriminator from learning a small data set by heart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ganforge as gf

if TYPE_CHECKING:
    from torch import Tensor


@gf.op
def augmented(images: Tensor, *, chance: float | Tensor) -> Tensor:
    """Move, turn, scale, recolour and cut out parts of images, each change of each image by chance.

    The changes and their strengths are those of adaptive discriminator augmentation, Karras et al. 2020
    (arXiv:2006.06676), appendix B, without its filters and noise, which the code of Huang et al. 2024
    (arXiv:2501.05441) leaves out as well: flip, quarter turns, whole-pixel shifts, scale, rotation, stretch and
    fractional shifts; brightness, contrast, inversion of the luma, hue and saturation (of three channels; of one
    only the first two); and a square of half the side cut out. Images are sampled once, bilinearly and mirrored at
    their edges, where the paper samples at twice the size with a wavelet's filter. Nothing is drawn while the
    chance is zero. A gradient penalty takes the augmented images as its gradient point: torch has no second
    derivative of the sampling.

    Call it as ``augmented(images, chance=0.2)``, or with a schedule or a feedback as the chance.

    Args:
        images: Images of shape (batch, channels, height, width), from -1 to 1.
        chance: Probability of each change, from 0 to 1.
    """
    from .modules.augmentation import changed

    return images if isinstance(chance, float | int) and chance <= 0 else changed(images, chance)
