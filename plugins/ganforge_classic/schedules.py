"""Schedules: numbers that follow the progress of a phase, counted in steps, epochs or thousands of images."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import attrs

import ganforge as gf

from .ranges import within


def _passed(now: gf.Progress, length: gf.Length) -> float:
    share = now / length
    if math.isnan(share):
        raise ValueError(f"a schedule counts {length}, but the game draws no data to count epochs by")
    return share


def _share(now: gf.Progress, begin: gf.Length, until: gf.Length) -> float:
    """How much of the way from begin to until has passed, from 0 to 1."""
    if _passed(now, until) >= 1:
        return 1.0
    if _passed(now, begin) < 1:
        return 0.0
    return (now / gf.Length(1.0, until.unit) - begin.amount) / (until.amount - begin.amount)


def _mix(start: float, end: float, share: float) -> float:
    # In this form both ends are exact.
    return start * (1 - share) + end * share


def _begins_before(schedule: Linear | Cosine, _: attrs.Attribute[Any], begin: gf.Length) -> None:
    until = schedule.until
    if begin.amount and begin.unit != until.unit:
        raise ValueError(f"'begin' and 'until' must count alike; received {begin} and {until}")
    if begin.amount > until.amount:
        raise ValueError(f"'begin' must not come after 'until'; received {begin} and {until}")


def _lasts(_: object, field: attrs.Attribute[Any], length: gf.Length) -> None:
    if length.amount <= 0:
        raise ValueError(f"'{field.name}' must be longer than nothing; received {length}")


@gf.component("constant")
class Constant(gf.Schedule):
    """The same number always: v(t) = value.

    Args:
        value: The number.
    """

    value: float = attrs.field(validator=within("(-inf, inf)"))

    def at(self, now: gf.Progress) -> float:
        return float(self.value)


@gf.component("linear")
class Linear(gf.Schedule):
    """A straight line: v(t) = start + (end - start) (t - begin) / (until - begin), flat before and after.

    Args:
        start: The number up to ``begin``.
        end: The number from ``until`` on.
        until: When the line ends.
        begin: When the line begins, in the unit of ``until``.
    """

    start: float = attrs.field(validator=within("(-inf, inf)"))
    end: float = attrs.field(validator=within("(-inf, inf)"))
    until: gf.Length
    begin: gf.Length = attrs.field(default=gf.steps(0), validator=_begins_before)

    def at(self, now: gf.Progress) -> float:
        return _mix(self.start, self.end, _share(now, self.begin, self.until))


@gf.component("geometric")
class Geometric(Linear):
    """A straight line of the logarithm: v(t) = start (end / start)^((t - begin) / (until - begin)).

    Flat before and after. Donahue et al. 2016 (arXiv:1605.09782) let their rate fall to a hundredth so.

    Args:
        start: The number up to ``begin``.
        end: The number from ``until`` on.
        until: When the curve ends.
        begin: When the curve begins, in the unit of ``until``.
    """

    start: float = attrs.field(validator=within("(0, inf)"))
    end: float = attrs.field(validator=within("(0, inf)"))

    def at(self, now: gf.Progress) -> float:
        if self.start == self.end:
            return float(self.start)
        share = (super().at(now) - self.start) / (self.end - self.start)
        # In this form both ends are exact.
        return float(self.start ** (1 - share) * self.end**share)


@gf.component("cosine")
class Cosine(gf.Schedule):
    """Half a cosine: v(t) = end + (start - end) (1 + cos(pi (t - begin) / (until - begin))) / 2.

    Loshchilov & Hutter 2016 (arXiv:1608.03983), equation 5, without restarts; flat before and after.

    Args:
        start: The number up to ``begin``.
        end: The number from ``until`` on.
        until: When the curve ends.
        begin: When the curve begins, in the unit of ``until``.
    """

    start: float = attrs.field(validator=within("(-inf, inf)"))
    end: float = attrs.field(default=0.0, validator=within("(-inf, inf)"))
    until: gf.Length
    begin: gf.Length = attrs.field(default=gf.steps(0), validator=_begins_before)

    def at(self, now: gf.Progress) -> float:
        share = _share(now, self.begin, self.until)
        return _mix(self.start, self.end, (1 - math.cos(math.pi * share)) / 2)


@gf.component("step")
class Step(gf.Schedule):
    """Stairs: v(t) = start factor^floor(t / interval).

    Args:
        start: The number of the first stair.
        factor: What each stair multiplies it by; ``Piecewise`` has stairs that rise.
        interval: Length of each stair.
    """

    start: float = attrs.field(validator=within("(-inf, inf)"))
    factor: float = attrs.field(validator=within("(0, 1]"))
    interval: gf.Length = attrs.field(validator=_lasts)

    def at(self, now: gf.Progress) -> float:
        # 0.3 epochs are three intervals of 0.1, though their quotient rounds to a little less.
        return float(self.start * self.factor ** math.floor(_passed(now, self.interval) + 1e-9))


def _floor_fits(schedule: Exponential, _: attrs.Attribute[Any], end: float) -> None:
    if end > schedule.start:
        raise ValueError(f"'end' must not be above 'start'; received {end} and {schedule.start}")


@gf.component("exponential")
class Exponential(gf.Schedule):
    """Exponential decay: v(t) = max(end, start factor^(t / interval)).

    Goodfellow et al. 2014's code divides its learning rate by 1.000004 in each step, down to 1e-6:
    ``Exponential(start=0.1, factor=1 / 1.000004, interval=gf.steps(1), end=1e-6)``.

    Args:
        start: The number at first.
        factor: What a whole interval multiplies it by.
        interval: The length that takes.
        end: Least number.
    """

    start: float = attrs.field(validator=within("[0, inf)"))
    factor: float = attrs.field(validator=within("(0, 1]"))
    interval: gf.Length = attrs.field(validator=_lasts)
    end: float = attrs.field(default=0.0, validator=[within("[0, inf)"), _floor_fits])

    def at(self, now: gf.Progress) -> float:
        return float(max(self.end, self.start * self.factor ** _passed(now, self.interval)))


@gf.component("inverse-time")
class InverseTime(gf.Schedule):
    """Inverse-time decay: v(t) = start / (1 + rate t / interval).

    With the interval of one step this is the ``decay`` of Keras's older optimizers, which count updates: for
    a player that takes n turns a step, multiply its decay by n.

    Args:
        start: The number at first.
        rate: Growth of the divisor in each interval.
        interval: The length in which the divisor grows by ``rate``.
    """

    start: float = attrs.field(validator=within("(-inf, inf)"))
    rate: float = attrs.field(validator=within("[0, inf)"))
    interval: gf.Length = attrs.field(default=gf.steps(1), validator=_lasts)

    def at(self, now: gf.Progress) -> float:
        return self.start / (1 + self.rate * _passed(now, self.interval))


def _boundaries_fit(schedule: Piecewise, _: attrs.Attribute[Any], boundaries: tuple[gf.Length, ...]) -> None:
    wanted, levels = len(boundaries) + 1, len(schedule.levels)
    if levels != wanted:
        raise ValueError(f"{len(boundaries)} boundaries part {wanted} levels; received {levels}")
    if not all(a.unit == b.unit and a.amount < b.amount for a, b in pairwise(boundaries)):
        raise ValueError(f"'boundaries' must rise, in one unit; received {', '.join(map(str, boundaries))}")


@gf.component("piecewise")
class Piecewise(gf.Schedule):
    """One number after another: v(t) = levels[n], n the number of boundaries that t has reached.

    Args:
        levels: The numbers, one more than there are boundaries.
        boundaries: Where each next number begins, rising and in one unit.
    """

    levels: tuple[float, ...] = attrs.field(validator=within("(-inf, inf)"))
    boundaries: tuple[gf.Length, ...] = attrs.field(validator=_boundaries_fit)

    def at(self, now: gf.Progress) -> float:
        return float(self.levels[sum(_passed(now, boundary) >= 1 for boundary in self.boundaries)])


@gf.component("warmup")
class Warmup(gf.Schedule):
    """A linear rise to another number or schedule: v(t) = min(1, t / over) to(t).

    The first step has the number 0. Goyal et al. 2017 (arXiv:1706.02677), section 2.2.

    Args:
        to: The number or schedule that is reached; a schedule runs from the start of the phase, not from the
            end of the rise.
        over: Length of the rise.
    """

    to: float | gf.Schedule = attrs.field(validator=within("(-inf, inf)"))
    over: gf.Length

    def at(self, now: gf.Progress) -> float:
        reached = self.to.at(now) if isinstance(self.to, gf.Schedule) else self.to
        return min(1.0, _passed(now, self.over)) * reached


@gf.component("bursts")
class Bursts(gf.Schedule):
    """A number of turns that is now and then much greater, for ``updates``.

    v(t) = burst if t < first or the step is a multiple of every, else base

    The defaults are those of WGAN's code, Arjovsky et al. 2017 (arXiv:1701.07875): 100 critic updates in each
    of the first 25 steps and at every 500th, counted from 0, and 5 otherwise.

    Args:
        base: Turns in an ordinary step.
        burst: Turns in the others.
        first: How long the phase begins with bursts.
        every: Steps from one later burst to the next.
    """

    base: int = attrs.field(default=5, validator=within("[1, inf)"))
    burst: int = attrs.field(default=100, validator=within("[1, inf)"))
    first: gf.Length = gf.steps(25)
    every: int = attrs.field(default=500, validator=within("[1, inf)"))

    def at(self, now: gf.Progress) -> float:
        bursting = _passed(now, self.first) < 1 or now.steps % self.every == 0
        return float(self.burst if bursting else self.base)
