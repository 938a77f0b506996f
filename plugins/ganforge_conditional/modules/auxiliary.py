"""The discriminator with an auxiliary classifier as a torch module."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from ganforge_classic.modules.layers import dropout as dropout_layers
from ganforge_classic.modules.layers import initialise, normalisation


class AuxiliaryJudge(nn.Module):
    """An image through 3x3 convolutions of strides 2, 1, 2, 1, … to logits of validity and of classes.

    Args:
        shape: Channels, height and width of the image.
        num_classes: Number of classes.
        widths: Channels of each map, from the image on; an even number of them.
        slope: Negative slope of the leaky ReLU.
        dropout: Share of each map's values dropped.
        init_std: Standard deviation of the initial weights; None for torch's own.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        num_classes: int,
        *,
        widths: Sequence[int],
        slope: float,
        dropout: float,
        init_std: float | None,
    ) -> None:
        super().__init__()
        self.trunk = nn.Sequential()
        for number, (before, after) in enumerate(pairwise([shape[0], *widths])):
            # The shift of batch normalisation stands in for the bias.
            self.trunk.append(nn.Conv2d(before, after, 3, stride=1 + (number + 1) % 2, padding=1, bias=number == 0))
            self.trunk.extend(normalisation("batch" if number else "none", after))
            self.trunk.extend([nn.LeakyReLU(slope, inplace=True), *dropout_layers(dropout)])
        self.trunk.append(nn.Flatten())

        sides = [math.ceil(side / 2 ** (len(widths) // 2)) for side in shape[1:]]
        units = widths[-1] * math.prod(sides)
        self.validity, self.classes = nn.Linear(units, 1), nn.Linear(units, num_classes)
        initialise(self, init_std)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(images)
        return self.validity(features), self.classes(features)
