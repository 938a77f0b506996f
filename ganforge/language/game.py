"""Games: players who take turns, in one phase after another."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import attrs

from ..errors import RecipeError, Site
from .annotation import accepts, received
from .component import Component
from .length import Length
from .network import Network
from .number import Number, Quantity
from .optimizer import Constraint, Optimizer
from .refusal import Refuses
from .signal import Signal
from .site import here, report, report_all
from .term import Term

T = TypeVar("T")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


def _tuple(value: Any) -> tuple[Any, ...]:
    # Symbols and texts can be iterated as far as Python knows, but are one thing here.
    several = isinstance(value, Iterable) and not isinstance(value, str | Refuses | Component)
    return tuple(value) if several else (value,)


def _require(owner: str, what: str, value: object, kind: type | tuple[type, ...], noun: str) -> None:
    if not isinstance(value, kind):
        raise RecipeError(f"{owner}: {what} must be {noun}; received {received(value)}.", site=here())


def _check_name(what: str, name: object) -> None:
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        report(f"{what} name is a letter, then letters, digits, '_' or '-'; received {received(name)}.")


@attrs.frozen(eq=False)
class Player:
    """Trains some networks by minimising a term; everything else holds still.

    Args:
        name: Names the player in logs and errors.
        trains: The network or networks it updates.
        minimizes: The term it minimises.
        optimizer: How its networks follow their gradients.
        updates: Turns in each step; may be a schedule of whole numbers.
        constraints: What is done to its networks after each update, such as weight clipping.
    """

    name: str
    trains: tuple[Network, ...] = attrs.field(kw_only=True, converter=_tuple)
    minimizes: Term = attrs.field(kw_only=True)
    optimizer: Optimizer = attrs.field(kw_only=True)
    updates: Number = attrs.field(kw_only=True, default=1)
    constraints: tuple[Constraint, ...] = attrs.field(kw_only=True, default=(), converter=_tuple)
    site: Site | None = attrs.field(init=False, repr=False, factory=here)

    def __attrs_post_init__(self) -> None:
        owner = f"player {self.name!r}"
        _check_name("a player's", self.name)
        _require(owner, "minimizes", self.minimizes, Term, "a term")
        _require(owner, "optimizer", self.optimizer, Optimizer, "an optimizer")
        for network in self.trains:
            _require(owner, "trains", network, Network, "networks")
        if not self.trains:
            report(f"{owner} trains no network.")
        for constraint in self.constraints:
            _require(owner, "constraints", constraint, Constraint, "constraints")
        if not isinstance(self.updates, Quantity) and not (
            accepts(self.updates, float) and self.updates >= 1 and float(self.updates).is_integer()
        ):
            text = received(self.updates)
            report(f"{owner} takes a whole number of turns a step, one or more; received updates={text}.")


@attrs.frozen(eq=False, init=False)
class Phase:
    """Players taking turns for a length, in the order written.

    Args:
        name: Names the phase.
        players: Take their turns in this order in each step.
        length: When the phase is over.
    """

    name: str
    players: tuple[Player, ...]
    length: Length
    site: Site | None = attrs.field(repr=False)

    def __init__(self, name: str, *players: Player, length: Length) -> None:
        _check_name("a phase's", name)
        _require(f"phase {name!r}", "length", length, Length, "a length such as gf.steps(20_000)")
        for player in players:
            _require(f"phase {name!r}", "every player", player, Player, "a gf.Player")
        if not players:
            report(f"phase {name!r} has no players.")
        if length.unit == "steps" and math.isfinite(length.amount) and not length.amount.is_integer():
            report(f"phase {name!r} lasts a whole number of steps; received {length}.")
        self.__attrs_init__(name, players, length, here())  # pyright: ignore[reportAttributeAccessIssue]


@attrs.frozen(eq=False, init=False)
class Game:
    """The whole experiment: phases, batch size, samples and monitors. Building one checks all its rules.

    Args:
        play: Players who share one phase, or phases that follow one another.
        batch_size: Examples in each batch.
        length: When the only phase is over; left out where phases are given.
        samples: Signals to draw with fixed noise while training and afterwards.
        monitors: Terms or numbers to log, read from the last measured losses.
    """

    phases: tuple[Phase, ...]
    batch_size: int
    samples: dict[str, Signal]
    monitors: dict[str, Term | Quantity]
    site: Site | None = attrs.field(repr=False)

    def __init__(
        self,
        *play: Player | Phase,
        batch_size: int,
        length: Length | None = None,
        samples: Signal | Mapping[str, Signal] | None = None,
        monitors: Mapping[str, Term | Quantity] | None = None,
    ) -> None:
        from .rules import problems

        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            report(f"batch_size is a whole number, one or more; received {received(batch_size)}.")
        phases, drawn, read = _phases(play, length), _samples(samples), _monitors(monitors)
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]
            phases, batch_size, drawn, read, here()
        )
        found = problems(self)
        if found:
            report_all(found)

    @property
    def players(self) -> tuple[Player, ...]:
        """All players of all phases."""
        return tuple(player for phase in self.phases for player in phase.players)


def _phases(play: tuple[Player | Phase, ...], length: Length | None) -> tuple[Phase, ...]:
    phases = [item for item in play if isinstance(item, Phase)]
    if phases and (len(phases) < len(play) or length is not None):
        raise RecipeError("a game is played by phases, each with its length, or by players and a length.", site=here())
    if phases:
        return tuple(phases)
    if length is None:
        report("a game of players needs a length.", hint="length=gf.epochs(25) or length=gf.steps(20_000)")
        length = Length(math.inf, "steps")
    return (Phase("train", *play, length=length),)  # type: ignore[arg-type]


def _samples(samples: Signal | Mapping[str, Signal] | None) -> dict[str, Signal]:
    named = {"samples": samples} if isinstance(samples, Signal) else ({} if samples is None else samples)
    _require("game", "samples", named, Mapping, "a signal, or signals by name")
    for name, signal in named.items():
        _check_name("a sample's", name)
        _require("game", f"sample {name!r}", signal, Signal, "a signal")
    return dict(named)


def _monitors(monitors: Mapping[str, Term | Quantity] | None) -> dict[str, Term | Quantity]:
    named = {} if monitors is None else monitors
    _require("game", "monitors", named, Mapping, "terms or schedules by name")
    for name, value in named.items():
        _check_name("a monitor's", name)
        _require("game", f"monitor {name!r}", value, (Term, Quantity), "a term or a schedule")
    return dict(named)
