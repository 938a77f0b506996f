"""Classes of images by the sub-folder that they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from ganforge.errors import DataError

from .pictures import subfolders


def sorted_by_class(folder: Path, files: Sequence[Path], classes: int) -> Tensor:
    """The class of each file, int64 of shape (length,): the place of its sub-folder among all, by name.

    Args:
        folder: Where the sub-folders lie.
        files: Images below it.
        classes: How many sub-folders are expected.

    Raises:
        DataError: Another number of sub-folders, one without images, or images outside of them.
    """
    names = [sub.name for sub in subfolders(folder)]
    if len(names) != classes:
        listed = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
        raise DataError(f"folder: classes={classes}, but {folder} has {len(names)} sub-folders: {listed or 'none'}.")
    owners = [file.relative_to(folder).parts[0] for file in files]
    outside = [file for file, owner in zip(files, owners, strict=True) if owner not in names]
    if outside:
        raise DataError(f"folder: {len(outside)} images lie in no class's sub-folder, such as {outside[0]}.")
    empty = sorted(set(names) - set(owners))
    if empty:
        raise DataError(f"folder: no images of class {', '.join(empty)} in {folder}.")
    return torch.tensor([names.index(owner) for owner in owners], dtype=torch.int64)
