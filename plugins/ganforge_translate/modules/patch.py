"""The patch discriminator as a torch module."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from .layers import initialise, normalisation


class PatchCritic(nn.Module):
    """Images, concatenated on channels, to a map of logits.

    Args:
        channels: Sum of the inputs' channels.
        base: Channels of the first map.
        layers: Number of convolutions of stride 2.
        norm: "instance", "batch" or "none"; the first map has none.
    """

    def __init__(self, channels: int, *, base: int, layers: int, norm: str) -> None:
        super().__init__()
        widths = [base * min(2**layer, 8) for layer in range(layers + 1)]
        self.layers = nn.Sequential(nn.Conv2d(channels, base, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True))
        for layer, (before, after) in enumerate(pairwise(widths), 1):
            stride = 2 if layer < layers else 1
            # The shift of batch normalisation stands in for the bias.
            convolution = nn.Conv2d(before, after, 4, stride, padding=1, bias=norm != "batch")
            self.layers.extend([convolution, *normalisation(norm, after), nn.LeakyReLU(0.2, inplace=True)])
        self.layers.append(nn.Conv2d(widths[-1], 1, 4, padding=1))
        initialise(self)

    def forward(self, *images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images[0] if len(images) == 1 else torch.cat(images, dim=1))
        return logits
