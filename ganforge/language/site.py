"""Where in the reader's file something was written, and the list of problems found while reading it."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import CodeType, FrameType

import attrs

from ..errors import Problem, RecipeError, Site

_OWN_MODULES = ("ganforge.", "attr.", "attrs.", "functools", "contextlib")


@attrs.define
class Reading:
    """A recipe file being read: its path as given, and the problems found so far."""

    file: str
    shown: str
    problems: list[Problem] = attrs.field(factory=list)


_reading: ContextVar[Reading | None] = ContextVar("ganforge_reading", default=None)


@contextmanager
def reading(file: str, shown: str) -> Iterator[Reading]:
    """Collect problems instead of raising the first, and place them in this file.

    Args:
        file: Path of the recipe as Python knows it (a code object's file name); empty for what is no file.
        shown: Path to print.
    """
    current = Reading(file, shown)
    token = _reading.set(current)
    try:
        yield current
    finally:
        _reading.reset(token)


def is_reading() -> bool:
    """Whether problems are being collected."""
    return _reading.get() is not None


def noted() -> int:
    """How many problems have been collected so far."""
    current = _reading.get()
    return len(current.problems) if current else 0


def report(message: str, site: Site | None = None, hint: str = "") -> None:
    """Note a problem: collected while a recipe file is read, raised otherwise."""
    problem = Problem(message, site or here(), hint)
    current = _reading.get()
    if current is None:
        raise RecipeError(problem)
    if problem not in current.problems:
        current.problems.append(problem)


def here() -> Site | None:
    """The innermost frame in the recipe being read, else the innermost frame outside ganforge.

    Methods of components are passed over: a reader wants the line that uses one.
    """
    current = _reading.get()
    if current is not None and not current.file:
        return None
    frame: FrameType | None = sys._getframe(1)
    outside: FrameType | None = None
    while frame is not None:
        name = frame.f_code.co_filename
        if frame.f_code not in _passed_over:
            if current is not None and name == current.file:
                return _site(frame, current.shown)
            if outside is None and not _is_own(frame):
                outside = frame
        frame = frame.f_back
    return _site(outside, shorten(outside.f_code.co_filename)) if outside is not None else None


def _is_own(frame: FrameType) -> bool:
    module = frame.f_globals.get("__name__", "")
    return f"{module}.".startswith(_OWN_MODULES) or frame.f_code.co_filename.startswith("<attrs")


_passed_over: set[CodeType] = set()


def pass_over(cls: type) -> None:
    """Leave the methods of a component class out when places are looked for."""
    for base in cls.__mro__:
        for value in vars(base).values():
            for name in ("fget", "func", "__func__", "__wrapped__"):
                value = getattr(value, name, None) or value
            code = getattr(value, "__code__", None)
            if isinstance(code, CodeType):
                _passed_over.update(_nested(code))


def _nested(code: CodeType) -> Iterator[CodeType]:
    """A function's code and that of the functions and comprehensions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)


def _site(frame: FrameType, shown: str) -> Site:
    text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    return Site(shown, frame.f_lineno, text)


def shorten(path: str) -> str:
    """A path from the working folder where it lies below, else as it is."""
    relative = os.path.relpath(path) if os.path.isabs(path) else path
    return path if relative.startswith("..") else relative


def report_all(problems: Sequence[Problem]) -> None:
    """Note several problems: collected while a recipe file is read, raised together otherwise."""
    current = _reading.get()
    if current is None:
        raise RecipeError(sorted(problems, key=_place))
    current.problems += [problem for problem in problems if problem not in current.problems]


def _place(problem: Problem) -> tuple[str, int]:
    return (problem.site.file, problem.site.line) if problem.site else ("", 0)
