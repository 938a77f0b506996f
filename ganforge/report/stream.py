"""Output that never ends a run: what is written to a closed stream is lost, and nothing else happens."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO, TypeVar

T = TypeVar("T")


class Tolerant:
    """A text stream whose failures are silent; after the first one nothing more is written.

    Args:
        stream: Where text goes; standard error, whatever it is by then, if left out.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self.closed = False

    @property
    def stream(self) -> TextIO:
        """Where text goes."""
        return self._stream or sys.stderr

    def write(self, text: str) -> int:
        """Write text if the stream takes any."""
        return self._try(lambda: self.stream.write(text)) or 0

    def flush(self) -> None:
        """Hand on what was written."""
        self._try(lambda: self.stream.flush())

    def line(self, text: str) -> None:
        """Write one line and hand it on."""
        self.write(f"{text}\n")
        self.flush()

    def isatty(self) -> bool:
        """Whether a person reads this on a terminal."""
        return bool(self._try(lambda: self.stream.isatty()))

    def fileno(self) -> int:
        """The stream's descriptor, by which a bar finds the terminal's width."""
        return self.stream.fileno()

    @property
    def encoding(self) -> str:
        """How text is encoded, by which a bar chooses its characters."""
        return getattr(self.stream, "encoding", None) or "utf-8"

    def _try(self, act: Callable[[], T]) -> T | None:
        if self.closed:
            return None
        try:
            return act()
        except (OSError, ValueError):
            self.closed = True
            silence(self.stream)
            return None


def silence(stream: TextIO) -> None:
    """Send a stream whose reader went away to nowhere, so that the flush at the process's end is no error."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def say(text: str = "") -> None:
    """Write a line of results to standard output."""
    Tolerant(sys.stdout).line(text)


def tell(text: str) -> None:
    """Write a line of diagnostics to standard error."""
    Tolerant(sys.stderr).line(text)
