"""Type annotations as rules for values: does a value fit, and how to say what would."""

from __future__ import annotations

import collections.abc
import math
import types
import typing
from typing import Annotated, Any, Literal

from .number import Quantity


def accepts(value: object, annotation: Any) -> bool:
    """Whether a value fits an annotation; annotations without a rule here accept everything."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return accepts(value, annotation.__origin__)
    if origin in (typing.Union, types.UnionType):
        return any(accepts(value, choice) for choice in typing.get_args(annotation))
    if origin is Literal:
        return any(value == choice and type(value) is type(choice) for choice in typing.get_args(annotation))
    if origin is tuple:
        return isinstance(value, tuple) and _accepts_items(value, typing.get_args(annotation))
    if origin in (list, collections.abc.Sequence):
        items = typing.get_args(annotation)[0]
        return isinstance(value, origin) and all(accepts(item, items) for item in value)
    if isinstance(origin, type):
        return isinstance(value, origin)
    return _accepts_plain(value, annotation)


def _accepts_plain(value: object, annotation: Any) -> bool:
    if annotation is None:
        return value is None
    if annotation is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool)
    try:
        return isinstance(value, annotation) if isinstance(annotation, type) else True
    except TypeError:  # Any, and protocols that cannot be checked.
        return True


def _accepts_items(value: tuple[object, ...], items: tuple[Any, ...]) -> bool:
    if len(items) == 2 and items[1] is Ellipsis:
        return all(accepts(item, items[0]) for item in value)
    return len(value) == len(items) and all(map(accepts, value, items))


def describe(annotation: Any) -> str:
    """An annotation in words, for messages and listings."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_describe_choices(arguments))
    if origin is Literal:
        return " or ".join(repr(choice) for choice in arguments)
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return f"a tuple of {describe(arguments[0])}"
    if origin is tuple:
        return f"({', '.join(describe(item) for item in arguments)})"
    if annotation is None or annotation is type(None):
        return "None"
    if _is_any_schedule(annotation):
        return "a schedule"
    return getattr(annotation, "__name__", None) or str(annotation).replace("typing.", "")


def _describe_choices(choices: tuple[Any, ...]) -> list[str]:
    names = {float: "a number", int: "a whole number"} if any(map(_is_any_schedule, choices)) else {}
    return [names.get(choice) or describe(choice) for choice in choices]


def _is_any_schedule(annotation: Any) -> bool:
    """Whether an annotation is the base of schedules, which depends on this file, or the base of that."""
    return annotation is Quantity or (isinstance(annotation, type) and annotation.__name__ == "Schedule")


def received(value: object) -> str:
    """A value in a message: a short repr, or its type where that would be long."""
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"
