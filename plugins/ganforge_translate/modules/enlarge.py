"""The networks of SRGAN as torch modules."""

from __future__ import annotations

import math

from torch import Tensor, nn


class PlainResidual(nn.Module):
    """Two convolutions of 3x3 with batch norm, whose result is added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.PReLU(channels),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, maps: Tensor) -> Tensor:
        change: Tensor = self.body(maps)
        return maps + change


class Enlarger(nn.Module):
    """Images (batch, C, H, W) to images whose sides are 2^doublings times as long.

    Args:
        before: Channels of the input.
        after: Channels of the output.
        base: Channels of every map.
        blocks: Number of residual blocks.
        doublings: How often sides are doubled.
    """

    def __init__(self, before: int, after: int, *, base: int, blocks: int, doublings: int) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Conv2d(before, base, 9, padding=4), nn.PReLU(base))
        self.blocks = nn.Sequential(*(PlainResidual(base) for _ in range(blocks)))
        self.blocks.extend([nn.Conv2d(base, base, 3, padding=1, bias=False), nn.BatchNorm2d(base)])
        self.enlarge = nn.Sequential()
        for _ in range(doublings):
            self.enlarge.extend([nn.Conv2d(base, 4 * base, 3, padding=1), nn.PixelShuffle(2), nn.PReLU(base)])
        self.paint = nn.Conv2d(base, after, 9, padding=4)

    def forward(self, images: Tensor) -> Tensor:
        first = self.encode(images)
        painted: Tensor = self.paint(self.enlarge(first + self.blocks(first)))
        return painted


class LargeImageCritic(nn.Module):
    """Images to logits (batch, 1).

    Args:
        shape: Channels, height and width of the image.
        base: Channels of the first map.
    """

    def __init__(self, shape: tuple[int, int, int], *, base: int) -> None:
        super().__init__()
        before, height, width = shape
        self.layers = nn.Sequential()
        for layer in range(8):
            after, stride = base * 2 ** (layer // 2), 1 + layer % 2
            self.layers.append(nn.Conv2d(before, after, 3, stride, padding=1, bias=layer == 0))
            self.layers.extend([nn.BatchNorm2d(after)] if layer else [])
            self.layers.append(nn.LeakyReLU(0.2, inplace=True))
            before = after
        units = before * math.ceil(height / 16) * math.ceil(width / 16)
        self.judge = nn.Sequential(
            nn.Flatten(), nn.Linear(units, 16 * base), nn.LeakyReLU(0.2, inplace=True), nn.Linear(16 * base, 1)
        )

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.judge(self.layers(images))
        return logits
