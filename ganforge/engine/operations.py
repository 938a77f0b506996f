"""The functions of the language's own operations, by name."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional


def one_hot(labels: Tensor, *, num_classes: int) -> Tensor:
    """Labels of shape (batch,) as vectors of shape (batch, num_classes)."""
    # Torch's own one_hot looks at the values, for which the host would wait.
    return (labels[:, None] == torch.arange(num_classes, device=labels.device)).float()


def resize(images: Tensor, *, size: tuple[int, int]) -> Tensor:
    """Images at another height and width."""
    return functional.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def interpolate(real: Tensor, fake: Tensor) -> Tensor:
    """A random point on the line between each pair of examples."""
    weight = real.new_empty((len(real),) + (1,) * (real.dim() - 1)).uniform_()
    return fake.lerp(real, weight)


def join(*batches: Tensor) -> Tensor:
    """Several batches as one."""
    return torch.cat(batches)


def share(joined: Tensor, *, index: int, count: int) -> Tensor:
    """One batch of several that were joined."""
    return joined.chunk(count)[index]


OPERATIONS: dict[str, Callable[..., Tensor]] = {
    function.__name__: function for function in (one_hot, resize, interpolate, join, share)
}
