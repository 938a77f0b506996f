"""The values of schedules, feedbacks and weighted sums in one step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
from torch import Tensor

from ..language.component import Component
from ..language.length import Progress
from ..language.number import Product, Quantity
from ..language.schedule import Schedule
from ..language.term import Integral, Measure, Part, Term


def now_number(number: Any, now: Progress, integrals: Mapping[Integral, Tensor]) -> Any:
    """The value of a number in this step; a tensor where feedback steers it; tuples item by item."""
    if isinstance(number, tuple):
        return tuple(now_number(item, now, integrals) for item in number)
    if isinstance(number, Product):
        value: float | Tensor = number.factor
        for quantity in number.quantities:
            value = value * now_number(quantity, now, integrals)
        return value
    if isinstance(number, Integral):
        return integrals[number]
    return number.at(now) if isinstance(number, Schedule) else number


def plain_number(number: Any, now: Progress, integrals: Mapping[Integral, Tensor]) -> Any:
    """The same for what torch takes as Python numbers; where feedback steers it, the host waits for the device."""
    value = now_number(number, now, integrals)
    if isinstance(value, tuple):
        return tuple(plain_number(item, now, integrals) for item in value)
    return value.item() if isinstance(value, Tensor) else value


def scheduled_fields(component: Component) -> dict[str, Any]:
    """The fields of an optimizer or a constraint that change while the game is played."""
    return {
        name: value
        for name, value in component.values().items()
        if any(isinstance(item, Quantity) for item in (value if isinstance(value, tuple) else (value,)))
    }


def weighted(
    parts: Iterable[Part], measured: Mapping[Measure, Tensor], now: Progress, integrals: Mapping[Integral, Tensor]
) -> Tensor:
    """The weighted sum of measured losses, lazy ones multiplied by their interval."""
    total: Tensor | None = None
    for part in parts:
        weight = now_number(Product(part.factor * part.interval, part.quantities), now, integrals)
        value = measured[part.measure]
        # A weight of exactly one is the common case and needs no kernel.
        value = value if isinstance(weight, float) and weight == 1.0 else value * weight
        total = value if total is None else total + value
    assert total is not None
    return total


def read_term(
    term: Term, measured: Mapping[Measure, Tensor], now: Progress, integrals: Mapping[Integral, Tensor]
) -> Tensor:
    """The last measured value of a term, as feedback and monitors read it: laziness does not weigh here."""
    return weighted([attrs.evolve(part, interval=1) for part in term.parts], measured, now, integrals)
