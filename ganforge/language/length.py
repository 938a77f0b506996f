"""How long something lasts, and how far a phase has come."""

from __future__ import annotations

import math
from typing import Literal

import attrs

from .annotation import received
from .site import report

Unit = Literal["steps", "epochs", "kimg"]


@attrs.frozen
class Length:
    """A stretch of training: a number of steps, of passes over the data, or of thousands of real images."""

    amount: float
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount:,.10g} {self.unit}"


def steps(amount: float) -> Length:
    """So many steps; a step is every player's turns once."""
    return _length(amount, "steps")


def epochs(amount: float) -> Length:
    """So many passes over the data set, counted by the real images drawn."""
    return _length(amount, "epochs")


def kimg(amount: float) -> Length:
    """So many thousand real images drawn."""
    return _length(amount, "kimg")


def _length(amount: float, unit: Unit) -> Length:
    if isinstance(amount, int | float) and not isinstance(amount, bool) and 0 <= amount < math.inf:
        return Length(float(amount), unit)
    report(f"a length in {unit} is a finite number, zero or more; received {received(amount)}.")
    return Length(1.0, unit)


@attrs.frozen
class Progress:
    """How far a phase has come when a step begins.

    Args:
        steps: Steps played in this phase.
        images: Real images drawn in this phase (for steps that draw none: batch size times steps).
        epochs: Passes over the data in this phase; nan without data.
    """

    steps: int
    images: int = 0
    epochs: float = math.nan

    def __truediv__(self, length: Length) -> float:
        """The share of a length that has passed; above 1 when it is over, inf for a length of zero."""
        done = {"steps": float(self.steps), "epochs": self.epochs, "kimg": self.images / 1000}[length.unit]
        return done / length.amount if length.amount else math.inf
