"""Data sets of ganforge: the classic small ones, folders of images, and the embedded shapes."""

from collections.abc import Sequence

import ganforge as gf

from .downloads import CIFAR10 as CIFAR10, MNIST as MNIST, FashionMNIST as FashionMNIST
from .folders import Folder as Folder, PairedFolder as PairedFolder, UnpairedFolder as UnpairedFolder
from .shapes import (
    CaptionedShapes as CaptionedShapes,
    ShapeDomains as ShapeDomains,
    ShapePairs as ShapePairs,
    Shapes as Shapes,
)


@gf.hookimpl
def ganforge_components() -> Sequence[type[gf.Component]]:
    """Offer every data set of this package."""
    return [
        MNIST,
        FashionMNIST,
        CIFAR10,
        Folder,
        PairedFolder,
        UnpairedFolder,
        Shapes,
        CaptionedShapes,
        ShapePairs,
        ShapeDomains,
    ]
