"""The discriminator that shows its features as a torch module."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from ganforge_classic.modules.dcgan import ConvolutionalDiscriminator


class FeatureCritic(ConvolutionalDiscriminator):
    """Images to logits (batch, 1) and to every map but the first; to the first where it is the only one.

    Args:
        shape: Channels, height and width of the image.
        widths: Channels of each map, from the image on.
    """

    def __init__(self, shape: tuple[int, int, int], widths: Sequence[int]) -> None:
        super().__init__(
            shape, widths=widths, kernel=4, norm="batch", slope=0.2, dropout=0.0, bias=False, init_std=None
        )

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        maps = []
        for stage in self.stages:
            images = stage(images)
            maps.append(images)
        return (self.judge(images), *(maps[1:] or maps))
