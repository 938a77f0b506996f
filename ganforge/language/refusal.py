"""What symbols refuse to do while a recipe is read, each with one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from ..errors import RecipeError
from .site import here

_ARITHMETIC = {
    "+": ("add", "radd"),
    "-": ("sub", "rsub", "neg"),
    "*": ("mul", "rmul"),
    "/": ("truediv", "rtruediv"),
    "**": ("pow", "rpow"),
    "@": ("matmul", "rmatmul"),
    "//": ("floordiv", "rfloordiv"),
    "%": ("mod", "rmod"),
    "<": ("lt",),
    ">": ("gt",),
    "<=": ("le",),
    ">=": ("ge",),
    "[]": ("getitem",),
    "abs()": ("abs",),
}


class Refuses:
    """Refuses arithmetic, truth value, iteration and ``float()``; subclasses define what they do allow."""

    _noun: ClassVar[str] = "a symbol"
    _hint: ClassVar[str] = ""

    if not TYPE_CHECKING:
        # Static checkers report these uses by the absence of the methods; at run time each gets a sentence.

        def __bool__(self) -> NoReturn:
            self._refuse("has no truth value", "decide with plain Python values, such as the recipe's parameters")

        def __iter__(self) -> NoReturn:
            self._refuse("cannot be iterated", "")

        def __float__(self) -> NoReturn:
            self._refuse("has no value", "values exist only while a turn is played; log them as monitors")

        def __len__(self) -> NoReturn:
            self._refuse("has no length", "")

        __int__ = __float__

    def _refuse(self, what: str, hint: str) -> NoReturn:
        raise RecipeError(f"{self._noun} {what} while the recipe is being read.", hint or self._hint, here())


def _refusal(operator: str) -> Any:
    def refuse(self: Refuses, *_: object) -> NoReturn:
        self._refuse(f"has no '{operator}'", "")

    return refuse


if not TYPE_CHECKING:
    for _operator, _names in _ARITHMETIC.items():
        for _name in _names:
            setattr(Refuses, f"__{_name}__", _refusal(_operator))
