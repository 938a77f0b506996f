"""Auto-encoders as torch modules."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ganforge_classic.modules.dcgan import halved_sides
from ganforge_classic.modules.layers import dropout as dropout_layers
from ganforge_classic.modules.layers import initialise, joined

Shape = tuple[int, int, int]


def lengths(shapes: Iterable[tuple[int, ...]]) -> int:
    """The length of inputs of these shapes, flattened and joined."""
    return sum(math.prod(shape) for shape in shapes)


def _convolution(before: int, after: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, stride, 1), nn.ELU(inplace=True)]


class Encoder(nn.Module):
    """Images (batch, C, H, W) to codes (batch, length).

    Args:
        length: Length of the code.
        shape: Channels, height and width of the images.
        width: Channels of the first maps; each halving adds as many.
        halvings: How often the sides are halved.
    """

    def __init__(self, length: int, shape: Shape, *, width: int, halvings: int) -> None:
        super().__init__()
        widths = [width * (stage + 1) for stage in range(halvings + 1)]
        self.first = nn.Sequential(*_convolution(shape[0], width))
        self.stages = nn.ModuleList()
        for stage, (before, after) in enumerate(pairwise([width, *widths])):
            layers = [*_convolution(before, after), *_convolution(after, after)]
            self.stages.append(nn.Sequential(*layers, *(_convolution(after, after, 2) if stage < halvings else [])))
        smallest = halved_sides(shape[1], shape[2], halvings)[-1]
        self.embed = nn.Sequential(nn.Flatten(), nn.Linear(widths[-1] * math.prod(smallest), length))

    def forward(self, images: Tensor) -> Tensor:
        images = self.first(images)
        for stage in self.stages:
            images = stage(images)
        codes: Tensor = self.embed(images)
        return codes


class Decoder(nn.Module):
    """Vectors, joined, to images (batch, C, H, W).

    Args:
        length: Sum of the inputs' lengths.
        shape: Channels, height and width of the images.
        width: Channels of every map.
        halvings: How often the image's sides are halved in the smallest map.
        skips: Whether the smallest map is joined, enlarged, to the map of every other size.
    """

    def __init__(self, length: int, shape: Shape, *, width: int, halvings: int, skips: bool) -> None:
        super().__init__()
        self.sides = halved_sides(shape[1], shape[2], halvings)[::-1]
        self.skips = skips
        start = (width, *self.sides[0])
        self.project = nn.Sequential(nn.Linear(length, math.prod(start)), nn.Unflatten(1, start))
        self.stages = nn.ModuleList()
        for stage in range(halvings + 1):
            before = 2 * width if skips and stage else width
            self.stages.append(nn.Sequential(*_convolution(before, width), *_convolution(width, width)))
        self.paint = nn.Conv2d(width, shape[0], 3, 1, 1)

    def forward(self, *inputs: Tensor) -> Tensor:
        first: Tensor = self.project(joined(inputs))
        images = self.stages[0](first)
        for stage, sides in zip(self.stages[1:], self.sides[1:], strict=True):
            images = functional.interpolate(images, sides, mode="nearest")
            if self.skips:
                images = torch.cat([images, functional.interpolate(first, sides, mode="nearest")], dim=1)
            images = stage(images)
        painted: Tensor = self.paint(images)
        return painted


def energies(examples: Tensor, reconstructions: Tensor, error: str) -> Tensor:
    """How far each reconstruction is from its example, float32 of shape (batch, 1).

    Args:
        examples: Shape (batch, …).
        reconstructions: The same shape.
        error: "mean-absolute", "mean-square" or "norm".
    """
    differences = (reconstructions.float() - examples.float()).flatten(1)
    if error == "norm":
        # The derivative of vector_norm at zero is zero; that of a square root would be infinite.
        norms: Tensor = torch.linalg.vector_norm(differences, dim=1, keepdim=True)
        return norms
    elements = differences.abs() if error == "mean-absolute" else differences.square()
    return elements.mean(1, keepdim=True)


class Autoencoder(nn.Module):
    """Examples (batch, …) to their reconstructions, codes and energies.

    Args:
        encoder: Examples to codes.
        decoder: Codes to examples.
        error: What the energy is: "mean-absolute", "mean-square" or "norm".
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, error: str) -> None:
        super().__init__()
        self.encoder, self.decoder, self.error = encoder, decoder, error

    def forward(self, examples: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        codes: Tensor = self.encoder(examples)
        reconstructions: Tensor = self.decoder(codes)
        return reconstructions, codes, energies(examples, reconstructions, self.error)


def dense_autoencoder(
    shape: tuple[int, ...], *, widths: Sequence[int], norm: str, dropout: float, init_std: float | None, error: str
) -> Autoencoder:
    """An auto-encoder of fully connected layers; the decoder has one.

    Args:
        shape: Sizes of one example.
        widths: Units of each layer of the encoder.
        norm: Normalisation of the encoder's layers but the first: "batch" or "none".
        dropout: Share of the values after each of the encoder's layers dropped.
        init_std: Standard deviation of the initial weights; None for torch's own.
        error: What the energy is.
    """
    layers: list[nn.Module] = [nn.Flatten()]
    for layer, (before, after) in enumerate(pairwise([math.prod(shape), *widths])):
        normalised = layer > 0 and norm == "batch"
        # The shift of batch normalisation stands in for the bias.
        layers.append(nn.Linear(before, after, bias=not normalised))
        layers += [nn.BatchNorm1d(after)] if normalised else []
        layers += [nn.ReLU(inplace=True), *dropout_layers(dropout)]
    decoder = nn.Sequential(nn.Linear(widths[-1], math.prod(shape)), nn.Unflatten(1, shape))
    made = Autoencoder(nn.Sequential(*layers), decoder, error)
    initialise(made, init_std)
    return made
