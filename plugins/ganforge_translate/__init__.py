"""Networks that turn images into images and judge them patch by patch: CycleGAN's and pix2pix's."""

from collections.abc import Sequence

import ganforge as gf

from .patch import PatchDiscriminator as PatchDiscriminator
from .resnet import ResNetTranslator as ResNetTranslator
from .unet import UNet as UNet


@gf.hookimpl
def ganforge_components() -> Sequence[type[gf.Component]]:
    """Return the image-to-image networks."""
    return [ResNetTranslator, PatchDiscriminator, UNet]
