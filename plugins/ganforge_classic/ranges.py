"""Validators of numeric fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def within(interval: str) -> Validator:
    """The validator that holds a number, or each number of a tuple, within an interval.

    What is no number passes: None where a field may be left open, and schedules.

    Args:
        interval: As mathematicians write it: ``"[0, 1)"`` holds 0 but not 1, ``"(-inf, inf)"`` all finite
            numbers.
    """
    least, most = (float(end) for end in interval[1:-1].split(","))

    def holds(number: float) -> bool:
        above = number >= least if interval[0] == "[" else number > least
        below = number <= most if interval[-1] == "]" else number < most
        return above and below

    def validate(_: object, field: attrs.Attribute[Any], value: object) -> None:
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int | float) and not holds(number):
                raise ValueError(f"'{field.name}' must be in {interval}; received {value!r}")

    return validate
