"""Schedules: numbers that depend on progress."""

from __future__ import annotations

from typing import ClassVar

from .component import Component, component
from .length import Progress
from .number import Quantity


@component()
class Schedule(Component, Quantity):
    """A number that depends on how far the phase has come; allowed wherever a number is."""

    kind: ClassVar[str] = "schedule"
    _noun: ClassVar[str] = "a schedule"

    def at(self, now: Progress) -> float:
        """The number for the step that begins now; ``now / length`` is the share of a length that has passed."""
        raise NotImplementedError(f"{type(self).__name__} has no at()")

    def __str__(self) -> str:
        values = ", ".join(f"{key}={value}" for key, value in self.values().items())
        return f"{type(self).component_name()}({values})"
