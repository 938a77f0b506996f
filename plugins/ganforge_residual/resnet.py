"""The residual generator and discriminator of WGAN-GP and SNGAN."""

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


@gf.component("resnet-generator", eq=False)
class ResNetGenerator(gf.Generator):
    """Makes images from vectors: one matrix product to a small map, then residual blocks that double it.

    The networks for CIFAR-10 of Gulrajani et al. 2017 (arXiv:1704.00028; ``base_channels=128``) and of Miyato et
    al. 2018 (arXiv:1802.05957, appendix B.4, table 4; ``base_channels=256``). A block is norm, ReLU, nearest
    up-sampling, 3x3 convolution, norm, ReLU, 3x3 convolution; its shortcut is up-sampling and a 1x1 convolution.
    After the last block come norm, ReLU and a 3x3 convolution to the image. All maps have base_channels channels.

    Weights start from Glorot's uniform distribution, of the convolutions of 3x3 within blocks times sqrt(2), as
    in the code of both papers; biases from zero.

    Images of 32 pixels grow through 4, 8, 16 and 32, of 28 pixels through 7, 14 and 28.

    Args:
        shape: Channels, height and width of the images; sides that can be halved until the shorter has 4 to 7.
        base_channels: Channels of every map.
        norm: Normalisation: batch, or none.
        output_activation: Activation of the output: tanh for data in [-1, 1], sigmoid for [0, 1].
    """

    shape: gf.Shape = attrs.field(validator=grown_shape)
    base_channels: int = attrs.field(default=128, validator=within("[1, inf)"))
    norm: Literal["batch", "none"] = "batch"
    output_activation: Literal["tanh", "sigmoid", "none"] = "tanh"

    def __call__(self, z: gf.Signal, *codes: gf.Signal) -> gf.Signal:
        real_valued(self.name, z, *codes)
        return self.output(z, *codes, shape=self.shape)

    def build(self, *inputs: gf.Shape) -> nn.Module:
        from .modules.resnet import ResidualGenerator

        channels, height, width = self.shape
        return ResidualGenerator(
            sum(math.prod(sizes) for sizes in inputs),
            (channels, height, width),
            base=self.base_channels,
            stages=halvings(height, width),
            norm=self.norm,
            output=self.output_activation,
        )


@gf.component("resnet-discriminator", eq=False)
class ResNetDiscriminator(gf.Discriminator):
    """Judges images through residual blocks and a pooling over all pixels; gives a logit of shape (1,).

    The networks for CIFAR-10 of Gulrajani et al. 2017 (arXiv:1704.00028; the defaults) and of Miyato et al. 2018
    (arXiv:1802.05957, appendix B.4, table 4; ``spectral_norm=True, pooling="sum", logit_bias=False``). A block is
    [norm,] ReLU, 3x3 convolution, [norm,] ReLU, 3x3 convolution; blocks that halve end in mean pooling, with
    pooling and a 1x1 convolution as shortcut. The first block, which sees the image, begins with its convolution
    and is never normalised. All maps have base_channels channels.

    Blocks halve the image until its shorter side has 8 to 15 pixels, once at least, and plain blocks follow: 32
    pixels are halved twice. Weights start as in ``ResNetGenerator``.

    Spectral normalisation divides each weight matrix (a convolution's has a row for each output channel) by an
    estimate of its largest singular value, which one power iteration follows up in every evaluation in training
    mode; Miyato et al. 2018, algorithm 1.

    Args:
        base_channels: Channels of every map.
        plain_blocks: Blocks after those that halve.
        norm: Normalisation: none, or layer over (C, H, W). A gradient penalty and the spectral norm want none.
        spectral_norm: Whether every layer is spectrally normalised.
        pooling: Mean or sum over the last map.
        logit_bias: Whether the last layer has a bias.
    """

    base_channels: int = attrs.field(default=128, validator=within("[1, inf)"))
    plain_blocks: int = attrs.field(default=2, validator=within("[0, inf)"))
    norm: Literal["none", "layer"] = "none"
    spectral_norm: bool = False
    pooling: Literal["mean", "sum"] = "mean"
    logit_bias: bool = True

    def __call__(self, image: gf.Signal) -> gf.Signal:
        expect_halves(self, image, less=1)
        return self.output(image, shape=(1,))

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.resnet import ResidualDiscriminator

        return ResidualDiscriminator(
            image[0],
            base=self.base_channels,
            halvings=max(halvings(image[1], image[2]) - 1, 1),
            plain=self.plain_blocks,
            norm=self.norm,
            spectral=self.spectral_norm,
            pooling=self.pooling,
            bias=self.logit_bias,
        )
