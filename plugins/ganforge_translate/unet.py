"""The U-Net of pix2pix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

import ganforge as gf

from .images import deepest, dropout_rate, image_shape, image_sides, whole

if TYPE_CHECKING:
    from torch import nn

SHALLOWEST, DEEPEST = 2, 8
"""Fewest and most halvings that the network chooses; eight are those of the paper's 256x256 network."""


def chosen_depth(height: int, width: int) -> int:
    """The number of halvings, two to eight, that bring the shorter side to one pixel."""
    return min(max(min(height, width).bit_length() - 1, SHALLOWEST), DEEPEST)


@gf.component("unet", eq=False)
class UNet(gf.Generator):
    """Translates images through an encoder and a decoder joined at every size; the output has the input's sides.

    Isola et al. 2016 (arXiv:1611.07004), appendix 6.1.1: encoder C64-C128-C256-C512-C512-C512-C512-C512 with
    leaky ReLU of 0.2, decoder CD512-CD512-CD512-C512-C256-C128-C64 with ReLU, then a convolution and tanh; all
    kernels 4x4 with stride 2. The first and the innermost map are not normalised. Dropout follows the
    normalisation of the first three decoder blocks, counted from the innermost; it is the only noise, so samples
    want ``gf.sampling(image, mode="train")``. Weights start from N(0, 0.02), batch norm gains from N(1, 0.02),
    biases from zero. Smaller images halve less often: 256 pixels 8 times, 64 pixels 6 times.

    Args:
        shape: Channels, height and width of the images to give, such as (3, 256, 256); the input has the same
            height and width.
        base_channels: Channels of the first map; later maps have at most eight times as many.
        depth: Halvings; None chooses by size, at most 8. Both sides must be multiples of 2^depth.
        norm: Normalisation: batch (pix2pix), or instance without gain and shift.
        dropout: Share of values dropped in the first three decoder blocks.
    """

    shape: gf.Shape = attrs.field(validator=image_shape)
    base_channels: int = attrs.field(default=64, validator=whole(1))
    depth: int | None = attrs.field(default=None, validator=whole(SHALLOWEST))
    norm: Literal["batch", "instance"] = "batch"
    dropout: float = attrs.field(default=0.5, validator=dropout_rate)

    def __call__(self, image: gf.Signal) -> gf.Signal:
        sides = image_sides(self.name, image)
        if sides is not None:
            self._expect_sides(image, *sides)
        return self.output(image, shape=self.shape)

    def _expect_sides(self, image: gf.Signal, height: int, width: int) -> None:
        gf.expect(
            self.shape[1:] == (height, width),
            f"network '{self.name}' gives images of its input's height and width; 'shape' is {self.shape}, "
            f"received {image}.",
        )
        depth, most = self.depth or chosen_depth(height, width), min(deepest(height, width), DEEPEST)
        gf.expect(
            depth <= most,
            f"network '{self.name}' halves its images {depth} times, which needs sides that are multiples of "
            f"{2**depth}; received {image}.",
            hint=f"depth={most} fits these sides" if most >= SHALLOWEST else "",
        )

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.unet import UNetTranslator

        depth = self.depth or chosen_depth(image[1], image[2])
        return UNetTranslator(
            image[0],
            self.shape[0],
            base=self.base_channels,
            depth=depth,
            norm=self.norm,
            dropout=self.dropout,
        )
