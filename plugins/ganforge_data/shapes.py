"""The embedded data set: rendered shapes in every role that a recipe may ask for, with nothing to download."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs

import ganforge as gf

from .sizes import Range, Size, check_count, check_drawable, check_range, sides

if TYPE_CHECKING:
    from torch import Tensor

# The renderer knows these numbers too, but cannot be imported while a recipe is read, because it imports torch.
_CLASSES = {"shape": 8, "colour": 8, "both": 64}
_WORDS = 39
_CAPTION_LENGTH = 16

Channels = Literal[1, 3]


@gf.component("shapes")
class Shapes(gf.LabelledData):
    """Rendered shapes, deterministic in (seed, index): one of eight shapes in one of eight colours, 64 modes.

    Position, size, rotation, shading and background vary.

    Args:
        size: Height and width in pixels.
        channels: 3 for colour, 1 for luminance.
        count: Number of images.
        seed: Another seed gives other images.
        labels: What the classes are: eight shapes, eight colours, or both as 8 * shape + colour.
        value_range: What black and white become.
    """

    size: Size = attrs.field(default=32, validator=check_drawable)
    channels: Channels = 3
    count: int = attrs.field(default=20_000, validator=check_count)
    seed: int = 0
    labels: Literal["shape", "colour", "both"] = "shape"
    value_range: Range = attrs.field(default=(-1.0, 1.0), validator=check_range)

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width."""
        return (self.channels, *sides(self.size))

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return _CLASSES[self.labels]

    def held_out(self) -> Shapes:
        """As many images of the next seed."""
        return self.with_values(seed=self.seed + 1)

    def open(self, root: Path) -> Sequence[gf.Examples]:
        """Render when read; ``root`` is not used."""
        from .scenes import LabelledScenes

        return [LabelledScenes(self.seed, self.count, sides(self.size), self.channels, self.labels)]

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        """Convert to real numbers."""
        from .pixels import finished

        return finished(batch, chance, size=self.size, value_range=self.value_range)


@gf.component("shapes")
class CaptionedShapes(gf.CaptionedData):
    """Rendered shapes with captions such as "a large red star on a dark blue background, at the top left".

    The images that do not fit a caption are its neighbours' in the batch, so a batch needs two or more.

    Args:
        size: Height and width in pixels.
        channels: 3 for colour, 1 for luminance.
        count: Number of images.
        seed: Another seed gives other images.
        value_range: What black and white become.
    """

    size: Size = attrs.field(default=32, validator=check_drawable)
    channels: Channels = 3
    count: int = attrs.field(default=20_000, validator=check_count)
    seed: int = 0
    value_range: Range = attrs.field(default=(-1.0, 1.0), validator=check_range)

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width."""
        return (self.channels, *sides(self.size))

    @property
    def vocabulary_size(self) -> int:
        """Number of words, padding included."""
        return _WORDS

    @property
    def caption_length(self) -> int:
        """Words of a caption, padding included."""
        return _CAPTION_LENGTH

    def open(self, root: Path) -> Sequence[gf.Examples]:
        """Render when read; ``root`` is not used."""
        from .scenes import CaptionedScenes

        return [CaptionedScenes(self.seed, self.count, sides(self.size), self.channels, _CAPTION_LENGTH)]

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        """Convert to real numbers and give each caption its neighbour's image as the one that does not fit."""
        from .pixels import finished

        whole = finished(batch, chance, size=self.size, value_range=self.value_range)
        return {**whole, "mismatched": whole["images"].roll(1, 0)}


@gf.component("shapes")
class ShapePairs(gf.PairedData):
    """Outlines of rendered shapes, white on black with one channel, and the pictures that belong to them.

    Args:
        direction: Outlines are the source with ``"a-to-b"``, pictures with ``"b-to-a"``. Only the outline follows
            from its picture; a picture has colours and a background that its outline does not tell.
        size: Height and width in pixels.
        channels: Channels of the pictures.
        count: Number of pairs.
        seed: Another seed gives other pairs.
        value_range: What black and white become.
    """

    direction: Literal["a-to-b", "b-to-a"] = "a-to-b"
    size: Size = attrs.field(default=32, validator=check_drawable)
    channels: Channels = 3
    count: int = attrs.field(default=5_000, validator=check_count)
    seed: int = 0
    value_range: Range = attrs.field(default=(-1.0, 1.0), validator=check_range)

    @property
    def source_shape(self) -> tuple[int, ...]:
        """Channels, height and width of the images that are translated."""
        return (1 if self.direction == "a-to-b" else self.channels, *sides(self.size))

    @property
    def target_shape(self) -> tuple[int, ...]:
        """Channels, height and width of the images that they become."""
        return (self.channels if self.direction == "a-to-b" else 1, *sides(self.size))

    def open(self, root: Path) -> Sequence[gf.Examples]:
        """Render when read; ``root`` is not used."""
        from .scenes import PairedScenes

        return [PairedScenes(self.seed, self.count, sides(self.size), self.channels, self.direction == "b-to-a")]

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        """Convert to real numbers."""
        from .pixels import finished

        return finished(batch, chance, size=self.size, value_range=self.value_range)


@gf.component("shapes")
class ShapeDomains(gf.UnpairedData):
    """Rendered shapes in two looks, plain (a) and striped (b); no scene is shown in both.

    Args:
        size: Height and width in pixels.
        channels: 3 for colour, 1 for luminance.
        count: Number of images of each domain.
        seed: Another seed gives other images.
        value_range: What black and white become.
    """

    size: Size = attrs.field(default=32, validator=check_drawable)
    channels: Channels = 3
    count: int = attrs.field(default=5_000, validator=check_count)
    seed: int = 0
    value_range: Range = attrs.field(default=(-1.0, 1.0), validator=check_range)

    @property
    def a_shape(self) -> tuple[int, ...]:
        """Channels, height and width of the plain shapes."""
        return (self.channels, *sides(self.size))

    @property
    def b_shape(self) -> tuple[int, ...]:
        """Channels, height and width of the striped shapes."""
        return (self.channels, *sides(self.size))

    def open(self, root: Path) -> Sequence[gf.Examples]:
        """Render when read; ``root`` is not used."""
        from .scenes import DomainScenes

        size = sides(self.size)
        return [DomainScenes(self.seed, self.count, size, self.channels, domain) for domain in ("a", "b")]

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        """Convert to real numbers."""
        from .pixels import finished

        return finished(batch, chance, size=self.size, value_range=self.value_range)
