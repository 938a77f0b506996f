"""Auto-encoders as discriminators, BEGAN's convolutional one and EBGAN's dense one, and BEGAN's generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import attrs

import ganforge as gf
from ganforge_classic.inputs import image_sides, real_valued
from ganforge_classic.ranges import within

if TYPE_CHECKING:
    from torch import nn

Error = Literal["mean-absolute", "mean-square", "norm"]


class Autoencoded(NamedTuple):
    """What an auto-encoding discriminator says of an example.

    Args:
        reconstruction: The example as the decoder gives it back, of the example's shape.
        code: What the encoder made of it, shape (length,).
        energy: How far the reconstruction is from the example, shape (1,).
    """

    reconstruction: gf.Signal
    code: gf.Signal
    energy: gf.Signal


def halvings(height: int, width: int) -> int:
    """How often an image is halved: until its shorter side has 8 to 15 whole pixels left, or has so already."""
    return max((min(height, width) // 8).bit_length() - 1, 0)


def _image_shape(_: object, field: attrs.Attribute[gf.Shape], value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(size, int) for size in value):
        return  # The type check says so.
    if len(value) != 3 or min(value) < 1:
        raise ValueError(f"'{field.name}' must be (channels, height, width); received {value}")


def _some(_: object, field: attrs.Attribute[tuple[int, ...]], value: object) -> None:
    if value == ():
        raise ValueError(f"'{field.name}' must hold one size or more; received ()")


@gf.component("convolutional-decoder", eq=False)
class ConvolutionalDecoder(gf.Generator):
    """Makes images from vectors by 3x3 convolutions between nearest-neighbour enlargements: BEGAN's generator.

    Berthelot et al. 2017 (arXiv:1703.10717), section 3.5 and figure 1: a matrix product to a map of 8x8, two
    convolutions with ELU at each size, all of as many channels, and one more to the image. No normalisation,
    no dropout, no output activation. It is the decoder of ``ConvolutionalAutoencoder`` with weights of its own.
    Sides are halved, rounding up, until the shorter one has 8 to 15 pixels.

    Args:
        shape: Channels, height and width of the images, such as (3, 64, 64).
        base_channels: Channels of every map; the paper's n.
        skips: Whether the first map is enlarged and joined to the map of every other size.
    """

    shape: gf.Shape = attrs.field(validator=_image_shape)
    base_channels: int = attrs.field(default=128, validator=within("[1, inf)"))
    skips: bool = False

    def __call__(self, z: gf.Signal, *codes: gf.Signal) -> gf.Signal:
        real_valued(self.name, z, *codes)
        return self.output(z, *codes, shape=self.shape)

    def build(self, *inputs: gf.Shape) -> nn.Module:
        from .modules.autoencoder import Decoder, lengths

        channels, height, width = self.shape
        stages = halvings(height, width)
        return Decoder(
            lengths(inputs), (channels, height, width), width=self.base_channels, halvings=stages, skips=self.skips
        )


@gf.component("convolutional-autoencoder", eq=False)
class ConvolutionalAutoencoder(gf.Discriminator):
    """Encodes images to a short vector and back: the discriminator of BEGAN.

    Berthelot et al. 2017 (arXiv:1703.10717), section 3.5 and figure 1. The encoder has a first 3x3 convolution
    to n channels and two at each size, of n, 2n, 3n, … channels; between sizes a third one, of stride 2 and as
    many channels, halves the map. All are followed by ELU; matrix products to the code and from it by nothing.
    The decoder is a ``ConvolutionalDecoder``. Sides are halved, rounding up, until the shorter one has 8 to 15
    pixels: twice at 32 pixels, four times at 128.

    Args:
        base_channels: Channels of the widest maps and of the decoder's; the paper's n.
        code_dim: Length of the code h.
        skips: Whether the decoder's first map is enlarged and joined to the map of every other size.
        error: What the energy of an example is: the mean absolute or mean squared difference of its elements, or
            the Euclidean norm of their differences.
    """

    base_channels: int = attrs.field(default=128, validator=within("[1, inf)"))
    code_dim: int = attrs.field(default=64, validator=within("[1, inf)"))
    skips: bool = False
    error: Error = "mean-absolute"

    def __call__(self, image: gf.Signal) -> Autoencoded:
        image_sides(self.name, image)
        shapes = [getattr(image, "shape", (1,)), (self.code_dim,), (1,)]
        return Autoencoded(*self.outputs(image, shapes=shapes))

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.autoencoder import Autoencoder, Decoder, Encoder

        shape = (image[0], image[1], image[2])
        stages, width = halvings(image[1], image[2]), self.base_channels
        return Autoencoder(
            Encoder(self.code_dim, shape, width=width, halvings=stages),
            Decoder(self.code_dim, shape, width=width, halvings=stages, skips=self.skips),
            self.error,
        )


@gf.component("dense-autoencoder", eq=False)
class DenseAutoencoder(gf.Discriminator):
    """Encodes examples of any shape by fully connected layers and decodes them by one: the discriminator of EBGAN.

    Zhao et al. 2016 (arXiv:1609.03126), section 4.1 and appendix: each layer of the encoder is linear, [batch
    norm, but not in the first,] ReLU, [dropout]; the decoder is one linear layer. Weights start from N(0, 0.002),
    biases from zero.

    Args:
        widths: Units of each layer of the encoder; the last is the length of the code.
        norm: Normalisation of the encoder's layers but the first.
        dropout: Share of the values after each of the encoder's layers dropped in training.
        init_std: Weights start from N(0, init_std) and biases from zero; None leaves torch's own.
        error: What the energy of an example is: the mean absolute or mean squared difference of its elements, or
            the Euclidean norm of their differences (the paper's equation 4).
    """

    widths: tuple[int, ...] = attrs.field(default=(1024,), validator=[within("[1, inf)"), _some])
    norm: Literal["none", "batch"] = "batch"
    dropout: float = attrs.field(default=0.0, validator=within("[0, 1)"))
    init_std: float | None = attrs.field(default=0.002, validator=within("[0, inf)"))
    error: Error = "norm"

    def __call__(self, example: gf.Signal) -> Autoencoded:
        real_valued(self.name, example)
        shapes = [getattr(example, "shape", (1,)), (self.widths[-1],), (1,)]
        return Autoencoded(*self.outputs(example, shapes=shapes))

    def build(self, example: gf.Shape) -> nn.Module:
        from .modules.autoencoder import dense_autoencoder

        return dense_autoencoder(
            example,
            widths=self.widths,
            norm=self.norm,
            dropout=self.dropout,
            init_std=self.init_std,
            error=self.error,
        )
