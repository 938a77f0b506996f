"""The values of schedules, feedbacks and weighted sums in one step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import attrs
from torch import Tensor

from ..language.component import Component
from ..language.feedback import Feedback, Readable, Reading
from ..language.length import Progress
from ..language.number import Product, Quantity
from ..language.schedule import Schedule
from ..language.term import Measure, Part

Weights: TypeAlias = list[float | Tensor]
"""Of losses: numbers, or tensors where feedback steers them."""


def now_number(number: Any, now: Progress, feedbacks: Mapping[Feedback, Tensor]) -> Any:
    """The value of a number in this step; a tensor where feedback steers it; tuples item by item."""
    if isinstance(number, tuple):
        return tuple(now_number(item, now, feedbacks) for item in number)
    if isinstance(number, Product):
        value: float | Tensor = number.factor
        for quantity in number.quantities:
            value = value * now_number(quantity, now, feedbacks)
        return value
    if isinstance(number, Feedback):
        return feedbacks[number][0]
    return number.at(now) if isinstance(number, Schedule) else number


def plain_number(number: Any, now: Progress, feedbacks: Mapping[Feedback, Tensor]) -> Any:
    """The same for what torch takes as Python numbers; where feedback steers it, the host waits for the device."""
    value = now_number(number, now, feedbacks)
    if isinstance(value, tuple):
        return tuple(plain_number(item, now, feedbacks) for item in value)
    return value.item() if isinstance(value, Tensor) else value


def is_changing(value: Any) -> bool:
    """Whether a value, or an item of a tuple, is a schedule or steered by feedback."""
    return any(isinstance(item, Quantity) for item in (value if isinstance(value, tuple) else (value,)))


def scheduled_fields(component: Component) -> dict[str, Any]:
    """The fields of an optimizer or a constraint that change while the game is played."""
    return {name: value for name, value in component.values().items() if is_changing(value)}


def weights_of(parts: Iterable[Part], now: Progress, feedbacks: Mapping[Feedback, Tensor]) -> Weights:
    """The weights of losses in this step; lazy ones are multiplied by their interval."""
    return [now_number(Product(part.factor * part.interval, part.quantities), now, feedbacks) for part in parts]


def weighted(parts: Iterable[Part], measured: Mapping[Measure, Tensor], weights: Weights) -> Tensor:
    """The weighted sum of measured losses."""
    total: Tensor | None = None
    for part, weight in zip(parts, weights, strict=True):
        value = measured[part.measure]
        # A weight of exactly one is the common case and needs no kernel.
        value = value if isinstance(weight, float) and weight == 1.0 else value * weight
        total = value if total is None else total + value
    assert total is not None
    return total


def read(
    value: Readable, measured: Mapping[Measure, Tensor], now: Progress, feedbacks: Mapping[Feedback, Tensor]
) -> Tensor:
    """The last measured value of what feedback and monitors read: laziness does not weigh here."""
    if isinstance(value, Reading):
        number: Tensor = value.function(*(read(term, measured, now, feedbacks) for term in value.terms))
        return number
    parts = [attrs.evolve(part, interval=1) for part in value.parts]
    return weighted(parts, measured, weights_of(parts, now, feedbacks))
