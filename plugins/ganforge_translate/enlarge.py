"""The networks of SRGAN: one enlarges images, the other judges large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs

import ganforge as gf

from .images import image_shape, image_sides, whole

if TYPE_CHECKING:
    from torch import nn


@gf.component("srresnet", eq=False)
class SRResNet(gf.Generator):
    """Enlarges images by two, or by two several times over.

    Ledig et al. 2016 (arXiv:1609.04802), figure 4: a convolution of 9x9 to 64 channels and PReLU; residual
    blocks of two 3x3 convolutions with batch norm and PReLU between; one more 3x3 convolution with batch norm,
    to which the first map is added; for each doubling a 3x3 convolution to four times the channels, whose
    values become the pixels of a map of twice the sides, and PReLU; a convolution of 9x9 to the image, without
    an activation. PReLU has a slope for each channel, batch norm stands for biases, and weights start as
    torch's own; the paper leaves all three open.

    Args:
        shape: Channels, height and width of the images to give, such as (3, 96, 96); the sides are 2, 4, 8, …
            times the input's.
        base_channels: Channels of every map.
        blocks: Residual blocks.
    """

    any_size: ClassVar[bool] = True

    shape: gf.Shape = attrs.field(validator=image_shape)
    base_channels: int = attrs.field(default=64, validator=whole(1))
    blocks: int = attrs.field(default=16, validator=whole(1))

    def __call__(self, image: gf.Signal) -> gf.Signal:
        sides = image_sides(self.name, image)
        fits = sides is None or any(self.shape[1:] == (sides[0] * 2**n, sides[1] * 2**n) for n in range(1, 8))
        gf.expect(
            fits,
            f"network '{self.name}' enlarges both sides by 2, 4, 8, …; 'shape' is {self.shape}, received {image}.",
        )
        return self.output(image, shape=self.shape)

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.enlarge import Enlarger

        doublings = (self.shape[1] // image[1]).bit_length() - 1
        return Enlarger(image[0], self.shape[0], base=self.base_channels, blocks=self.blocks, doublings=doublings)


@gf.component("srgan-discriminator", eq=False)
class SRGANDiscriminator(gf.Discriminator):
    """Judges images by eight convolutions and two matrix products to a logit of shape (1,).

    Ledig et al. 2016 (arXiv:1609.04802), figure 4: 3x3 convolutions of 64, 64, 128, 128, 256, 256, 512 and 512
    channels, every second one with stride 2, all but the first with batch norm (which stands for biases), leaky
    ReLU of 0.2; then 1024 units with leaky ReLU and one. Weights start as torch's own. Sides are halved four
    times, rounding up.

    Args:
        base_channels: Channels of the first map; the hidden layer has sixteen times as many units.
    """

    base_channels: int = attrs.field(default=64, validator=whole(1))

    def __call__(self, image: gf.Signal) -> gf.Signal:
        image_sides(self.name, image)
        return self.output(image, shape=(1,))

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.enlarge import LargeImageCritic

        channels, height, width = image
        return LargeImageCritic((channels, height, width), base=self.base_channels)
