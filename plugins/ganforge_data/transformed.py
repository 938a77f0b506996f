"""Two domains made of one data set: half of its images as they are, the other half with another look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import ganforge as gf

from .downloads import MNIST
from .sizes import Range

if TYPE_CHECKING:
    from torch import Tensor

Look = Literal["edges", "negative"]


@gf.component("transformed")
class Transformed(gf.UnpairedData):
    """Images of a data set (a) and other images of it with another look (b); no image is in both.

    Domain a holds the first, third, … image of the data set and domain b the second, fourth, …, so that
    sorted folders are parted evenly. Both domains have the data set's shape, range and augmentation.

    Liu & Tuzel 2016 (arXiv:1606.07536), section 4, part the digits of MNIST in halves; their edges are what
    dilation by 3x3 pixels adds to an image, and their negatives exchange black and white.

    Args:
        of: The images; labels that they may have are left out.
        look: How domain b looks: ``"edges"`` or ``"negative"``.
    """

    of: gf.ImageData = MNIST()
    look: Look = "edges"

    @property
    def a_shape(self) -> tuple[int, ...]:
        """Channels, height and width of the images as they are."""
        return self.of.shape

    @property
    def b_shape(self) -> tuple[int, ...]:
        """Channels, height and width of the images with another look."""
        return self.of.shape

    @property
    def value_range(self) -> Range:
        """What black and white become."""
        low, high = getattr(self.of, "value_range", (-1.0, 1.0))
        return (low, high)

    def open(self, root: Path) -> Sequence[gf.Examples]:
        """Open the data set and part it.

        Raises:
            DataError: The data set cannot be opened.
        """
        (whole,) = self.of.open(root)
        return [_Half(whole, "a", 0, None), _Half(whole, "b", 1, self.look)]

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        """Convert and augment the images of one domain as the data set does."""
        return {domain: self.of.finish({"images": images}, chance)["images"] for domain, images in batch.items()}


class _Half(gf.Examples):
    """Every second image of a collection.

    Args:
        whole: All images.
        field: What this half's images are called in a batch.
        first: Index of the first image of this half.
        look: How they are transformed; None leaves them as they are.
    """

    def __init__(self, whole: gf.Examples, field: str, first: int, look: Look | None) -> None:
        self._whole, self._field, self._first = whole, field, first
        self._look: Look | None = look

    def __len__(self) -> int:
        return (len(self._whole) + 1 - self._first) // 2

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        images = self._whole.read(2 * indices + self._first)["images"]
        return {self._field: images if self._look is None else transformed(images, self._look)}


def transformed(images: Tensor, look: Look) -> Tensor:
    """Give images another look.

    Args:
        images: uint8 of shape (batch, channels, height, width).
        look: ``"edges"``, what dilation by 3x3 pixels adds to each channel, or ``"negative"``.
    """
    if look == "negative":
        return 255 - images
    from torch.nn.functional import max_pool2d

    # Pooling pads with minus infinity, so that nothing beyond the border counts. Real numbers hold 0 to 255 exactly.
    return max_pool2d(images.float(), 3, 1, 1).to(images.dtype) - images
