"""The classic small data sets, found in the cache folder or downloaded into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import attrs

import ganforge as gf

from .sizes import Range, Size, check_range, check_size, sides

if TYPE_CHECKING:
    from torch import Tensor

Split = Literal["train", "test", "all"]


@gf.component()
class _Downloaded(gf.LabelledData):
    """Labelled images of ten classes that torchvision knows how to download."""

    channels: ClassVar[int]
    archive: ClassVar[str]

    size: Size = attrs.field(default=32, validator=check_size)
    split: Split = "train"
    value_range: Range = attrs.field(default=(-1.0, 1.0), validator=check_range)

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width."""
        return (self.channels, *sides(self.size))

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return 10

    def open(self, root: Path) -> Sequence[gf.Examples]:
        """Find the files below ``root``, or download them; see ``ganforge_data.vision``."""
        from .pixels import Arrays
        from .vision import load

        images, labels = load(self.component_name(), self.archive, root, self.split)
        return [Arrays(images, labels, sides(self.size))]

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        """Convert to real numbers."""
        from .pixels import finished

        return finished(batch, chance, size=self.size, value_range=self.value_range)


@gf.component("mnist")
class MNIST(_Downloaded):
    """Handwritten digits, 28 x 28, grey, ten classes; 60,000 to train and 10,000 to test.

    LeCun et al. 1998, "Gradient-based learning applied to document recognition".

    Args:
        size: Height and width in pixels; another than 28 is resized.
        split: ``"train"``, ``"test"`` or ``"all"``.
        value_range: What black and white become.
    """

    channels: ClassVar[int] = 1
    archive: ClassVar[str] = "MNIST"

    size: Size = attrs.field(default=28, validator=check_size)


@gf.component("fashion-mnist")
class FashionMNIST(_Downloaded):
    """Articles of clothing, 28 x 28, grey, ten classes; 60,000 to train and 10,000 to test.

    Xiao et al. 2017 (arXiv:1708.07747).

    Args:
        size: Height and width in pixels; another than 28 is resized.
        split: ``"train"``, ``"test"`` or ``"all"``.
        value_range: What black and white become.
    """

    channels: ClassVar[int] = 1
    archive: ClassVar[str] = "FashionMNIST"

    size: Size = attrs.field(default=28, validator=check_size)


@gf.component("cifar10")
class CIFAR10(_Downloaded):
    """Small photographs, 32 x 32, in colour, ten classes; 50,000 to train and 10,000 to test.

    Krizhevsky 2009, "Learning multiple layers of features from tiny images".

    Args:
        size: Height and width in pixels; another than 32 is resized.
        split: ``"train"``, ``"test"`` or ``"all"``.
        value_range: What black and white become.
        flip: Mirror half of the training images, chosen anew in each epoch.
    """

    channels: ClassVar[int] = 3
    archive: ClassVar[str] = "CIFAR10"

    flip: bool = False

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        """Flip and convert to real numbers."""
        from .pixels import finished

        return finished(batch, chance, size=self.size, value_range=self.value_range, flip=self.flip)
