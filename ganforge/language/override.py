"""Values typed on a command line, read by the annotation of the parameter they are for."""

from __future__ import annotations

import ast
import math
import re
import types
import typing
from collections.abc import Sequence
from typing import Any, Literal, Protocol

from ..errors import OverrideError, Problem, RecipeError
from .annotation import accepts, describe
from .component import Component, field_types, suggestion
from .length import Length, epochs, kimg, steps
from .number import Quantity
from .schedule import Schedule
from .site import reading

_LENGTH = re.compile(r"([0-9][0-9_,]*(?:\.[0-9]+)?(?:e[0-9]+)?)\s*(steps|epochs|kimg)")
_UNIT_CALL = re.compile(r"(steps|epochs|kimg)\(([^()]*)\)")
_CALL = re.compile(r"([A-Za-z]\w*(?: [-/] [A-Za-z]\w*)*)(\(.*)", re.DOTALL)
# What ast raises for text that is no Python, or too deep.
_UNREADABLE = (ValueError, SyntaxError, MemoryError, RecursionError)
_UNITS = {"steps": steps, "epochs": epochs, "kimg": kimg}
_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Resolver(Protocol):
    """Finds component classes by name."""

    def find(self, kind: type[Component], name: str) -> type[Component]:
        """The component of a kind that a name means; raises where there is none or it is ambiguous."""
        ...


def read_value(asked: str, text: str, annotation: Any, resolver: Resolver) -> Any:
    """Read one value.

    Args:
        asked: What was typed, for messages.
        text: The value's text.
        annotation: The parameter's type.
        resolver: Finds components by name.

    Raises:
        OverrideError: The text does not fit the annotation.
    """
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return _read_union(asked, text, typing.get_args(annotation), resolver)
    if origin is Literal:
        return _read_literal(asked, text, typing.get_args(annotation))
    if annotation is type(None):
        return _expect(asked, None if text.lower() == "none" else text, annotation)
    if (kind := _component_kind(annotation)) is not None:
        return _read_component(asked, text, kind, resolver)
    if annotation is Length:
        return _read_length(asked, text)
    if annotation is str:
        return text
    if annotation is bool and text.lower() in _BOOLS:
        return _BOOLS[text.lower()]
    return _expect(asked, _number(text) if annotation in (int, float) else _python(text), annotation)


def _read_union(asked: str, text: str, choices: tuple[Any, ...], resolver: Resolver) -> Any:
    told: list[RecipeError] = []
    # Plain text fits str whatever it says, so every other choice is asked first.
    for choice in sorted(choices, key=lambda choice: choice is str):
        try:
            return read_value(asked, text, choice, resolver)
        except RecipeError as error:
            if _component_kind(choice) is not None:
                told.append(error)
    # What looks like a component, or can be nothing else, is answered as one.
    alone = len(told) + (type(None) in choices) == len(choices)
    if len(told) == 1 and (alone or (text[:1].isalpha() and "(" in text)):
        raise told[0]
    raise OverrideError(f"{asked}: expected {describe(typing.Union[choices])}.")  # noqa: UP007


def _component_kind(annotation: Any) -> type[Component] | None:
    """The kind of component that an annotation asks for; any number that changes is written as a schedule."""
    if annotation is Quantity:
        return Schedule
    return annotation if isinstance(annotation, type) and issubclass(annotation, Component) else None


def _read_literal(asked: str, text: str, choices: tuple[Any, ...]) -> Any:
    for choice in choices:
        if text == str(choice):
            return choice
    hint = suggestion(text, map(str, choices))
    raise OverrideError(f"{asked}: expected one of {', '.join(map(str, choices))}.", hint)


def _read_length(asked: str, text: str) -> Length:
    match = _LENGTH.fullmatch(text.strip())
    if not match:
        raise OverrideError(f"{asked}: expected a length such as 2000steps, 25epochs or 500kimg.")
    amount = float(match[1].replace("_", "").replace(",", ""))
    if amount == math.inf:
        raise OverrideError(f"{asked}: a length is a finite number.")
    return _UNITS[match[2]](amount)


def _read_component(asked: str, text: str, kind: type[Component], resolver: Resolver) -> Component:
    name, bracket, rest = text.partition("(")
    try:
        cls = resolver.find(kind, name.strip())
    except RecipeError as error:
        raise _told(asked, error.problems) from None
    keywords = _keywords(asked, f"f({rest}" if bracket else "f()", cls, resolver)
    component = None
    # What is typed has no place in a file; its problems are told together.
    with reading("", "") as current:
        try:
            component = cls(**keywords)
        except RecipeError as error:
            current.problems += error.problems
    if component is None or current.problems:
        raise _told(asked, current.problems)
    return component


def _told(asked: str, problems: Sequence[Problem]) -> OverrideError:
    """What was typed before each problem; a component inside another is told with the whole."""
    return OverrideError(
        [
            Problem(p.message if p.message.startswith(f"{asked}: ") else f"{asked}: {p.message}", None, p.hint)
            for p in problems
        ]
    )


def _keywords(asked: str, call: str, cls: type[Component], resolver: Resolver) -> dict[str, Any]:
    try:
        node = ast.parse(call.strip(), mode="eval").body
    except _UNREADABLE as error:
        text = getattr(error, "msg", None) or str(error)
        raise OverrideError(f"{asked}: {text}.", "write it as name(parameter=value, …)") from None
    if not isinstance(node, ast.Call) or node.args or not all(word.arg for word in node.keywords):
        raise OverrideError(f"{asked}: parameters of {cls.component_name()} are given as parameter=value.")
    found: dict[str, Any] = {}
    for word in node.keywords:
        if word.arg in found:
            raise OverrideError(f"{asked}: '{word.arg}' is given twice.")
        found[str(word.arg)] = _argument(asked, word.value, _kind_of(cls, str(word.arg)), resolver)
    return found


def _kind_of(cls: type[Component], field: str) -> type[Component]:
    """The kind of component that a field takes; any where its annotation does not say."""
    owner: type = cls
    choices = [field_types(owner).get(field, Any)]
    for choice in choices:
        if (kind := _component_kind(choice)) is not None:
            return kind
        choices += [inner for inner in typing.get_args(choice) if not isinstance(inner, str)]
    return Component


def _argument(asked: str, node: ast.expr, kind: type[Component], resolver: Resolver) -> Any:
    """A literal, or a component by its call: ``adam(lr=linear(start=1e-3, until=steps(100)))``."""
    text = ast.unparse(node)
    try:
        return ast.literal_eval(node)
    except ValueError:
        pass
    if isinstance(node, ast.Tuple | ast.List):
        items = [_argument(asked, item, kind, resolver) for item in node.elts]
        return tuple(items) if isinstance(node, ast.Tuple) else items
    if isinstance(node, ast.Name) and node.id in ("true", "false", "none"):
        return {"true": True, "false": False, "none": None}[node.id]
    if match := _UNIT_CALL.fullmatch(text):
        return _read_length(asked, f"{match[2]}{match[1]}")
    # Python reads the hyphens and the slash of a component's name as arithmetic.
    if match := _CALL.fullmatch(text):
        return _read_component(asked, re.sub(r"\s", "", match[1]) + match[2], kind, resolver)
    raise OverrideError(f"{asked}: {text} is not a literal.", f'write text in quotes: "{text}"')


def _number(text: str) -> Any:
    value = _python(text)
    # 2e3 is how people write a whole number of steps.
    return int(value) if isinstance(value, float) and value.is_integer() and "e" in text.lower() else value


def _python(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except _UNREADABLE:
        return text


def _expect(asked: str, value: Any, annotation: Any) -> Any:
    if accepts(value, annotation):
        return float(value) if annotation is float else value
    raise OverrideError(f"{asked}: expected {describe(annotation)}.")
