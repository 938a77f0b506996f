"""The networks of StarGAN as torch modules."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


def _normalised(convolution: nn.Conv2d | nn.ConvTranspose2d) -> list[nn.Module]:
    """A convolution, and instance normalisation with gain and shift of what it gives."""
    # As a group for each channel it keeps the channels_last layout that InstanceNorm2d undoes.
    return [convolution, nn.GroupNorm(convolution.out_channels, convolution.out_channels)]


class CodedResidual(nn.Module):
    """Two convolutions of 3x3 whose result is added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_normalised(nn.Conv2d(channels, channels, 3, padding=1, bias=False)),
            nn.ReLU(inplace=True),
            *_normalised(nn.Conv2d(channels, channels, 3, padding=1, bias=False)),
        )

    def forward(self, maps: Tensor) -> Tensor:
        change: Tensor = self.body(maps)
        return maps + change


class CodedTranslator(nn.Module):
    """Images (batch, C, H, W), whose sides are multiples of 4, and codes (batch, K) to images of the same sides.

    Args:
        before: Channels of the input.
        after: Channels of the output.
        code: Length of the codes.
        base: Channels of the first map.
        blocks: Number of residual blocks.
    """

    def __init__(self, before: int, after: int, *, code: int, base: int, blocks: int) -> None:
        super().__init__()
        widths = (base, 2 * base, 4 * base)
        first = nn.Conv2d(before + code, base, 7, padding=3, bias=False)
        self.encode = nn.Sequential(*_normalised(first), nn.ReLU(inplace=True))
        for outer, inner in pairwise(widths):
            down = nn.Conv2d(outer, inner, 4, 2, 1, bias=False)
            self.encode.extend([*_normalised(down), nn.ReLU(inplace=True)])

        self.blocks = nn.Sequential(*(CodedResidual(widths[-1]) for _ in range(blocks)))

        self.decode = nn.Sequential()
        for inner, outer in pairwise(widths[::-1]):
            up = nn.ConvTranspose2d(inner, outer, 4, 2, 1, bias=False)
            self.decode.extend([*_normalised(up), nn.ReLU(inplace=True)])
        self.decode.extend([nn.Conv2d(base, after, 7, padding=3, bias=False), nn.Tanh()])

    def forward(self, images: Tensor, code: Tensor) -> Tensor:
        maps = code[:, :, None, None].expand(-1, -1, *images.shape[2:])
        translated: Tensor = self.decode(self.blocks(self.encode(torch.cat([images, maps], dim=1))))
        return translated


class DomainCritic(nn.Module):
    """Images to a map of scores (batch, 1, h, w) and to logits (batch, classes).

    Args:
        shape: Channels, height and width of the image.
        classes: Number of domains.
        base: Channels of the first map.
        layers: Number of convolutions of stride 2.
    """

    def __init__(self, shape: tuple[int, int, int], *, classes: int, base: int, layers: int) -> None:
        super().__init__()
        channels, height, width = shape
        self.layers = nn.Sequential()
        for before, after in pairwise([channels, *(base * 2**layer for layer in range(layers))]):
            self.layers.extend([nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(0.01, inplace=True)])
        widest = base * 2 ** (layers - 1)
        self.judge = nn.Conv2d(widest, 1, 3, padding=1, bias=False)
        self.name = nn.Conv2d(widest, classes, (height // 2**layers, width // 2**layers), bias=False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.layers(images)
        return self.judge(maps), self.name(maps).flatten(1)
