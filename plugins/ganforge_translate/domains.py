"""The translator and the discriminator of StarGAN, which know the domains of images by number."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

import attrs

import ganforge as gf

from .images import image_shape, image_sides, whole

if TYPE_CHECKING:
    from torch import nn

DEEPEST = 6
"""Most halvings that the discriminator chooses; six are those of the paper's network."""


class DomainVerdict(NamedTuple):
    """A map of scores, one for each patch, and one logit for each domain."""

    validity: gf.Signal
    logits: gf.Signal


@gf.component("domain-translator", eq=False)
class DomainTranslator(gf.Generator):
    """Translates images into the domain that a code names; the output has the input's sides.

    Choi et al. 2017 (arXiv:1711.09020), table 4: the code is repeated over all pixels as further channels; then
    a convolution of 7x7 to 64 channels, two of 4x4 with stride 2 to 128 and 256, residual blocks, two transposed
    ones of 4x4 with stride 2 to 128 and 64, one of 7x7 to the image, and tanh. ReLU and instance normalisation
    with gain and shift follow all but the last; no biases. Borders are padded with zeros: with reflected ones
    instance normalisation would remove the code, which is constant over the image. Weights start as torch's
    own. Images have sides that are multiples of 4, of 8 pixels or more.

    Args:
        shape: Channels, height and width of the images to give, such as (3, 128, 128).
        base_channels: Channels of the first map.
        blocks: Residual blocks.
    """

    any_size: ClassVar[bool] = True

    shape: gf.Shape = attrs.field(validator=image_shape)
    base_channels: int = attrs.field(default=64, validator=whole(1))
    blocks: int = attrs.field(default=6, validator=whole(1))

    def __call__(self, image: gf.Signal, code: gf.Signal) -> gf.Signal:
        sides = image_sides(self.name, image)
        gf.expect(
            sides is None or (min(sides) >= 8 and not any(side % 4 for side in sides)),
            f"network '{self.name}' takes images with sides that are multiples of 4, of 8 pixels or more; "
            f"received {image}.",
        )
        if isinstance(code, gf.Signal):
            gf.expect(
                len(code.shape) == 1 and code.dtype == "float",
                f"network '{self.name}' takes a code of shape (length,), of real numbers; received {code}, "
                f"{code.dtype}.",
                hint="gf.one_hot(labels, num_classes) makes one" if code.dtype == "int" else "",
            )
        return self.output(image, code, shape=(self.shape[0], *(sides or self.shape[1:])))

    def build(self, image: gf.Shape, code: gf.Shape) -> nn.Module:
        from .modules.domains import CodedTranslator

        return CodedTranslator(image[0], self.shape[0], code=code[0], base=self.base_channels, blocks=self.blocks)


@gf.component("domain-discriminator", eq=False)
class DomainDiscriminator(gf.Discriminator):
    """Judges each patch of an image, and names the domain of the whole.

    Choi et al. 2017 (arXiv:1711.09020), table 5: convolutions of 4x4 with stride 2 and leaky ReLU of 0.01, with
    64 channels and twice as many each time, no normalisation; then a convolution of 3x3 to a map of scores, and
    one with a kernel of the last map's size to the logits, both without bias. Six halvings give a 128x128 image
    2x2 scores. Weights start as torch's own.

    Args:
        num_classes: Number of domains.
        base_channels: Channels of the first map.
        layers: Convolutions of stride 2; None stops when the shorter side has 2 or 3 pixels, at six at most.
    """

    num_classes: int = attrs.field(validator=whole(1))
    base_channels: int = attrs.field(default=64, validator=whole(1))
    layers: int | None = attrs.field(default=None, validator=whole(1))

    def __call__(self, image: gf.Signal) -> DomainVerdict:
        sides = image_sides(self.name, image)
        least = 4 if self.layers is None else 2**self.layers
        gf.expect(
            sides is None or min(sides) >= least,
            f"network '{self.name}' takes images with sides of {least} pixels or more; received {image}.",
        )
        height, width = sides or (least, least)
        scores = (1, *(max(side // 2 ** self._layers(height, width), 1) for side in (height, width)))
        return DomainVerdict(*self.outputs(image, shapes=[scores, (self.num_classes,)]))

    def _layers(self, height: int, width: int) -> int:
        return self.layers or max(min((min(height, width) // 2).bit_length() - 1, DEEPEST), 1)

    def build(self, image: gf.Shape) -> nn.Module:
        from .modules.domains import DomainCritic

        channels, height, width = image
        return DomainCritic(
            (channels, height, width),
            classes=self.num_classes,
            base=self.base_channels,
            layers=self._layers(height, width),
        )
