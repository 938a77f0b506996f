"""Values typed on a command line, read by the annotation of the parameter they are for."""

from __future__ import annotations

import ast
import re
import types
import typing
from typing import Any, Literal, Protocol

from ..errors import GanforgeError, OverrideError
from .annotation import accepts, describe
from .component import Component, suggestion
from .length import Length, epochs, kimg, steps

_LENGTH = re.compile(r"([0-9][0-9_,]*(?:\.[0-9]+)?(?:e[0-9]+)?)\s*(steps|epochs|kimg)")
_UNITS = {"steps": steps, "epochs": epochs, "kimg": kimg}
_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class Resolver(Protocol):
    """Finds component classes by name."""

    def find(self, kind: type[Component], name: str) -> type[Component]:
        """The component of a kind that a name means; raises where there is none or it is ambiguous."""


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
    if isinstance(annotation, type) and issubclass(annotation, Component):
        return _read_component(asked, text, annotation, resolver)
    if annotation is Length:
        return _read_length(asked, text)
    if annotation is str:
        return text
    if annotation is bool and text.lower() in _BOOLS:
        return _BOOLS[text.lower()]
    return _expect(asked, _number(text) if annotation in (int, float) else _python(text), annotation)


def _read_union(asked: str, text: str, choices: tuple[Any, ...], resolver: Resolver) -> Any:
    errors = []
    # Plain text fits str whatever it says, so every other choice is asked first.
    for choice in sorted(choices, key=lambda choice: choice is str):
        try:
            return read_value(asked, text, choice, resolver)
        except GanforgeError as error:
            errors.append(error)
    components = [
        error
        for choice, error in zip(sorted(choices, key=lambda choice: choice is str), errors, strict=True)
        if isinstance(choice, type) and issubclass(choice, Component)
    ]
    if len(components) == 1 and text[:1].isalpha() and "(" in text:
        raise components[0]
    raise OverrideError(f"{asked}: expected {' or '.join(map(describe, choices))}.")


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
    return _UNITS[match[2]](float(match[1].replace("_", "").replace(",", "")))


def _read_component(asked: str, text: str, kind: type[Component], resolver: Resolver) -> Component:
    name, _, rest = text.partition("(")
    cls = resolver.find(kind, name.strip())
    keywords = _keywords(asked, f"f({rest}" if rest else "f()", cls, resolver)
    try:
        return cls(**keywords)
    except GanforgeError as error:
        raise OverrideError(f"{asked}: {error.problems[0].message}", error.problems[0].hint) from None


def _keywords(asked: str, call: str, cls: type[Component], resolver: Resolver) -> dict[str, Any]:
    try:
        node = ast.parse(call.strip(), mode="eval").body
    except SyntaxError as error:
        raise OverrideError(f"{asked}: {error.msg}.", "write it as name(parameter=value, …)") from None
    if not isinstance(node, ast.Call) or node.args:
        raise OverrideError(f"{asked}: parameters of {cls.component_name()} are given as parameter=value.")
    return {word.arg or "**": _argument(asked, word.value, cls, resolver) for word in node.keywords}


def _argument(asked: str, node: ast.expr, cls: type[Component], resolver: Resolver) -> Any:
    """A literal, or a component by name or call: ``adam(lr=linear(start=1e-3, until=steps(100)))``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in _UNITS and len(node.args) == 1:
            return _UNITS[node.func.id](ast.literal_eval(node.args[0]))
        return _read_component(asked, ast.unparse(node), Component, resolver)
    try:
        return ast.literal_eval(node)
    except ValueError:
        text = ast.unparse(node)
        raise OverrideError(f"{asked}: {text} is not a literal.", f'write text in quotes: "{text}"') from None


def _number(text: str) -> Any:
    value = _python(text.replace("_", ""))
    # 2e3 is how people write a whole number of steps.
    return int(value) if isinstance(value, float) and value.is_integer() and "e" in text.lower() else value


def _python(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _expect(asked: str, value: Any, annotation: Any) -> Any:
    if accepts(value, annotation):
        return float(value) if annotation is float else value
    raise OverrideError(f"{asked}: expected {describe(annotation)}.")
