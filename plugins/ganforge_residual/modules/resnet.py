"""The residual generator and discriminator of WGAN-GP and SNGAN as torch modules."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from ganforge_classic.modules.layers import joined, normalisation, output_activation

from .layers import convolution, glorot

GAIN = math.sqrt(2)
"""Gain of the convolutions that a ReLU precedes or follows within a block."""


class ResidualBlock(nn.Module):
    """Two convolutions of 3x3, each after normalisation and ReLU, added to a shortcut.

    A 1x1 convolution commutes with both kinds of resampling, so shortcuts convolve where the map is smaller.

    Args:
        before: Channels of the input.
        after: Channels of the output.
        resample: "up" doubles the sides, "down" halves them, "none" keeps them.
        norm: "batch", "layer" or "none".
        spectral: Whether the convolutions are spectrally normalised.
        first: Whether the input is an image, which no ReLU may touch.
    """

    def __init__(
        self, before: int, after: int, *, resample: str, norm: str, spectral: bool = False, first: bool = False
    ) -> None:
        super().__init__()
        up = [nn.Upsample(scale_factor=2)] if resample == "up" else []
        down = [nn.AvgPool2d(2)] if resample == "down" else []
        # Without a norm the ReLU would overwrite what the shortcut reads.
        entry = [] if first else [*normalisation(norm, before), nn.ReLU(inplace=norm != "none")]
        self.body = nn.Sequential(
            *entry,
            *up,
            convolution(before, after, 3, GAIN, spectral=spectral),
            *normalisation(norm, after),
            nn.ReLU(inplace=True),
            convolution(after, after, 3, GAIN, spectral=spectral),
            *down,
        )
        self.shortcut = nn.Sequential()
        if resample != "none" or before != after:
            self.shortcut.extend([*down, convolution(before, after, 1, spectral=spectral), *up])

    def forward(self, maps: Tensor) -> Tensor:
        change: Tensor = self.body(maps)
        kept: Tensor = self.shortcut(maps)
        return kept + change


class ResidualGenerator(nn.Module):
    """Vectors, joined, to a small map by one matrix product, then to an image by residual blocks.

    Args:
        length: Sum of the inputs' lengths.
        shape: Channels, height and width of the image.
        base: Channels of every map.
        stages: Number of doublings.
        norm: "batch" or "none".
        output: "tanh", "sigmoid" or "none".
    """

    def __init__(
        self, length: int, shape: tuple[int, int, int], *, base: int, stages: int, norm: str, output: str
    ) -> None:
        super().__init__()
        start = (base, shape[1] >> stages, shape[2] >> stages)
        self.project = nn.Sequential(glorot(nn.Linear(length, math.prod(start))), nn.Unflatten(1, start))
        self.blocks = nn.Sequential(*(ResidualBlock(base, base, resample="up", norm=norm) for _ in range(stages)))
        self.paint = nn.Sequential(
            *normalisation(norm, base),
            nn.ReLU(inplace=True),
            convolution(base, shape[0], 3),
            output_activation(output),
        )

    def forward(self, *inputs: Tensor) -> Tensor:
        painted: Tensor = self.paint(self.blocks(self.project(joined(inputs))))
        return painted


class ResidualDiscriminator(nn.Module):
    """Images (batch, C, H, W) through residual blocks and pooling to logits (batch, 1).

    Args:
        channels: Channels of the image.
        base: Channels of every map.
        halvings: Blocks that halve the sides.
        plain: Blocks after them.
        norm: "none" or "layer".
        spectral: Whether every layer is spectrally normalised.
        pooling: "mean" or "sum".
        bias: Whether the last layer has a bias.
    """

    def __init__(
        self,
        channels: int,
        *,
        base: int,
        halvings: int,
        plain: int,
        norm: str,
        spectral: bool,
        pooling: str,
        bias: bool,
    ) -> None:
        super().__init__()
        first = ResidualBlock(channels, base, resample="down", norm="none", spectral=spectral, first=True)
        kinds = ["down"] * (halvings - 1) + ["none"] * plain
        later = [ResidualBlock(base, base, resample=kind, norm=norm, spectral=spectral) for kind in kinds]
        self.blocks = nn.Sequential(first, *later)
        self.sums = pooling == "sum"
        self.judge = glorot(nn.Linear(base, 1, bias=bias), spectral=spectral)

    def forward(self, images: Tensor) -> Tensor:
        maps = F.relu(self.blocks(images), inplace=True)
        pooled = maps.sum((2, 3)) if self.sums else maps.mean((2, 3))
        logits: Tensor = self.judge(pooled)
        return logits
