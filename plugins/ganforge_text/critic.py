"""The discriminator of StackGAN, which judges an image together with a caption."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

import ganforge as gf
from ganforge_classic.dcgan import SMALLEST, halvings
from ganforge_classic.inputs import image_sides
from ganforge_classic.ranges import within

from .inputs import expect_vector

if TYPE_CHECKING:
    from torch import nn


@gf.component("caption-discriminator", eq=False)
class CaptionDiscriminator(gf.Discriminator):
    """Judges whether an image is real and shows what a caption's embedding says; gives a logit of shape (1,).

    Zhang et al. 2016 (arXiv:1612.03242), sections 3.3 and 3.4, with the residual block of the authors' first
    code. Convolutions of 4x4 and stride 2 with leaky ReLU of 0.2 lead to 4x4, of 64, 128, 256, 512 channels at 64
    pixels and on to 1024, 2048 at 256, all but the first with batch norm; convolutions of 1x1 lead from more
    than 512 channels back to them; a bottleneck of 128 follows. The embedding, by one layer to ``condition``
    numbers with leaky ReLU, is joined at every place; 1x1 to 512, and one matrix product over the whole map.
    The code's stage I has no activation of the map of 256, the paper has. Only the embedding's layer has a bias.
    Weights start from N(0, 0.02), gains from N(1, 0.02).

    Sides are halved until the shorter one has 4 to 7 pixels; smaller images have fewer and narrower maps.

    Args:
        base_channels: Channels of the first map.
        condition: Numbers that the embedding is brought to.
    """

    base_channels: int = attrs.field(default=64, validator=within("[1, inf)"))
    condition: int = attrs.field(default=128, validator=within("[1, inf)"))

    def __call__(self, image: gf.Signal, embedding: gf.Signal) -> gf.Signal:
        sides = image_sides(self.name, image)
        gf.expect(
            sides is None or min(sides) >= SMALLEST,
            f"network '{self.name}' takes images with sides of {SMALLEST} pixels or more; received {image}.",
        )
        expect_vector(self.name, embedding)
        return self.output(image, embedding, shape=(1,))

    def build(self, image: gf.Shape, embedding: gf.Shape) -> nn.Module:
        from .modules.critic import CaptionCritic

        channels, height, width = image
        return CaptionCritic(
            (channels, height, width),
            embedding[0],
            base=self.base_channels,
            stages=halvings(height, width),
            condition=self.condition,
        )
