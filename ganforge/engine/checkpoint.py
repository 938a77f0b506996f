"""Checkpoints and weights: one self-verifying safetensors file each, written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import attrs
import torch
from torch import Tensor

from ..errors import CheckpointError
from . import files

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

FORMAT = "1"
MAX_HEADER = 16_000_000
MAX_TENSORS = 100_000
MAX_DIMS = 64

_RESERVED = ("format", "digest")
_PIECE = 4 << 20
_STEP_FILE = re.compile(r"step-([0-9]{8,18})\.safetensors")
_DTYPES: dict[str, torch.dtype] = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "U16": torch.uint16,
    "I16": torch.int16,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "U32": torch.uint32,
    "I32": torch.int32,
    "F32": torch.float32,
    "U64": torch.uint64,
    "I64": torch.int64,
    "F64": torch.float64,
    "C64": torch.complex64,
}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}


@attrs.frozen
class Checkpoint:
    """What a file held.

    Args:
        tensors: By name, on the CPU, in memory of their own.
        metadata: By key, as given to `write`.
    """

    tensors: dict[str, Tensor]
    metadata: dict[str, JSON]


@attrs.frozen
class _Entry:
    """One tensor in a file; `begin` counts from the start of the data."""

    name: str
    code: str
    shape: tuple[int, ...]
    begin: int

    @property
    def dtype(self) -> torch.dtype:
        return _DTYPES[self.code]

    @property
    def size(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def end(self) -> int:
        return self.begin + self.size


@attrs.frozen
class _Header:
    """A parsed header: metadata texts without the reserved keys, the digest, and where the data starts."""

    texts: dict[str, str]
    digest: str
    entries: list[_Entry]
    start: int


class _Damage(Exception):
    """Why a file is not a checkpoint, without its path."""


# Writing


def write(
    path: Path,
    tensors: Mapping[str, Tensor],
    metadata: Mapping[str, JSON],
    *,
    allow_nonfinite: bool = False,
) -> None:
    """Save tensors and metadata in one file: afterwards the path holds the new content or the old one.

    The bytes are read back and verified before they take the path's name. Serves checkpoints and exported
    weights alike; the file is plain safetensors.

    Args:
        path: The file; its folder exists.
        tensors: Any device, layout and shape; stored in logical order, at most one copied at a time.
        metadata: JSON values; floats come back exactly. `format` and `digest` are added and reserved.
        allow_nonfinite: Also store NaN and infinity, in tensors and in metadata.

    Raises:
        CheckpointError: A name, tensor or value that cannot be stored; nothing is written.
        StorageError: The disk reports an error; the earlier content is intact.
    """
    path = Path(path)
    try:
        texts = _texts(metadata, allow_nonfinite)
        entries = _layout(tensors)
        if not allow_nonfinite:
            _check_finite(tensors)
        digest = _digest(texts, entries, lambda entry: [_data(tensors[entry.name])])
        header = _header_bytes(texts, digest, entries)
    except _Damage as problem:
        raise CheckpointError(f"{path} is not written: {problem}") from None

    def chunks() -> Iterator[memoryview]:
        yield memoryview(header)
        for entry in entries:
            yield _data(tensors[entry.name])

    files.replace(path, len(header) + sum(entry.size for entry in entries), chunks(), _read_back)


def _read_back(path: Path) -> None:
    try:
        verify(path)
    except CheckpointError as problem:
        raise OSError(errno.EIO, f"reading it back reports {problem}") from problem


def _texts(metadata: Mapping[str, JSON], allow_nonfinite: bool) -> dict[str, str]:
    texts = {}
    for key, value in metadata.items():
        _check_name("metadata key", key)
        if key in _RESERVED:
            raise _Damage(f"metadata key {key!r} is reserved for the file itself")
        try:
            # json would turn tuples into lists and number keys into strings without a word.
            _check_json(value)
            texts[key] = json.dumps(value, allow_nan=allow_nonfinite, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as problem:
            raise _Damage(f"metadata {_shown(key)} does not come back from JSON as it is: {problem}") from None
    return texts


def _check_json(value: object) -> None:
    if isinstance(value, list):
        for item in value:
            _check_json(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"it holds the key {key!r}")
            _check_json(item)
    elif value is not None and not isinstance(value, bool | int | float | str):
        raise TypeError(f"it holds a {type(value).__name__}")


def _layout(tensors: Mapping[str, Tensor]) -> list[_Entry]:
    """Place the tensors: large elements first, so that each lies aligned, then by name."""
    if len(tensors) > MAX_TENSORS:
        raise _Damage(f"it has {len(tensors)} tensors and at most {MAX_TENSORS} are allowed")
    for name, tensor in tensors.items():
        _check_tensor(name, tensor)
    unplaced = [_Entry(name, _CODES[item.dtype], tuple(item.shape), 0) for name, item in tensors.items()]
    entries: list[_Entry] = []
    begin = 0
    for entry in sorted(unplaced, key=_order):
        entries.append(attrs.evolve(entry, begin=begin))
        begin += entry.size
    return entries


def _check_tensor(name: str, tensor: Tensor) -> None:
    _check_name("tensor name", name)
    if not isinstance(tensor, Tensor):
        raise _Damage(f"{_shown(name)} is a {type(tensor).__name__}, not a tensor")
    if tensor.dtype not in _CODES or tensor.layout != torch.strided or tensor.is_meta:
        kind = f"{tensor.dtype}, {tensor.layout}, device {tensor.device}"
        raise _Damage(f"tensor {_shown(name)} has no bytes that safetensors can hold ({kind})")
    if tensor.dim() > MAX_DIMS:
        raise _Damage(f"tensor {_shown(name)} has {tensor.dim()} dimensions and at most {MAX_DIMS} are allowed")


def _check_finite(tensors: Mapping[str, Tensor]) -> None:
    for name, tensor in tensors.items():
        if not (tensor.is_floating_point() or tensor.is_complex()):
            continue
        # Not every torch release can look at the one-byte types themselves.
        value = tensor.detach().float() if tensor.element_size() == 1 else tensor.detach()
        finite = torch.isfinite(value)
        if not finite.all():
            count = finite.numel() - int(finite.sum())
            raise _Damage(f"tensor {_shown(name)} holds {count} non-finite values of {finite.numel()}")


def _data(tensor: Tensor) -> memoryview:
    """The bytes of a tensor in logical order; no copy when it lies so on the CPU already."""
    plain = tensor.detach().resolve_conj().resolve_neg().to("cpu").contiguous()
    # A contiguous tensor with dimensions of 1 may keep any stride there, which no byte view accepts.
    return plain.as_strided((plain.numel(),), (1,)).view(torch.uint8).numpy().data


def _header_bytes(texts: Mapping[str, str], digest: str, entries: Iterable[_Entry]) -> bytes:
    table: dict[str, object] = {"__metadata__": {"format": FORMAT, "digest": digest, **texts}}
    for entry in entries:
        offsets = [entry.begin, entry.end]
        table[entry.name] = {"dtype": entry.code, "shape": list(entry.shape), "data_offsets": offsets}
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MAX_HEADER:
        raise _Damage(f"its header would be {len(text)} bytes long and at most {MAX_HEADER} are read again")
    return len(text).to_bytes(8, "little") + text


# Reading


def read(path: Path) -> Checkpoint:
    """Load a file; its digest is compared before anything is handed out.

    Raises:
        CheckpointError: The file is missing, damaged, foreign or of another format; says why.
    """
    tensors: dict[str, Tensor] = {}
    with _opened(path) as (fd, size):
        header = _header(fd, size)

        def load(entry: _Entry) -> list[memoryview]:
            raw = torch.empty(entry.size, dtype=torch.uint8)
            target = raw.numpy().data
            _read_all(fd, target, header.start + entry.begin)
            tensors[entry.name] = raw
            return [target]

        _check_digest(header, load)
        for entry in header.entries:
            tensors[entry.name] = _typed(entry, tensors[entry.name])
        return Checkpoint(tensors, _values(header.texts))


def verify(path: Path) -> None:
    """Check a whole file against its digest, with a few megabytes of memory.

    Raises:
        CheckpointError: As for `read`.
    """
    with _opened(path) as (fd, size):
        header = _header(fd, size)
        buffer = memoryview(bytearray(_PIECE))

        def pieces(entry: _Entry) -> Iterator[memoryview]:
            for begin in range(entry.begin, entry.end, _PIECE):
                piece = buffer[: min(_PIECE, entry.end - begin)]
                _read_all(fd, piece, header.start + begin)
                yield piece

        _check_digest(header, pieces)
        _values(header.texts)


def read_metadata(path: Path) -> dict[str, JSON]:
    """Read the metadata alone; the tensors are not touched and the digest is not compared.

    Raises:
        CheckpointError: The header is missing, damaged, foreign or of another format.
    """
    with _opened(path) as (fd, size):
        return _values(_header(fd, size).texts)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[int, int]]:
    """Open a regular file; turn what is found wrong with it into a CheckpointError with its path."""
    try:
        # Without O_NONBLOCK a pipe of this name would wait for a writer for ever.
        fd = files.disk.open(Path(path), os.O_RDONLY | os.O_NONBLOCK)
        try:
            status = files.disk.status(fd)
            if not stat.S_ISREG(status.st_mode):
                raise _Damage("it is a folder or a device, not a regular file")
            yield fd, status.st_size
        finally:
            files.disk.close(fd)
    except OSError as problem:
        raise CheckpointError(f"{path} cannot be read: {problem.strerror or problem}") from problem
    except _Damage as problem:
        raise CheckpointError(f"{path} cannot be used: {problem}") from problem.__cause__


def _read_all(fd: int, target: memoryview, offset: int) -> None:
    while len(target):
        count = files.disk.read_at(fd, target, offset)
        if count == 0:
            raise _Damage("it became shorter while it was read")
        target, offset = target[count:], offset + count


def _bytes_at(fd: int, offset: int, count: int) -> bytes:
    target = bytearray(count)
    _read_all(fd, memoryview(target), offset)
    return bytes(target)


def _header(fd: int, size: int) -> _Header:
    text = _header_text(fd, size)
    table = _parsed(text)
    start = 8 + len(text)
    texts = _metadata_texts(table.pop("__metadata__", {}))
    digest = texts.pop("digest", None)
    form = texts.pop("format", None)
    if digest is None or form is None:
        raise _Damage("its metadata has no 'format' and 'digest', so ganforge did not write it")
    if form != FORMAT:
        raise _Damage(f"it has format {_shown(form)} and this version reads format {FORMAT!r}")
    entries = [_entry(name, info) for name, info in table.items()]
    _check_cover(entries, size - start)
    return _Header(texts, digest, entries, start)


def _header_text(fd: int, size: int) -> bytes:
    first = _bytes_at(fd, 0, min(size, 9))
    length = int.from_bytes(first[:8], "little")
    if first[8:] == b"{" and length <= min(size - 8, MAX_HEADER):
        return _bytes_at(fd, 8, length)
    if size == 0:
        raise _Damage("it is empty")
    if first.startswith(b"PK") or (first[:1] == b"\x80" and first[1:2] <= b"\x05" and first[2:3] > b"\0"):
        raise _Damage("it is a pickle or zip by its content, which can run code when opened; it is not opened")
    if size < 9:
        raise _Damage(f"it is {size} bytes long, which is too short for a safetensors file")
    if length > MAX_HEADER:
        raise _Damage(f"it announces a header of {length} bytes and at most {MAX_HEADER} are read")
    if length > size - 8:
        raise _Damage(f"it announces a header of {length} bytes and {size - 8} follow, so it is cut short")
    raise _Damage(f"its header begins with {first[8:]!r}, not with '{{'")


def _parsed(text: bytes) -> dict[str, Any]:
    objects = 0

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal objects
        objects += 1
        if objects > MAX_TENSORS + 2:
            raise _Damage(f"its header describes more than {MAX_TENSORS} tensors")
        return _unique(pairs)

    try:
        # Text and no bytes: for bytes json guesses among encodings and would let UTF-16 pass.
        table = json.loads(text.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as problem:
        raise _Damage(f"its header is not JSON in UTF-8: {problem}") from problem
    if not isinstance(table, dict):
        raise _Damage("its header is not a JSON object")
    return table


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise _Damage(f"its header has the key {_shown(key)} twice")
        table[key] = value
    return table


def _metadata_texts(metadata: object) -> dict[str, str]:
    if not isinstance(metadata, dict):
        raise _Damage("its metadata is not a JSON object")
    for key, text in metadata.items():
        _check_name("metadata key", key)
        if not isinstance(text, str):
            raise _Damage(f"metadata {_shown(key)} is not a string")
    return dict(metadata)


def _entry(name: str, info: object) -> _Entry:
    _check_name("tensor name", name)
    if not isinstance(info, dict) or set(info) != {"dtype", "shape", "data_offsets"}:
        raise _Damage(f"tensor {_shown(name)} is not described by dtype, shape and data_offsets alone")
    code, shape = info["dtype"], _numbers(name, "shape", info["shape"])
    if not isinstance(code, str) or code not in _DTYPES:
        raise _Damage(f"tensor {_shown(name)} has the unknown dtype {_shown(code)}")
    # An empty tensor may have other dimensions so large that torch cannot count with them.
    if math.prod(max(dim, 1) for dim in shape) * _DTYPES[code].itemsize >= 2**63:
        raise _Damage(f"tensor {_shown(name)} has a shape beyond 2^63 bytes")
    offsets = _numbers(name, "data_offsets", info["data_offsets"])
    entry = _Entry(name, code, shape, offsets[0] if offsets else 0)
    if offsets != (entry.begin, entry.end):
        raise _Damage(f"tensor {_shown(name)} of {entry.size} bytes has data_offsets {list(offsets[:3])}")
    return entry


def _numbers(name: str, field: str, value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > MAX_DIMS:
        raise _Damage(f"tensor {_shown(name)}: {field} is not a list of at most {MAX_DIMS} numbers")
    if not all(type(item) is int and 0 <= item < 2**63 for item in value):
        raise _Damage(f"tensor {_shown(name)}: {field} holds something else than counts below 2^63")
    return tuple(value)


def _check_cover(entries: Iterable[_Entry], size: int) -> None:
    """The tensors lie one after the other, without hole or overlap, from the first byte to the last."""
    position = 0
    for entry in sorted(entries, key=lambda entry: (entry.begin, entry.end)):
        if entry.begin != position:
            raise _Damage(f"tensor {_shown(entry.name)} begins at byte {entry.begin} of the data, not {position}")
        position = entry.end
    if position != size:
        raise _Damage(f"its header describes {position} bytes of data and {size} are there")


def _check_digest(header: _Header, data: Callable[[_Entry], Iterable[memoryview]]) -> None:
    if _digest(header.texts, header.entries, data) != header.digest:
        raise _Damage("its content does not match its digest, so it is damaged")


def _typed(entry: _Entry, raw: Tensor) -> Tensor:
    # A byte above 1 taken for a bool would be undefined behaviour in later arithmetic.
    typed = raw != 0 if entry.dtype == torch.bool else raw.view(entry.dtype)
    return typed.reshape(entry.shape)


def _values(texts: Mapping[str, str]) -> dict[str, JSON]:
    values: dict[str, JSON] = {}
    for key, text in texts.items():
        try:
            values[key] = json.loads(text, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as problem:
            raise _Damage(f"metadata {_shown(key)} is not JSON: {problem}") from problem
    return values


# Both ways


def _digest(
    texts: Mapping[str, str], entries: Collection[_Entry], data: Callable[[_Entry], Iterable[memoryview]]
) -> str:
    """Digest of metadata, names, dtypes, shapes and bytes; where they lie in the file does not matter."""
    digest = hashlib.blake2b(digest_size=32, person=b"ganforge")

    def add(*parts: str) -> None:
        # Length first, so that no two lists of parts run together to the same bytes.
        for part in parts:
            encoded = part.encode()
            digest.update(len(encoded).to_bytes(8, "little") + encoded)

    add(FORMAT, str(len(texts)), str(len(entries)))
    for key in sorted(texts):
        add(key, texts[key])
    for entry in sorted(entries, key=_order):
        add(entry.name, entry.code, ",".join(map(str, entry.shape)))
        for piece in data(entry):
            digest.update(piece)
            # Otherwise this copy of a tensor would live until after the next one is made.
            del piece
    return digest.hexdigest()


def _order(entry: _Entry) -> tuple[int, str]:
    return -entry.dtype.itemsize, entry.name


def _check_name(kind: str, name: str) -> None:
    # Control characters would also give the JSON header two spellings, and so flips that no digest sees.
    if not isinstance(name, str) or not name or not name.isprintable() or name == "__metadata__":
        raise _Damage(f"{kind} {_shown(name)} is not a non-empty printable text")


def _shown(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


# Folders of checkpoints


def step_path(folder: Path, step: int) -> Path:
    """The file of a step: `folder/step-00001000.safetensors`."""
    return Path(folder) / f"step-{step:08d}.safetensors"


def steps(folder: Path) -> list[int]:
    """The steps that a folder has files of, sorted as integers.

    Other files do not count, and a missing folder has none.

    Raises:
        CheckpointError: The folder cannot be listed.
    """
    try:
        matches = map(_STEP_FILE.fullmatch, files.disk.names(Path(folder)))
        found = [(match.group(), int(match.group(1))) for match in matches if match]
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise CheckpointError(f"{folder} cannot be listed: {problem.strerror or problem}") from problem
    return sorted(step for name, step in found if name == step_path(folder, step).name)


def newest(folder: Path) -> tuple[Checkpoint, Path, list[str]]:
    """Load the newest valid checkpoint of a folder.

    Returns:
        The checkpoint, its path, and for each newer file that is damaged one sentence that says why.

    Raises:
        CheckpointError: None is valid; lists each with its reason.
    """
    damaged: list[str] = []
    for step in reversed(steps(folder)):
        path = step_path(folder, step)
        try:
            return read(path), path, damaged
        except CheckpointError as problem:
            damaged.append(str(problem))
    if not damaged:
        raise CheckpointError(f"{folder} holds no checkpoint (step-NNNNNNNN.safetensors)")
    raise CheckpointError("\n".join([f"{folder} holds no usable checkpoint:", *damaged]))


def prune(folder: Path, keep: int, keep_steps: Collection[int] = ()) -> list[Path]:
    """Delete old checkpoints, and return them.

    The newest files stay until there are `keep` of them and two of these are verified; what is older goes.
    Files of other names are not touched.

    Args:
        folder: Where the checkpoints are.
        keep: How many of the newest stay; at least two always do.
        keep_steps: Steps that stay as well, whatever their age.

    Raises:
        StorageError: A file cannot be removed; the newer ones are still there.
    """
    found = steps(folder)
    older = found[: -max(keep, 2)]
    if not older:
        return []
    valid = 0
    for step in reversed(found):
        if valid == 2:
            break
        if step in older:
            older.remove(step)
        valid += _is_valid(step_path(folder, step))
    doomed = [step_path(folder, step) for step in older if step not in keep_steps]
    for path in doomed:
        files.remove(path)
    return doomed


def sweep(folder: Path) -> list[Path]:
    """Remove the temporary files that killed writers left; see `ganforge.engine.files.sweep`."""
    return files.sweep(folder)


def _is_valid(path: Path) -> bool:
    try:
        verify(path)
    except CheckpointError:
        return False
    return True
