"""Pairs of networks that share layers, as torch modules."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganforge_classic.modules.dcgan import Crop
from ganforge_classic.modules.layers import dropout as dropout_layers
from ganforge_classic.modules.layers import joined, output_activation

Make = Callable[[], nn.Module]
Shapes = tuple[tuple[int, ...], tuple[int, ...]]


class ShiftedNorm(nn.Module):
    """Batch normalisation with a shift for each channel, and no gain."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, maps: Tensor) -> Tensor:
        shifted: Tensor = self.norm(maps) + self.shift[:, None, None]
        return shifted


class Forked(nn.Module):
    """One input through layers that are shared, then through two branches.

    Args:
        trunk: The shared layers; several inputs of them are flattened and joined.
        a: The rest, for domain a.
        b: The rest, for domain b.
    """

    def __init__(self, trunk: nn.Module, a: nn.Module, b: nn.Module) -> None:
        super().__init__()
        self.trunk, self.a, self.b = trunk, a, b

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        common = self.trunk(joined(inputs))
        return self.a(common), self.b(common)


class Merging(nn.Module):
    """Two inputs, each through a branch of its own, then through layers that are shared.

    Args:
        a: The first layers, for domain a.
        b: The same for domain b.
        trunk: The shared layers.
    """

    def __init__(self, a: nn.Module, b: nn.Module, trunk: nn.Module) -> None:
        super().__init__()
        self.a, self.b, self.trunk = a, b, trunk

    def forward(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        return self.trunk(self.a(a)), self.trunk(self.b(b))


def _made(makes: Sequence[Make]) -> nn.Sequential:
    return nn.Sequential(*(make() for make in makes))


def _initialised(module: nn.Module) -> nn.Module:
    """Draw weights from Glorot's uniform distribution with a gain of the root of two; biases are 0.1."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(layer.weight, gain=math.sqrt(2))
            if layer.bias is not None:
                nn.init.constant_(layer.bias, 0.1)
    return module


# --- generators ---------------------------------------------------------------------------------------------


def coupled_generator(length: int, shapes: Shapes, *, widths: Sequence[int], shared: int, output: str) -> nn.Module:
    """Two generators of one vector.

    Args:
        length: Sum of the inputs' lengths.
        shapes: Channels, height and width of the images of domain a and of domain b.
        widths: Channels of each map, from the smallest to the one before the image.
        shared: How many of the layers, which are one more than the maps, both have in common.
        output: "tanh", "sigmoid" or "none".
    """
    steps = 2 ** (len(widths) - 1)
    # The map grows from s to 2 s - 1 in each step, and by 3 in the last layer.
    height, width = (math.ceil((side - 4) / steps) + 1 for side in shapes[0][1:])
    hidden: list[Make] = [partial(_projection, length, (widths[0], height, width))]
    hidden += [partial(_growth, before, after) for before, after in pairwise(widths)]
    branches: list[list[Make]] = [[*hidden, partial(_picture, widths[-1], shape, output)] for shape in shapes]
    a, b = branches
    return _initialised(Forked(_made(a[:shared]), _made(a[shared:]), _made(b[shared:])))


def _projection(length: int, start: tuple[int, int, int]) -> nn.Module:
    layers = [nn.Linear(length, math.prod(start), bias=False), nn.Unflatten(1, start)]
    return nn.Sequential(*layers, ShiftedNorm(start[0]), nn.PReLU(start[0]))


def _growth(before: int, after: int) -> nn.Module:
    grown = nn.ConvTranspose2d(before, after, 3, 2, 1, bias=False)
    return nn.Sequential(grown, ShiftedNorm(after), nn.PReLU(after))


def _picture(before: int, shape: tuple[int, ...], output: str) -> nn.Module:
    painted = nn.ConvTranspose2d(before, shape[0], 6, 1, 1)
    return nn.Sequential(painted, Crop((shape[1], shape[2])), output_activation(output))


# --- discriminators -----------------------------------------------------------------------------------------


def coupled_discriminator(
    shapes: Shapes, *, channels: tuple[int, int], units: int, dropout: float, shared: int, padding: int
) -> nn.Module:
    """Two discriminators.

    Args:
        shapes: Channels, height and width of the images of domain a and of domain b.
        channels: Channels of the two convolutions.
        units: Units of the hidden layer.
        dropout: Share of the hidden layer's values dropped.
        shared: How many of the four layers, from the logit backwards, both have in common.
        padding: Zeros around the input of each convolution.
    """
    height, width = (_halved(_halved(side, padding), padding) for side in shapes[0][1:])
    rest: list[Make] = [
        partial(_halving, channels[0], channels[1], padding),
        partial(_hidden, channels[1] * height * width, units, dropout),
        partial(nn.Linear, units, 1),
    ]
    branches: list[list[Make]] = [[partial(_halving, shape[0], channels[0], padding), *rest] for shape in shapes]
    a, b = branches
    own = len(a) - shared
    return _initialised(Merging(_made(a[:own]), _made(b[:own]), _made(a[own:])))


def _halved(side: int, padding: int) -> int:
    return (side + 2 * padding - 4) // 2


def _halving(before: int, after: int, padding: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(before, after, 5, padding=padding), nn.MaxPool2d(2))


def _hidden(before: int, units: int, dropout: float) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(before, units), nn.PReLU(units), *dropout_layers(dropout))
