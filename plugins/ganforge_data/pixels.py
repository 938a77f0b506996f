"""Images as tensors: resizing, conversion to real numbers, flips and crops, a batch at a time."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ganforge import Chance, Examples

from .sizes import Range, Size, sides


class Arrays(Examples):
    """Decoded images with labels.

    Args:
        images: uint8 of shape (length, channels, height, width).
        labels: int64 of shape (length,).
        size: Height and width that images are given out with.
    """

    def __init__(self, images: Tensor, labels: Tensor, size: tuple[int, int]) -> None:
        self._images, self._labels, self._size = images, labels, size

    def __len__(self) -> int:
        return len(self._labels)

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        return {"images": resized(self._images[indices], self._size), "labels": self._labels[indices]}


def resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Scale uint8 images to a height and width, bilinear and anti-aliased, to the nearest uint8."""
    if tuple(images.shape[-2:]) == size:
        return images
    scaled = functional.interpolate(images.float(), size, mode="bilinear", antialias=True)
    return scaled.round().clamp(0, 255).to(torch.uint8)


def finished(
    batch: dict[str, Tensor], chance: Chance | None, *, size: Size, value_range: Range, flip: bool = False
) -> dict[str, Tensor]:
    """Crop, flip and convert the images of a batch; fields of whole numbers stay as they are.

    All fields of an example are cropped at one place and flipped together.

    Args:
        batch: Fields by name; images are uint8 of shape (batch, channels, height, width).
        chance: Random numbers; None crops the centre and flips nothing.
        size: Height and width after cropping.
        value_range: What black and white become.
        flip: Whether half of the examples are mirrored from left to right.
    """
    flips = chance.uniform("flip") < 0.5 if flip and chance is not None else None
    return {
        name: _real(_flipped(cropped(field, size, chance), flips), value_range) if field.dim() == 4 else field
        for name, field in batch.items()
    }


def _real(images: Tensor, value_range: Range) -> Tensor:
    low, high = value_range
    # A division by 255 / (high - low) gives the ends exactly where a multiplication may miss them.
    return images.float().div_(255.0 / (high - low)).add_(low)


def _flipped(images: Tensor, flips: Tensor | None) -> Tensor:
    if flips is None:
        return images
    # Choosing by bits is several times faster than torch.where with one condition for each image.
    mask = (flips.to(images.dtype) * 255)[:, None, None, None]
    return images.flip(-1).bitwise_xor_(images).bitwise_and_(mask).bitwise_xor_(images)


def cropped(images: Tensor, size: Size, chance: Chance | None) -> Tensor:
    """Take one window of a size from each image, anywhere, or from the centre without ``chance``."""
    height, width = sides(size)
    down, right = images.shape[-2] - height, images.shape[-1] - width
    if not down and not right:
        return images
    if chance is None:
        return images[..., down // 2 : down // 2 + height, right // 2 : right // 2 + width]
    top = (chance.uniform("crop top") * (down + 1)).long()
    left = (chance.uniform("crop left") * (right + 1)).long()
    # One choice among all windows, which are views: no host waits and each image is copied once.
    windows = images.unfold(2, height, 1).unfold(3, width, 1)
    return windows[torch.arange(len(images), device=images.device), :, top, left]
