"""Residual networks for unconditional generation, and spectral normalisation."""

from collections.abc import Sequence

import ganforge as gf

from .augmentation import augmented as augmented
from .averages import HalfLife as HalfLife
from .cnn import CNNDiscriminator as CNNDiscriminator
from .cnn import CNNGenerator as CNNGenerator
from .dequantisation import dequantised as dequantised
from .r3gan import R3GANDiscriminator as R3GANDiscriminator
from .r3gan import R3GANGenerator as R3GANGenerator
from .resnet import ResNetDiscriminator as ResNetDiscriminator
from .resnet import ResNetGenerator as ResNetGenerator


@gf.hookimpl
def ganforge_components() -> Sequence[type[gf.Component]]:
    """Return the residual networks, those they are compared with, and the schedule of an average."""
    residual = [ResNetGenerator, ResNetDiscriminator, R3GANGenerator, R3GANDiscriminator]
    return [*residual, CNNGenerator, CNNDiscriminator, HalfLife]
