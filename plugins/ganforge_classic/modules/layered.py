"""Convolutional networks written layer by layer, as torch modules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn

from .dcgan import Crop, Sides
from .layers import dropout as dropout_layers
from .layers import initialise, initialise_uniform, joined, output_activation


class Norm(NamedTuple):
    """The numbers of batch normalisation."""

    momentum: float
    eps: float


def _activation(slope: float, inplace: bool = True) -> nn.Module:
    return nn.LeakyReLU(slope, inplace=inplace) if slope else nn.ReLU(inplace=inplace)


def _normalisation(norm: Norm | None, channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels, norm.eps, norm.momentum)] if norm else []


def _begin(module: nn.Module, init_std: float | None) -> None:
    if init_std is None:
        initialise_uniform(module, None)
    else:
        initialise(module, init_std)


def same_padding(side: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after a side, so that a convolution gives side / stride, rounded up."""
    total = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
    return total // 2, total - total // 2


def _enlarging(
    before: int, after: int, kernel: int, stride: int, small: Sides, large: Sides, nearest: bool
) -> list[nn.Module]:
    """Layers from one map to the next, ``stride`` times as large or a row or column less."""
    layers: list[nn.Module] = []
    if nearest and stride > 1:
        layers.append(nn.Upsample(scale_factor=stride))
        if large != (stride * small[0], stride * small[1]):
            layers.append(Crop(large))
        stride = 1
    # The derivative of a convolution with that padding; what an odd padding has more at the end is cut off there.
    (top, bottom), (left, right) = (same_padding(side, kernel, stride) for side in large)
    layers.append(nn.ConvTranspose2d(before, after, kernel, stride, (top, left)))
    if (top, left) != (bottom, right):
        layers.append(Crop(large))
    return layers


class LayeredGeneratorModule(nn.Module):
    """Vectors, joined, to a start map by one matrix product, then layer by layer to an image.

    Args:
        length: Sum of the inputs' lengths.
        channels: Of the start map, of each map and of the image.
        kernels: Of each layer, the image's too.
        strides: Of each layer, the image's too.
        sides: Height and width of the start map, of each map and of the image.
        nearest: Whether a stride repeats pixels before a convolution of stride 1.
        slope: Negative slope of the activations; 0 is ReLU.
        norm: Batch normalisation, or None.
        norm_per_unit: Whether that of the start map has statistics for each of its units.
        start_dropout: Share of the start map's values dropped.
        output: "tanh", "sigmoid" or "none".
        init_std: Standard deviation of the initial weights; None for Glorot's uniform distribution.
    """

    def __init__(
        self,
        length: int,
        *,
        channels: Sequence[int],
        kernels: Sequence[int],
        strides: Sequence[int],
        sides: Sequence[Sides],
        nearest: bool,
        slope: float,
        norm: Norm | None,
        norm_per_unit: bool,
        start_dropout: float,
        output: str,
        init_std: float | None,
    ) -> None:
        super().__init__()
        start = (channels[0], *sides[0])
        units = math.prod(start)
        self.project = nn.Sequential(nn.Linear(length, units))
        if norm and norm_per_unit:
            self.project.extend([nn.BatchNorm1d(units, norm.eps, norm.momentum), nn.Unflatten(1, start)])
        else:
            self.project.extend([nn.Unflatten(1, start), *_normalisation(norm, channels[0])])
        self.project.extend([_activation(slope), *dropout_layers(start_dropout)])

        widths, maps = list(pairwise(channels)), list(pairwise(sides))
        stages = [
            _enlarging(*width, kernel, stride, *pair, nearest)
            for width, kernel, stride, pair in zip(widths, kernels, strides, maps, strict=True)
        ]
        self.stages = nn.ModuleList(
            nn.Sequential(*layers, *_normalisation(norm, after), _activation(slope))
            for layers, (_, after) in zip(stages[:-1], widths[:-1], strict=True)
        )
        self.paint = nn.Sequential(*stages[-1], output_activation(output))
        _begin(self, init_std)

    def forward(self, *inputs: Tensor) -> Tensor:
        images: Tensor = self.project(joined(inputs))
        for stage in self.stages:
            images = stage(images)
        painted: Tensor = self.paint(images)
        return painted


def _convolution(before: int, after: int, kernel: int, stride: int, sides: Sides, same: bool) -> list[nn.Module]:
    """A convolution with the padding that gives its input's sides divided by the stride, or with none."""
    if not same:
        return [nn.Conv2d(before, after, kernel, stride)]
    (top, bottom), (left, right) = (same_padding(side, kernel, stride) for side in sides)
    if (top, left) == (bottom, right):
        return [nn.Conv2d(before, after, kernel, stride, (top, left))]
    return [nn.ZeroPad2d((left, right, top, bottom)), nn.Conv2d(before, after, kernel, stride)]


class LayeredDiscriminatorModule(nn.Module):
    """An image through convolutions, then to logits (batch, 1) by one matrix product.

    Args:
        channels: Of the image and of each map.
        kernels: Of each layer.
        strides: Of each layer.
        sides: Height and width of the image and of each map.
        same: Whether layers are padded so that only strides make maps smaller.
        slope: Negative slope of the leaky ReLU; 0 is ReLU.
        activation_first: Whether the activation precedes each convolution.
        norm: Batch normalisation of all maps but the first, or None.
        dropout: Share of each map's values dropped.
        last_dropout: Share of the last values dropped.
        init_std: Standard deviation of the initial weights; None for Glorot's uniform distribution.
    """

    def __init__(
        self,
        *,
        channels: Sequence[int],
        kernels: Sequence[int],
        strides: Sequence[int],
        sides: Sequence[Sides],
        same: bool,
        slope: float,
        activation_first: bool,
        norm: Norm | None,
        dropout: float,
        last_dropout: float,
        init_std: float | None,
    ) -> None:
        super().__init__()
        self.stages = nn.ModuleList()
        for stage, (before, after) in enumerate(pairwise(channels)):
            layers = _convolution(before, after, kernels[stage], strides[stage], sides[stage], same)
            layers += _normalisation(norm if stage else None, after)
            if activation_first:
                # The first would overwrite the images themselves.
                layers.insert(0, _activation(slope, inplace=stage > 0))
            else:
                layers.append(_activation(slope))
            self.stages.append(nn.Sequential(*layers, *dropout_layers(dropout)))
        units = channels[-1] * math.prod(sides[-1])
        self.judge = nn.Sequential(nn.Flatten(), *dropout_layers(last_dropout), nn.Linear(units, 1))
        _begin(self, init_std)

    def forward(self, images: Tensor) -> Tensor:
        for stage in self.stages:
            images = stage(images)
        logits: Tensor = self.judge(images)
        return logits
