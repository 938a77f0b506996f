"""The translator of DiscoGAN, which has no connections past its smallest map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

import ganforge as gf
from ganforge_classic.dcgan import halvings

from .images import deepest, image_shape, image_sides, whole

if TYPE_CHECKING:
    from torch import nn


@gf.component("encoder-decoder", eq=False)
class EncoderDecoder(gf.Generator):
    """Translates images through a small map and nothing else; the output has the input's sides.

    Kim et al. 2017 (arXiv:1703.05192), in the authors' code: convolutions to 64, 128, 256 and 512 channels with
    leaky ReLU of 0.2, transposed ones to 256, 128 and 64 channels with ReLU, and one to the image, with tanh
    (the code's images run from 0 to 1 and end in a sigmoid). All kernels are 4x4 with stride 2 and have no bias;
    every map but the first and the image is batch-normalised. Weights start as torch's own.

    Args:
        shape: Channels, height and width of the images to give, such as (3, 64, 64); the input has the same
            height and width.
        base_channels: Channels of the first map; later maps have at most eight times as many.
        depth: Halvings; None stops when the shorter side has 4 to 7 pixels: 4 times at 64 pixels. Both sides
            must be multiples of 2^depth.
    """

    shape: gf.Shape = attrs.field(validator=image_shape)
    base_channels: int = attrs.field(default=64, validator=whole(1))
    depth: int | None = attrs.field(default=None, validator=whole(1))

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
        depth, most = self._depth(height, width), deepest(height, width)
        gf.expect(
            1 <= depth <= most,
            f"network '{self.name}' halves its images {max(depth, 1)} times, which needs sides that are multiples "
            f"of {2 ** max(depth, 1)}; received {image}.",
            hint=f"depth={most} fits these sides" if most >= 1 else "",
        )

    def _depth(self, height: int, width: int) -> int:
        return self.depth or halvings(height, width)

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.encoder import BottleneckTranslator

        depth = self._depth(*image[1:])
        return BottleneckTranslator(image[0], self.shape[0], base=self.base_channels, depth=depth)
