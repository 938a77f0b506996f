"""The plain convolutional generator and discriminator of SNGAN."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import attrs

import ganforge as gf
from ganforge_classic.dcgan import halvings
from ganforge_classic.inputs import real_valued
from ganforge_classic.ranges import within

from .sizes import expect_halves, grown_shape

if TYPE_CHECKING:
    from torch import nn


@gf.component("cnn-generator", eq=False)
class CNNGenerator(gf.Generator):
    """Makes images from vectors: one matrix product, transposed convolutions of 4x4, one convolution of 3x3.

    The standard CNN of Miyato et al. 2018 (arXiv:1802.05957), appendix B.4, table 3: for 32 pixels a linear
    layer to 4x4x512, then maps of 256, 128 and 64 channels, each twice as large, with batch norm and ReLU, then
    the image by a convolution of stride 1. Unlike a ``DCGANGenerator`` it has a last map as large as the image,
    and no normalisation of the first. Other sizes have more or fewer maps. Weights start from N(0, 0.02).

    Args:
        shape: Channels, height and width of the images; sides that can be halved until the shorter has 4 to 7.
        base_channels: Channels of the last map before the image; earlier ones have twice as many each.
        output_activation: Activation of the output: tanh for data in [-1, 1], sigmoid for [0, 1].
    """

    shape: gf.Shape = attrs.field(validator=grown_shape)
    base_channels: int = attrs.field(default=64, validator=within("[1, inf)"))
    output_activation: Literal["tanh", "sigmoid", "none"] = "tanh"

    def __call__(self, z: gf.Signal, *codes: gf.Signal) -> gf.Signal:
        real_valued(self.name, z, *codes)
        return self.output(z, *codes, shape=self.shape)

    def build(self, *inputs: gf.Shape) -> nn.Module:
        from .modules.cnn import PlainGenerator

        channels, height, width = self.shape
        return PlainGenerator(
            sum(math.prod(sizes) for sizes in inputs),
            (channels, height, width),
            base=self.base_channels,
            stages=halvings(height, width),
            output=self.output_activation,
        )


@gf.component("cnn-discriminator", eq=False)
class CNNDiscriminator(gf.Discriminator):
    """Judges images through pairs of convolutions, 3x3 and then 4x4 of stride 2; gives a logit of shape (1,).

    The standard CNN of Miyato et al. 2018 (arXiv:1802.05957), appendix B.4, table 3: for 32 pixels pairs of 64,
    128 and 256 channels, a convolution of 3x3 with 512, and a linear layer; leaky ReLU of 0.1. Other sizes have
    more or fewer pairs. Weights start from N(0, 0.02).

    Args:
        base_channels: Channels of the first pair; each next one has twice as many.
        spectral_norm: Whether every layer is spectrally normalised, as ``ResNetDiscriminator`` says.
    """

    base_channels: int = attrs.field(default=64, validator=within("[1, inf)"))
    spectral_norm: bool = False

    def __call__(self, image: gf.Signal) -> gf.Signal:
        expect_halves(self, image)
        return self.output(image, shape=(1,))

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.cnn import PlainDiscriminator

        channels, height, width = image
        return PlainDiscriminator(
            (channels, height, width),
            base=self.base_channels,
            stages=halvings(height, width),
            spectral=self.spectral_norm,
        )
