"""The plain convolutional generator and discriminator of SNGAN as torch modules."""

from __future__ import annotations

import math
from itertools import pairwise

from torch import Tensor, nn

from ganforge_classic.modules.layers import initialise, joined, normalisation, output_activation

from .layers import normalise_spectrally

INIT_STD = 0.02
SLOPE = 0.1


class PlainGenerator(nn.Module):
    """Vectors, joined, to a small map by one matrix product, then to an image by transposed convolutions.

    Args:
        length: Sum of the inputs' lengths.
        shape: Channels, height and width of the image.
        base: Channels of the last map.
        stages: Number of doublings.
        output: "tanh", "sigmoid" or "none".
    """

    def __init__(self, length: int, shape: tuple[int, int, int], *, base: int, stages: int, output: str) -> None:
        super().__init__()
        widths = [base << stage for stage in range(stages, -1, -1)]
        start = (widths[0], shape[1] >> stages, shape[2] >> stages)
        self.project = nn.Sequential(nn.Linear(length, math.prod(start)), nn.Unflatten(1, start))
        self.stages = nn.Sequential()
        for before, after in pairwise(widths):
            up = nn.ConvTranspose2d(before, after, 4, 2, 1)
            self.stages.extend([up, *normalisation("batch", after), nn.ReLU(inplace=True)])
        self.paint = nn.Sequential(nn.Conv2d(base, shape[0], 3, padding=1), output_activation(output))
        initialise(self, INIT_STD)

    def forward(self, *inputs: Tensor) -> Tensor:
        painted: Tensor = self.paint(self.stages(self.project(joined(inputs))))
        return painted


class PlainDiscriminator(nn.Module):
    """Images (batch, C, H, W) through convolutions of 3x3 and of 4x4 with stride 2 to logits (batch, 1).

    Args:
        shape: Channels, height and width of the image.
        base: Channels of the first map.
        stages: Number of halvings.
        spectral: Whether every layer is spectrally normalised.
    """

    def __init__(self, shape: tuple[int, int, int], *, base: int, stages: int, spectral: bool) -> None:
        super().__init__()
        widths = [shape[0], *(base << stage for stage in range(stages + 1))]
        convolutions: list[nn.Conv2d] = []
        for stage, (before, after) in enumerate(pairwise(widths)):
            convolutions.append(nn.Conv2d(before, after, 3, padding=1))
            if stage < stages:
                convolutions.append(nn.Conv2d(after, after, 4, 2, 1))
        judge = nn.Linear(widths[-1] * (shape[1] >> stages) * (shape[2] >> stages), 1)

        self.layers = nn.Sequential()
        for convolution in convolutions:
            self.layers.extend([convolution, nn.LeakyReLU(SLOPE, inplace=True)])
        self.layers.extend([nn.Flatten(), judge])
        initialise(self, INIT_STD)
        if spectral:
            for layer in (*convolutions, judge):
                normalise_spectrally(layer)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits
