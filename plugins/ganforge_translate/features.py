"""The discriminator of DiscoGAN, which shows its features."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import attrs

import ganforge as gf
from ganforge_classic.dcgan import halvings

from .images import image_sides, whole

if TYPE_CHECKING:
    from torch import nn

SMALLEST = 8
"""Pixels of the shortest side: below, no map is left after the first."""


class FeatureVerdict(NamedTuple):
    """A logit, and the feature maps behind it, from large to small."""

    validity: gf.Signal
    features: tuple[gf.Signal, ...]


@gf.component("feature-discriminator", eq=False)
class FeatureDiscriminator(gf.Discriminator):
    """Judges images by a logit of shape (1,), and shows the feature maps by which it does.

    Kim et al. 2017 (arXiv:1703.05192), in the authors' code: convolutions of 4x4 with stride 2 to 64, 128, 256
    and 512 channels with leaky ReLU of 0.2, then one with a kernel of the last map's size to the logit; no
    biases; batch norm of every map but the first. The features are all maps but the first, after their
    activations. Weights start as torch's own. Sides are halved, rounding up, until the shorter one has 4 to 7
    pixels: 4 times at 64 pixels, which gives three feature maps; at 15 pixels or less the only map is shown.

    Args:
        base_channels: Channels of the first map; later maps have at most eight times as many.
    """

    base_channels: int = attrs.field(default=64, validator=whole(1))

    def __call__(self, image: gf.Signal) -> FeatureVerdict:
        sides = image_sides(self.name, image)
        fits = sides is not None and min(sides) >= SMALLEST
        gf.expect(
            fits or sides is None,
            f"network '{self.name}' takes images with sides of {SMALLEST} pixels or more; received {image}.",
        )
        height, width = sides if sides and fits else (SMALLEST, SMALLEST)
        maps = [
            (channels, math.ceil(height / 2**level), math.ceil(width / 2**level))
            for level, channels in enumerate(self._widths(height, width), 1)
        ]
        validity, *features = self.outputs(image, shapes=[(1,), *(maps[1:] or maps)])
        return FeatureVerdict(validity, tuple(features))

    def _widths(self, height: int, width: int) -> list[int]:
        return [self.base_channels * min(2**level, 8) for level in range(halvings(height, width))]

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.features import FeatureCritic

        channels, height, width = image
        return FeatureCritic((channels, height, width), self._widths(height, width))
