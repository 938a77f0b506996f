"""The content loss of SRGAN: a distance between what VGG19 sees in two images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

import ganforge as gf
from ganforge_classic import Comparison
from ganforge_classic.ranges import within

if TYPE_CHECKING:
    from torch import Tensor

CONVOLUTIONS = (2, 2, 4, 4, 4)
"""Convolutions of VGG19 before each of its poolings."""


def _exists(loss: VGGContent, _: object, convolution: object) -> None:
    block = loss.block
    if isinstance(block, int) and isinstance(convolution, int) and 1 <= block <= 5:
        most = CONVOLUTIONS[block - 1]
        if not 1 <= convolution <= most:
            raise ValueError(f"'convolution' is 1 to {most} in block {block} of VGG19; received {convolution}")


@gf.component("vgg-content")
class VGGContent(Comparison):
    """Mean squared difference of two images' feature maps in VGG19, a network that was trained to name things.

    L = mean (f(x) / 12.75 - f(G(z)) / 12.75)^2, f the maps after the ReLU of one convolution

    Ledig et al. 2016 (arXiv:1609.04802), equation 5; phi_5,4 are the maps of the fourth convolution before the
    fifth pooling, and the factor, from section 3.2, brings the loss to the scale of a pixel-wise one. The mean
    is over channels too. Images run from -1 to 1; one channel is taken as grey. The sides are 2^(block - 1)
    pixels or more.

    The weights are those of torchvision, trained on ImageNet, and are never downloaded: where the file is
    missing, the message says where it must lie.

    Args:
        block: Blocks of convolutions, each closed by a pooling: 5 for phi_5,4, 2 for phi_2,2.
        convolution: Which convolution of that block.
        weights: File of the weights: a dictionary of tensors saved by torch, or safetensors; empty for
            torchvision's own in torch's cache folder.
    """

    block: int = attrs.field(default=5, validator=within("[1, 5]"))
    convolution: int = attrs.field(default=4, validator=_exists)
    weights: str = ""

    def compute(self, prediction: Tensor, target: Tensor) -> Tensor:
        from .modules.vgg import content

        # A convolution and its ReLU are two layers, and each block before ends in one pooling.
        layers = 2 * (sum(CONVOLUTIONS[: self.block - 1]) + self.convolution) + self.block - 1
        return content(prediction, target, layers, self.weights)
