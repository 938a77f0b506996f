"""The two generators of StackGAN as torch modules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ganforge_classic.modules.dcgan import halved_sides
from ganforge_classic.modules.layers import initialise, joined

from .layers import activation, bottleneck, convolution, enlarging, everywhere, normalised, plain_residual

INIT_STD = 0.02


class Sketcher(nn.Module):
    """Vectors, joined, to an image by a matrix product and steps of nearest up-sampling.

    Args:
        length: Sum of the inputs' lengths.
        shape: Channels, height and width of the image.
        widths: Channels of each map, from the smallest to the one before the image.
    """

    def __init__(self, length: int, shape: tuple[int, int, int], *, widths: Sequence[int]) -> None:
        super().__init__()
        sides = halved_sides(*shape[1:], stages=len(widths))[::-1]
        start = (widths[0], *sides[0])
        units = math.prod(start)
        self.project = nn.Sequential(
            nn.Linear(length, units, bias=False), nn.BatchNorm1d(units), nn.Unflatten(1, start), bottleneck(widths[0])
        )
        self.stages = nn.ModuleList()
        for number, (before, after) in enumerate(pairwise(widths)):
            last = activation(0.0) if number else bottleneck(after)
            self.stages.append(nn.Sequential(*enlarging(before, after, sides[number + 1]), last))
        self.paint = nn.Sequential(nn.Upsample(size=sides[-1]), convolution(widths[-1], shape[0], 3), nn.Tanh())
        initialise(self, INIT_STD, gain_std=INIT_STD)

    def forward(self, *vectors: Tensor) -> Tensor:
        maps: Tensor = self.project(joined(vectors))
        for stage in self.stages:
            maps = stage(maps)
        painted: Tensor = self.paint(maps)
        return painted


class Refiner(nn.Module):
    """A sketch and a condition (batch, length) to an image.

    Args:
        sketch: Channels, height and width of the sketch.
        length: Length of the condition.
        shape: Channels, height and width of the image.
        base: Channels of the first map.
        blocks: Number of residual blocks.
    """

    def __init__(
        self, sketch: tuple[int, int, int], length: int, shape: tuple[int, int, int], *, base: int, blocks: int
    ) -> None:
        super().__init__()
        inner = 4 * base
        self.encode = nn.Sequential(
            *(convolution(sketch[0], base, 3), activation(0.0)),
            *(*normalised(base, 2 * base, 4, 2), activation(0.0)),
            *(*normalised(2 * base, inner, 4, 2), activation(0.0)),
        )
        self.join = nn.Sequential(*normalised(inner + length, inner, 3), activation(0.0))
        self.blocks = nn.Sequential(*(plain_residual(inner) for _ in range(blocks)))
        sides = growing_sides(sketch[1:], shape[1:])
        widths = [max(inner >> step, 1) for step in range(len(sides) + 1)]
        self.enlarge = nn.Sequential()
        for (before, after), large in zip(pairwise(widths), sides, strict=True):
            self.enlarge.extend([*enlarging(before, after, large), activation(0.0)])
        self.paint = nn.Sequential(convolution(widths[-1], shape[0], 3), nn.Tanh())
        initialise(self, INIT_STD, gain_std=INIT_STD)

    def forward(self, sketch: Tensor, condition: Tensor) -> Tensor:
        maps = self.encode(sketch)
        both = self.join(torch.cat([maps, everywhere(condition, maps)], dim=1))
        painted: Tensor = self.paint(self.enlarge(self.blocks(both)))
        return painted


def growing_sides(sketch: tuple[int, int], image: tuple[int, int]) -> list[tuple[int, int]]:
    """Height and width after each step up from a sketch halved twice: to the sketch's own, and on to the image's."""
    doublings = round(math.log2(max(image) / max(sketch)))
    further = halved_sides(*image, stages=doublings)[:doublings][::-1] if doublings else []
    half = (sketch[0] // 2, sketch[1] // 2)
    return [half, sketch if doublings else image, *further]
