"""The run folder: its lock, its record, its log lines and its weights."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import BusyError, CheckpointError, StorageError
from . import files


class RunFolder:
    """A run's files; everything in it can be read, moved and resumed.

    Args:
        path: The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.record_path = path / "run.json"
        self.checkpoints = path / "checkpoints"
        self.weights = path / "weights"
        self.samples = path / "samples"
        self.metrics = path / "metrics.jsonl"
        self._warned = False

    def holds_run(self) -> bool:
        """Whether a run began here."""
        return self.record_path.exists()

    def create(self) -> None:
        """Make the folder and those inside it.

        Raises:
            StorageError: It cannot be made.
        """
        try:
            for folder in (self.path, self.checkpoints, self.weights, self.samples):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"the run folder {self.path} cannot be made: {error.strerror}.") from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out while the run is played; the lock dies with the process.

        Raises:
            BusyError: Another process holds it.
        """
        try:
            handle = open(self.path / ".lock", "a+")  # noqa: SIM115 - closed below, after the lock is given back
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written to: {error.strerror}.") from None
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                handle.seek(0)
                holder = handle.read().strip() or "another process"
                raise BusyError(f"{self.path} is being written by {holder}.") from None
            handle.truncate(0)
            handle.write(f"process {os.getpid()} on {socket.gethostname()}")
            handle.flush()
            yield

    def read_record(self) -> dict[str, Any]:
        """What the run is: recipe, parameters, components, environment, settings.

        Raises:
            CheckpointError: There is no run here, or its record cannot be read.
        """
        try:
            record = json.loads(self.record_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CheckpointError(f"{self.path} holds no run: there is no {self.record_path.name} in it.") from None
        except (OSError, ValueError, RecursionError) as error:
            raise CheckpointError(f"{self.record_path} cannot be read: {error}.") from None
        if not isinstance(record, dict) or record.get("format") != 1:
            raise CheckpointError(f"{self.record_path} is not the record of a run that this version can read.")
        return record

    def write_record(self, record: Mapping[str, Any]) -> None:
        """Replace the record as a whole."""
        _write_text(self.record_path, json.dumps(record, indent=2) + "\n")

    def log(self, line: Mapping[str, Any]) -> None:
        """Append one line to the metrics; a run goes on without them if they cannot be written."""
        try:
            with self.metrics.open("a", encoding="utf-8") as handle:
                handle.write(json.dumps(line) + "\n")
        except OSError as error:
            if not self._warned:
                print(
                    f"warning: {self.metrics} cannot be written: {error.strerror}; training goes on.", file=sys.stderr
                )
            self._warned = True

    def forget_lines_after(self, step: int) -> None:
        """Cut the log lines beyond a step, so that a resumed run writes none twice."""
        if not self.metrics.exists():
            return
        kept = []
        for line in self.metrics.read_text(encoding="utf-8").splitlines():
            try:
                if json.loads(line)["step"] <= step:
                    kept.append(line + "\n")
            except (ValueError, KeyError):  # A line cut short by a kill.
                continue
        _write_text(self.metrics, "".join(kept))

    def sweep(self) -> None:
        """Remove what a killed run left half-written."""
        for folder in (self.path, self.checkpoints, self.weights, self.samples):
            if folder.is_dir():
                files.sweep(folder)


def _write_text(path: Path, text: str) -> None:
    content = text.encode()
    files.replace(path, len(content), [memoryview(content)])
