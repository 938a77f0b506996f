"""The changes of adaptive discriminator augmentation, as one affine map and one colour matrix for each image."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Chance = float | Tensor


def changed(images: Tensor, chance: Chance) -> Tensor:
    """Images after every change, each with its chance.

    Args:
        images: Shape (batch, channels, height, width), from -1 to 1.
        chance: Probability of each change.
    """
    return _cut_out(_recoloured(_moved(images, chance), chance), chance)


# --- where pixels come from ---------------------------------------------------------------------------------


def _moved(images: Tensor, chance: Chance) -> Tensor:
    height, width = images.shape[2:]
    # Rows of the map are x and y in pixels from the centre; it leads from what is drawn to what is read.
    inverse = _maps(images, chance)
    sides = images.new_tensor([width / 2, height / 2])
    linear = inverse[:, :, :2] * sides / sides[:, None]
    theta = torch.cat([linear, inverse[:, :, 2:] / sides[:, None]], dim=2)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def _maps(images: Tensor, chance: Chance) -> Tensor:
    """One affine map, of shape (batch, 2, 3), for each image."""
    height, width = images.shape[2:]

    def maybe(change: Callable[[], Tensor], probability: Chance = chance) -> Tensor:
        """A drawn number where the change happens, else zero; shape (batch,)."""
        drawn = change()
        return drawn.where(_uniform(images) < probability, torch.zeros_like(drawn))

    def shift(across: Tensor, down: Tensor) -> Tensor:
        return _matrix(1, 0, across, 0, 1, down, like=images)

    def scaling(across: Tensor, down: Tensor) -> Tensor:
        return _matrix(across, 0, 0, 0, down, 0, like=images)

    def turn(angle: Tensor) -> Tensor:
        return _matrix(angle.cos(), -angle.sin(), 0, angle.sin(), angle.cos(), 0, like=images)

    def steps(share: float, side: int) -> Tensor:
        return ((_uniform(images) * 2 - 1) * share * side).round()

    flip = 1 - 2 * maybe(lambda: (_uniform(images) * 2).floor())
    found = scaling(flip, torch.ones_like(flip))
    found = found @ turn(maybe(lambda: (_uniform(images) * 4).floor()) * math.pi / 2)
    found = found @ shift(maybe(lambda: steps(0.125, width)), maybe(lambda: steps(0.125, height)))
    size = 2 ** maybe(lambda: _normal(images) * 0.2)
    found = found @ scaling(size, size)
    # Turned before and after the stretch, so that it has any direction: together as likely as one change.
    half = 1 - (1 - torch.as_tensor(chance)).clamp(0.0, 1.0).sqrt()
    found = found @ turn(maybe(lambda: (_uniform(images) * 2 - 1) * math.pi, half.to(images.device)))
    stretch = 2 ** maybe(lambda: _normal(images) * 0.2)
    found = found @ scaling(stretch, 1 / stretch)
    found = found @ turn(maybe(lambda: (_uniform(images) * 2 - 1) * math.pi, half.to(images.device)))
    across, down = (maybe(lambda: _normal(images) * 0.125) for _ in range(2))
    return (found @ shift(across * width, down * height))[:, :2]


def _matrix(*entries: Tensor | float, like: Tensor) -> Tensor:
    """Affine maps of the plane from the entries of their first two rows, shape (batch, 3, 3)."""
    rows = [torch.as_tensor(entry, dtype=like.dtype, device=like.device).expand(len(like)) for entry in entries]
    last = like.new_tensor([0.0, 0.0, 1.0]).expand(len(like), 3)
    return torch.cat([torch.stack(rows, 1), last], dim=1).reshape(-1, 3, 3)


# --- colours ------------------------------------------------------------------------------------------------


def _recoloured(images: Tensor, chance: Chance) -> Tensor:
    def maybe(drawn: Tensor) -> Tensor:
        return drawn.where(_uniform(images) < chance, torch.zeros_like(drawn))

    brightness, contrast = maybe(_normal(images) * 0.2), 2 ** maybe(_normal(images) * 0.5)
    recoloured = (images + brightness[:, None, None, None]) * contrast[:, None, None, None]
    if images.shape[1] != 3:
        return recoloured
    grey = images.new_full((3, 3), 1 / 3)  # The projection onto the line of greys.
    rest = torch.eye(3, dtype=images.dtype, device=images.device) - grey
    inverted = maybe((_uniform(images) * 2).floor())[:, None, None]
    angle, saturation = maybe((_uniform(images) * 2 - 1) * math.pi), 2 ** maybe(_normal(images))
    cross = images.new_tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    cosine, sine = angle.cos()[:, None, None], angle.sin()[:, None, None]
    # Rodrigues' rotation around the line of greys, which leaves them alone.
    turned = saturation[:, None, None] * (cosine * rest + sine * cross)
    colours = (1 - 2 * inverted) * grey + turned
    return torch.einsum("bij,bjhw->bihw", colours, recoloured)


def _cut_out(images: Tensor, chance: Chance) -> Tensor:
    """Set a square of half the sides, around a random point, to zero."""
    height, width = images.shape[2:]
    happens = (_uniform(images) < chance)[:, None, None]
    across, down = _uniform(images)[:, None, None], _uniform(images)[:, None, None]
    x = (torch.arange(width, device=images.device) + 0.5) / width
    y = (torch.arange(height, device=images.device) + 0.5)[:, None] / height
    inside = ((x - across).abs() < 0.25) & ((y - down).abs() < 0.25)
    return images.masked_fill((inside & happens)[:, None], 0.0)


def _uniform(images: Tensor) -> Tensor:
    """One number from U(0, 1) for each image."""
    return torch.rand(len(images), device=images.device, dtype=images.dtype)


def _normal(images: Tensor) -> Tensor:
    """One number from N(0, 1) for each image."""
    return torch.randn(len(images), device=images.device, dtype=images.dtype)
