"""The discriminator of images with captions as a torch module."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from ganforge_classic.modules.layers import initialise

from .layers import activation, bottleneck, convolution, everywhere, normalised

SLOPE, INIT_STD = 0.2, 0.02
WIDEST, KEPT = 32, 8
"""Greatest multiples of the first map's channels: of any map, and of the one that a caption is joined to."""


class CaptionCritic(nn.Module):
    """Images and embeddings (batch, length) to logits (batch, 1).

    Args:
        shape: Channels, height and width of the images.
        length: Length of the embedding.
        base: Channels of the first map.
        stages: Number of halvings.
        condition: Numbers that the embedding is brought to.
    """

    def __init__(self, shape: tuple[int, int, int], length: int, *, base: int, stages: int, condition: int) -> None:
        super().__init__()
        widths = [base * min(2**stage, WIDEST) for stage in range(stages)]
        layers: list[nn.Module] = [convolution(shape[0], base, 4, 2)]
        for before, after in pairwise(widths):
            layers += [activation(SLOPE), *normalised(before, after, 4, 2)]
        kept = widths[-1]
        while kept > KEPT * base:
            layers += [activation(SLOPE), *normalised(kept, kept // 2, 1)]
            kept //= 2
        # The last map's activation is the residual block's own.
        self.encode = nn.Sequential(*layers, bottleneck(kept, SLOPE))
        self.condition = nn.Sequential(nn.Linear(length, condition), activation(SLOPE))
        self.join = nn.Sequential(*normalised(kept + condition, kept, 1), activation(SLOPE))
        # A convolution with a kernel of the map's size.
        places = (shape[1] >> stages) * (shape[2] >> stages)
        self.judge = nn.Sequential(nn.Flatten(), nn.Linear(kept * places, 1, bias=False))
        initialise(self, INIT_STD, gain_std=INIT_STD)

    def forward(self, images: Tensor, embedding: Tensor) -> Tensor:
        maps = self.encode(images)
        code = everywhere(self.condition(embedding), maps)
        logits: Tensor = self.judge(self.join(torch.cat([maps, code], dim=1)))
        return logits
