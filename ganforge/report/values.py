"""Writes values as a command line takes them."""

from __future__ import annotations

from typing import Any

import attrs

from ..language.component import Component
from ..language.length import Length
from ..language.number import Quantity


def typed(value: object) -> str:
    """A parameter's value as it would be typed after ``name=``."""
    if isinstance(value, str):
        return value
    if isinstance(value, Length):
        return f"{value.amount:.10g}{value.unit}"
    return "none" if value is None else argument(value)


def argument(value: object) -> str:
    """A value as it would be typed inside a component's brackets."""
    if isinstance(value, Component):
        return call(value, _told(value))
    if isinstance(value, Length):
        return f"{value.unit}({value.amount:.10g})"
    if isinstance(value, tuple):
        inside = ", ".join(map(argument, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, list):
        return f"[{', '.join(map(argument, value))}]"
    # Feedback has no words of its own on a command line.
    return str(value) if isinstance(value, Quantity) else repr(value)


def call(component: Component, values: dict[str, Any]) -> str:
    """A component by its name, with some parameters in brackets."""
    name = type(component).component_name()
    inside = ", ".join(f"{key}={argument(value)}" for key, value in values.items())
    return f"{name}({inside})" if inside else name


def numbers(component: Component) -> str:
    """A component with every parameter that does something, defaults included."""
    return call(component, {key: value for key, value in component.values().items() if not _is_off(value)})


def _is_off(value: object) -> bool:
    # Schedules have no truth value.
    return value is None or (isinstance(value, bool | int | float | str) and not value)


def _told(component: Component) -> dict[str, Any]:
    """The parameters that differ from their defaults."""
    defaults = {field.name: field.default for field in type(component).parameters()}
    return {
        key: value
        for key, value in component.values().items()
        if defaults[key] is attrs.NOTHING or value != defaults[key]
    }
