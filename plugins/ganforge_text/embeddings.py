"""Files of embeddings: reading them, matching their rows with images, and averaging those of an image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import torch
from torch import Tensor

from ganforge import Chance, Examples
from ganforge.errors import DataError
from ganforge_data.pictures import images_below

_PICKLES = (".p", ".pickle", ".pk", ".pkl", ".pt", ".pth")
# numpy.load reads plain pickles too.
_LOADED = 'numpy.load("{file}", allow_pickle=True, encoding="latin1")'
_CONVERSIONS = {
    ".npy": f'import numpy\n    numpy.save("{{to}}", numpy.array({_LOADED}, "float32"))',
    ".txt": f'import numpy, pathlib\n    pathlib.Path("{{to}}").write_text("\\n".join({_LOADED}))',
    "torch": 'import numpy, torch\n    numpy.save("{to}", torch.load("{file}", weights_only=True).float().numpy())',
}
_SHOWN = 20


# --- reading ------------------------------------------------------------------------------------------------


def load(name: str, path: Path, dim: int) -> Tensor:
    """The embeddings of a file, of shape (images, captions, dim), in the file's own precision.

    Args:
        name: The data set's name, for messages.
        path: A file that ends in .npy or .safetensors.
        dim: Numbers that an embedding is expected to have.

    Raises:
        DataError: No such file, another kind of file, or another shape.
    """
    _refuse_pickles(name, path, ".npy")
    if not path.is_file():
        pickles = sorted(file for file in path.parent.glob("*embedding*") if file.suffix in _PICKLES)
        raise DataError(f"{name}: there is no file {path}.", _conversion(pickles[0], ".npy") if pickles else "")
    values = _read(name, path)
    shaped = values[:, None] if values.dim() == 2 else values
    if shaped.dim() != 3 or shaped.shape[2] != dim or not shaped.numel() or not values.is_floating_point():
        raise DataError(
            f"{name}: {path} holds {values.dtype} of shape {tuple(values.shape)}; real numbers of shape "
            f"(images, captions, {dim}) or (images, {dim}) are expected.",
            f"dim={shaped.shape[2]}" if shaped.dim() == 3 and shaped.numel() and shaped.shape[2] != dim else "",
        )
    return shaped


def _refuse_pickles(name: str, path: Path, wanted: str) -> None:
    if path.suffix in _PICKLES:
        raise DataError(
            f"{name}: {path} is a pickle by its name; reading one may run any program, so none is read.",
            _conversion(path, wanted),
        )


def _conversion(pickle: Path, wanted: str) -> str:
    kind = "torch" if pickle.suffix.startswith(".pt") else wanted
    lines = _CONVERSIONS[kind].format(file=pickle, to=pickle.with_suffix(wanted))
    return f"where you trust the file, convert it once:\n    {lines}"


def _read(name: str, path: Path) -> Tensor:
    readers = {".npy": _numpy_array, ".safetensors": _only_tensor}
    if path.suffix not in readers:
        raise DataError(f"{name}: {path} ends in '{path.suffix}'; embeddings are read from {' or '.join(readers)}.")
    try:
        return readers[path.suffix](path)
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{name}: {path} cannot be read: {type(error).__name__}: {error}.") from error


def _numpy_array(path: Path) -> Tensor:
    import numpy

    # Mapped into memory, so that what is never used is never read.
    return torch.from_numpy(numpy.load(path, mmap_mode="c", allow_pickle=False))


def _only_tensor(path: Path) -> Tensor:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        names = list(file.keys())
        if len(names) != 1 and "embeddings" not in names:
            raise DataError(f"{path} holds {', '.join(names) or 'nothing'}; one tensor is expected, or 'embeddings'.")
        values: Tensor = file.get_tensor(names[0] if len(names) == 1 else "embeddings")
    return values


# --- order --------------------------------------------------------------------------------------------------


def ordered(name: str, folder: Path, order: str | None, count: int) -> list[Path]:
    """The image of each row of the embeddings.

    Args:
        name: The data set's name, for messages.
        folder: Where the images lie.
        order: Name of the file that lists them; None for all of them, by path.
        count: Rows of the embeddings.

    Raises:
        DataError: No images, images that are not there, or another number of them.
    """
    found = images_below(name, folder)
    files = found if order is None else _listed(name, folder, folder / Path(order).expanduser(), found)
    if len(files) != count:
        where = f"{folder} holds" if order is None else f"{order} lists"
        raise DataError(
            f"{name}: there are embeddings of {count} images, and {where} {len(files)}.",
            'order="FILE" names the images that have embeddings, one a line' if order is None else "",
        )
    return files


def _listed(name: str, folder: Path, listing: Path, found: Sequence[Path]) -> list[Path]:
    _refuse_pickles(name, listing, ".txt")
    try:
        lines = [line.strip() for line in listing.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{name}: {listing} cannot be read as a list of images: {error}.") from error
    paths = {file.relative_to(folder): file for file in found}
    bare = Counter(path.with_suffix("") for path in paths)
    known = {path.with_suffix("").as_posix(): file for path, file in paths.items() if bare[path.with_suffix("")] == 1}
    known |= {path.as_posix(): file for path, file in paths.items()}
    asked = [PurePosixPath(line).as_posix() for line in lines if line]
    missing = [path for path in asked if path not in known]
    if missing:
        more = f"\n  and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        raise DataError(
            f"{name}: {listing} lists {len(missing)} images that {folder} does not hold, or not by one file only:\n  "
            + "\n  ".join(missing[:_SHOWN])
            + more
        )
    return [known[path] for path in asked]


# --- examples -----------------------------------------------------------------------------------------------


class EmbeddedFiles(Examples):
    """Images and the embeddings of all captions of each.

    Args:
        images: The images.
        embeddings: Real numbers of shape (rows, captions, dim).
        rows: The row of each image.
    """

    def __init__(self, images: Examples, embeddings: Tensor, rows: Sequence[int]) -> None:
        self._images, self._embeddings, self._rows = images, embeddings, torch.tensor(rows, dtype=torch.int64)

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        embeddings = self._embeddings[self._rows[indices]].float()
        if not bool(embeddings.isfinite().all()):
            row = int(self._rows[indices][~embeddings.isfinite().flatten(1).all(1)][0])
            raise DataError(f"embedded-folder: row {row} of the embeddings holds a number that is not finite.")
        return {**self._images.read(indices), "embeddings": embeddings}


def averaged(embeddings: Tensor, count: int, chance: Chance | None) -> Tensor:
    """The mean of some of each example's embeddings, of shape (batch, dim).

    Args:
        embeddings: Of shape (batch, captions, dim).
        count: How many are chosen, none of them twice; all where there are no more.
        chance: Random numbers; None takes the first ones.
    """
    captions = embeddings.shape[1]
    if count >= captions or chance is None:
        return embeddings[:, :count].mean(dim=1)
    lots = torch.stack([chance.uniform(f"caption {number}") for number in range(captions)], dim=1)
    chosen = lots.argsort(dim=1, stable=True)[:, :count]
    return embeddings.gather(1, chosen[:, :, None].expand(-1, -1, embeddings.shape[2])).mean(dim=1)
