"""Layers that save work: vector ends as matrix products, and an activation without a second derivative."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import Function


class Start(nn.Module):
    """Vectors to a small map by a matrix product whose units lie as channels_last wants them.

    Args:
        length: Length of the vectors.
        channels: Channels of the map of 4x4 pixels.
        norm: Whether batch norm with statistics for each unit follows.
    """

    def __init__(self, length: int, channels: int, *, norm: bool = False) -> None:
        super().__init__()
        self.channels = channels
        self.linear = nn.Linear(length, 16 * channels, bias=False)
        self.norm = nn.BatchNorm1d(16 * channels) if norm else None

    def forward(self, vectors: Tensor) -> Tensor:
        rows = self.linear(vectors)
        rows = rows if self.norm is None else self.norm(rows)
        return rows.view(-1, 4, 4, self.channels).permute(0, 3, 1, 2)

    def views(self) -> Iterator[Tensor]:
        """The parameters with channels before pixels."""
        yield self.linear.weight.view(4, 4, self.channels, -1).permute(2, 0, 1, 3)
        if self.norm is not None:
            for parameter in (self.norm.weight, self.norm.bias):
                yield parameter.view(4, 4, self.channels).permute(2, 0, 1)


class End(nn.Module):
    """A map in channels_last to numbers by a matrix product that copies nothing.

    Args:
        channels: Channels of the map of 4x4 pixels.
        numbers: How many numbers.
        bias: Whether they have a bias.
    """

    def __init__(self, channels: int, numbers: int = 1, *, bias: bool = False) -> None:
        super().__init__()
        self.channels = channels
        self.linear = nn.Linear(16 * channels, numbers, bias=bias)

    def forward(self, maps: Tensor) -> Tensor:
        rows: Tensor = self.linear(maps.permute(0, 2, 3, 1).flatten(1))
        return rows

    def views(self) -> Iterator[Tensor]:
        """The parameters with channels before pixels."""
        yield self.linear.weight.view(-1, 4, 4, self.channels).permute(0, 3, 1, 2)
        if self.linear.bias is not None:
            yield self.linear.bias


class _Bend(Function):
    """Leaky ReLU in place."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        out = torch.nn.functional.leaky_relu_(values, 0.2)
        ctx.mark_dirty(values)
        ctx.save_for_backward(out)
        # An absent gradient stays absent instead of becoming a tensor of zeros.
        ctx.set_materialize_grads(False)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor | None) -> Tensor | None:
        (out,) = ctx.saved_tensors
        return None if gradient is None else _Slope.apply(gradient, out)


class _Slope(Function):
    """Its derivative, which is linear in the gradient and has no derivative by the activation."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, out: Tensor) -> Tensor:
        ctx.save_for_backward(out)
        ctx.set_materialize_grads(False)
        return torch.ops.aten.leaky_relu_backward(gradient, out, 0.2, True)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor | None) -> tuple[Tensor | None, None]:
        (out,) = ctx.saved_tensors
        return None if gradient is None else _Slope.apply(gradient, out), None


class Bend(nn.Module):
    """Leaky ReLU of slope 0.2 whose second derivative, which is zero, is never computed."""

    def forward(self, values: Tensor) -> Tensor:
        bent: Tensor = _Bend.apply(values)
        return bent
