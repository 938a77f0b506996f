"""The files of torchvision's data sets: where they lie, whether they are whole, and how they are fetched."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganforge.errors import DataError

_TIMEOUT = 30.0


def load(name: str, archive: str, root: Path, split: str) -> tuple[Tensor, Tensor]:
    """Images as uint8 of shape (length, channels, height, width) and labels as int64 of shape (length,).

    Args:
        name: The data set's name, for messages.
        archive: The name of torchvision's class.
        root: Folder in which the data set's own folder lies.
        split: ``"train"``, ``"test"`` or ``"all"``.

    Raises:
        DataError: The files are not there and cannot be fetched, or they are damaged.
    """
    import torchvision.datasets

    kind: Any = getattr(torchvision.datasets, archive)
    root = root.expanduser()
    folder, files = _layout(kind, root)
    if all((folder / file).is_file() for file in files):
        _check_digests(name, folder, files)
    else:
        _fetch(name, kind, root, folder, list(files))
    trains = {"train": [True], "test": [False], "all": [True, False]}[split]
    try:
        parts = [_decoded(kind(root, train=train, download=False)) for train in trains]
    except (RuntimeError, ValueError, AssertionError, OSError, EOFError, KeyError) as error:
        raise DataError(f"{name}: the files in {folder} cannot be read: {type(error).__name__}: {error}.") from error
    return torch.cat([images for images, _ in parts]), torch.cat([labels for _, labels in parts])


def _layout(kind: Any, root: Path) -> tuple[Path, dict[str, str]]:
    """The folder that holds the decoded files, and their names with MD5 digests where those are known."""
    if hasattr(kind, "base_folder"):
        meta = kind.meta
        return root / kind.base_folder, dict([*kind.train_list, *kind.test_list, (meta["filename"], meta["md5"])])
    return root / kind.__name__ / "raw", {Path(file).stem: "" for file, _ in kind.resources}


def _check_digests(name: str, folder: Path, files: dict[str, str]) -> None:
    for file, asked in files.items():
        if not asked:
            continue
        found = hashlib.md5((folder / file).read_bytes(), usedforsecurity=False).hexdigest()
        if found != asked:
            raise DataError(
                f"{name}: {folder / file} is damaged: its MD5 digest is {found}; {asked} is expected.",
                "remove it, and it is downloaded again",
            )


def _fetch(name: str, kind: Any, root: Path, folder: Path, files: list[str]) -> None:
    try:
        with _impatient():
            root.mkdir(parents=True, exist_ok=True)
            kind(root, train=True, download=True)
    except (RuntimeError, OSError) as error:
        missing = ", ".join(file for file in files if not (folder / file).is_file())
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"{name}: looked in {folder} and found no {missing}; the download ended with: {reason}",
            f"put {', '.join(files)} into {folder}, or train on the embedded images, which need no files: "
            "ganforge run RECIPE data=shapes",
        ) from error


@contextmanager
def _impatient() -> Iterator[None]:
    """Do not wait for ever for a server that does not answer."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _decoded(dataset: Any) -> tuple[Tensor, Tensor]:
    images = torch.as_tensor(dataset.data)
    stacked = images[:, None] if images.dim() == 3 else images.permute(0, 3, 1, 2)
    return stacked.contiguous(), torch.as_tensor(dataset.targets, dtype=torch.int64)
