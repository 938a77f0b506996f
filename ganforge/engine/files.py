"""The file calls behind every saved file, and the write that leaves either the old or the new content."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from ..errors import StorageError

_TEMPORARY = re.compile(r"\..+\.[0-9]+\.tmp", re.ASCII)


class Disk:
    """The file calls, one method each, so that a test can break or interrupt any of them."""

    def open(self, path: Path, flags: int) -> int:
        return os.open(path, flags, 0o666)

    def status(self, fd: int) -> os.stat_result:
        return os.fstat(fd)

    def read_at(self, fd: int, target: memoryview, offset: int) -> int:
        return os.preadv(fd, [target], offset)

    def write(self, fd: int, data: memoryview) -> int:
        return os.write(fd, data)

    def fsync(self, fd: int) -> None:
        os.fsync(fd)

    def forget(self, fd: int) -> None:
        """Drop the file's clean pages from the cache, so that the next read asks the device."""
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def close(self, fd: int) -> None:
        os.close(fd)

    def rename(self, old: Path, new: Path) -> None:
        os.replace(old, new)

    def remove(self, path: Path) -> None:
        os.unlink(path)

    def names(self, folder: Path) -> list[str]:
        """The names in a folder that are not folders themselves."""
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if not entry.is_dir())

    def free(self, folder: Path) -> int:
        """Bytes that this user can still write in a folder."""
        room = os.statvfs(folder)
        return room.f_bavail * room.f_frsize


disk = Disk()


def replace(path: Path, size: int, chunks: Iterable[memoryview], check: Callable[[Path], None] | None = None) -> None:
    """Write a file whole and durably, or leave what was there.

    The content goes to a temporary file in the same folder, is synced, checked, renamed to its place, and the
    folder is synced. Whatever ends the write early, an interrupt included, the temporary file is removed.

    Args:
        path: The file to create or to replace; its folder exists. Mode is 0666 less the umask.
        size: Bytes that the chunks hold together; told when there is no room for them.
        chunks: The content in order.
        check: Reads the temporary file back and raises OSError when it is not what was meant.

    Raises:
        StorageError: A file call reports an error; names path, bytes needed, bytes free and the cause.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            _fill(temporary, chunks)
            if check is not None:
                check(temporary)
            disk.rename(temporary, path)
        except BaseException:
            with suppress(OSError):
                disk.remove(temporary)
            raise
        _sync_folder(path.parent)
    except OSError as problem:
        raise StorageError(
            f"{path} cannot be written: {problem.strerror or problem}; "
            f"it needs {size} bytes and {_room(path.parent)} bytes are free"
        ) from problem


def sweep(folder: Path) -> list[Path]:
    """Remove the temporary files that killed writers left in a folder, and return them.

    The caller holds the run's lock: a writer at work in the same folder would lose its file.

    Raises:
        StorageError: The folder cannot be listed, or a file in it cannot be removed.
    """
    folder = Path(folder)
    try:
        names = disk.names(folder)
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise StorageError(f"{folder} cannot be listed: {problem.strerror or problem}") from problem
    stale = [folder / name for name in names if _TEMPORARY.fullmatch(name)]
    for path in stale:
        remove(path)
    return stale


def remove(path: Path) -> None:
    """Remove a file; one that is already gone is fine.

    Raises:
        StorageError: The file stays.
    """
    try:
        disk.remove(path)
    except FileNotFoundError:
        return
    except OSError as problem:
        raise StorageError(f"{path} cannot be removed: {problem.strerror or problem}") from problem


def _fill(temporary: Path, chunks: Iterable[memoryview]) -> None:
    # In a container each start may have the same process id, so a killed writer's file can carry this name.
    with suppress(FileNotFoundError):
        disk.remove(temporary)
    fd = disk.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        for chunk in chunks:
            _write_all(fd, chunk)
            # Otherwise this chunk would live until after the next one is made.
            del chunk
        disk.fsync(fd)
        disk.forget(fd)
    finally:
        disk.close(fd)


def _write_all(fd: int, chunk: memoryview) -> None:
    while len(chunk):
        chunk = chunk[disk.write(fd, chunk) :]


def _sync_folder(folder: Path) -> None:
    fd = disk.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        disk.fsync(fd)
    except OSError as problem:
        # Some network file systems know no sync of a folder; the file itself is safely in place there.
        if problem.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        disk.close(fd)


def _room(folder: Path) -> str:
    try:
        return str(disk.free(folder))
    except OSError:
        return "an unknown number of"
