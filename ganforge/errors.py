"""The errors of ganforge: one class per reader, each with the exit code of the command line."""

from __future__ import annotations

from collections.abc import Sequence

import attrs


@attrs.frozen
class Site:
    """A place in a reader's own file.

    Args:
        file: Path as the reader gave it.
        line: Line number, from 1.
        text: That source line, stripped; empty when it cannot be read.
    """

    file: str
    line: int
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@attrs.frozen
class Problem:
    """One thing that is wrong: where, what, and, when sure, the fix."""

    message: str
    site: Site | None = None
    hint: str = ""

    def __str__(self) -> str:
        lines = []
        if self.site is not None:
            lines.append(str(self.site))
            if self.site.text:
                lines.append(f"    {self.site.text}")
        lines.append(self.message)
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class GanforgeError(Exception):
    """Base of all errors that a user can cause; carries one or more problems and an exit code."""

    exit_code = 1

    def __init__(self, message: str | Problem | Sequence[Problem], hint: str = "", site: Site | None = None) -> None:
        if isinstance(message, str):
            message = Problem(message, site, hint)
        self.problems: tuple[Problem, ...] = (message,) if isinstance(message, Problem) else tuple(message)
        super().__init__("\n\n".join(str(problem) for problem in self.problems))


class RecipeError(GanforgeError):
    """A recipe, or a parameter given to one, says something that cannot be played."""

    exit_code = 2


class OverrideError(RecipeError):
    """A value typed on the command line does not fit the recipe's parameter."""


class PluginError(GanforgeError):
    """A plugin is broken, missing, ambiguous or incompatible."""

    exit_code = 3


class DataError(GanforgeError):
    """A data set is missing, empty or unreadable."""

    exit_code = 4


class CheckpointError(GanforgeError):
    """A checkpoint or a weights file is unusable or does not fit."""

    exit_code = 5


class DivergedError(GanforgeError):
    """A loss or a gradient is not finite."""

    exit_code = 6


class StorageError(GanforgeError):
    """The disk or the memory is exhausted."""

    exit_code = 7


class BusyError(GanforgeError):
    """Another process is using the run folder."""

    exit_code = 8


class Stopped(GanforgeError):
    """The run was asked to stop by a signal and saved its state.

    Args:
        signum: The signal's number; the exit code is 128 more.
    """

    def __init__(self, message: str, signum: int, hint: str = "") -> None:
        super().__init__(message, hint)
        self.exit_code = 128 + signum
