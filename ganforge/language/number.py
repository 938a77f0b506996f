"""Numbers that change while a game is played: whatever a recipe may write where a number stands."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from .refusal import Refuses


class Quantity(Refuses):
    """A number known only while the game is played: a schedule, a feedback, or a product of them."""

    _noun = "a scheduled number"
    _hint = "it can be multiplied by numbers; more is said by a gf.Schedule with an at() of its own"

    def __mul__(self, other: float | Quantity) -> Product:
        if isinstance(other, Quantity | int | float) and not isinstance(other, bool):
            return Product.of(self, other)
        return NotImplemented

    __rmul__ = __mul__

    def __neg__(self) -> Product:
        return Product.of(self, -1.0)


@attrs.frozen
class Product(Quantity):
    """A constant factor times any number of quantities."""

    factor: float
    quantities: tuple[Quantity, ...]

    @classmethod
    def of(cls, *numbers: float | Quantity) -> Product:
        """Multiply numbers, flattening products inside."""
        factor = 1.0
        quantities: list[Quantity] = []
        for number in numbers:
            if isinstance(number, Product):
                factor *= number.factor
                quantities += number.quantities
            elif isinstance(number, Quantity):
                quantities.append(number)
            else:
                factor *= number
        return cls(factor, tuple(quantities))

    def __str__(self) -> str:
        return product_text(self.factor, self.quantities)


Number: TypeAlias = float | Quantity
"""A plain number, or one that changes while the game is played."""


def product_text(factor: float, quantities: tuple[object, ...], rest: str = "") -> str:
    """Write a product as a recipe would, leaving out a factor of one."""
    words = [str(quantity) for quantity in quantities]
    if factor != 1.0 or not (words or rest):
        words.insert(0, f"{factor:g}")
    return " * ".join([*words, rest] if rest else words)
