"""Pairs of networks that share layers, each pair declared as one network of two outputs: those of CoGAN."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

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
    return max(((min(height, width) - 5) // 2).bit_length() - 1, 1)


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
    gain) and PReLU, then a transposed 6x6 convolution to 28x28; 1024, 512, 256, 128 and 1 channels. All layers
    but the last are shared. As in the authors' PyTorch code weights start from Glorot's uniform distribution with
    a gain of the root of two and biases from 0.1.

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
    output_activation: Literal["tanh", "sigmoid", "none"] = "tanh"

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


@gf.component("coupled-discriminator", eq=False)
class CoupledDiscriminator(gf.Discriminator):
    """Two discriminators, each of its own domain, that share their last layers; each gives a logit of shape (1,).

    Liu & Tuzel 2016 (arXiv:1606.07536), appendix A, and the authors' code for MNIST: 5x5 convolutions of 20 and
    50 channels, each halved by max pooling, a matrix product to 500 units with PReLU and dropout, and one to the
    logit. All layers but the first are shared. Convolutions have no padding at 16 pixels or more, and one that
    keeps the sides below that. As in the authors' PyTorch code weights start from Glorot's uniform distribution
    with a gain of the root of two and biases from 0.1; dropout is that of their Caffe code.

    Args:
        channels: Channels of the two convolutions.
        units: Units of the hidden layer.
        dropout: Share of the hidden layer's values dropped in training.
        shared: How many layers, from the logit backwards, both have in common. With 0 they are two
            discriminators that have nothing in common.
    """

    channels: tuple[int, int] = attrs.field(default=(20, 50), validator=within("[1, inf)"))
    units: int = attrs.field(default=500, validator=within("[1, inf)"))
    dropout: float = attrs.field(default=0.5, validator=within("[0, 1)"))
    shared: int = attrs.field(default=D_LAYERS - 1, validator=within(f"[0, {D_LAYERS}]"))

    def __call__(self, a: gf.Signal, b: gf.Signal) -> Coupled:
        found = [sides for sides in (image_sides(self.name, each) for each in (a, b)) if sides]
        gf.expect(
            len(set(found)) <= 1,
            f"network '{self.name}' judges images of one height and width; received {a} and {b}.",
        )
        gf.expect(
            all(min(sides) >= _SMALLEST for sides in found),
            f"network '{self.name}' takes images with sides of {_SMALLEST} pixels or more; received {a}.",
        )
        gf.expect(
            self.shared < D_LAYERS or getattr(a, "shape", ()) == getattr(b, "shape", ()),
            f"network '{self.name}' shares all its layers, for which both domains have one shape; "
            f"received {a} and {b}.",
        )
        return Coupled(*self.outputs(a, b, shapes=[(1,), (1,)]))

    def build(self, a: gf.Shape, b: gf.Shape) -> nn.Module:
        from .modules.coupled import coupled_discriminator

        return coupled_discriminator(
            (a, b),
            channels=self.channels,
            units=self.units,
            dropout=self.dropout,
            shared=self.shared,
            padding=2 if min(a[1:]) < _UNPADDED else 0,
        )
