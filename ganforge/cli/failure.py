"""How every error reaches the reader, and with which exit code."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import click

from ..errors import GanforgeError, Stopped
from ..report.stream import tell

_INTERRUPTED = 130


@contextmanager
def told(*, debug: bool) -> Iterator[None]:
    """Tell errors on standard error and end the process with their exit codes.

    Args:
        debug: Show tracebacks of the reader's own errors too.
    """
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        tell("interrupted")
        raise SystemExit(_INTERRUPTED) from None
    except Exception as error:
        if debug or not (isinstance(error, GanforgeError) or _is_from_recipe(error)):
            tell(traceback.format_exc().rstrip())
        else:
            tell(wording(error))
        raise SystemExit(getattr(error, "exit_code", 1) if isinstance(error, GanforgeError) else 1) from None


def wording(error: Exception) -> str:
    """An error in the form that a reader sees: each problem with its place, its line and its hint."""
    if isinstance(error, Stopped):
        problem = error.problems[0]
        return f"{problem.message}\ngo on with: {problem.hint}" if problem.hint else problem.message
    if isinstance(error, GanforgeError):
        return "\n\n".join(f"error: {problem}" for problem in error.problems)
    notes = getattr(error, "__notes__", ())
    hint = "hint: ganforge --debug … shows the traceback"
    return "\n".join([f"error: {type(error).__name__}: {error}", *notes, hint])


def _is_from_recipe(error: Exception) -> bool:
    """Whether it was raised by what a recipe line asked of torch, which its notes say."""
    return any("recipe line" in note for note in getattr(error, "__notes__", ()))
