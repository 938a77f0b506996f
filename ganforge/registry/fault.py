"""Faults: what a plugin did wrong, as one clause with the place in the plugin's own file."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import GanforgeError, Stopped

_LONGEST = 300


class Fault(Exception):
    """Something wrong with a plugin; never leaves the registry.

    Args:
        text: The rest of a sentence that begins with the plugin's name.
        file: File of the cause; empty if there is none.
        line: Line of the cause, from 1; 0 if there is none.
    """

    def __init__(self, text: str, file: str = "", line: int = 0) -> None:
        super().__init__(text)
        self.text, self.file, self.line = text, file, line


@contextmanager
def contained(doing: str, package: str) -> Iterator[None]:
    """Turn whatever a plugin's code raises into a fault; only Ctrl-C and a signal's stop pass.

    Args:
        doing: Begins the fault's text, such as "cannot be imported".
        package: The plugin's module, to find the line that is its own.
    """
    try:
        yield
    except (KeyboardInterrupt, Stopped, Fault):
        raise
    # A plugin that calls sys.exit() must not end the command.
    except BaseException as error:
        raise Fault(f"{doing}: {told(error)}", *place(error, package)) from error


def told(error: BaseException) -> str:
    """An exception in one line."""
    if isinstance(error, SystemExit):
        return f"it calls sys.exit({error.code!r})"
    message = error.problems[0].message if isinstance(error, GanforgeError) else str(error)
    if isinstance(error, SyntaxError):
        message = error.msg
    return f"{type(error).__name__}: {' '.join(message.split())[:_LONGEST]}".removesuffix(": ").removesuffix(".")


def place(error: BaseException, package: str) -> tuple[str, int]:
    """The innermost line of the plugin's own code that an exception passed; empty and 0 if there is none."""
    if isinstance(error, SyntaxError) and error.filename and not error.filename.startswith("<"):
        return error.filename, error.lineno or 0
    root = package.partition(".")[0]
    found = ("", 0)
    for frame, line in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__", "").partition(".")[0] == root:
            found = (frame.f_code.co_filename, line)
    return found


def line_of(value: object) -> tuple[str, int]:
    """The file and line where a function or class begins; empty and 0 if that is unknown."""
    import inspect

    try:
        return inspect.getsourcefile(value) or "", inspect.getsourcelines(value)[1]  # type: ignore[arg-type]
    except (OSError, TypeError):
        return "", 0
