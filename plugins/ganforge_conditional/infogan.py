"""The networks of InfoGAN: a generator of noise and codes, a discriminator that reads the codes back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import attrs

import ganforge as gf
from ganforge_classic.inputs import image_sides, real_valued
from ganforge_classic.ranges import within

if TYPE_CHECKING:
    from torch import nn

SMALLEST = 4
"""Pixels of the shortest side that two halvings leave one pixel of."""


def _image_shape(network: InfoGANGenerator, _: object, value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(size, int) for size in value):
        return  # The type check says so.
    if len(value) != 3 or value[0] < 1 or min(value[1:]) < SMALLEST:
        raise ValueError(
            f"'shape' must be (channels, height, width) with sides of {SMALLEST} pixels or more; received {value}"
        )


class Recovered(NamedTuple):
    """What a discriminator that reads codes says of a batch.

    Args:
        validity: The logit of being real, shape (1,).
        category: Logits of the categorical code, shape (categories,), without softmax.
        codes: Means of the continuous codes, shape (codes,).
    """

    validity: gf.Signal
    category: gf.Signal
    codes: gf.Signal


@gf.component("infogan-generator", eq=False)
class InfoGANGenerator(gf.Generator):
    """Makes images from noise and codes: two linear layers, then two transposed convolutions of stride 2.

    Chen et al. 2016 (arXiv:1606.03657), appendix C.1: 1024 units, 7x7 maps of 128 channels, 14x14 of 64, the
    image; 4x4 kernels, ReLU, batch norm of everything but the image, for each unit of the linear layers. As in
    the authors' code the image has a sigmoid, weights start from N(0, 0.02) and gains from N(1, 0.02), biases and
    shifts from zero. Sides of other sizes are a quarter, rounded up, then a half of the image's. Inputs are
    flattened and joined.

    Args:
        shape: Channels, height and width of the images, such as (1, 28, 28).
        base_channels: Channels of the map before the image; the one before it has twice as many.
        hidden: Units of the first linear layer.
    """

    shape: gf.Shape = attrs.field(validator=_image_shape)
    base_channels: int = attrs.field(default=64, validator=within("[1, inf)"))
    hidden: int = attrs.field(default=1024, validator=within("[1, inf)"))

    def __call__(self, z: gf.Signal, *codes: gf.Signal) -> gf.Signal:
        real_valued(self.name, z, *codes)
        return self.output(z, *codes, shape=self.shape)

    def build(self, *inputs: gf.Shape) -> nn.Module:
        from .modules.infogan import CodedGenerator

        channels, height, width = self.shape
        length = sum(math.prod(sizes) for sizes in inputs)
        return CodedGenerator(length, (channels, height, width), base=self.base_channels, hidden=self.hidden)


@gf.component("infogan-discriminator", eq=False)
class InfoGANDiscriminator(gf.Discriminator):
    """Tells whether images are real and reads the codes they were made from, by heads on one trunk.

    Chen et al. 2016 (arXiv:1606.03657), appendix C.1: 4x4 convolutions of stride 2 with 64 and 128 channels, a
    linear layer of 1024 units and one logit; the paper's Q is another linear layer of 128 units on those 1024,
    then the codes' logits and means. Leaky ReLU of 0.1 (the authors' code has 0.01), batch norm of all but the
    first map. Weights start from N(0, 0.02), gains from N(1, 0.02), biases and shifts from zero.

    Args:
        categories: Values of the categorical code.
        codes: Number of continuous codes.
        base_channels: Channels of the first map; the next has twice as many.
        hidden: Units of the linear layer that all heads see.
        reader: Units of the linear layer that only the codes' heads see.
    """

    categories: int = attrs.field(default=10, validator=within("[1, inf)"))
    codes: int = attrs.field(default=2, validator=within("[1, inf)"))
    base_channels: int = attrs.field(default=64, validator=within("[1, inf)"))
    hidden: int = attrs.field(default=1024, validator=within("[1, inf)"))
    reader: int = attrs.field(default=128, validator=within("[1, inf)"))

    def __call__(self, image: gf.Signal) -> Recovered:
        sides = image_sides(self.name, image)
        gf.expect(
            sides is None or min(sides) >= SMALLEST,
            f"network '{self.name}' takes images with sides of {SMALLEST} pixels or more; received {image}.",
        )
        return Recovered(*self.outputs(image, shapes=[(1,), (self.categories,), (self.codes,)]))

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.infogan import CodeReader

        channels, height, width = image
        return CodeReader(
            (channels, height, width),
            self.categories,
            self.codes,
            base=self.base_channels,
            hidden=self.hidden,
            reader=self.reader,
        )
