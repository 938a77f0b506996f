"""Players, the phases in which they take turns, and the script that they follow."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import attrs

from ..errors import RecipeError, Site
from .annotation import accepts, received
from .component import Component
from .feedback import Readable
from .length import Length
from .network import Network
from .number import Number, Quantity
from .optimizer import Constraint, Optimizer
from .refusal import Refuses
from .signal import Signal
from .site import here, report
from .term import Term

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


def as_tuple(value: Any) -> tuple[Any, ...]:
    """One thing, or several, as a tuple."""
    # Symbols and texts can be iterated as far as Python knows, but are one thing here.
    several = isinstance(value, Iterable) and not isinstance(value, str | Refuses | Component)
    return tuple(value) if several else (value,)


def require(owner: str, what: str, value: object, kind: type | tuple[type, ...], noun: str) -> None:
    """Raise a RecipeError unless a value is of a kind."""
    if not isinstance(value, kind):
        raise RecipeError(f"{owner}: {what} must be {noun}; received {received(value)}.", site=here())


def check_name(what: str, name: object) -> None:
    """Report a name that could not be a file's or a log line's."""
    if not (isinstance(name, str) and NAME.fullmatch(name)):
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
    trains: tuple[Network, ...] = attrs.field(kw_only=True, converter=as_tuple)
    minimizes: Term = attrs.field(kw_only=True)
    optimizer: Optimizer = attrs.field(kw_only=True)
    updates: Number = attrs.field(kw_only=True, default=1)
    constraints: tuple[Constraint, ...] = attrs.field(kw_only=True, default=(), converter=as_tuple)
    site: Site | None = attrs.field(init=False, repr=False, factory=here)

    def __attrs_post_init__(self) -> None:
        owner = f"player {self.name!r}"
        check_name("a player's", self.name)
        require(owner, "minimizes", self.minimizes, Term, "a term")
        require(owner, "optimizer", self.optimizer, Optimizer, "an optimizer")
        for network in self.trains:
            require(owner, "trains", network, Network, "networks")
        if not self.trains:
            report(f"{owner} trains no network.")
        for constraint in self.constraints:
            require(owner, "constraints", constraint, Constraint, "constraints")
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
        check_name("a phase's", name)
        require(f"phase {name!r}", "length", length, Length, "a length such as gf.steps(20_000)")
        for player in players:
            require(f"phase {name!r}", "every player", player, Player, "a gf.Player")
        if not players:
            report(f"phase {name!r} has no players.")
        if length.unit == "steps" and math.isfinite(length.amount) and not length.amount.is_integer():
            report(f"phase {name!r} lasts a whole number of steps; received {length}.")
        self.__attrs_init__(name, players, length, here())  # pyright: ignore[reportAttributeAccessIssue]


@attrs.frozen(eq=False)
class Script:
    """What a game says, before and after its rules have been checked.

    Args:
        phases: Follow one another.
        batch_size: Examples in each batch.
        samples: Signals to draw with fixed noise, by name.
        monitors: Terms, readings or numbers to log, by name.
        site: Where the game was written.
    """

    phases: tuple[Phase, ...]
    batch_size: int
    samples: dict[str, Signal]
    monitors: dict[str, Readable | Quantity]
    site: Site | None = attrs.field(repr=False)

    @property
    def players(self) -> tuple[Player, ...]:
        """All players of all phases."""
        return tuple(player for phase in self.phases for player in phase.players)
