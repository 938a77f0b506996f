"""Feedback: numbers steered by the losses that were last measured."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import attrs

from ..errors import RecipeError, Site
from .annotation import accepts, received
from .number import Number, Quantity
from .refusal import Refuses
from .signal import expect_call
from .site import here, report
from .term import Term

if TYPE_CHECKING:
    from torch import Tensor

Resolve: TypeAlias = Callable[[Number], Any]
"""The value of a number in this step: a float, or a tensor where feedback steers it."""


@attrs.frozen(eq=False, repr=False)
class Reading(Refuses):
    """A number computed from the last measured values of some terms, for monitors and feedback."""

    _noun: ClassVar[str] = "a reading"
    _hint: ClassVar[str] = "put its arithmetic into the function given to gf.reading(...)"

    function: Callable[..., Tensor]
    terms: tuple[Term, ...]
    site: Site | None = attrs.field(factory=here)

    def __repr__(self) -> str:
        return f"<reading of {', '.join(map(repr, self.terms))}>"


Readable: TypeAlias = Term | Reading
"""What a feedback or a monitor can read."""


def reading(function: Callable[..., Tensor], *terms: Term) -> Reading:
    """Compute a number from the last measured values of terms, for monitors and feedback.

    The convergence measure of Berthelot et al. 2017 (arXiv:1703.10717), section 3.4.1, is
    ``gf.reading(lambda real, balance: real + balance.abs(), on_real, gamma * on_real - on_fake)``.

    Args:
        function: Takes as many tensors of one number as there are terms, and returns one.
        terms: What is read.
    """
    for term in terms:
        if not isinstance(term, Term):
            raise RecipeError(f"reading takes terms; received {received(term)}.", site=here())
    if not terms:
        report("reading takes one term or more.")
    expect_call("the function of reading", function, terms, {})
    return Reading(function, terms)


def terms_of(value: Readable) -> tuple[Term, ...]:
    """The terms that something reads."""
    return value.terms if isinstance(value, Reading) else (value,)


@attrs.frozen(eq=False)
class Feedback(Quantity):
    """A number that changes after each step by what was measured.

    Authors of another kind of feedback give ``initial`` and ``advance``. The state is a few numbers, the first
    of which is the feedback's value; it is saved and resumed with the run.

    Args:
        balance: What is read after each step in which all of it has been measured.
    """

    _noun: ClassVar[str] = "a feedback"

    balance: Readable
    site: Site | None = attrs.field(kw_only=True, factory=here, repr=False)

    @abstractmethod
    def initial(self) -> tuple[float, ...]:
        """The state before the first step."""

    @abstractmethod
    def advance(self, state: Tensor, measured: Tensor, resolve: Resolve) -> Tensor:
        """The state after a step.

        Args:
            state: Double precision, of the shape that ``initial`` has.
            measured: The reading, one double-precision number on the same device.
            resolve: Gives the present value of a number that may be scheduled.
        """

    def numbers(self) -> tuple[Number, ...]:
        """The numbers of this feedback that may be scheduled or steered themselves."""
        return ()

    def __str__(self) -> str:
        return type(self).__name__.lower()


@attrs.frozen(eq=False)
class Integral(Feedback):
    """A number that grows by ``gain * balance`` after each step, within bounds."""

    gain: Number
    start: float
    bounds: tuple[float, float]

    def initial(self) -> tuple[float, ...]:
        return (self.start,)

    def advance(self, state: Tensor, measured: Tensor, resolve: Resolve) -> Tensor:
        grown: Tensor = state + resolve(self.gain) * measured
        return grown.clamp(*self.bounds)

    def numbers(self) -> tuple[Number, ...]:
        return (self.gain,)


@attrs.frozen(eq=False)
class Plateau(Feedback):
    """A number that shrinks whenever a smoothed reading has stopped falling."""

    start: float
    factor: float
    patience: int
    threshold: float
    smoothing: float
    end: float

    def __str__(self) -> str:
        return f"plateau(start={self.start:g}, factor={self.factor:g}, patience={self.patience})"

    def initial(self) -> tuple[float, ...]:
        # The value, the smoothed reading, the lowest of it so far, steps since then, and readings so far.
        return (self.start, 0.0, 0.0, 0.0, 0.0)

    def advance(self, state: Tensor, measured: Tensor, resolve: Resolve) -> Tensor:
        value, average, best, waited, seen = state.unbind()
        first = seen == 0
        average = measured.where(first, average * self.smoothing + measured * (1 - self.smoothing))
        better = first | (average < best * (1 - self.threshold))
        waited = (waited + 1).masked_fill(better, 0.0)
        due = waited >= self.patience
        value = (value * self.factor).clamp(min=self.end).where(due, value)
        parts = [value, average, average.where(better, best), waited.masked_fill(due, 0.0), seen + 1]
        changed = state.clone()
        for index, part in enumerate(parts):
            changed[index] = part
        return changed


def integral(
    balance: Readable, *, gain: Number, start: float = 0.0, bounds: tuple[float, float] = (-math.inf, math.inf)
) -> Integral:
    """Steer a number by measured losses: after each step ``k <- clip(k + gain * balance, bounds)``.

    Berthelot et al. 2017 (arXiv:1703.10717), section 3.4 (BEGAN's k_t).

    Args:
        balance: The term or reading whose last measured value is added up.
        gain: Share of it added after each step.
        start: The number before the first step.
        bounds: Least and greatest value.
    """
    if not isinstance(balance, Term | Reading):
        raise RecipeError(f"integral adds up a term; received {received(balance)}.", site=here())
    if not accepts(gain, Number):
        report(f"the gain of integral is a number or a schedule; received {received(gain)}.")
    if not (accepts(bounds, tuple[float, float]) and bounds[0] <= bounds[1]):
        report(f"the bounds of integral are its least and its greatest value; received {received(bounds)}.")
    elif not (accepts(start, float) and bounds[0] <= start <= bounds[1]):
        report(f"integral starts at {received(start)}, which is outside its bounds {bounds}.")
    return Integral(balance, gain, start, bounds)


def plateau(
    balance: Readable,
    *,
    start: float,
    factor: float = 0.5,
    patience: int,
    threshold: float = 0.0,
    smoothing: float = 0.99,
    end: float = 0.0,
) -> Plateau:
    """A number, such as a learning rate, that shrinks whenever a reading has stopped falling.

    After each step the reading is smoothed, ``m <- smoothing m + (1 - smoothing) reading``. When ``m`` has not
    fallen below ``(1 - threshold)`` of its lowest value for ``patience`` steps, the number is multiplied by
    ``factor`` and the wait begins anew. Meant for readings above zero.

    Args:
        balance: The term or reading that is watched.
        start: The number at first.
        factor: What each plateau multiplies it by.
        patience: Steps without an improvement that make a plateau.
        threshold: Share of the lowest value by which a fall counts.
        smoothing: Share of the smoothed reading that each step keeps; 0 reads each step by itself.
        end: Least number.
    """
    if not isinstance(balance, Term | Reading):
        raise RecipeError(f"plateau watches a term or a reading; received {received(balance)}.", site=here())
    for name, value, least, most in (
        ("start", start, -math.inf, math.inf),
        ("factor", factor, 0.0, 1.0),
        ("threshold", threshold, 0.0, 1.0),
        ("smoothing", smoothing, 0.0, 1.0),
        ("end", end, -math.inf, math.inf),
    ):
        if not (accepts(value, float) and least <= value <= most):
            span = "a number" if math.isinf(least) else f"a number from {least:g} to {most:g}"
            report(f"{name} of plateau is {span}; received {received(value)}.")
    if not isinstance(patience, int) or isinstance(patience, bool) or patience < 1:
        report(f"patience of plateau is a whole number of steps, one or more; received {received(patience)}.")
    return Plateau(balance, start, factor, patience, threshold, smoothing, end)
