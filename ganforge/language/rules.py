"""The rules of a whole game: everything that can be known to be wrong before anything is opened or built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..errors import Problem
from .feedback import Feedback, Readable, terms_of
from .graph import (
    average_quantities,
    averages_behind,
    batches_behind,
    game_batches,
    game_measures,
    game_networks,
    game_signals,
    monitor_quantities,
    networks_behind,
    ordered,
    played_measures,
    player_quantities,
    read_measures,
    term_signals,
    watched_monitors,
)
from .length import Length
from .network import Evaluation, Network
from .number import Quantity
from .schedule import Schedule
from .signal import Barrier, Operation, PerStep, Signal
from .term import Part

if TYPE_CHECKING:
    from .player import Script

Rule = Callable[["Script"], Iterator[Problem]]


def problems(game: Script) -> list[Problem]:
    """Everything that breaks a rule, in the order of the rules."""
    return list(dict.fromkeys(problem for rule in _RULES for problem in rule(game)))


def _unique_names(game: Script) -> Iterator[Problem]:
    for noun, names in (
        ("phases", [(phase.name, phase.site) for phase in game.phases]),
        ("players", [(player.name, player.site) for player in game.players]),
    ):
        for name, count in Counter(name for name, _ in names).items():
            if count > 1:
                site = [site for other, site in names if other == name][-1]
                yield Problem(f"the game has {count} {noun} called '{name}'.", site)


def _unique_networks(game: Script) -> Iterator[Problem]:
    seen: dict[str, Network] = {}
    trained = [network for player in game.players for network in player.trains]
    for network in [*trained, *networks_behind(game_signals(game))]:
        original = network.average.of if network.average else network
        first = seen.setdefault(original.name, original)
        if first is not original:
            yield Problem(f"two networks are called '{original.name}'; the other is at {first.site}.", original.site)


def _unique_averages(game: Script) -> Iterator[Problem]:
    seen: dict[str, Network] = {}
    for network in averages_behind(game):
        average = network.average
        if average and seen.setdefault(network.name, network).average is not average:
            yield Problem(f"network '{network.name}' has two averages; a game keeps one.", average.site)


def _unique_labels(game: Script) -> Iterator[Problem]:
    for player in game.players:
        seen: dict[str, Part] = {}
        for part in player.minimizes.parts:
            first = seen.get(part.label)
            seen.setdefault(part.label, part)
            if first is not None:
                yield Problem(
                    f"player '{player.name}' has two loss terms called '{part.label}'; "
                    f"the other is at {_line(first, part)}.",
                    part.site,
                    "tell them apart with .named(...)",
                )


def _line(first: Part, second: Part) -> str:
    if first.site and second.site and first.site.file == second.site.file:
        return f"line {first.site.line}"
    return str(first.site)


def _trained_is_reached(game: Script) -> Iterator[Problem]:
    for player in game.players:
        reached = networks_behind(term_signals(player.minimizes), ends=(Barrier,))
        passed = set(map(id, reached))
        for network in player.trains:
            if network.average:
                yield Problem(f"player '{player.name}' trains an average; train '{network.name}' itself.", player.site)
            elif id(network) not in passed:
                names = ", ".join(other.name for other in reached if not other.average) or "no network"
                yield Problem(
                    f"player '{player.name}' trains '{network.name}', but its loss never passes through "
                    f"'{network.name}' (it reaches {names}).",
                    player.site,
                )


def _every_network_is_trained(game: Script) -> Iterator[Problem]:
    trained = {id(network) for player in game.players for network in player.trains}
    for network in game_networks(game).values():
        if id(network) not in trained and not network.frozen:
            yield Problem(
                f"no player trains network '{network.name}'.",
                network.site,
                f"let a player train it, or say {type(network).__name__}({network.name!r}, …, frozen=True)",
            )
        if id(network) in trained and network.frozen:
            yield Problem(f"network '{network.name}' is frozen, but a player trains it.", network.site)


def _trained_twice_in_a_player(game: Script) -> Iterator[Problem]:
    for player in game.players:
        for name, count in Counter(network.name for network in player.trains).items():
            if count > 1:
                yield Problem(f"player '{player.name}' lists network '{name}' {count} times.", player.site)


def _gradient_points_are_upstream(game: Script) -> Iterator[Problem]:
    for measure in game_measures(game):
        if measure.wrt is None:
            continue
        scores = [*measure.inputs, *measure.keywords.values()]
        if (id(measure.wrt.origin), measure.wrt.output) not in _upstream(scores):
            yield Problem(
                f"{measure.name} differentiates with respect to {measure.wrt}, which is not upstream of its scores.",
                measure.site,
            )
        elif measure.wrt.dtype == "int":
            yield Problem(
                f"{measure.name} differentiates with respect to {measure.wrt}, which holds whole numbers.", measure.site
            )


def _upstream(scores: list[Signal]) -> set[tuple[int, int]]:
    """Every output of every expression that scores can be differentiated by."""
    behind = ordered(scores, ends=(Barrier,))
    inputs = [signal for origin in behind if not isinstance(origin, Barrier) for signal in origin.inputs]
    return {(id(signal.origin), signal.output) for signal in [*scores, *inputs]}


def _inputs_fit(game: Script) -> Iterator[Problem]:
    """All evaluations of one network take inputs of one shape (of one channel count if it takes any size)."""
    first: dict[int, Evaluation] = {}
    for origin in ordered(game_signals(game)):
        if not isinstance(origin, Evaluation):
            continue
        network = origin.network
        other = first.setdefault(id(network.average.of if network.average else network), origin)
        shapes, expected = ([signal.shape for signal in e.inputs] for e in (origin, other))
        same = len(shapes) == len(expected) and all(
            _fits(shape, wanted, network.any_size) for shape, wanted in zip(shapes, expected, strict=True)
        )
        if not same:
            yield Problem(
                f"network '{network.name}' takes {_shapes(expected)} at {other.site}, but {_shapes(shapes)} here.",
                origin.site,
            )


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...], any_size: bool) -> bool:
    if any_size and len(shape) == len(wanted) == 3:
        return shape[0] == wanted[0]
    return shape == wanted


def _shapes(shapes: list[tuple[int, ...]]) -> str:
    return " and ".join(map(str, shapes)) or "nothing"


def _epochs_need_data(game: Script) -> Iterator[Problem]:
    """Passes over the data are counted by what a phase's own players draw."""
    for phase in game.phases:
        if any(batches_behind(term_signals(player.minimizes)) for player in phase.players):
            continue
        if phase.length.unit == "epochs":
            yield Problem(
                f"phase '{phase.name}' lasts {phase.length}, but its players draw no data.",
                phase.site,
                "give its length in gf.steps(...)",
            )
        for player in phase.players:
            if any(map(_in_epochs, player_quantities(player))):
                yield Problem(
                    f"player '{player.name}' has a schedule in epochs, but the players of its phase draw no data.",
                    player.site,
                )
    if game_batches(game):
        return
    for network in averages_behind(game):
        if network.average and any(map(_in_epochs, average_quantities(network))):
            yield Problem(
                f"the average of '{network.name}' has a schedule in epochs, but the game draws no data.",
                network.average.site,
            )


def _in_epochs(value: object) -> bool:
    """Whether a schedule's own fields hold a length in epochs."""
    if isinstance(value, tuple):
        return any(map(_in_epochs, value))
    if isinstance(value, Schedule):
        return _in_epochs(tuple(value.values().values()))
    return isinstance(value, Length) and value.unit == "epochs"


def _readings_are_measured(game: Script) -> Iterator[Problem]:
    """Feedbacks read losses that some player computes."""
    measured = {id(measure) for measure in played_measures(game)}
    quantities = [
        *(quantity for player in game.players for quantity in player_quantities(player)),
        *(quantity for network in averages_behind(game) for quantity in average_quantities(network)),
    ]
    readers: list[tuple[str, Readable]] = [("a feedback", q.balance) for q in quantities if isinstance(q, Feedback)]
    for name, value in game.monitors.items():
        found = [quantity for quantity in monitor_quantities(value) if isinstance(quantity, Feedback)]
        readers += [(f"monitor '{name}'", feedback.balance) for feedback in found]
    seen = set()
    for reader, value in readers:
        for part in (part for term in terms_of(value) for part in term.parts):
            if id(part.measure) not in measured and (reader, id(part)) not in seen:
                seen.add((reader, id(part)))
                yield Problem(f"{reader} reads the loss '{part.label}', which no player computes.", part.site)


def _watched_losses_need_no_gradient(game: Script) -> Iterator[Problem]:
    """What only a monitor reads is evaluated without gradients."""
    for name, value in watched_monitors(game).items():
        for measure in read_measures(value):
            if measure.wrt is not None:
                yield Problem(
                    f"monitor '{name}' reads '{measure.name}', which no player computes and which takes a gradient; "
                    "monitors are evaluated without gradients.",
                    measure.site,
                )


def _drawn_signals_stand_still(game: Script) -> Iterator[Problem]:
    """Samples, and what only monitors read, are drawn at any time, so nothing behind them may be scheduled."""
    drawn = [(f"sample '{name}'", [signal]) for name, signal in game.samples.items()]
    drawn += [
        (f"monitor '{name}'", [signal for measure in read_measures(value) for signal in measure.signals])
        for name, value in watched_monitors(game).items()
    ]
    for reader, signals in drawn:
        for origin in ordered(signals):
            for key, value in origin.options.items() if isinstance(origin, Operation) else ():
                if isinstance(value, Quantity):
                    yield Problem(
                        f"{reader} passes through '{origin}', whose '{key}' changes while the game is played.",
                        origin.site,
                    )


def _averages_are_updated(game: Script) -> Iterator[Problem]:
    trained = {id(network) for player in game.players for network in player.trains}
    for network in averages_behind(game):
        # One that is not even frozen breaks the rule of trained networks already.
        if network.average and network.frozen and id(network.average.of) not in trained:
            yield Problem(f"no player trains '{network.name}', so its average never moves.", network.average.site)


def _shared_passes_reach(game: Script) -> Iterator[Problem]:
    """A player with several turns a step loses the graph of a per-step signal after its first."""
    for player in game.players:
        if player.updates == 1:
            continue
        signals = term_signals(player.minimizes)
        reached = set(map(id, networks_behind(signals, ends=(Barrier,))))
        fresh = set(map(id, networks_behind(signals, ends=(PerStep, Barrier))))
        for network in player.trains:
            if id(network) in reached and id(network) not in fresh:
                yield Problem(
                    f"player '{player.name}' takes several turns a step but reaches '{network.name}' only through "
                    "gf.per_step(...), whose graph is gone after the first turn.",
                    player.site,
                )


_RULES: tuple[Rule, ...] = (
    _unique_names,
    _unique_networks,
    _unique_averages,
    _unique_labels,
    _trained_is_reached,
    _trained_twice_in_a_player,
    _every_network_is_trained,
    _gradient_points_are_upstream,
    _inputs_fit,
    _epochs_need_data,
    _readings_are_measured,
    _watched_losses_need_no_gradient,
    _drawn_signals_stand_still,
    _averages_are_updated,
    _shared_passes_reach,
)
