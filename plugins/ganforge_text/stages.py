"""The two generators of StackGAN: a sketch from noise and a condition, and an image from a sketch and a condition."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

import ganforge as gf
from ganforge_classic.dcgan import SMALLEST, halvings
from ganforge_classic.inputs import image_sides, real_valued
from ganforge_classic.ranges import within

from .inputs import expect_vector

if TYPE_CHECKING:
    from torch import nn

SMALLEST_SKETCH = 4
"""Pixels of the shortest side of a sketch, which is halved twice."""


def _image_shape(_: object, field: attrs.Attribute[gf.Shape], value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(size, int) for size in value):
        return  # The type check says so.
    if len(value) != 3 or value[0] < 1 or min(value[1:]) < SMALLEST:
        raise ValueError(
            f"'{field.name}' must be (channels, height, width) with sides of {SMALLEST} pixels or more; "
            f"received {value}"
        )


@gf.component("stage-1-generator", eq=False)
class StageIGenerator(gf.Generator):
    """Sketches an image from noise and a condition: a matrix product to a small map, then nearest up-sampling.

    Zhang et al. 2016 (arXiv:1612.03242), section 3.3, with the residual blocks of the authors' first code. At
    64 pixels: 4x4x1024 normalised by unit, a bottleneck of 256; up to 8x8x512, a bottleneck of 128; up to
    16x16x256, up to 32x32x128, up to the image, tanh. Each step up doubles the sides and convolves by 3x3; batch
    norm and ReLU follow. There are no biases. Weights start from N(0, 0.02), gains from N(1, 0.02).

    A height and a width are halved, rounding up, until the shorter side has 4 to 7 pixels. With
    c = base_channels the map before the image has c channels, the one before that 2c, then 4c and 8c.

    Args:
        shape: Channels, height and width of the images, such as (3, 64, 64).
        base_channels: Channels of the last map before the image.
    """

    shape: gf.Shape = attrs.field(validator=_image_shape)
    base_channels: int = attrs.field(default=128, validator=within("[1, inf)"))

    def __call__(self, z: gf.Signal, condition: gf.Signal) -> gf.Signal:
        real_valued(self.name, z, condition)
        return self.output(z, condition, shape=self.shape)

    def build(self, z: gf.Shape, condition: gf.Shape) -> nn.Module:
        from .modules.stages import Sketcher

        channels, height, width = self.shape
        widths = [self.base_channels * min(2**stage, 8) for stage in range(halvings(height, width))]
        length = math.prod(z) + math.prod(condition)
        return Sketcher(length, (channels, height, width), widths=widths[::-1])


@gf.component("stage-2-generator", eq=False)
class StageIIGenerator(gf.Generator):
    """Makes an image of a sketch and a condition: encoder, residual blocks, nearest up-sampling.

    Zhang et al. 2016 (arXiv:1612.03242), section 3.4. From 64 to 256 pixels: 64x64x128 (3x3, ReLU), 32x32x256
    and 16x16x512 (4x4 of stride 2, batch norm, ReLU); the condition at every place; 3x3 to 512; residual blocks
    of two 3x3 each; up to 32x32x256, 64x64x128, 128x128x64, 256x256x32 (3x3, batch norm, ReLU); 3x3 to the image,
    tanh. There are no biases. Weights start from N(0, 0.02), gains from N(1, 0.02).

    Sketches of other sizes are halved twice as well, and what is made of them doubles until it has the image's
    sides, with half as many channels after each step.

    Args:
        shape: Channels, height and width of the images, such as (3, 256, 256).
        base_channels: Channels of the first map; 4 times as many where sketch and condition are joined.
        blocks: Residual blocks: 4 for birds and flowers, 2 for COCO.
    """

    shape: gf.Shape = attrs.field(validator=_image_shape)
    base_channels: int = attrs.field(default=128, validator=within("[1, inf)"))
    blocks: int = attrs.field(default=4, validator=within("[1, inf)"))

    def __call__(self, sketch: gf.Signal, condition: gf.Signal) -> gf.Signal:
        expect_vector(self.name, condition)
        sides = image_sides(self.name, sketch)
        if sides is not None:
            self._expect_sides(sketch, sides)
        return self.output(sketch, condition, shape=self.shape)

    def _expect_sides(self, sketch: gf.Signal, sides: tuple[int, int]) -> None:
        gf.expect(
            min(sides) >= SMALLEST_SKETCH,
            f"network '{self.name}' takes sketches with sides of {SMALLEST_SKETCH} pixels or more; received {sketch}.",
        )
        gf.expect(
            all(small <= large for small, large in zip(sides, self.shape[1:], strict=True)),
            f"network '{self.name}' makes images of {self.shape}, which are smaller than {sketch}.",
        )

    def build(self, sketch: gf.Shape, condition: gf.Shape) -> nn.Module:
        from .modules.stages import Refiner

        return Refiner(
            (sketch[0], sketch[1], sketch[2]),
            condition[0],
            (self.shape[0], self.shape[1], self.shape[2]),
            base=self.base_channels,
            blocks=self.blocks,
        )
