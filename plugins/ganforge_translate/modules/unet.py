"""The U-Net as a torch module."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from .layers import initialise, normalisation

DROPPED = 3
"""Decoder blocks with dropout, from the innermost on."""


class UNetTranslator(nn.Module):
    """Images (batch, C, H, W) to images of the same sides, which are multiples of 2^depth.

    Args:
        before: Channels of the input.
        after: Channels of the output.
        base: Channels of the first map.
        depth: Number of halvings.
        norm: "batch" or "instance".
        dropout: Share of values dropped in the first decoder blocks.
    """

    def __init__(self, before: int, after: int, *, base: int, depth: int, norm: str, dropout: float) -> None:
        super().__init__()
        widths = [base * min(2**level, 8) for level in range(depth)]
        bias = norm != "batch"

        self.encoder = nn.ModuleList([nn.Sequential(nn.Conv2d(before, base, 4, 2, 1, bias=bias))])
        for level, (outer, inner) in enumerate(pairwise(widths), 1):
            down = nn.Sequential(nn.LeakyReLU(0.2), nn.Conv2d(outer, inner, 4, 2, 1, bias=bias))
            self.encoder.append(down.extend(normalisation(norm if level < depth - 1 else "none", inner)))

        self.decoder = nn.ModuleList()
        for block, (inner, outer) in enumerate(pairwise(widths[::-1])):
            joined = 2 * inner if block else inner
            up = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(joined, outer, 4, 2, 1, bias=bias))
            up.extend(normalisation(norm, outer))
            self.decoder.append(up.extend([nn.Dropout(dropout)] if block < DROPPED and dropout else []))
        self.paint = nn.Sequential(nn.ReLU(), nn.ConvTranspose2d(2 * base, after, 4, 2, 1), nn.Tanh())
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        skips = []
        for down in self.encoder:
            images = down(images)
            skips.append(images)
        inner = skips.pop()
        for up in self.decoder:
            inner = torch.cat([up(inner), skips.pop()], dim=1)
        painted: Tensor = self.paint(inner)
        return painted
