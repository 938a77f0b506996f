"""Games: the whole experiment, checked as it is built."""

from __future__ import annotations

import math
from collections.abc import Mapping

import attrs

from ..errors import RecipeError
from .annotation import received
from .feedback import Readable, Reading
from .length import Length
from .number import Quantity
from .player import Phase, Player, Script, check_name, require
from .rules import problems
from .signal import Signal
from .site import here, report, report_all
from .term import Term


@attrs.frozen(eq=False, init=False)
class Game(Script):
    """The whole experiment: phases, batch size, samples and monitors. Building one checks all its rules.

    Args:
        play: Players who share one phase, or phases that follow one another.
        batch_size: Examples in each batch.
        length: When the only phase is over; left out where phases are given.
        samples: Signals to draw with fixed noise while training and afterwards.
        monitors: Terms, readings or numbers to log, from the last measured losses. One that reads a loss which no
            player computes is watched: evaluated whenever samples are drawn, in evaluation mode, on 1,000 fixed
            examples.
    """

    def __init__(
        self,
        *play: Player | Phase,
        batch_size: int,
        length: Length | None = None,
        samples: Signal | Mapping[str, Signal] | None = None,
        monitors: Mapping[str, Readable | Quantity] | None = None,
    ) -> None:
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            report(f"batch_size is a whole number, one or more; received {received(batch_size)}.")
        phases, drawn, read = _phases(play, length), _samples(samples), _monitors(monitors)
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]
            phases, batch_size, drawn, read, here()
        )
        found = problems(self)
        if found:
            report_all(found)


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
    require("game", "samples", named, Mapping, "a signal, or signals by name")
    for name, signal in named.items():
        check_name("a sample's", name)
        require("game", f"sample {name!r}", signal, Signal, "a signal")
    return dict(named)


def _monitors(monitors: Mapping[str, Readable | Quantity] | None) -> dict[str, Readable | Quantity]:
    named = {} if monitors is None else monitors
    require("game", "monitors", named, Mapping, "terms, readings or schedules by name")
    for name, value in named.items():
        check_name("a monitor's", name)
        require("game", f"monitor {name!r}", value, (Term, Reading, Quantity), "a term, a reading or a schedule")
    return dict(named)
