"""Folders of two domains: where each domain's images lie, and which belong together."""

from __future__ import annotations

from pathlib import Path

from ganforge.errors import DataError

from .pictures import images_below, whole


def both_folders(name: str, root: Path, split: str) -> tuple[Path, Path]:
    """The folders of domain A and domain B.

    Raises:
        DataError: There are none; says which were looked for.
    """
    found = _both_folders(root, split)
    if found is None:
        looked = ", ".join(f"{a} and {b}" for a, b in _names(split))
        below = ", ".join(sorted(entry.name for entry in root.iterdir() if entry.is_dir())) or "none"
        raise DataError(f"{name}: {root} holds no two domains; looked for {looked}; its sub-folders: {below}.")
    return found


def _names(split: str) -> list[tuple[str, str]]:
    return [(f"{split}A", f"{split}B"), (f"A/{split}", f"B/{split}"), ("A", "B")]


def _both_folders(root: Path, split: str) -> tuple[Path, Path] | None:
    for a, b in _names(split):
        if (root / a).is_dir() and (root / b).is_dir():
            return root / a, root / b
    return None


def paired(root: Path, layout: str, split: str, skips: bool) -> list[tuple[Path, Path]]:
    """The files of each pair; twice the same one where two images lie side by side in it.

    Args:
        root: The folder of the data set.
        layout: ``"auto"``, ``"side-by-side"`` or ``"folders"``.
        split: Sub-folder to read, where there is one of that name.
        skips: Whether pairs that cannot be read are left out rather than refused.

    Raises:
        DataError: No images, files that cannot be read, or images without a partner.
    """
    folders = None if layout == "side-by-side" else _both_folders(root, split)
    if folders is None and layout != "folders":
        single = root / split if (root / split).is_dir() else root
        return [(file, file) for file in whole("paired-folder", images_below("paired-folder", single), skips)]
    return _by_name(*(folders or both_folders("paired-folder", root, split)), skips)


def _by_name(first: Path, second: Path, skips: bool) -> list[tuple[Path, Path]]:
    a, b = _named(first), _named(second)
    alone = [str(file) for file in [*(a[key] for key in a.keys() - b), *(b[key] for key in b.keys() - a)]]
    if alone:
        listed = "\n  ".join(sorted(alone)[:20])
        more = f"\n  and {len(alone) - 20} more" if len(alone) > 20 else ""
        raise DataError(f"paired-folder: {len(alone)} images have no partner of the same name:\n  {listed}{more}")
    good = {file for files in (a, b) for file in whole("paired-folder", list(files.values()), skips)}
    return [(a[key], b[key]) for key in a if a[key] in good and b[key] in good]


def _named(folder: Path) -> dict[str, Path]:
    """Images by their path below a folder, without the suffix."""
    files = images_below("paired-folder", folder)
    return {file.relative_to(folder).with_suffix("").as_posix(): file for file in files}
