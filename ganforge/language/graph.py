"""Walks over the expressions of a game."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .component import Component
from .data import Batch
from .feedback import Feedback, Readable, Reading, terms_of
from .network import Evaluation, Network
from .number import Product, Quantity
from .signal import Expression, ImagePool, Operation, Signal
from .term import Measure, Term

if TYPE_CHECKING:
    from .player import Player, Script


def ordered(signals: Iterable[Signal], ends: tuple[type[Expression], ...] = ()) -> list[Expression]:
    """All expressions behind some signals, inputs first, each once, in the order written.

    Args:
        signals: Where to start.
        ends: Kinds of expression behind which not to go on, such as the pools that stop gradients.
    """
    seen: dict[int, Expression] = {}
    # An explicit stack: recipes may nest deeper than Python's recursion limit.
    stack = [(signal.origin, False) for signal in reversed(list(signals))]
    while stack:
        origin, ready = stack.pop()
        if id(origin) in seen:
            continue
        if ready:
            seen[id(origin)] = origin
            continue
        stack.append((origin, True))
        if not isinstance(origin, ends):
            stack += [(signal.origin, False) for signal in reversed(origin.inputs)]
    return list(seen.values())


def networks_behind(signals: Iterable[Signal], ends: tuple[type[Expression], ...] = ()) -> list[Network]:
    """The networks evaluated behind some signals, each once, without going on behind some kinds of expression."""
    found = {id(origin.network): origin.network for origin in ordered(signals, ends) if isinstance(origin, Evaluation)}
    return list(found.values())


def term_signals(term: Term) -> list[Signal]:
    """Every signal that a term's losses read."""
    return [signal for part in term.parts for signal in part.measure.signals]


def quantities_of(number: object) -> Iterator[Quantity]:
    """The schedules and feedbacks that a number is made of, including those that feedbacks read."""
    if isinstance(number, tuple):
        for item in number:
            yield from quantities_of(item)
    elif isinstance(number, Product):
        yield from quantities_of(number.quantities)
    elif isinstance(number, Feedback):
        yield number
        yield from quantities_of(number.numbers())
        yield from read_quantities(number.balance)
    elif isinstance(number, Quantity):
        yield number
        if isinstance(number, Component):  # A schedule may be made of others.
            yield from quantities_of(tuple(number.values().values()))


def term_quantities(term: Term) -> Iterator[Quantity]:
    """The schedules and feedbacks in a term's weights."""
    for part in term.parts:
        yield from quantities_of(part.quantities)


def read_quantities(value: Readable) -> Iterator[Quantity]:
    """The schedules and feedbacks in the weights of what is read."""
    for term in terms_of(value):
        yield from term_quantities(term)


def operation_quantities(signals: Iterable[Signal]) -> Iterator[Quantity]:
    """The changing numbers among the options of the operations behind some signals."""
    for origin in ordered(signals):
        if isinstance(origin, Operation):
            yield from quantities_of(tuple(origin.options.values()))


def player_quantities(player: Player) -> Iterator[Quantity]:
    """Every changing number that a player uses: weights, options, updates, fields of optimizer and constraints."""
    yield from term_quantities(player.minimizes)
    yield from operation_quantities(term_signals(player.minimizes))
    yield from quantities_of(player.updates)
    for component in (player.optimizer, *player.constraints):
        yield from quantities_of(tuple(component.values().values()))


def game_terms(game: Script) -> Iterator[Term]:
    """What every player minimises."""
    for player in game.players:
        yield player.minimizes


def watched_monitors(game: Script) -> dict[str, Readable]:
    """The monitors that read a loss which no player computes; the engine evaluates them now and then."""
    played = set(map(id, played_measures(game)))
    return {
        name: value
        for name, value in game.monitors.items()
        if isinstance(value, Term | Reading) and not played.issuperset(map(id, read_measures(value)))
    }


def watched_signals(game: Script) -> list[Signal]:
    """Every signal that a watched monitor reads."""
    return [
        signal
        for value in watched_monitors(game).values()
        for measure in read_measures(value)
        for signal in measure.signals
    ]


def game_signals(game: Script) -> list[Signal]:
    """Every signal at an end of the game: read by a loss, watched by a monitor or drawn as a sample."""
    read = [signal for term in game_terms(game) for signal in term_signals(term)]
    return [*read, *watched_signals(game), *game.samples.values()]


def game_networks(game: Script) -> dict[str, Network]:
    """Every network of a game by name, averages left out, trained ones first in the players' order."""
    found: dict[str, Network] = {network.name: network for player in game.players for network in player.trains}
    for network in networks_behind(game_signals(game)):
        original = network.average.of if network.average else network
        found.setdefault(original.name, original)
    return found


def game_averages(game: Script) -> dict[str, Network]:
    """The averaged networks of a game by name."""
    return {network.name: network for network in networks_behind(game_signals(game)) if network.average}


def averages_behind(game: Script) -> list[Network]:
    """Every averaged network of a game, also where two have one name."""
    return [network for network in networks_behind(game_signals(game)) if network.average]


def average_quantities(network: Network) -> Iterator[Quantity]:
    """The changing numbers in the decay of an averaged network."""
    if network.average:
        yield from quantities_of(network.average.decay)


def game_batches(game: Script) -> list[Batch]:
    """The batches of data that a game draws, in a fixed order."""
    return batches_behind(game_signals(game))


def batches_behind(signals: Iterable[Signal]) -> list[Batch]:
    """The batches of data that some signals read, in a fixed order."""
    return [origin for origin in ordered(signals) if isinstance(origin, Batch)]


def game_pools(game: Script) -> list[ImagePool]:
    """The image pools of a game, in a fixed order."""
    return [origin for origin in ordered(game_signals(game)) if isinstance(origin, ImagePool)]


def game_feedbacks(game: Script) -> list[Feedback]:
    """The feedbacks of a game, in a fixed order."""
    found: dict[int, Feedback] = {}
    monitors = [quantity for value in game.monitors.values() for quantity in monitor_quantities(value)]
    decays = [quantity for network in averages_behind(game) for quantity in average_quantities(network)]
    for quantity in [*(q for player in game.players for q in player_quantities(player)), *decays, *monitors]:
        if isinstance(quantity, Feedback):
            found[id(quantity)] = quantity
    return list(found.values())


def monitor_quantities(value: Readable | Quantity) -> Iterator[Quantity]:
    """The changing numbers that a monitor reads."""
    return read_quantities(value) if isinstance(value, Term | Reading) else quantities_of(value)


def read_measures(value: Readable) -> list[Measure]:
    """The losses that something reads, each once."""
    found = {id(part.measure): part.measure for term in terms_of(value) for part in term.parts}
    return list(found.values())


def played_measures(game: Script) -> list[Measure]:
    """The losses that players compute, each once, in a fixed order."""
    found = {id(part.measure): part.measure for term in game_terms(game) for part in term.parts}
    return list(found.values())


def game_measures(game: Script) -> list[Measure]:
    """The losses that players compute and those that monitors watch, each once, in a fixed order."""
    watched = [measure for value in watched_monitors(game).values() for measure in read_measures(value)]
    return list({id(measure): measure for measure in [*played_measures(game), *watched]}.values())
