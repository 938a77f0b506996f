"""The patch discriminator of pix2pix and CycleGAN."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import attrs

import ganforge as gf

from .images import image_sides, whole

if TYPE_CHECKING:
    from torch import nn


@gf.component("patch-discriminator", eq=False)
class PatchDiscriminator(gf.Discriminator):
    """Judges each patch of an image, or of several images concatenated on channels; gives a map of logits.

    Isola et al. 2016 (arXiv:1611.07004), appendix 6.1.2, and Zhu et al. 2017 (arXiv:1703.10593), appendix 7.2:
    C64-C128-C256-C512 and one more convolution, all of 4x4 with padding 1, ``layers`` of them with stride 2 and
    the last two with stride 1; leaky ReLU of 0.2; no normalisation of the first map. Weights start from
    N(0, 0.02), batch norm gains from N(1, 0.02), biases from zero. With L layers a side s gives
    floor(s / 2^L) - 2 logits, so 256 pixels give 30, each of which sees 70 pixels.

    Args:
        base_channels: Channels of the first map.
        layers: Convolutions of stride 2; a logit sees 16, 34, 70, 142 or 286 pixels with 1 to 5 of them.
        norm: Normalisation: instance without gain and shift (CycleGAN), batch (pix2pix), or none.
    """

    any_size: ClassVar[bool] = True

    base_channels: int = attrs.field(default=64, validator=whole(1))
    layers: int = attrs.field(default=3, validator=whole(1))
    norm: Literal["instance", "batch", "none"] = "instance"

    def __call__(self, image: gf.Signal, *others: gf.Signal) -> gf.Signal:
        images = [image, *others]
        found = [sides for sides in (image_sides(self.name, each) for each in images) if sides]
        self._expect_one_size(images, found)
        logits = [max(side // 2**self.layers - 2, 1) for side in (found[0] if found else (1, 1))]
        return self.output(*images, shape=(1, *logits))

    def _expect_one_size(self, images: list[gf.Signal], found: list[tuple[int, int]]) -> None:
        gf.expect(
            len(set(found)) <= 1,
            f"network '{self.name}' joins images of one height and width; received {' and '.join(map(str, images))}.",
        )
        least = 3 * 2**self.layers
        gf.expect(
            all(min(sides) >= least for sides in found),
            f"network '{self.name}' has {self.layers} layers of stride 2 and takes images with sides of {least} "
            f"pixels or more; received {images[0]}.",
        )

    def build(self, *images: gf.Shape) -> nn.Module:
        from .modules.patch import PatchCritic

        channels = sum(image[0] for image in images)
        return PatchCritic(channels, base=self.base_channels, layers=self.layers, norm=self.norm)
