"""The convolutional generator and discriminator of DCGAN as torch modules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from .layers import dropout as dropout_layers
from .layers import initialise, initialise_by_fans, joined, normalisation, output_activation

Sides = tuple[int, int]


def halved_sides(height: int, width: int, stages: int) -> list[Sides]:
    """Height and width of the image and of its map after each halving; odd sides are rounded up."""
    return [(math.ceil(height / 2**stage), math.ceil(width / 2**stage)) for stage in range(stages + 1)]


class Crop(nn.Module):
    """Keep the first rows and columns."""

    def __init__(self, sides: Sides) -> None:
        super().__init__()
        self.sides = sides

    def forward(self, images: Tensor) -> Tensor:
        height, width = self.sides
        return images[..., :height, :width]

    def extra_repr(self) -> str:
        return f"{self.sides}"


def _doubling(before: int, after: int, kernel: int, small: Sides, large: Sides, bias: bool) -> list[nn.Module]:
    """A transposed convolution of stride 2 that gives twice the sides, cropped where the larger map is odd."""
    padding, extra = {4: (1, 0), 5: (2, 1)}[kernel]
    layers: list[nn.Module] = [nn.ConvTranspose2d(before, after, kernel, 2, padding, extra, bias=bias)]
    if large != (2 * small[0], 2 * small[1]):
        layers.append(Crop(large))
    return layers


def _halving(before: int, after: int, kernel: int, large: Sides, bias: bool) -> list[nn.Module]:
    """A convolution of stride 2 that gives half the sides, rounded up."""
    layers: list[nn.Module] = []
    if kernel == 4 and (large[0] % 2 or large[1] % 2):
        # An even kernel would drop the last row of an odd side; one of five reaches it with its own padding.
        layers.append(nn.ZeroPad2d((0, large[1] % 2, 0, large[0] % 2)))
    return [*layers, nn.Conv2d(before, after, kernel, 2, {4: 1, 5: 2}[kernel], bias=bias)]


def _initialise(module: nn.Module, init: str, std: float | None) -> None:
    if init == "fans":
        initialise_by_fans(module)
    else:
        initialise(module, std, gain_std=std or 0.0)


class ConvolutionalGenerator(nn.Module):
    """Vectors, joined, to a small map by one matrix product, then to an image by transposed convolutions.

    The matrix product equals a transposed convolution of the vector, as a 1x1 image, with a kernel of the
    map's size.

    Args:
        length: Sum of the inputs' lengths.
        shape: Channels, height and width of the image.
        widths: Channels of each map, from the one before the image to the smallest.
        kernel: 4 or 5.
        norm: Normalisation of every map: "batch", "layer", "instance" or "none".
        norm_per_unit: Whether batch norm of the smallest map has statistics for each of its units.
        output: "tanh", "sigmoid" or "none".
        dropout: Share of each map's values dropped.
        bias: Whether layers without normalisation have biases.
        init: "normal" or "fans".
        init_std: Standard deviation of normal initial weights and gains; None for torch's own.
    """

    def __init__(
        self,
        length: int,
        shape: tuple[int, int, int],
        *,
        widths: Sequence[int],
        kernel: int,
        norm: str,
        norm_per_unit: bool,
        output: str,
        dropout: float,
        bias: bool,
        init: str = "normal",
        init_std: float | None,
    ) -> None:
        super().__init__()
        sides = halved_sides(*shape[1:], stages=len(widths))[::-1]
        start = (widths[-1], *sides[0])
        hidden_bias = bias and norm == "none"

        units = math.prod(start)
        self.project = nn.Sequential(nn.Linear(length, units, bias=hidden_bias))
        if norm == "batch" and norm_per_unit:
            self.project.extend([nn.BatchNorm1d(units), nn.Unflatten(1, start)])
        else:
            self.project.extend([nn.Unflatten(1, start), *normalisation(norm, widths[-1])])
        self.project.extend([nn.ReLU(inplace=True), *dropout_layers(dropout)])

        self.stages = nn.ModuleList()
        for (before, after), small, large in zip(pairwise(widths[::-1]), sides, sides[1:], strict=False):
            layers = _doubling(before, after, kernel, small, large, hidden_bias)
            layers += [*normalisation(norm, after), nn.ReLU(inplace=True), *dropout_layers(dropout)]
            self.stages.append(nn.Sequential(*layers))

        last = _doubling(widths[0], shape[0], kernel, sides[-2], sides[-1], bias)
        self.paint = nn.Sequential(*last, output_activation(output))
        _initialise(self, init, init_std)

    def forward(self, *inputs: Tensor) -> Tensor:
        images: Tensor = self.project(joined(inputs))
        for stage in self.stages:
            images = stage(images)
        painted: Tensor = self.paint(images)
        return painted


class ConvolutionalDiscriminator(nn.Module):
    """An image to a small map by strided convolutions, then to logits (batch, 1) by one matrix product.

    The matrix product equals a convolution with a kernel of the map's size.

    Args:
        shape: Channels, height and width of the image.
        widths: Channels of each map, from the image on.
        kernel: 4 or 5.
        norm: Normalisation of every map but the first: "batch", "layer", "instance" or "none".
        slope: Negative slope of the leaky ReLU.
        dropout: Share of each map's values dropped.
        bias: Whether layers without normalisation have biases.
        init: "normal" or "fans".
        init_std: Standard deviation of normal initial weights and gains; None for torch's own.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        *,
        widths: Sequence[int],
        kernel: int,
        norm: str,
        slope: float,
        dropout: float,
        bias: bool,
        init: str = "normal",
        init_std: float | None,
    ) -> None:
        super().__init__()
        sides = halved_sides(*shape[1:], stages=len(widths))
        self.stages = nn.ModuleList()
        for stage, (before, after) in enumerate(pairwise([shape[0], *widths])):
            kind = norm if stage else "none"
            layers = _halving(before, after, kernel, sides[stage], bias and kind == "none")
            layers += [*normalisation(kind, after), nn.LeakyReLU(slope, inplace=True), *dropout_layers(dropout)]
            self.stages.append(nn.Sequential(*layers))
        self.judge = nn.Sequential(nn.Flatten(), nn.Linear(widths[-1] * math.prod(sides[-1]), 1, bias=bias))
        _initialise(self, init, init_std)

    def forward(self, images: Tensor) -> Tensor:
        for stage in self.stages:
            images = stage(images)
        logits: Tensor = self.judge(images)
        return logits
