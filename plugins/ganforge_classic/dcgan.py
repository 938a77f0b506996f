"""The convolutional generator and discriminator of DCGAN, for images of any size from 8 pixels on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

import ganforge as gf

from .inputs import image_sides, real_valued
from .ranges import within

if TYPE_CHECKING:
    from torch import nn

Kernel: TypeAlias = Literal[4, 5]
"""Sides of the kernels that these networks have."""

SMALLEST = 8
"""Pixels of the shortest side that these networks take when they choose their stages."""


def halvings(height: int, width: int) -> int:
    """How often an image is halved: until its shorter side has 4 to 7 whole pixels left."""
    return (min(height, width) // 4).bit_length() - 1


def _least_side(stages: int | None) -> int:
    # A given number of stages must leave two pixels, for normalisation over a map needs more than one.
    return SMALLEST if stages is None else 2 ** (stages + 1)


def _image_shape(network: DCGANGenerator, _: object, value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(size, int) for size in value):
        return  # The type check says so.
    least = _least_side(network.stages if isinstance(network.stages, int) else None)
    if len(value) != 3 or value[0] < 1 or min(value[1:]) < least:
        raise ValueError(
            f"'shape' must be (channels, height, width) with sides of {least} pixels or more; received {value}"
        )


def _widths(base: int, most: int, stages: int) -> list[int]:
    return [min(base * 2**stage, most) for stage in range(stages)]


@gf.component("dcgan-generator", eq=False)
class DCGANGenerator(gf.Generator):
    """Makes images from vectors: one matrix product to a small map, then transposed convolutions of stride 2.

    Radford et al. 2015 (arXiv:1511.06434), section 3 and figure 1; kernels of 4 as in PyTorch's example, of 5
    as in the paper, whose 64x64 network is ``base_channels=128, kernel=5``. Every map has normalisation and
    ReLU. Weights start from N(0, init_std), gains from N(1, init_std), shifts and biases from zero.

    A height H and a width W are halved, rounding up, until the shorter side has 4 to 7 pixels (rounded down):
    32x32 grows through 4, 8, 16, 32 and 28x28 through 7, 14, 28. Each stage doubles its map and drops the last
    row or column where the next map is odd: 30x30 grows through 8, 15 (of 16), 30. ``DCGANDiscriminator`` has
    the same maps in the other direction. With c = base_channels the map before the image has c channels, the
    one before that 2c, 4c and so on, at most max_channels.

    The CIFAR-10 network of Gulrajani et al. 2017 (arXiv:1704.00028) is ``base_channels=128, kernel=5,
    norm_per_unit=True, bias=True``; their MNIST generator's maps of 4, 7, 14 and 28 pixels are ``stages=3``.

    Args:
        shape: Channels, height and width of the images, such as (3, 64, 64).
        base_channels: Channels of the last map before the image.
        max_channels: Most channels of any map.
        kernel: Side of the kernels.
        stages: Number of doublings; None chooses by size.
        norm: Normalisation: batch; layer over (C, H, W); instance; or none.
        norm_per_unit: Whether batch norm of the first map has statistics, gain and shift for each unit, as
            in the code of Radford et al. and Gulrajani et al.; otherwise they are for each channel.
        output_activation: Activation of the output: tanh for data in [-1, 1], sigmoid for [0, 1].
        dropout: Share of each map's values dropped in training.
        bias: Whether layers without normalisation have biases; None: only with norm="none".
        init: Initial weights: normal, or by fans, from uniform distributions of variance 4 / (fan_in + fan_out)
            (half of it for the matrix product), as in the code of Gulrajani et al.
        init_std: Standard deviation of normal initial weights and gains; None leaves torch's own.
    """

    shape: gf.Shape = attrs.field(validator=_image_shape)
    base_channels: int = attrs.field(default=64, validator=within("[1, inf)"))
    max_channels: int = attrs.field(default=1024, validator=within("[1, inf)"))
    kernel: Kernel = 4
    stages: int | None = attrs.field(default=None, validator=within("[1, inf)"))
    norm: Literal["batch", "layer", "instance", "none"] = "batch"
    norm_per_unit: bool = False
    output_activation: Literal["tanh", "sigmoid", "none"] = "tanh"
    dropout: float = attrs.field(default=0.0, validator=within("[0, 1)"))
    bias: bool | None = None
    init: Literal["normal", "fans"] = "normal"
    init_std: float | None = attrs.field(default=0.02, validator=within("[0, inf)"))

    def __call__(self, z: gf.Signal, *codes: gf.Signal) -> gf.Signal:
        real_valued(self.name, z, *codes)
        return self.output(z, *codes, shape=self.shape)

    def build(self, *inputs: gf.Shape) -> nn.Module:
        from .modules.dcgan import ConvolutionalGenerator

        channels, height, width = self.shape
        stages = self.stages or halvings(height, width)
        return ConvolutionalGenerator(
            sum(math.prod(sizes) for sizes in inputs),
            (channels, height, width),
            widths=_widths(self.base_channels, self.max_channels, stages),
            kernel=self.kernel,
            norm=self.norm,
            norm_per_unit=self.norm_per_unit,
            output=self.output_activation,
            dropout=self.dropout,
            bias=self.norm == "none" if self.bias is None else self.bias,
            init=self.init,
            init_std=self.init_std,
        )


@gf.component("dcgan-discriminator", eq=False)
class DCGANDiscriminator(gf.Discriminator):
    """Judges images: convolutions of stride 2 with leaky ReLU, then one matrix product to a logit of shape (1,).

    Radford et al. 2015 (arXiv:1511.06434), section 3; kernels of 4 as in PyTorch's example, of 5 as in the
    paper. Every map but the first is normalised. Weights start from N(0, init_std), gains from N(1, init_std),
    shifts and biases from zero.

    Sides are halved, rounding up (odd sides are padded with zeros at their end), until the shorter one has 4 to
    7 pixels (rounded down): 32, 16, 8, 4 or 30, 15, 8. The first map has base_channels channels, the next ones
    twice as many each, at most max_channels.

    The critic of Gulrajani et al. 2017 (arXiv:1704.00028) for CIFAR-10 is ``base_channels=128, kernel=5,
    norm="none"``.

    Args:
        base_channels: Channels of the first map.
        max_channels: Most channels of any map.
        kernel: Side of the kernels.
        stages: Number of halvings; None chooses by size.
        norm: Normalisation of all maps but the first: batch; layer over (C, H, W); instance; or none. A
            gradient penalty wants one that does not mix examples, so not batch.
        slope: Negative slope of the leaky ReLU.
        dropout: Share of each map's values dropped in training.
        bias: Whether layers without normalisation have biases; None: only with norm="none".
        init: Initial weights: normal, or by fans, from uniform distributions of variance 4 / (fan_in + fan_out)
            (half of it for the matrix product), as in the code of Gulrajani et al.
        init_std: Standard deviation of normal initial weights and gains; None leaves torch's own.
    """

    base_channels: int = attrs.field(default=64, validator=within("[1, inf)"))
    max_channels: int = attrs.field(default=1024, validator=within("[1, inf)"))
    kernel: Kernel = 4
    stages: int | None = attrs.field(default=None, validator=within("[1, inf)"))
    norm: Literal["batch", "layer", "instance", "none"] = "batch"
    slope: float = attrs.field(default=0.2, validator=within("[0, inf)"))
    dropout: float = attrs.field(default=0.0, validator=within("[0, 1)"))
    bias: bool | None = None
    init: Literal["normal", "fans"] = "normal"
    init_std: float | None = attrs.field(default=0.02, validator=within("[0, inf)"))

    def __call__(self, image: gf.Signal) -> gf.Signal:
        sides, least = image_sides(self.name, image), _least_side(self.stages)
        gf.expect(
            sides is None or min(sides) >= least,
            f"network '{self.name}' takes images with sides of {least} pixels or more; received {image}.",
        )
        return self.output(image, shape=(1,))

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.dcgan import ConvolutionalDiscriminator

        channels, height, width = image
        stages = self.stages or halvings(height, width)
        return ConvolutionalDiscriminator(
            (channels, height, width),
            widths=_widths(self.base_channels, self.max_channels, stages),
            kernel=self.kernel,
            norm=self.norm,
            slope=self.slope,
            dropout=self.dropout,
            bias=self.norm == "none" if self.bias is None else self.bias,
            init=self.init,
            init_std=self.init_std,
        )
