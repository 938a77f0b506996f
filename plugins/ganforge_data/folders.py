"""Data sets made of the reader's own image files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs

import ganforge as gf

from .sizes import Range, Size, check_classes, check_load_size, check_range, check_size, sides

if TYPE_CHECKING:
    from torch import Tensor

Channels = Literal[1, 3]
OnBad = Literal["stop", "skip"]


class _Unlabelled(gf.LabelledBatch):
    """Images of a folder without classes: asking for their labels is a problem of the recipe."""

    def __getattribute__(self, name: str) -> Any:
        if name == "labels":
            gf.expect(
                False,
                "the images of 'folder' have no labels, because its 'classes' is 0.",
                "with classes=N each of its N sub-folders is a class",
            )
        return super().__getattribute__(name)


@gf.component("folder")
class Folder(gf.LabelledData):
    """Images below a folder, of any size: scaled to cover ``size``, their centre cut out.

    With ``classes=N`` the N sub-folders, by name, are the classes. What is not an image, cut off or unreadable
    is told before training. Links are not followed out of the folder.

    Args:
        root: The folder; a relative one is looked for here and then in the data folder.
        split: Sub-folder of it to read, such as ``"train"``, whose images held out for tests are then in
            ``"test"``; empty for the folder itself.
        size: Height and width in pixels.
        channels: 3 for colour, 1 for grey.
        classes: Number of sub-folders that are classes; 0 for images without labels.
        load_size: Height and width before a random crop to ``size``; None crops nothing.
        flip: Mirror half of the training images, chosen anew in each epoch.
        value_range: What black and white become.
        on_bad: ``"stop"`` refuses files that cannot be read, ``"skip"`` leaves them out.
    """

    root: str
    split: str = ""
    size: Size = attrs.field(default=64, validator=check_size)
    channels: Channels = 3
    classes: int = attrs.field(default=0, validator=check_classes)
    load_size: Size | None = attrs.field(default=None, validator=check_load_size)
    flip: bool = False
    value_range: Range = attrs.field(default=(-1.0, 1.0), validator=check_range)
    on_bad: OnBad = "stop"

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width."""
        return (self.channels, *sides(self.size))

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 where images have no labels."""
        return self.classes

    def batch(self) -> gf.LabelledBatch:
        """Draw a batch; its fields are ``images`` and, with classes, ``labels``."""
        if self.classes:
            return super().batch()
        (images,) = self.draw(images=(self.shape, "float"))
        return _Unlabelled(images, gf.Signal(images.origin, 0, (), "int"))

    def open(self, root: Path) -> Sequence[gf.Examples]:
        """Find the files and look for damaged ones.

        Raises:
            DataError: No folder, no images, files that cannot be read, or other classes than were asked for.
        """
        from .classes import sorted_by_class
        from .pictures import ImageFiles, images_below, located, whole

        folder = located("folder", str(Path(self.root, self.split)), root)
        files = whole("folder", images_below("folder", folder), self.on_bad == "skip")
        labels = sorted_by_class(folder, files, self.classes) if self.classes else None
        size = sides(self.load_size or self.size)
        skips = self.on_bad == "skip"
        return [ImageFiles("folder", "images", files, size, self.channels, skips=skips, labels=labels)]

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        """Crop, flip and convert to real numbers."""
        from .pixels import finished

        return finished(batch, chance, size=self.size, value_range=self.value_range, flip=self.flip)


@gf.component("paired-folder")
class PairedFolder(gf.PairedData):
    """Corresponding images of two domains: side by side in one file, or in two folders under equal names.

    Both images of a pair are cropped at one place and flipped together. Isola et al. 2016 (arXiv:1611.07004)
    load 286 x 286, crop 256 x 256 and flip.

    Args:
        root: The folder; a relative one is looked for here and then in the data folder.
        size: Height and width of each image in pixels.
        layout: ``"side-by-side"``, ``"folders"`` (A and B, or trainA and trainB), or ``"auto"`` for folders
            where there are such.
        direction: Which image is the source: the left one, or the one of A, with ``"a-to-b"``.
        split: Sub-folder to read, where there is one of that name.
        source_channels: Channels of the images that are translated.
        target_channels: Channels of the images that they become.
        load_size: Height and width before a random crop to ``size``; None crops nothing.
        flip: Mirror half of the training pairs, chosen anew in each epoch.
        value_range: What black and white become.
        on_bad: ``"stop"`` refuses files that cannot be read, ``"skip"`` leaves them out.
    """

    root: str
    size: Size = attrs.field(default=256, validator=check_size)
    layout: Literal["auto", "side-by-side", "folders"] = "auto"
    direction: Literal["a-to-b", "b-to-a"] = "a-to-b"
    split: Literal["train", "val", "test"] = "train"
    source_channels: Channels = 3
    target_channels: Channels = 3
    load_size: Size | None = attrs.field(default=None, validator=check_load_size)
    flip: bool = False
    value_range: Range = attrs.field(default=(-1.0, 1.0), validator=check_range)
    on_bad: OnBad = "stop"

    @property
    def source_shape(self) -> tuple[int, ...]:
        """Channels, height and width of the images that are translated."""
        return (self.source_channels, *sides(self.size))

    @property
    def target_shape(self) -> tuple[int, ...]:
        """Channels, height and width of the images that they become."""
        return (self.target_channels, *sides(self.size))

    def open(self, root: Path) -> Sequence[gf.Examples]:
        """Find the files and look for damaged ones.

        Raises:
            DataError: No folder, no images, files that cannot be read, or images without a partner.
        """
        from .domains import paired
        from .pictures import PairedFiles, located

        skips, swapped = self.on_bad == "skip", self.direction == "b-to-a"
        pairs = paired(located("paired-folder", self.root, root), self.layout, self.split, skips)
        source, target = self.source_channels, self.target_channels
        channels = (target, source) if swapped else (source, target)
        size = sides(self.load_size or self.size)
        return [PairedFiles("paired-folder", pairs, size, channels, swapped=swapped, skips=skips)]

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        """Crop, flip and convert to real numbers."""
        from .pixels import finished

        return finished(batch, chance, size=self.size, value_range=self.value_range, flip=self.flip)


@gf.component("unpaired-folder")
class UnpairedFolder(gf.UnpairedData):
    """Images of two domains in two folders, such as trainA and trainB; their numbers may differ.

    Zhu et al. 2017 (arXiv:1703.10593) load 286 x 286, crop 256 x 256 and flip.

    Args:
        root: The folder of both; a relative one is looked for here and then in the data folder.
        size: Height and width in pixels.
        split: Which images: trainA and trainB, or testA and testB; A and B where there are none such.
        a_channels: 3 for colour, 1 for grey, of domain a.
        b_channels: The same of domain b.
        load_size: Height and width before a random crop to ``size``; None crops nothing.
        flip: Mirror half of the training images, chosen anew in each epoch.
        value_range: What black and white become.
        on_bad: ``"stop"`` refuses files that cannot be read, ``"skip"`` leaves them out.
    """

    root: str
    size: Size = attrs.field(default=256, validator=check_size)
    split: Literal["train", "test"] = "train"
    a_channels: Channels = 3
    b_channels: Channels = 3
    load_size: Size | None = attrs.field(default=None, validator=check_load_size)
    flip: bool = False
    value_range: Range = attrs.field(default=(-1.0, 1.0), validator=check_range)
    on_bad: OnBad = "stop"

    @property
    def a_shape(self) -> tuple[int, ...]:
        """Channels, height and width of domain a."""
        return (self.a_channels, *sides(self.size))

    @property
    def b_shape(self) -> tuple[int, ...]:
        """Channels, height and width of domain b."""
        return (self.b_channels, *sides(self.size))

    def open(self, root: Path) -> Sequence[gf.Examples]:
        """Find the files and look for damaged ones.

        Raises:
            DataError: No folder, no images, or files that cannot be read.
        """
        from .domains import both_folders
        from .pictures import ImageFiles, images_below, located, whole

        name, skips, size = "unpaired-folder", self.on_bad == "skip", sides(self.load_size or self.size)
        folders = both_folders(name, located(name, self.root, root), self.split)
        channels = {"a": self.a_channels, "b": self.b_channels}
        return [
            ImageFiles(name, domain, whole(name, images_below(name, folder), skips), size, count, skips=skips)
            for (domain, count), folder in zip(channels.items(), folders, strict=True)
        ]

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        """Crop, flip and convert to real numbers."""
        from .pixels import finished

        return finished(batch, chance, size=self.size, value_range=self.value_range, flip=self.flip)
