"""The modernised residual networks of R3GAN as torch modules."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganforge_classic.modules.layers import joined

from .layers import Weighted

SLOPE = 0.2
GAIN = math.sqrt(2 / (1 + SLOPE**2))
"""Gain that keeps the mean square through a leaky ReLU."""


def scaled(layer: Weighted, gain: float = 1.0) -> Weighted:
    """Draw a layer's weights from N(0, gain^2 / fan_in) and set its bias to zero."""
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class ModernBlock(nn.Module):
    """1x1, grouped 3x3 and 1x1 convolutions with leaky ReLU between them, added to their input.

    Args:
        channels: Channels of the input and the output.
        inner: Channels within.
        cardinality: Groups of the 3x3 convolution.
        total: Blocks in the whole network, by which the initial weights are scaled down.
    """

    def __init__(self, channels: int, inner: int, *, cardinality: int, total: int) -> None:
        super().__init__()
        gain = GAIN * total**-0.25
        self.body = nn.Sequential(
            scaled(nn.Conv2d(channels, inner, 1), gain),
            nn.LeakyReLU(SLOPE, inplace=True),
            scaled(nn.Conv2d(inner, inner, 3, padding=1, groups=cardinality), gain),
            nn.LeakyReLU(SLOPE, inplace=True),
            scaled(nn.Conv2d(inner, channels, 1, bias=False), 0.0),
        )

    def forward(self, maps: Tensor) -> Tensor:
        change: Tensor = self.body(maps)
        return maps + change


class Bilinear(nn.Module):
    """Doubles or halves the sides with the filter 1, 3, 3, 1 in both directions; beyond the border lies zero.

    Args:
        up: Whether the sides are doubled; otherwise they are halved.
    """

    kernel: Tensor

    def __init__(self, *, up: bool) -> None:
        super().__init__()
        self.up = up
        line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / (4 if up else 8)
        self.register_buffer("kernel", torch.outer(line, line), persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        channels = maps.shape[1]
        kernel = self.kernel.expand(channels, 1, 4, 4)
        resample = F.conv_transpose2d if self.up else F.conv2d
        return resample(maps, kernel, stride=2, padding=1, groups=channels)

    def extra_repr(self) -> str:
        return f"up={self.up}"


def _stages(*, base: int, stages: int, blocks: int, cardinality: int, expansion: int, up: bool) -> nn.Sequential:
    """Stages of blocks with resampling between them."""
    layers = nn.Sequential()
    for stage in range(stages):
        if stage:
            layers.append(Bilinear(up=up))
        for _ in range(blocks):
            layers.append(ModernBlock(base, base * expansion, cardinality=cardinality, total=stages * blocks))
    return layers


class ModernGenerator(nn.Module):
    """Vectors, joined, to images: a learned map times a linear function of them, then stages of blocks.

    Args:
        length: Sum of the inputs' lengths.
        shape: Channels, height and width of the image.
        base: Channels of every map.
        stages: Stages; each but the first begins by doubling the sides.
        blocks: Blocks in each stage.
        cardinality: Groups of the 3x3 convolutions.
        expansion: How many times more channels a block has within.
    """

    def __init__(
        self,
        length: int,
        shape: tuple[int, int, int],
        *,
        base: int,
        stages: int,
        blocks: int,
        cardinality: int,
        expansion: int,
    ) -> None:
        super().__init__()
        self.basis = nn.Parameter(torch.randn(base, shape[1] >> stages - 1, shape[2] >> stages - 1))
        self.weigh = scaled(nn.Linear(length, base, bias=False))
        self.stages = _stages(
            base=base, stages=stages, blocks=blocks, cardinality=cardinality, expansion=expansion, up=True
        )
        self.paint = scaled(nn.Conv2d(base, shape[0], 1, bias=False))

    def forward(self, *inputs: Tensor) -> Tensor:
        weights: Tensor = self.weigh(joined(inputs))
        painted: Tensor = self.paint(self.stages(self.basis * weights[:, :, None, None]))
        return painted


class ModernDiscriminator(nn.Module):
    """Images (batch, C, H, W) through stages of blocks to logits (batch, 1).

    Args:
        shape: Channels, height and width of the image.
        base: Channels of every map.
        stages: Stages; each but the last ends by halving the sides.
        blocks: Blocks in each stage.
        cardinality: Groups of the 3x3 convolutions.
        expansion: How many times more channels a block has within.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        *,
        base: int,
        stages: int,
        blocks: int,
        cardinality: int,
        expansion: int,
    ) -> None:
        super().__init__()
        self.extract = scaled(nn.Conv2d(shape[0], base, 1, bias=False))
        self.stages = _stages(
            base=base, stages=stages, blocks=blocks, cardinality=cardinality, expansion=expansion, up=False
        )
        sides = (shape[1] >> stages - 1, shape[2] >> stages - 1)
        self.basis = scaled(nn.Conv2d(base, base, sides, groups=base, bias=False))
        self.judge = scaled(nn.Linear(base, 1, bias=False))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.judge(self.basis(self.stages(self.extract(images))).flatten(1))
        return logits
