"""The discriminator with an auxiliary classifier of ACGAN."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import attrs

import ganforge as gf
from ganforge_classic.dcgan import SMALLEST, halvings
from ganforge_classic.inputs import image_sides
from ganforge_classic.ranges import within

if TYPE_CHECKING:
    from torch import nn


class Verdict(NamedTuple):
    """What a discriminator with an auxiliary classifier says of a batch.

    Args:
        validity: The logit of being real, shape (1,).
        classes: The logits of the classes, shape (num_classes,), without softmax.
    """

    validity: gf.Signal
    classes: gf.Signal


@gf.component("acgan-discriminator", eq=False)
class ACGANDiscriminator(gf.Discriminator):
    """Tells whether images are real, and of which class, by two heads on one trunk of 3x3 convolutions.

    Odena et al. 2017 (arXiv:1610.09585), appendix A, the network for CIFAR-10: strides 2, 1, 2, 1, 2, 1 and 16,
    32, 64, 128, 256, 512 channels; leaky ReLU, dropout, batch norm of every map but the first; one linear layer
    to each head. Weights start from N(0, init_std), biases and shifts from zero. Pairs of convolutions follow
    each other until the shorter side has 4 to 7 pixels, so that 64x64 images have four pairs and 28x28 two.
    The paper's noise on activations, of standard deviation 0 to 0.2, is left out.

    Args:
        num_classes: Number of classes.
        base_channels: Channels of the first map; each next one has twice as many.
        max_channels: Most channels of any map.
        slope: Negative slope of the leaky ReLU.
        dropout: Share of each map's values dropped in training.
        init_std: Standard deviation of the initial weights; None leaves torch's own.
    """

    num_classes: int = attrs.field(validator=within("[1, inf)"))
    base_channels: int = attrs.field(default=16, validator=within("[1, inf)"))
    max_channels: int = attrs.field(default=512, validator=within("[1, inf)"))
    slope: float = attrs.field(default=0.2, validator=within("[0, inf)"))
    dropout: float = attrs.field(default=0.5, validator=within("[0, 1)"))
    init_std: float | None = attrs.field(default=0.02, validator=within("[0, inf)"))

    def __call__(self, image: gf.Signal) -> Verdict:
        sides = image_sides(self.name, image)
        gf.expect(
            sides is None or min(sides) >= SMALLEST,
            f"network '{self.name}' takes images with sides of {SMALLEST} pixels or more; received {image}.",
        )
        return Verdict(*self.outputs(image, shapes=[(1,), (self.num_classes,)]))

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.auxiliary import AuxiliaryJudge

        channels, height, width = image
        layers = 2 * halvings(height, width)
        return AuxiliaryJudge(
            (channels, height, width),
            self.num_classes,
            widths=[min(self.base_channels * 2**layer, self.max_channels) for layer in range(layers)],
            slope=self.slope,
            dropout=self.dropout,
            init_std=self.init_std,
        )
