"""Data: what a recipe may ask of a data set, by role, and what a data set must offer the engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, Self

import attrs

from .component import Component, component
from .signal import DType, Expression, Shape, Signal
from .site import report

if TYPE_CHECKING:
    from torch import Tensor


class Examples(ABC):
    """A finite, ordered collection of examples, read in batches.

    Two collections of one data set (unpaired domains) may differ in length; their fields may not overlap.
    """

    @abstractmethod
    def __len__(self) -> int:
        """Number of examples."""

    @abstractmethod
    def read(self, indices: Tensor) -> dict[str, Tensor]:
        """Read examples, decoded but not yet converted.

        Args:
            indices: Whole numbers of shape (batch,), each from 0 to the length less one.

        Returns:
            The fields by name, each stacked along the first axis: images as uint8 of shape
            (batch, channels, height, width), labels and tokens as int64. All of one size, whatever the index.
        """


class Chance(Protocol):
    """Random numbers for augmentation: a function of (seed, epoch, example), the same for any batch."""

    def uniform(self, salt: str) -> Tensor:
        """One number from U(0, 1) for each example, shape (batch,); another salt gives other numbers."""
        ...


@component()
class Data(Component):
    """A data set. Declaring one opens nothing.

    Authors give the shapes that the role asks for, ``open``, and, where the default does not do, ``finish``.
    """

    kind: ClassVar[str] = "data"

    def open(self, root: Path) -> Sequence[Examples]:
        """Find (or fetch) the data below the cache folder ``root``; raise DataError where that is impossible."""
        raise NotImplementedError(f"{type(self).__name__} has no open()")

    def finish(self, batch: dict[str, Tensor], chance: Chance | None) -> dict[str, Tensor]:
        """Convert and augment a batch on the device.

        The default maps uint8 images to real numbers from -1 to 1 and leaves all else.

        Args:
            batch: The fields as ``Examples.read`` gave them, on the device.
            chance: Random numbers for augmentation; None when samples are drawn, which are not augmented.
        """
        return {
            name: field.float().div_(127.5).sub_(1.0) if field.dim() == 4 and not field.is_floating_point() else field
            for name, field in batch.items()
        }

    def draw(self, **fields: tuple[Shape, DType]) -> tuple[Signal, ...]:
        """Record one batch whose fields have these shapes and types; for authors of ``batch``."""
        origin = Batch(data=self, fields=tuple(fields))
        return tuple(Signal(origin, index, shape, dtype) for index, (shape, dtype) in enumerate(fields.values()))


@attrs.frozen(eq=False, kw_only=True)
class Batch(Expression):
    """A batch of a data set; all first turns of a step share one, each extra turn draws another."""

    data: Data
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return type(self.data).component_name()


@attrs.frozen(eq=False)
class _Fields:
    """Lets the fields of a batch be unpacked in the order they are declared."""

    def __iter__(self) -> Iterator[Signal]:
        return (getattr(self, name) for name in attrs.fields_dict(type(self)))


@attrs.frozen(eq=False)
class ImageBatch(_Fields):
    """Real images of shape (channels, height, width), from -1 to 1 unless the data set says otherwise."""

    images: Signal


@attrs.frozen(eq=False)
class LabelledBatch(ImageBatch):
    """Real images and the class of each, a whole number from 0 to num_classes - 1."""

    labels: Signal


@attrs.frozen(eq=False)
class CaptionedBatch(_Fields):
    """Real images, a caption of each as word numbers of shape (length,), and other images that do not fit it."""

    images: Signal
    captions: Signal
    mismatched: Signal


@attrs.frozen(eq=False)
class PairedBatch(_Fields):
    """Corresponding images of two domains."""

    source: Signal
    target: Signal


@attrs.frozen(eq=False)
class UnpairedBatch(_Fields):
    """Images of two domains that do not correspond."""

    a: Signal
    b: Signal


@component()
class ImageData(Data):
    """A data set of images."""

    kind: ClassVar[str] = "image-data"

    @property
    def shape(self) -> Shape:
        """Channels, height and width."""
        raise NotImplementedError(f"{type(self).__name__} has no shape")

    def with_range(self, low: float, high: float) -> Self:
        """The same data with black at ``low`` and white at ``high``, by its parameter ``value_range``."""
        if "value_range" in self.values():
            return self.with_values(value_range=(low, high))
        report(f"{type(self).component_name()} has no parameter 'value_range'; its images cannot be rescaled.")
        return self

    def batch(self) -> ImageBatch:
        """Draw a batch of real images; its field is ``images``."""
        return ImageBatch(*self.draw(images=(self.shape, "float")))


@component()
class LabelledData(ImageData):
    """A data set of images with one class each."""

    kind: ClassVar[str] = "labelled-data"

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        raise NotImplementedError(f"{type(self).__name__} has no num_classes")

    def held_out(self) -> LabelledData:
        """The examples of the same kind that are kept for tests: by the parameter ``split``, where there is one."""
        if self.values().get("split") == "train":
            return self.with_values(split="test")
        report(
            f"{type(self).component_name()} keeps no examples for tests.",
            hint='split="train" holds them out' if "split" in self.values() else "",
        )
        return self

    def batch(self) -> LabelledBatch:
        """Draw a batch of real images with classes; its fields are ``images`` and ``labels``."""
        return LabelledBatch(*self.draw(images=(self.shape, "float"), labels=((), "int")))


@component()
class CaptionedData(Data):
    """A data set of images with captions."""

    kind: ClassVar[str] = "captioned-data"

    @property
    def shape(self) -> Shape:
        """Channels, height and width."""
        raise NotImplementedError(f"{type(self).__name__} has no shape")

    @property
    def vocabulary_size(self) -> int:
        """Size of the vocabulary; word 0 is padding."""
        raise NotImplementedError(f"{type(self).__name__} has no vocabulary_size")

    @property
    def caption_length(self) -> int:
        """Words of a caption, padding included."""
        raise NotImplementedError(f"{type(self).__name__} has no caption_length")

    def batch(self) -> CaptionedBatch:
        """Draw a batch; its fields are ``images``, ``captions`` and ``mismatched``."""
        image: tuple[Shape, DType] = (self.shape, "float")
        return CaptionedBatch(*self.draw(images=image, captions=((self.caption_length,), "int"), mismatched=image))


@component()
class PairedData(Data):
    """A data set of corresponding images of two domains."""

    kind: ClassVar[str] = "paired-data"

    @property
    def source_shape(self) -> Shape:
        """Channels, height and width of the images that are translated."""
        raise NotImplementedError(f"{type(self).__name__} has no source_shape")

    @property
    def target_shape(self) -> Shape:
        """Channels, height and width of the images that they become."""
        raise NotImplementedError(f"{type(self).__name__} has no target_shape")

    def batch(self) -> PairedBatch:
        """Draw a batch of pairs; its fields are ``source`` and ``target``."""
        return PairedBatch(*self.draw(source=(self.source_shape, "float"), target=(self.target_shape, "float")))


@component()
class UnpairedData(Data):
    """A data set of images of two domains that do not correspond; each is shuffled by itself."""

    kind: ClassVar[str] = "unpaired-data"

    @property
    def a_shape(self) -> Shape:
        """Channels, height and width of domain a."""
        raise NotImplementedError(f"{type(self).__name__} has no a_shape")

    @property
    def b_shape(self) -> Shape:
        """Channels, height and width of domain b."""
        raise NotImplementedError(f"{type(self).__name__} has no b_shape")

    def batch(self) -> UnpairedBatch:
        """Draw a batch of each domain; its fields are ``a`` and ``b``."""
        return UnpairedBatch(*self.draw(a=(self.a_shape, "float"), b=(self.b_shape, "float")))
