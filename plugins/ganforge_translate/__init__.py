"""Networks that turn images into images and judge them: pix2pix's, CycleGAN's, DiscoGAN's, StarGAN's, SRGAN's."""

from collections.abc import Sequence

import ganforge as gf

from .domains import DomainDiscriminator, DomainTranslator, DomainVerdict
from .encoder import EncoderDecoder
from .enlarge import SRGANDiscriminator, SRResNet
from .features import FeatureDiscriminator, FeatureVerdict
from .patch import PatchDiscriminator
from .perceptual import VGGContent
from .resnet import ResNetTranslator
from .unet import UNet

__all__ = [
    "DomainDiscriminator",
    "DomainTranslator",
    "DomainVerdict",
    "EncoderDecoder",
    "FeatureDiscriminator",
    "FeatureVerdict",
    "PatchDiscriminator",
    "ResNetTranslator",
    "SRGANDiscriminator",
    "SRResNet",
    "UNet",
    "VGGContent",
    "ganforge_components",
]


@gf.hookimpl
def ganforge_components() -> Sequence[type[gf.Component]]:
    """Return the image-to-image networks and the content loss."""
    translators = [ResNetTranslator, UNet, EncoderDecoder, DomainTranslator, SRResNet]
    critics = [PatchDiscriminator, FeatureDiscriminator, DomainDiscriminator, SRGANDiscriminator]
    return [*translators, *critics, VGGContent]
