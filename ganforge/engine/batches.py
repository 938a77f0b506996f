"""Batches of real data as a function of (seed, position): from memory where the data fits, else streamed."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import math
import os
import signal
import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..errors import DataError, Problem
from ..language.data import Batch, CaptionedData, Data, Examples, LabelledData
from ..language.signal import Signal
from .chance import Chance, derived_seed

Fields = dict[str, Tensor]

_CHUNK = 256
_AHEAD = 512
_PATIENCE = 300.0
_SAMPLED = 16
_NOTE_EVERY = 5.0


def silent(text: str) -> None:
    """Say nothing."""


class Batches:
    """The batches that one ``data.batch()`` of a recipe stands for.

    Every epoch is a permutation of the whole collection; batch ``position`` holds the places from
    ``position * batch_size`` on, so that it may span two epochs or, of a small collection, several.

    Data that fits in memory is decoded once, before the first batch or, on the host, when it is first drawn.

    Args:
        batch: The recipe's expression.
        examples: What ``batch.data.open`` returned.
        seed: Seed of the run.
        stream: Number of the expression in its game; another one has another order.
        batch_size: Examples in a batch.
        device: Where batches are needed.
        workers: Processes that read ahead where the data does not fit in memory; 0 reads in this one.
        memory: Bytes that decoded data may take on the device; a quarter of what is free by default.
        keep_channels_last: Whether images are laid out with their channels last.
        at_once: Whether data that fits in memory is decoded now. On the host it may wait until it is drawn, so that a
            run begins at once; the first epoch's steps then take longer. A device's steps never wait.
        note: Told in words what takes long.

    Raises:
        DataError: Nothing to read, or an example that is not what the data set declares.
    """

    def __init__(
        self,
        batch: Batch,
        examples: Sequence[Examples],
        *,
        seed: int,
        stream: int,
        batch_size: int,
        device: torch.device,
        workers: int | None = None,
        memory: int | None = None,
        keep_channels_last: bool = True,
        at_once: bool = True,
        note: Callable[[str], None] = silent,
    ) -> None:
        self._batch, self._batch_size, self._channels_last = batch, batch_size, keep_channels_last
        self._readers = [Reader.opened(batch, collection) for collection in examples]
        _check_declared(batch, self._readers, device)
        self._seeds = [derived_seed(seed, stream, number) for number in range(len(examples))]
        lengths = [reader.length for reader in self._readers]
        self._orders = [Order(key, length, device) for key, length in zip(self._seeds, lengths, strict=True)]
        budget = _free_memory(device) // 4 if memory is None else memory
        self._source: _Source
        if sum(reader.size for reader in self._readers) <= budget:
            self._source = _Memory(self._readers, device, keep_channels_last, note)
            if at_once or device.type != "cpu":
                self._source.load()
        else:
            keys = _Keys([Order(order.seed, order.length, torch.device("cpu")) for order in self._orders], batch_size)
            self._source = _Stream(self._readers, keys, device, min(4, _cores()) if workers is None else workers)

    def __len__(self) -> int:
        """Examples in an epoch: the length of the longest collection."""
        return max(reader.length for reader in self._readers)

    def epochs(self, position: int) -> float:
        """Passes over the longest collection that the batches before ``position`` amount to."""
        return position * self._batch_size / len(self)

    @property
    def in_memory(self) -> bool:
        """Whether the decoded data is kept on the device."""
        return isinstance(self._source, _Memory)

    def load(self) -> None:
        """Decode now what is not decoded yet, where the data is kept in memory.

        Raises:
            DataError: An example cannot be read.
        """
        self._source.load()

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the lengths and of a few examples, to notice that data changed under a run."""
        digest = hashlib.blake2b(digest_size=16)
        for reader in self._readers:
            reader.sign(digest.update)
        return digest.hexdigest()

    def draw(self, position: int) -> tuple[Tensor, ...]:
        """The fields of one batch, in the order of ``batch.fields``, augmented, on the device.

        Args:
            position: Number of the batch, from 0.

        Raises:
            DataError: An example cannot be read.
        """
        picks = [order.take(position * self._batch_size, self._batch_size) for order in self._orders]
        raw = self._source.read(position, [indices for _, indices in picks])
        chances = [Chance(key, *pick) for key, pick in zip(self._seeds, picks, strict=True)]
        return self._finished(raw, chances)

    def fixed(self, count: int) -> tuple[Tensor, ...]:
        """The first ``count`` examples of an order of their own, not augmented; the same in every call."""
        raw = []
        for number, order in enumerate(self._orders):
            fixed = Order(derived_seed(order.seed, "fixed"), order.length, order.device)
            raw.append(self._source.pick(number, fixed.take(0, count)[1]))
        return self._finished(raw, [None] * len(raw))

    def close(self) -> None:
        """End the worker processes, if there are any."""
        self._source.close()

    def _finished(self, raw: Sequence[Fields], chances: Sequence[Chance | None]) -> tuple[Tensor, ...]:
        # Each collection is finished by itself, because its augmentation goes by its own epochs and examples.
        finished: Fields = {}
        for fields, chance in zip(raw, chances, strict=True):
            finished |= self._batch.data.finish(fields, chance)
        return tuple(self._laid_out(finished[name]) for name in self._batch.fields)

    def _laid_out(self, field: Tensor) -> Tensor:
        if self._channels_last and field.dim() == 4:
            return field.contiguous(memory_format=torch.channels_last)
        return field.contiguous()


# --- order --------------------------------------------------------------------------------------------------


class Order:
    """The places of a collection, epoch after epoch, each epoch a permutation made from its number.

    Args:
        seed: Another seed gives other permutations.
        length: Examples in the collection.
        device: Where the indices are needed.
    """

    def __init__(self, seed: int, length: int, device: torch.device) -> None:
        self.seed, self.length, self.device = seed, length, device
        self._recent: dict[int, Tensor] = {}

    def take(self, place: int, count: int) -> tuple[Tensor, Tensor]:
        """Epochs and indices, int64 of shape (count,), of the places from ``place`` on."""
        epochs, indices = [], []
        while count > 0:
            epoch, start = divmod(place, self.length)
            part = self._permutation(epoch)[start : start + count]
            epochs.append(torch.full((len(part),), epoch, dtype=torch.int64, device=self.device))
            indices.append(part)
            place, count = place + len(part), count - len(part)
        return _joined(epochs), _joined(indices)

    def _permutation(self, epoch: int) -> Tensor:
        if epoch not in self._recent:
            generator = torch.Generator().manual_seed(derived_seed(self.seed, epoch))
            permutation = torch.randperm(self.length, generator=generator)
            # A copy from pinned memory does not make the host wait for the device.
            pinned = permutation.pin_memory() if self.device.type == "cuda" else permutation
            self._recent = {near: kept for near, kept in self._recent.items() if near == epoch - 1}
            self._recent[epoch] = pinned.to(self.device, non_blocking=True)
        return self._recent[epoch]


def _joined(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts)


# --- reading ------------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Reader:
    """Reads one collection and holds every example to what the first one showed.

    Args:
        name: The data set's name, for messages.
        examples: The collection.
        length: Examples in it.
        first: The fields of its first example.
        limits: For fields of whole numbers, how many values there are.
    """

    name: str
    examples: Examples
    length: int
    first: Fields
    limits: dict[str, int]

    @classmethod
    def opened(cls, batch: Batch, examples: Examples) -> Reader:
        """Read the first example."""
        name, length = type(batch.data).component_name(), len(examples)
        if length == 0:
            raise DataError(f"data set '{name}' has no examples.", site=batch.site)
        empty = cls(name, examples, length, {}, _limits(batch.data))
        return attrs.evolve(empty, first=empty.read(torch.zeros(1, dtype=torch.int64)))

    @property
    def size(self) -> int:
        """Bytes of the whole collection, decoded."""
        return self.length * sum(field.nbytes for field in self.first.values())

    def read(self, indices: Tensor) -> Fields:
        """Read and check the examples at ``indices``, which are on the CPU."""
        try:
            fields = self.examples.read(indices)
        except DataError:
            raise
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise DataError(f"data set '{self.name}' stops at {_some(indices)} with {what}.") from error
        self._check_shapes(fields, indices)
        for field, limit in self.limits.items():
            if field in fields and not fields[field].is_floating_point():  # Embeddings are no words.
                self._check_limit(field, limit, fields[field], indices)
        return fields

    def _check_shapes(self, fields: Fields, indices: Tensor) -> None:
        for field, first in self.first.items():
            asked = (len(indices), *first.shape[1:])
            found = tuple(fields[field].shape) if field in fields else None
            if found != asked:
                raise DataError(
                    f"data set '{self.name}', {_some(indices)}: field '{field}' has shape {found}; "
                    f"the first example asks for {asked}."
                )

    def _check_limit(self, field: str, limit: int, values: Tensor, indices: Tensor) -> None:
        outside = ((values < 0) | (values >= limit)).flatten(1 if values.dim() > 1 else 0)
        if bool(outside.any()):
            row = int((outside.any(1) if outside.dim() > 1 else outside).nonzero()[0])
            raise DataError(
                f"data set '{self.name}', example {int(indices[row])}: field '{field}' holds "
                f"{values[row].tolist()}; it may hold 0 to {limit - 1}."
            )

    def sign(self, update: Callable[[bytes], object]) -> None:
        """Feed the length and a few examples to a digest."""
        update(repr((self.length, sorted(self.first))).encode())
        spread = torch.arange(min(_SAMPLED, self.length)) * self.length // min(_SAMPLED, self.length)
        for _, field in sorted(self.read(spread).items()):
            update(field.contiguous().numpy().tobytes())


def _some(indices: Tensor) -> str:
    return f"example {int(indices[0])}" if len(indices) == 1 else f"one of {len(indices)} examples"


def _limits(data: Data) -> dict[str, int]:
    """How many values labels and words may have, as far as the data set says."""
    if isinstance(data, LabelledData):
        return {"labels": data.num_classes}
    return {"captions": data.vocabulary_size} if isinstance(data, CaptionedData) else {}


def _check_declared(batch: Batch, readers: Sequence[Reader], device: torch.device) -> None:
    """Compare the first examples, finished, with what the data set told the recipe."""
    name = type(batch.data).component_name()
    finished: Fields = {}
    for reader in readers:
        moved = {field: value.to(device) for field, value in reader.first.items()}
        finished |= batch.data.finish(moved, None)
    for field, declared in _declared(batch).items():
        if field not in finished:
            found = ", ".join(sorted(finished))
            raise DataError(f"data set '{name}' declares the field '{field}'; it has {found}.", site=batch.site)
        problem = _mismatch(finished[field], declared)
        if problem:
            raise DataError(f"data set '{name}': field '{field}' {problem}.", site=batch.site)


def _declared(batch: Batch) -> dict[str, Signal | None]:
    """The signals of a batch by field, where its data set's own ``batch`` names them."""
    draw = getattr(batch.data, "batch", None)
    record = draw() if draw is not None else None
    return {field: getattr(record, field, None) for field in batch.fields}


def _mismatch(field: Tensor, declared: Signal | None) -> str:
    if field.is_floating_point() and not bool(field.isfinite().all()):
        return "holds a number that is not finite in the first example"
    if declared is None:
        return ""
    if tuple(field.shape[1:]) != declared.shape:
        return f"has examples of shape {tuple(field.shape[1:])}; the recipe was told {declared.shape}"
    if field.is_floating_point() != (declared.dtype == "float"):
        return f"is {field.dtype}; the recipe was told that it is {declared.dtype}"
    return ""


# --- from memory --------------------------------------------------------------------------------------------


class _Source(ABC):
    """Where the fields of a batch come from, before they are finished."""

    @abstractmethod
    def read(self, position: int, indices: Sequence[Tensor]) -> list[Fields]:
        """The fields of batch ``position``, whose indices are these, collection by collection, on the device."""

    @abstractmethod
    def pick(self, number: int, indices: Tensor) -> Fields:
        """The fields of some examples of one collection, on the device."""

    @abstractmethod
    def load(self) -> None:
        """Decode whatever is to be kept."""

    @abstractmethod
    def close(self) -> None:
        """End what runs beside this process."""


class _Memory(_Source):
    """Whole collections, decoded once and kept on the device."""

    def __init__(
        self, readers: Sequence[Reader], device: torch.device, channels_last: bool, note: Callable[[str], None]
    ) -> None:
        self._stores = [_Store(reader, device, channels_last, note) for reader in readers]

    def read(self, position: int, indices: Sequence[Tensor]) -> list[Fields]:
        return [self.pick(number, picked) for number, picked in enumerate(indices)]

    def pick(self, number: int, indices: Tensor) -> Fields:
        return self._stores[number].take(indices)

    def load(self) -> None:
        for store in self._stores:
            store.load()

    def close(self) -> None:
        pass


class _Store:
    """One collection on the device, decoded as far as it was asked for."""

    def __init__(self, reader: Reader, device: torch.device, channels_last: bool, note: Callable[[str], None]) -> None:
        self._reader, self._device, self._note = reader, device, note
        self._fields = {
            name: _empty(reader.length, field, device, channels_last) for name, field in reader.first.items()
        }
        self._missing = torch.ones(reader.length, dtype=torch.bool)
        self._whole = False

    def take(self, indices: Tensor) -> Fields:
        """The examples at ``indices``, which are on the device."""
        if not self._whole:
            wanted = indices.cpu()
            missing = wanted[self._missing[wanted]].tolist()
            if missing:
                # Many at once take far less time than as many batches one by one.
                ahead = self._missing.nonzero()[:_AHEAD, 0].tolist()
                self._decode(torch.tensor(sorted({*missing, *ahead}), dtype=torch.int64))
        return {name: _taken(field, indices) for name, field in self._fields.items()}

    def load(self) -> None:
        """Decode what is missing, and say so."""
        if not self._whole:
            self._note(f"decoding the {self._reader.length:,} examples of {self._reader.name}")
            self._decode(self._missing.nonzero()[:, 0])

    def _decode(self, indices: Tensor) -> None:
        pieces = _pieces(indices)
        if len(pieces) == 1:
            self._fill(indices)
        elif pieces:
            self._fill_beside(pieces)
        self._missing[indices] = False
        self._whole = not bool(self._missing.any())

    def _fill_beside(self, pieces: Sequence[Tensor]) -> None:
        told = time.monotonic()
        with ThreadPoolExecutor(_cores()) as pool:
            futures = [pool.submit(self._fill, piece) for piece in pieces]
            try:
                for done, future in enumerate(futures):
                    future.result()
                    if time.monotonic() - told > _NOTE_EVERY:
                        self._note(f"decoding {self._reader.name}: {done * _CHUNK:,} of {len(pieces) * _CHUNK:,}")
                        told = time.monotonic()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _fill(self, indices: Tensor) -> None:
        places = indices.to(self._device)
        for name, field in self._reader.read(indices).items():
            if name in self._fields:
                rows, given = _by_pixel(self._fields[name]), field.to(self._device)
                rows.index_copy_(0, places, given if rows is self._fields[name] else given.permute(0, 2, 3, 1))


def _pieces(indices: Tensor) -> Sequence[Tensor]:
    """Indices in parts that can be decoded side by side, none of them large."""
    each = max(1, min(_CHUNK, math.ceil(len(indices) / _cores())))
    return [indices[start : start + each] for start in range(0, len(indices), each)]


def _by_pixel(field: Tensor) -> Tensor:
    """The field, with its channels moved behind where they lie last, so that each example is one piece of memory."""
    if field.dim() == 4 and field.is_contiguous(memory_format=torch.channels_last):
        return field.permute(0, 2, 3, 1)
    return field


def _taken(field: Tensor, indices: Tensor) -> Tensor:
    """The rows at ``indices``, in the layout that the field has."""
    rows = _by_pixel(field)
    taken = rows.index_select(0, indices)
    return taken if rows is field else taken.permute(0, 3, 1, 2)


def _empty(length: int, first: Tensor, device: torch.device, channels_last: bool) -> Tensor:
    shape, last = (length, *first.shape[1:]), channels_last and first.dim() == 4
    layout = torch.channels_last if last else torch.contiguous_format
    return torch.empty(shape, dtype=first.dtype, device=device, memory_format=layout)


def _free_memory(device: torch.device) -> int:
    """Bytes free on the device, or in this machine or container."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    free = [os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = [next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))]
    group = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):  # "max" means that there is no limit.
        limit, used = (int((group / name).read_text()) for name in ("memory.max", "memory.current"))
        free.append(limit - used)
    return min(free)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


# --- streamed -----------------------------------------------------------------------------------------------


@attrs.frozen
class _Failure:
    """What went wrong in a worker, sent as a value because an exception would arrive as a traceback's text."""

    problems: tuple[Problem, ...]


class _Reads(Dataset[Any]):
    """Reads the collections at the indices given for each."""

    def __init__(self, readers: Sequence[Reader]) -> None:
        self._readers = readers

    def __getitem__(self, key: Sequence[Sequence[int]]) -> list[Fields] | _Failure:
        try:
            return [
                reader.read(torch.tensor(indices, dtype=torch.int64))
                for reader, indices in zip(self._readers, key, strict=True)
            ]
        except DataError as error:
            return _Failure(error.problems)


@attrs.define
class _Keys:
    """The indices of the batches from a position on, without end."""

    orders: list[Order]
    batch_size: int
    start: int = 0

    def __iter__(self) -> Iterator[list[list[int]]]:
        for position in itertools.count(self.start):
            places = position * self.batch_size, self.batch_size
            yield [order.take(*places)[1].tolist() for order in self.orders]


class _Stream(_Source):
    """Collections read batch by batch, ahead of time where there are worker processes."""

    def __init__(self, readers: Sequence[Reader], keys: _Keys, device: torch.device, workers: int) -> None:
        self._readers, self._keys, self._device, self._workers = readers, keys, device, workers
        self._batches: Iterator[Any] | None = None
        self._next = 0

    def read(self, position: int, indices: Sequence[Tensor]) -> list[Fields]:
        if self._batches is None or position != self._next:
            self.close()
            self._batches = self._started(position)
        found = self._received(self._batches)
        self._next = position + 1
        return [self._moved(fields) for fields in found]

    def pick(self, number: int, indices: Tensor) -> Fields:
        return self._moved(self._readers[number].read(indices.cpu()))

    def load(self) -> None:
        """Keep nothing."""

    def close(self) -> None:
        end = getattr(self._batches, "_shutdown_workers", None)
        self._batches = None
        if end is not None:
            end()

    def _moved(self, fields: Fields) -> Fields:
        return {name: field.to(self._device, non_blocking=True) for name, field in fields.items()}

    def _received(self, batches: Iterator[Any]) -> list[Fields]:
        try:
            found: list[Fields] | _Failure = next(batches)
        except RuntimeError as error:
            self.close()
            raise DataError(f"data set '{self._readers[0].name}': reading ahead ended: {error}.") from error
        if isinstance(found, _Failure):
            self.close()
            raise DataError(found.problems)
        return found

    def _started(self, position: int) -> Iterator[Any]:
        with warnings.catch_warnings():
            # More workers than cores are the caller's wish; forking beside threads is what the loader does.
            warnings.simplefilter("ignore")
            loader = DataLoader(
                _Reads(self._readers),
                batch_size=None,
                sampler=attrs.evolve(self._keys, start=position),
                num_workers=self._workers,
                collate_fn=_unchanged,
                pin_memory=self._device.type == "cuda",
                timeout=_PATIENCE if self._workers else 0,
                worker_init_fn=_obey_the_parent_only,
                # Without a generator of its own the loader would draw from the global one.
                generator=torch.Generator(),
            )
            with _child_signals_kept():
                return iter(loader)


def _unchanged(item: Any) -> Any:
    return item


@contextlib.contextmanager
def _child_signals_kept() -> Iterator[None]:
    """Undo the loader's handler for ended children, which raises wherever the program happens to be.

    A worker that ended is noticed by the next read all the same.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGCHLD"):
        yield
        return
    before = signal.getsignal(signal.SIGCHLD)
    yield
    signal.signal(signal.SIGCHLD, before or signal.SIG_DFL)


def _obey_the_parent_only(worker: int) -> None:
    """Leave interrupts of the whole process group to the main process, which saves and then ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "sigwaitinfo"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_await_the_parent, args=(os.getppid(),), daemon=True).start()


def _await_the_parent(parent: int) -> None:
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != parent:
        pass
    os._exit(0)
