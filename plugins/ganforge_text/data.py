"""Image folders with embeddings of their captions that were made before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs

import ganforge as gf
from ganforge_data.sizes import Range, Size, check_count, check_load_size, check_range, check_size, sides

if TYPE_CHECKING:
    from torch import Tensor


def _check_file(_: Any, field: Any, value: Any) -> None:
    if value == "":
        raise ValueError(f"'{field.name}' is the name of a file; received ''")


@gf.component("embedded-folder")
class EmbeddedFolder(gf.CaptionedData):
    """Images below a folder and embeddings of each one's captions, such as those of a char-CNN-RNN.

    The embeddings are a file of NumPy (.npy) or safetensors, of shape (images, captions, dim) or (images, dim), in
    the order of the images' paths or of ``order``. Each time that an image is drawn, some of its captions are
    chosen anew and their embeddings averaged, four of ten in Zhang et al. 2016 (arXiv:1612.03242)'s code for
    birds, which loads 304 x 304, crops 256 x 256 and flips. The images that do not fit a caption are its
    neighbours' in the batch, so a batch needs two or more. Pickles, such as the authors' files, are never read; the
    error says how to convert one.

    Args:
        root: The folder; a relative one is looked for here and then in the data folder.
        embeddings: The file of embeddings; a relative one lies in the folder.
        order: A text file with the path of one image a line, with or without its suffix and relative to the
            folder, in the order of the embeddings; images that it leaves out are not used. None is the order of
            the paths of all images.
        dim: Numbers of one embedding.
        captions: How many of an image's embeddings are averaged; all where it has no more.
        size: Height and width in pixels.
        channels: 3 for colour, 1 for grey.
        load_size: Height and width before a random crop to ``size``; None crops nothing.
        flip: Mirror half of the training images, chosen anew in each epoch.
        value_range: What black and white become.
        on_bad: ``"stop"`` refuses files that cannot be read, ``"skip"`` leaves them out.
    """

    root: str
    embeddings: str = attrs.field(default="embeddings.npy", validator=_check_file)
    order: str | None = attrs.field(default=None, validator=_check_file)
    dim: int = attrs.field(default=1024, validator=check_count)
    captions: int = attrs.field(default=4, validator=check_count)
    size: Size = attrs.field(default=256, validator=check_size)
    channels: Literal[1, 3] = 3
    load_size: Size | None = attrs.field(default=None, validator=check_load_size)
    flip: bool = False
    value_range: Range = attrs.field(default=(-1.0, 1.0), validator=check_range)
    on_bad: Literal["stop", "skip"] = "stop"

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width."""
        return (self.channels, *sides(self.size))

    @property
    def vocabulary_size(self) -> int:
        """None of the captions is words."""
        return 0

    @property
    def caption_length(self) -> int:
        """None of the captions is words."""
        return 0

    def batch(self) -> gf.CaptionedBatch:
        """Draw a batch; its fields are ``images``, ``captions`` (embeddings of shape (dim,)) and ``mismatched``."""
        fields = self.draw(
            images=(self.shape, "float"), captions=((self.dim,), "float"), mismatched=(self.shape, "float")
        )
        return gf.CaptionedBatch(*fields)

    def open(self, root: Path) -> Sequence[gf.Examples]:
        """Find the files and look for damaged ones.

        Raises:
            DataError: No folder, images or embeddings, files that cannot be read, or numbers that do not match.
        """
        from ganforge_data.pictures import ImageFiles, located, whole

        from .embeddings import EmbeddedFiles, load, ordered

        name, folder = "embedded-folder", located("embedded-folder", self.root, root)
        embeddings = load(name, folder / Path(self.embeddings).expanduser(), self.dim)
        files = ordered(name, folder, self.order, len(embeddings))
        good = set(whole(name, files, self.on_bad == "skip"))
        rows = [row for row, file in enumerate(files) if file in good]
        size = sides(self.load_size or self.size)
        images = ImageFiles(name, "images", [files[row] for row in rows], size, self.channels)
        return [EmbeddedFiles(images, embeddings, rows)]

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        """Crop, flip and convert the images, average embeddings, and give each caption its neighbour's image."""
        from ganforge_data.pixels import finished

        from .embeddings import averaged

        images = finished(
            {"images": batch["images"]}, chance, size=self.size, value_range=self.value_range, flip=self.flip
        )["images"]
        captions = averaged(batch["embeddings"], self.captions, chance)
        return {"images": images, "captions": captions, "mismatched": images.roll(1, 0)}
