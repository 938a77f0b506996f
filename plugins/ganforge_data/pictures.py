"""Image files: finding them, telling damaged ones before training, and decoding them to uint8 tensors."""

from __future__ import annotations

import logging
import os
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import attrs
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from ganforge import Examples
from ganforge.errors import DataError

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, Image.DecompressionBombError)
_SHOWN = 20
_TRIES = 20

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


# --- finding ------------------------------------------------------------------------------------------------


def located(name: str, root: str, cache: Path) -> Path:
    """The folder that ``root`` means: as it is, else below the data folder ``cache``."""
    asked = Path(root).expanduser()
    places = [asked] if asked.is_absolute() else [Path.cwd() / asked, cache.expanduser() / asked]
    for place in places:
        if place.is_dir():
            return place
    kind = "is not a folder" if any(place.exists() for place in places) else "does not exist"
    raise DataError(f"{name}: {root} {kind}; looked at {' and at '.join(map(str, places))}.")


@attrs.define
class _Found:
    """What lies below a folder."""

    images: list[Path] = attrs.field(factory=list)
    others: Counter[str] = attrs.field(factory=Counter)
    links: list[str] = attrs.field(factory=list)


def images_below(name: str, folder: Path) -> list[Path]:
    """Every image below a folder, in the order of their relative paths; hidden ones and links out are left out.

    Raises:
        DataError: There is none; says where was searched and what was found instead.
    """
    found = _search(name, folder)
    if found.links:
        _log.warning(
            "%s: not following %d links that lead nowhere, to a folder or out of %s, such as %s",
            name,
            len(found.links),
            folder,
            found.links[0],
        )
    if not found.images:
        counts = ", ".join(f"{count} {suffix or 'without suffix'}" for suffix, count in sorted(found.others.items()))
        links = f" and {len(found.links)} links that are not followed" if found.links else ""
        raise DataError(
            f"{name}: no image in {folder} or its sub-folders; searched for {' '.join(SUFFIXES)}, "
            f"found {counts or 'no files'}{links}."
        )
    return sorted(found.images, key=lambda path: path.relative_to(folder).as_posix())


def _search(name: str, folder: Path) -> _Found:
    found, inside = _Found(), os.path.realpath(folder) + os.sep
    try:
        for entry in _entries(folder):
            suffix = os.path.splitext(entry.name)[1].lower()
            if entry.is_symlink() and not _stays(entry.path, inside):
                found.links.append(entry.path)
            elif suffix in SUFFIXES:
                found.images.append(Path(entry.path))
            else:
                found.others[suffix] += 1
    except OSError as error:
        raise DataError(f"{name}: {folder} cannot be searched: {error}.") from error
    return found


def _entries(folder: str | os.PathLike[str]) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path)
            else:
                yield entry


def _stays(path: str, inside: str) -> bool:
    real = os.path.realpath(path)
    return real.startswith(inside) and os.path.isfile(real)


def subfolders(folder: Path) -> list[Path]:
    """The folders directly below, by name, hidden ones left out."""
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


# --- damage -------------------------------------------------------------------------------------------------


def whole(name: str, files: Sequence[Path], skips: bool) -> list[Path]:
    """The files that can be read as images.

    Heads and ends are looked at; what looks cut off, and kinds of file whose end tells nothing, are decoded.

    Args:
        name: The data set's name, for messages.
        files: The files.
        skips: Whether files that cannot be read are left out rather than refused.

    Raises:
        DataError: Names the first files that cannot be read, or says that none can.
    """
    with ThreadPoolExecutor() as pool:
        faults = list(pool.map(_fault, files))
    bad = [f"{file}: {fault}" for file, fault in zip(files, faults, strict=True) if fault]
    if bad and (not skips or len(bad) == len(files)):
        more = f"\n  and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
        raise DataError(
            f"{name}: {len(bad)} of {len(files)} files cannot be read as images:\n  "
            + "\n  ".join(bad[:_SHOWN])
            + more,
            "" if skips else 'remove them, or leave them out with on_bad="skip"',
        )
    if bad:
        _log.warning("%s: leaving out %d of %d files that cannot be read", name, len(bad), len(files))
    return [file for file, fault in zip(files, faults, strict=True) if not fault]


def _fault(path: Path) -> str:
    """Why a file cannot be read as an image; empty if it can."""
    try:
        if path.stat().st_size == 0:
            return "the file is empty"
        with Image.open(path) as image:
            if not _ends_well(path, image.format):
                image.load()
    except _UNREADABLE as error:
        return _reason(error)
    return ""


def _reason(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "not an image"
    return f"{error}" or type(error).__name__


def _ends_well(path: Path, kind: str | None) -> bool:
    """Whether a file ends with the mark that its kind asks for."""
    with open(path, "rb") as file:
        file.seek(max(0, path.stat().st_size - 32))
        end = file.read()
    if kind == "JPEG":
        return end.rstrip(b"\0\r\n").endswith(b"\xff\xd9")
    return kind == "PNG" and end.endswith(b"IEND\xaeB`\x82")


# --- decoding -----------------------------------------------------------------------------------------------


def decoded(path: Path, size: tuple[int, int], channels: int) -> Tensor:
    """One image as uint8 of shape (channels, height, width): scaled to cover the size, its centre cut out."""
    with Image.open(path) as image:
        # JPEG files are decoded at a half, a quarter or an eighth of their size where that is still enough.
        image.draft(None, (max(size), max(size)))
        return _tensor(_fitted(_plain(image, channels), size))


def halves(path: Path, size: tuple[int, int], channels: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The left and the right half of one image, each as ``decoded`` gives it."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
        width, height = upright.size
        if width % 2 or width <= height:
            raise DataError(
                f"{path}: is {width} x {height} pixels; two images side by side are wider than high, "
                "and their width is even."
            )
        boxes = (0, 0, width // 2, height), (width // 2, 0, width, height)
        left, right = (
            _tensor(_fitted(_plain(upright.crop(box), count), size)) for box, count in zip(boxes, channels, strict=True)
        )
    return left, right


def _plain(image: Image.Image, channels: int) -> Image.Image:
    """Upright, without transparency (white shows through), and grey or in colour."""
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16 bits; Pillow would cut off what is above 255.
        upright = upright.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return upright.convert("RGB" if channels == 3 else "L")


def _fitted(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    height, width = size
    return ImageOps.fit(image, (width, height), method=Image.Resampling.LANCZOS)


def _tensor(image: Image.Image) -> Tensor:
    flat = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return flat.view(image.height, image.width, -1).permute(2, 0, 1).contiguous()


# --- examples -----------------------------------------------------------------------------------------------


class ImageFiles(Examples):
    """Files of one image each, with labels where there are classes.

    Args:
        name: The data set's name, for messages.
        field: What the images are called in a batch.
        files: The files.
        size: Height and width that images are given out with.
        channels: 3 for colour, 1 for grey.
        skips: Whether a file that has become unreadable is replaced by the next one rather than refused.
        labels: int64 of shape (length,), or None.
    """

    def __init__(
        self,
        name: str,
        field: str,
        files: Sequence[Path],
        size: tuple[int, int],
        channels: int,
        *,
        skips: bool = False,
        labels: Tensor | None = None,
    ) -> None:
        self._name, self._field, self._files, self._size = name, field, files, size
        self._channels, self._skips, self._labels = channels, skips, labels

    def __len__(self) -> int:
        return len(self._files)

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        found = [_readable(self._name, self._image, index, len(self), self._skips) for index in indices.tolist()]
        fields = {self._field: torch.stack([image for _, image in found])}
        if self._labels is not None:
            fields["labels"] = self._labels[[index for index, _ in found]]
        return fields

    def _image(self, index: int) -> Tensor:
        return decoded(self._files[index], self._size, self._channels)


class PairedFiles(Examples):
    """Two corresponding images: two files, or the halves of one where both paths are the same.

    Args:
        name: The data set's name, for messages.
        pairs: Left or first, and right or second.
        size: Height and width that images are given out with.
        channels: Of the left or first, and of the right or second.
        swapped: Whether the right or second image is the source.
        skips: Whether a pair that has become unreadable is replaced by the next one rather than refused.
    """

    def __init__(
        self,
        name: str,
        pairs: Sequence[tuple[Path, Path]],
        size: tuple[int, int],
        channels: tuple[int, int],
        *,
        swapped: bool = False,
        skips: bool = False,
    ) -> None:
        self._name, self._pairs, self._size = name, pairs, size
        self._channels, self._swapped, self._skips = channels, swapped, skips

    def __len__(self) -> int:
        return len(self._pairs)

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        found = [_readable(self._name, self._both, index, len(self), self._skips)[1] for index in indices.tolist()]
        first = torch.stack([left for left, _ in found])
        second = torch.stack([right for _, right in found])
        return {"source": second, "target": first} if self._swapped else {"source": first, "target": second}

    def _both(self, index: int) -> tuple[Tensor, Tensor]:
        left, right = self._pairs[index]
        if left == right:
            return halves(left, self._size, self._channels)
        _expect_one_form(left, right)
        return decoded(left, self._size, self._channels[0]), decoded(right, self._size, self._channels[1])


def _expect_one_form(left: Path, right: Path) -> None:
    """Refuse a pair of which different parts would be cut away."""
    sizes = []
    for path in (left, right):
        with Image.open(path) as image:
            sizes.append(image.size)
    (width, height), (other_width, other_height) = sizes
    if abs(width * other_height - other_width * height) > max(width * other_width, height * other_height) // 100:
        raise DataError(
            f"{left} is {width} x {height} pixels and {right} is {other_width} x {other_height}; "
            "a pair has one ratio of width to height."
        )


def _readable(name: str, read: Callable[[int], _T], index: int, length: int, skips: bool) -> tuple[int, _T]:
    """Read an example, or, where that is allowed, the next one that can be read; and say which."""
    faults = []
    for step in range(min(_TRIES, length) if skips else 1):
        candidate = (index + step) % length
        try:
            return candidate, read(candidate)
        except _UNREADABLE as error:
            faults.append(f"{name}: example {candidate} cannot be read any more: {_reason(error)}")
            _log.warning(faults[-1])
    raise DataError(f"{faults[0]}.")
