"""Convolutional networks written layer by layer, with the padding and the initial weights of Keras."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

import ganforge as gf

from .inputs import image_sides, real_valued
from .ranges import within

if TYPE_CHECKING:
    from torch import nn

Layer: TypeAlias = tuple[int, int, int]
"""Channels, side of the kernel, stride."""

Sides: TypeAlias = tuple[int, int]


def _layers_fit(_: object, field: attrs.Attribute[Any], layers: tuple[Layer, ...]) -> None:
    for channels, kernel, stride in layers:
        if channels < 1 or not 1 <= stride <= kernel:
            raise ValueError(
                f"'{field.name}' holds (channels, kernel, stride) with one channel or more and a stride from 1 to "
                f"the kernel; received {(channels, kernel, stride)}"
            )


def _image_shape(_: object, field: attrs.Attribute[Any], shape: gf.Shape) -> None:
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(f"'{field.name}' must be (channels, height, width); received {shape}")


def grown(sides: Sides, layers: tuple[Layer, ...]) -> list[Sides]:
    """Height and width of the start map and of the map after each layer of a generator of such images."""
    found = [sides]
    for _, _, stride in layers[::-1]:
        height, width = found[-1]
        found.append((math.ceil(height / stride), math.ceil(width / stride)))
    return found[::-1]


def shrunk(sides: Sides, layers: tuple[Layer, ...], padding: str) -> list[Sides]:
    """Height and width of the image and of the map after each layer of a discriminator; below one where none fits."""
    found = [sides]
    for _, kernel, stride in layers:
        lost = kernel - 1 if padding == "valid" else 0
        height, width = found[-1]
        found.append((math.ceil((height - lost) / stride), math.ceil((width - lost) / stride)))
    return found


@gf.component("layered-generator", eq=False)
class LayeredGenerator(gf.Generator):
    """Makes images from vectors: one matrix product to a start map, then convolutions that keep or enlarge it.

    The start map and each of ``layers`` have [normalisation] and (leaky) ReLU; a last convolution of stride 1
    and the output activation follow. A stride of 2 doubles the map: by a transposed convolution, or by
    repeating each pixel before a convolution of stride 1. Every layer has a bias, also before normalisation,
    as Keras's tables count them. Padding is Keras's "same": where it is odd, the greater part is at the end.

    The start map has the image's sides divided by all strides and rounded up; where a map comes out larger
    than the next needs, its last row or column is dropped. So 28x28 grows through 7, 14, 28 and 30x30 through
    8, 15, 30.

    Args:
        shape: Channels, height and width of the images, such as (3, 32, 32).
        start_channels: Channels of the start map.
        layers: Channels, kernel and stride of each layer between the start map and the image's.
        last_kernel: Side of the kernel that makes the image.
        upsampling: What a stride does: a transposed convolution, or the nearest pixel and then a convolution.
        slope: Negative slope of the activations; 0 is ReLU.
        norm: Normalisation of the start map and of every layer.
        norm_per_unit: Whether batch norm of the start map has statistics, gain and shift for each unit (in
            Keras: stands before the Reshape); otherwise they are for each channel.
        norm_momentum: Weight of a batch in the running statistics: 1 less Keras's momentum, which is 0.99
            unless it is told otherwise.
        norm_eps: Added to the variance; Keras adds 0.001.
        start_dropout: Share of the start map's values dropped in training.
        output_activation: Activation of the output: tanh for data in [-1, 1], sigmoid for [0, 1].
        init_std: Weights start from N(0, init_std); None: from the uniform distribution of Glorot & Bengio
            2010, Keras's default. Biases start from zero.
    """

    shape: gf.Shape = attrs.field(validator=_image_shape)
    start_channels: int = attrs.field(default=256, validator=within("[1, inf)"))
    layers: tuple[Layer, ...] = attrs.field(default=((128, 5, 2), (64, 5, 2), (32, 5, 1)), validator=_layers_fit)
    last_kernel: int = attrs.field(default=5, validator=within("[1, inf)"))
    upsampling: Literal["transposed", "nearest"] = "transposed"
    slope: float = attrs.field(default=0.0, validator=within("[0, inf)"))
    norm: Literal["batch", "none"] = "batch"
    norm_per_unit: bool = False
    norm_momentum: float = attrs.field(default=0.1, validator=within("(0, 1]"))
    norm_eps: float = attrs.field(default=1e-5, validator=within("(0, inf)"))
    start_dropout: float = attrs.field(default=0.0, validator=within("[0, 1)"))
    output_activation: Literal["tanh", "sigmoid", "none"] = "tanh"
    init_std: float | None = attrs.field(default=None, validator=within("[0, inf)"))

    def __call__(self, z: gf.Signal, *codes: gf.Signal) -> gf.Signal:
        real_valued(self.name, z, *codes)
        return self.output(z, *codes, shape=self.shape)

    def build(self, *inputs: gf.Shape) -> nn.Module:
        from .modules.layered import LayeredGeneratorModule, Norm

        channels, height, width = self.shape
        return LayeredGeneratorModule(
            sum(math.prod(sizes) for sizes in inputs),
            channels=[self.start_channels, *(layer[0] for layer in self.layers), channels],
            kernels=[*(layer[1] for layer in self.layers), self.last_kernel],
            strides=[*(layer[2] for layer in self.layers), 1],
            sides=[*grown((height, width), self.layers), (height, width)],
            nearest=self.upsampling == "nearest",
            slope=self.slope,
            norm=Norm(self.norm_momentum, self.norm_eps) if self.norm == "batch" else None,
            norm_per_unit=self.norm_per_unit,
            start_dropout=self.start_dropout,
            output=self.output_activation,
            init_std=self.init_std,
        )


@gf.component("layered-discriminator", eq=False)
class LayeredDiscriminator(gf.Discriminator):
    """Judges images: convolutions, then one matrix product to a logit of shape (1,).

    Each of ``layers`` is a convolution, [normalisation, but not of the first], leaky ReLU, [dropout]; with
    ``activation_first`` the leaky ReLU stands before the convolution instead, also before the first, and
    nothing follows the last. Every layer has a bias. Padding is Keras's: "same", which is at the end where it
    is odd, or "valid", none.

    Args:
        layers: Channels, kernel and stride of each layer.
        padding: "same" gives the sides divided by the stride and rounded up; "valid" pads nothing.
        slope: Negative slope of the leaky ReLU.
        activation_first: Whether the activation precedes each convolution.
        norm: Normalisation of all layers but the first.
        norm_momentum: Weight of a batch in the running statistics: 1 less Keras's momentum.
        norm_eps: Added to the variance; Keras adds 0.001.
        dropout: Share of each layer's values dropped in training.
        last_dropout: Share of the values before the matrix product dropped in training.
        init_std: Weights start from N(0, init_std); None: from the uniform distribution of Glorot & Bengio
            2010, Keras's default. Biases start from zero.
    """

    layers: tuple[Layer, ...] = attrs.field(
        default=((64, 5, 2), (128, 5, 2), (256, 5, 2), (512, 5, 1)), validator=_layers_fit
    )
    padding: Literal["same", "valid"] = "same"
    slope: float = attrs.field(default=0.2, validator=within("[0, inf)"))
    activation_first: bool = False
    norm: Literal["batch", "none"] = "none"
    norm_momentum: float = attrs.field(default=0.1, validator=within("(0, 1]"))
    norm_eps: float = attrs.field(default=1e-5, validator=within("(0, inf)"))
    dropout: float = attrs.field(default=0.0, validator=within("[0, 1)"))
    last_dropout: float = attrs.field(default=0.0, validator=within("[0, 1)"))
    init_std: float | None = attrs.field(default=None, validator=within("[0, inf)"))

    def __call__(self, image: gf.Signal) -> gf.Signal:
        sides = image_sides(self.name, image)
        gf.expect(
            sides is None or min(min(pair) for pair in shrunk(sides, self.layers, self.padding)) >= 1,
            f"the layers of network '{self.name}' leave nothing of {image}: their kernels are larger than its maps.",
        )
        return self.output(image, shape=(1,))

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.layered import LayeredDiscriminatorModule, Norm

        channels, height, width = image
        return LayeredDiscriminatorModule(
            channels=[channels, *(layer[0] for layer in self.layers)],
            kernels=[layer[1] for layer in self.layers],
            strides=[layer[2] for layer in self.layers],
            sides=shrunk((height, width), self.layers, self.padding),
            same=self.padding == "same",
            slope=self.slope,
            activation_first=self.activation_first,
            norm=Norm(self.norm_momentum, self.norm_eps) if self.norm == "batch" else None,
            dropout=self.dropout,
            last_dropout=self.last_dropout,
            init_std=self.init_std,
        )
