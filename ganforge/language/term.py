"""Terms: weighted sums of scalar losses."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import attrs

from ..errors import RecipeError, Site
from .annotation import received
from .number import Number, Product, Quantity, product_text
from .refusal import Refuses
from .signal import Signal
from .site import here, report

if TYPE_CHECKING:
    from torch import Tensor


@attrs.frozen(eq=False, kw_only=True)
class Measure:
    """One scalar loss of some signals, computed once in each turn that needs it.

    Args:
        name: The loss's name.
        function: A function of tensors that returns one number.
        inputs: Signals given to it by position.
        keywords: Signals given to it by keyword.
        wrt: The gradient point: the signal that the loss differentiates by itself.
    """

    name: str
    function: Callable[..., Tensor]
    inputs: tuple[Signal, ...] = ()
    keywords: dict[str, Signal] = attrs.field(factory=dict)
    wrt: Signal | None = None
    site: Site | None = attrs.field(factory=here, repr=False)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Every signal that must exist before the loss can be computed."""
        return (*self.inputs, *self.keywords.values(), *([self.wrt] if self.wrt is not None else []))


@attrs.frozen(eq=False, kw_only=True)
class Part:
    """One weighted loss of a term.

    Args:
        measure: The loss.
        factor: Constant part of its weight.
        quantities: Scheduled or steered parts of its weight.
        label: Its name within the player.
        interval: It is computed in every so-manieth turn and multiplied by that number.
    """

    measure: Measure
    factor: float = 1.0
    quantities: tuple[Quantity, ...] = ()
    label: str
    interval: int = 1
    site: Site | None = attrs.field(factory=here, repr=False)

    def __str__(self) -> str:
        text = product_text(self.factor, self.quantities, self.label)
        return text if self.interval == 1 else f"{text}, every {self.interval} turns"


@attrs.frozen(eq=False, repr=False)
class Term(Refuses):
    """A weighted sum of scalar losses; closed under ``+``, ``-`` and multiplication by a number."""

    _noun: ClassVar[str] = "a term"
    _hint: ClassVar[str] = "terms are added, subtracted and multiplied by numbers; all else belongs in a loss"

    parts: tuple[Part, ...]

    def __repr__(self) -> str:
        # attrs would write out everything behind the losses.
        return f"<term {' + '.join(map(str, self.parts))}>"

    def named(self, label: str) -> Term:
        """Give a single loss another label."""
        if len(self.parts) != 1:
            report(f"'{label}' cannot name {len(self.parts)} losses at once.", hint="name each before adding them")
            return self
        if not (isinstance(label, str) and label):
            report(f"a loss is named by some text; received {received(label)}.")
            return self
        return Term((attrs.evolve(self.parts[0], label=label, site=here()),))

    def every(self, interval: int) -> Term:
        """Compute the losses in every ``interval``-th turn only, multiplied by ``interval``.

        Lazy regularisation: Karras et al. 2020 (arXiv:1912.04958), section 3.1.
        """
        if not isinstance(interval, int) or isinstance(interval, bool) or interval < 1:
            report(f"every() takes a whole number of turns, one or more; received {received(interval)}.")
            return self
        return Term(tuple(attrs.evolve(part, interval=part.interval * interval) for part in self.parts))

    def __add__(self, other: Term) -> Term:
        if not isinstance(other, Term):
            raise RecipeError(f"a term is added to terms only; received {received(other)}.", site=here())
        return Term(self.parts + other.parts)

    def __radd__(self, other: int) -> Term:
        # sum() begins with zero.
        return self if other == 0 else self + other  # type: ignore[operator]

    def __sub__(self, other: Term) -> Term:
        if not isinstance(other, Term):
            raise RecipeError(f"only terms are subtracted from a term; received {received(other)}.", site=here())
        return self + -other

    def __neg__(self) -> Term:
        return self * -1.0

    def __mul__(self, number: Number) -> Term:
        if isinstance(number, bool) or not isinstance(number, int | float | Quantity):
            raise RecipeError(f"a term is multiplied by a number; received {received(number)}.", site=here())
        weight = Product.of(number)
        if not math.isfinite(weight.factor):
            report(f"the weight of a term is a finite number; received {weight.factor}.")
        return Term(
            tuple(
                attrs.evolve(part, factor=part.factor * weight.factor, quantities=weight.quantities + part.quantities)
                for part in self.parts
            )
        )

    __rmul__ = __mul__
