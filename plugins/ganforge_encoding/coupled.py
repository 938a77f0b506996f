"""Pairs of networks that share layers, each pair declared as one network of two outputs: those of CoGAN."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

import ganforge as gf
from ganforge_classic.inputs import image_sides, real_valued
from ganforge_classic.ranges import within

if TYPE_CHECKING:
    from torch import nn

D_LAYERS = 4
"""Layers of the discriminators: two convolutions and two matrix products."""
_SMALLEST = 8
_UNPADDED = 16


class Coupled(NamedTuple):
    """What a pair of networks gives for two domains.

    Args:
        a: Of domain a.
        b: Of domain b.
    """

    a: gf.Signal
    b: gf.Signal


def doublings(height: int, width: int) -> int:
    """How often the generators' map grows: as often as leaves a first map of four pixels or more, once at least."""
    return max(int(math.log2(max((min(height, width) - 4) / 3, 1)) + 0.4150375), 1)


def _image_shape(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(size, int) for size in value):
        return  # The type check says so.
    if len(value) != 3 or value[0] < 1 or min(value[1:]) < _SMALLEST:
        raise ValueError(
            f"'{field.name}' must be (channels, height, width) with sides of {_SMALLEST} pixels or more; "
            f"received {value}"
        )


@gf.component("coupled-generator", eq=False)
class CoupledGenerator(gf.Generator):
    """Two generators that make corresponding images of two domains from one vector by sharing their first layers.

    Liu & Tuzel 2016 (arXiv:1606.07536), appendix A, and the authors' code for MNIST: a matrix product to a map
    of 4x4, transposed 3x3 convolutions of stride 2 to 7x7, 13x13 and 25x25, each with batch norm (a shift, no
    gain) and PReLU, then a transposed 6x6 convolution to 28x28; 1024, 512, 256, 128 and 1 channels. Weights
    start from He's normal distribution, biases from zero. All layers but the last are shared.

    For other sides the map grows as often as leaves a first map of four pixels or more, and the image is cropped
    at its end: 32x32 grows through 5, 9, 17, 33 (of 36) and 8x8 through 3, 5.

    Args:
        a_shape: Channels, height and width of domain a's images.
        b_shape: The same of domain b; the sides are those of domain a.
        base_channels: Channels of the last map before the image; each earlier one has twice as many.
        max_channels: Most channels of any map.
        shared: How many layers, from the vector on, both have in common; None: all but the last. With 0 they
            are two generators that have nothing in common.
        output_activation: Activation of the output: tanh for data in [-1, 1], sigmoid for [0, 1].
    """

    a_shape: gf.Shape = attrs.field(validator=_image_shape)
    b_shape: gf.Shape = attrs.field(validator=_image_shape)
    base_channels: int = attrs.field(default=128, validator=within("[1, inf)"))
    max_channels: int = attrs.field(default=1024, validator=within("[1, inf)"))
    shared: int | None = attrs.field(default=None, validator=within("[0, inf)"))
    output_activation: Any = "tanh"

    def __call__(self, z: gf.Signal, *codes: gf.Signal) -> Coupled:
        real_valued(self.name, z, *codes)
        gf.expect(
            self.a_shape[1:] == self.b_shape[1:],
            f"network '{self.name}' makes images of one height and width; received {self.a_shape} and {self.b_shape}.",
        )
        return Coupled(*self.outputs(z, *codes, shapes=[self.a_shape, self.b_shape]))

    def build(self, *inputs: gf.Shape) -> nn.Module:
        from .modules.coupled import coupled_generator

        stages = doublings(*self.a_shape[1:])
        widths = [min(self.base_channels * 2**stage, self.max_channels) for stage in range(stages + 1)]
        return coupled_generator(
            sum(math.prod(sizes) for sizes in inputs),
            (self.a_shape, self.b_shape),
            widths=widths[::-1],
            shared=stages + 1 if self.shared is None else self.shared,
            output=self.output_activation,
        )
