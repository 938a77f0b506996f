"""The modernised residual networks of R3GAN."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

import ganforge as gf
from ganforge_classic.dcgan import halvings
from ganforge_classic.inputs import real_valued
from ganforge_classic.ranges import within

from .sizes import expect_halves, grown_shape

if TYPE_CHECKING:
    from torch import nn


def _groups_fit(network: R3GANGenerator | R3GANDiscriminator, _: object, cardinality: object) -> None:
    sizes = (network.base_channels, network.expansion, cardinality)
    if not all(isinstance(size, int) and size > 0 for size in sizes) or not isinstance(cardinality, int):
        return  # Told by the other validators and the type check.
    channels = network.base_channels * network.expansion
    if channels % cardinality:
        raise ValueError(
            f"'cardinality' must divide base_channels * expansion = {channels} channels; received {cardinality}"
        )


@gf.component("r3gan-generator", eq=False)
class R3GANGenerator(gf.Generator):
    """Makes images from vectors by residual blocks without normalisation; the output has no activation.

    Huang et al. 2024 (arXiv:2501.05441), configuration E, whose CIFAR-10 network has the defaults. A
    learned map of 4 to 7 pixels, each channel times a linear function of z, passes through stages of blocks, with
    bilinear up-sampling between them and a 1x1 convolution to the image at the end. A block adds to its input:
    1x1 convolution to ``expansion`` times the channels, leaky ReLU, 3x3 convolution in ``cardinality`` groups,
    leaky ReLU, 1x1 convolution back. Only the first two convolutions have biases; slopes are 0.2.

    Weights start from N(0, gain^2 / fan_in). The last convolution of each block has a gain of zero, the first two
    sqrt(2 / (1 + 0.2^2)) L^(-1/4), L the number of blocks in the network (Zhang et al. 2019, arXiv:1901.09321,
    with three layers in a branch), all else 1; the learned map starts from N(0, 1).

    All maps have base_channels channels; those of the authors' networks for 64 pixels and more get narrower.

    Args:
        shape: Channels, height and width of the images; sides that can be halved until the shorter has 4 to 7.
        base_channels: Channels of every map outside the blocks.
        blocks: Blocks in each stage.
        cardinality: Groups of the 3x3 convolutions.
        expansion: How many times more channels there are within a block.
    """

    shape: gf.Shape = attrs.field(validator=grown_shape)
    base_channels: int = attrs.field(default=768, validator=within("[1, inf)"))
    blocks: int = attrs.field(default=2, validator=within("[1, inf)"))
    expansion: int = attrs.field(default=2, validator=within("[1, inf)"))
    cardinality: int = attrs.field(default=96, validator=[within("[1, inf)"), _groups_fit])

    def __call__(self, z: gf.Signal, *codes: gf.Signal) -> gf.Signal:
        real_valued(self.name, z, *codes)
        return self.output(z, *codes, shape=self.shape)

    def build(self, *inputs: gf.Shape) -> nn.Module:
        from .modules.r3gan import ModernGenerator

        channels, height, width = self.shape
        return ModernGenerator(
            sum(math.prod(sizes) for sizes in inputs),
            (channels, height, width),
            base=self.base_channels,
            stages=halvings(height, width) + 1,
            blocks=self.blocks,
            cardinality=self.cardinality,
            expansion=self.expansion,
        )


@gf.component("r3gan-discriminator", eq=False)
class R3GANDiscriminator(gf.Discriminator):
    """Judges images by the blocks of ``R3GANGenerator`` in the other direction; gives a logit of shape (1,).

    Huang et al. 2024 (arXiv:2501.05441), configuration E. A 1x1 convolution of the image, stages of
    blocks with bilinear down-sampling between them, a weighted sum over the last map in each channel, and a linear
    layer. Weights start as in ``R3GANGenerator``.

    Args:
        base_channels: Channels of every map outside the blocks.
        blocks: Blocks in each stage.
        cardinality: Groups of the 3x3 convolutions.
        expansion: How many times more channels there are within a block.
    """

    base_channels: int = attrs.field(default=768, validator=within("[1, inf)"))
    blocks: int = attrs.field(default=2, validator=within("[1, inf)"))
    expansion: int = attrs.field(default=2, validator=within("[1, inf)"))
    cardinality: int = attrs.field(default=96, validator=[within("[1, inf)"), _groups_fit])

    def __call__(self, image: gf.Signal) -> gf.Signal:
        expect_halves(self, image)
        return self.output(image, shape=(1,))

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.r3gan import ModernDiscriminator

        channels, height, width = image
        return ModernDiscriminator(
            (channels, height, width),
            base=self.base_channels,
            stages=halvings(height, width) + 1,
            blocks=self.blocks,
            cardinality=self.cardinality,
            expansion=self.expansion,
        )
