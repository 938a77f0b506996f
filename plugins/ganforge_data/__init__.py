"""Data sets of ganforge: the classic small ones, folders of images, and the embedded shapes."""

from collections.abc import Sequence

import ganforge as gf

from .downloads import CIFAR10 as CIFAR10
from .downloads import MNIST as MNIST
from .downloads import FashionMNIST as FashionMNIST
from .folders import Folder as Folder
from .folders import PairedFolder as PairedFolder
from .folders import UnpairedFolder as UnpairedFolder
from .shapes import (
    CaptionedShapes as CaptionedShapes,
)
from .shapes import (
    ShapeDomains as ShapeDomains,
)
from .shapes import (
    ShapePairs as ShapePairs,
)
from .shapes import (
    Shapes as Shapes,
)
from .subsets import FewLabels as FewLabels
from .transformed import Transformed as Transformed


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
        FewLabels,
        Shapes,
        CaptionedShapes,
        ShapePairs,
        ShapeDomains,
        Transformed,
    ]
