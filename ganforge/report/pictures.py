"""Pictures of samples: grids while training, and grids and single images on demand."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from ..engine import files
from ..engine.observer import Observer
from ..errors import StorageError

_ROWS = 8
_TILE = 64
_GAP = 2
_PAPER = 255

Range = tuple[float, float]


class Pictures(Observer):
    """Writes each drawing of samples as ``step-NNNNNNNN.png``; a run goes on without what cannot be written.

    Args:
        folder: Where the pictures go.
        value_range: The values that become black and white.
        tell: Shows a note.
    """

    def __init__(self, folder: Path, value_range: Range, tell: Callable[[str], None]) -> None:
        self.folder = folder
        self.value_range = value_range
        self._tell = tell
        self._told: set[str] = set()

    def sampled(self, step: int, samples: Mapping[str, Tensor]) -> None:
        shown = images(samples)
        for name in samples:
            if name not in shown:
                shape = tuple(samples[name].shape[1:])
                self._once(f"sample '{name}' of shape {shape} is no image of one or three channels; it is not drawn.")
        if shown:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                save_grid(shown, self.folder / f"step-{step:08d}.png", self.value_range)
            except (StorageError, OSError) as error:
                self._once(f"warning: {str(error).rstrip('.')}; training goes on.")

    def _once(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(text)


def images(samples: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The samples that can be drawn: shape (count, channels, height, width), one channel, or three or more."""
    return {name: value for name, value in samples.items() if value.dim() == 4 and value.shape[1] not in (0, 2)}


def save_grid(samples: Tensor | Mapping[str, Tensor], path: Path, value_range: Range) -> None:
    """Save samples as one picture.

    One sample fills a grid about as wide as high; several stand side by side, one example to a row, at most
    eight rows, in the order given.

    Args:
        samples: Images of shape (count, channels, height, width), or several of that by name.
        path: The PNG file; its folder exists.
        value_range: The values that become black and white.

    Raises:
        StorageError: The file cannot be written.
    """
    named = {"": samples} if isinstance(samples, Tensor) else samples
    columns = [_colours(value, value_range) for value in named.values()]
    if len(columns) == 1:
        tiles = columns[0]
        width = math.ceil(math.sqrt(len(tiles)))
    else:
        tiles = _side_by_side(columns)
        width = len(columns)
    _write(_sheet(_enlarged(tiles), width), path)


def save_images(samples: Mapping[str, Tensor], folder: Path, value_range: Range) -> list[Path]:
    """Save every image by itself: ``00000.png``, or ``NAME-00000.png`` where there are several samples.

    Args:
        samples: Images of shape (count, channels, height, width) by name.
        folder: Where they go; made if it is missing.
        value_range: The values that become black and white.

    Raises:
        StorageError: A file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"the folder {folder} cannot be made: {error.strerror}.") from None
    paths = []
    for name, value in samples.items():
        prefix = f"{name}-" if len(samples) > 1 else ""
        for index, image in enumerate(_colours(value, value_range)):
            paths.append(folder / f"{prefix}{index:05d}.png")
            _write(image, paths[-1])
    return paths


def _colours(value: Tensor, value_range: Range) -> Tensor:
    """Images as uint8 of three channels; not-a-number is black, and channels beyond the third are left out."""
    low, high = value_range
    scaled = ((value[:, :3].float() - low) / (high - low)).nan_to_num(0.0).clamp(0.0, 1.0) * 255
    return scaled.round().to(torch.uint8).expand(-1, 3, -1, -1)


def _side_by_side(columns: list[Tensor]) -> Tensor:
    """The first examples of each sample, row by row, in the size of the largest."""
    size = max(column.shape[2] for column in columns), max(column.shape[3] for column in columns)
    alike = [column if column.shape[2:] == size else functional.interpolate(column, size) for column in columns]
    rows = min(_ROWS, *(len(column) for column in columns))
    return torch.stack([column[:rows] for column in alike], 1).flatten(0, 1)


def _enlarged(tiles: Tensor) -> Tensor:
    """Small images magnified by a whole number."""
    factor = max(1, _TILE // max(tiles.shape[2:]))
    return tiles.repeat_interleave(factor, 2).repeat_interleave(factor, 3)


def _sheet(tiles: Tensor, width: int) -> Tensor:
    """Images laid out row by row, with gaps between them and around."""
    count, channels, tall, wide = tiles.shape
    rows = math.ceil(count / width)
    size = channels, rows * (tall + _GAP) + _GAP, width * (wide + _GAP) + _GAP
    sheet = torch.full(size, _PAPER, dtype=torch.uint8)
    for index, tile in enumerate(tiles):
        top, left = _GAP + index // width * (tall + _GAP), _GAP + index % width * (wide + _GAP)
        sheet[:, top : top + tall, left : left + wide] = tile
    return sheet


def _write(image: Tensor, path: Path) -> None:
    from PIL import Image  # Not before there is a picture, so that no first step waits for it.

    buffer = io.BytesIO()
    Image.fromarray(image.permute(1, 2, 0).contiguous().numpy()).save(buffer, format="PNG")
    files.replace(path, buffer.getbuffer().nbytes, [buffer.getbuffer()])
