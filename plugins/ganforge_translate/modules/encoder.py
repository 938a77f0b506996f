"""The encoder and decoder of DiscoGAN as a torch module."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn


class BottleneckTranslator(nn.Module):
    """Images (batch, C, H, W) to images of the same sides, which are multiples of 2^depth.

    Args:
        before: Channels of the input.
        after: Channels of the output.
        base: Channels of the first map.
        depth: Number of halvings.
    """

    def __init__(self, before: int, after: int, *, base: int, depth: int) -> None:
        super().__init__()
        widths = [base * min(2**level, 8) for level in range(depth)]
        self.encode = nn.Sequential(nn.Conv2d(before, base, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True))
        for outer, inner in pairwise(widths):
            down = nn.Conv2d(outer, inner, 4, 2, 1, bias=False)
            self.encode.extend([down, nn.BatchNorm2d(inner), nn.LeakyReLU(0.2, inplace=True)])

        self.decode = nn.Sequential()
        for inner, outer in pairwise(widths[::-1]):
            up = nn.ConvTranspose2d(inner, outer, 4, 2, 1, bias=False)
            self.decode.extend([up, nn.BatchNorm2d(outer), nn.ReLU(inplace=True)])
        self.decode.extend([nn.ConvTranspose2d(base, after, 4, 2, 1, bias=False), nn.Tanh()])

    def forward(self, images: Tensor) -> Tensor:
        translated: Tensor = self.decode(self.encode(images))
        return translated
