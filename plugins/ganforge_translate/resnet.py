"""The residual translator of CycleGAN."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs

import ganforge as gf

from .images import image_shape, image_sides, whole

if TYPE_CHECKING:
    from torch import nn


@gf.component("resnet-translator", eq=False)
class ResNetTranslator(gf.Generator):
    """Translates images of one domain into another; the output has the input's sides.

    Zhu et al. 2017 (arXiv:1703.10593), appendix 7.2: c7s1-64, d128, d256, residual blocks of 256, u128, u64,
    c7s1-3, tanh. Instance normalisation without gain and shift, ReLU, reflected borders, transposed
    convolutions of 3x3 going up; weights start from N(0, 0.02), biases from zero. Images have sides that are
    multiples of 4, of 8 pixels or more.

    Args:
        shape: Channels, height and width of the images to give, such as (3, 256, 256).
        base_channels: Channels of the first map.
        blocks: Residual blocks; None is 6 where no side of ``shape`` exceeds 128 pixels, else 9.
    """

    any_size: ClassVar[bool] = True

    shape: gf.Shape = attrs.field(validator=image_shape)
    base_channels: int = attrs.field(default=64, validator=whole(1))
    blocks: int | None = attrs.field(default=None, validator=whole(1))

    def __call__(self, image: gf.Signal) -> gf.Signal:
        sides = image_sides(self.name, image)
        gf.expect(
            sides is None or (min(sides) >= 8 and not any(side % 4 for side in sides)),
            f"network '{self.name}' takes images with sides that are multiples of 4, of 8 pixels or more; "
            f"received {image}.",
        )
        return self.output(image, shape=(self.shape[0], *(sides or self.shape[1:])))

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.resnet import ResidualTranslator

        blocks = self.blocks or (6 if max(self.shape[1:]) <= 128 else 9)
        return ResidualTranslator(image[0], self.shape[0], base=self.base_channels, blocks=blocks)
