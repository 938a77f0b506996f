"""A game in words: its phases, players, networks, samples and monitors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..errors import Site
from ..language.feedback import Reading
from ..language.game import Game
from ..language.graph import (
    game_averages,
    game_batches,
    game_networks,
    game_signals,
    networks_behind,
    ordered,
    term_signals,
)
from ..language.network import Evaluation, Network
from ..language.player import Phase, Player
from ..language.term import Part, Term
from .values import argument, numbers


def plan(game: Game, counts: Mapping[str, int] | None = None) -> str:
    """What a game will do.

    Args:
        game: The game; nothing of it is built.
        counts: The parameter count of each network, where they are known.
    """
    lines = [f"batch size {game.batch_size}"]
    lines += dict.fromkeys(f"data {argument(origin.data)}" for origin in game_batches(game))
    for phase in game.phases:
        lines += _phase(phase)
    lines += _section("networks", _networks(game, counts))
    lines += _section("samples", [(name, str(signal)) for name, signal in game.samples.items()])
    lines += _section("monitors", [(name, _monitor(value)) for name, value in game.monitors.items()])
    return "\n".join(lines)


def _phase(phase: Phase) -> Iterator[str]:
    yield f"phase {phase.name}: {phase.length}"
    width = max(len(player.name) for player in phase.players)
    for player in phase.players:
        yield f"  {player.name:<{width}} {_turns(player)} trains {_names(player.trains)}{_held(player)}"
        yield f"      {numbers(player.optimizer)}"
        yield from (f"      {_part(part)}" for part in player.minimizes.parts)
        yield from (f"      then {numbers(constraint)}" for constraint in player.constraints)


def _turns(player: Player) -> str:
    updates = player.updates
    return f"x{updates:g}" if isinstance(updates, int | float) else f"x {argument_or_text(updates)}"


def argument_or_text(value: object) -> str:
    """A scheduled number as a command line takes it, or else in its own words."""
    from ..language.component import Component

    return argument(value) if isinstance(value, Component) else str(value)


def _names(networks: Iterable[Network]) -> str:
    return ", ".join(network.name for network in networks)


def _held(player: Player) -> str:
    trained = {network.name for network in player.trains}
    behind = networks_behind(term_signals(player.minimizes))
    held = dict.fromkeys(
        f"{network.name}'s average" if network.average else network.name
        for network in behind
        if network.average or network.name not in trained
    )
    return f"; holds {', '.join(held)}" if held else ""


def _part(part: Part) -> str:
    return f"{part}{_place(part.site)}"


def _place(site: Site | None) -> str:
    return f"   [{Path(site.file).name}:{site.line}]" if site else ""


def _networks(game: Game, counts: Mapping[str, int] | None) -> Iterator[Sequence[str]]:
    shapes = _shapes(game)
    averages = game_averages(game)
    for name, network in game_networks(game).items():
        count = f"{counts[name]:,} parameters" if counts and name in counts else ""
        words = [f"{type(network).component_name()}", shapes.get(name, ""), count]
        yield [name, *words, ", ".join(_remarks(network, averages.get(name)))]


def _remarks(network: Network, averaged: Network | None) -> Iterator[str]:
    if network.frozen:
        yield "frozen"
    if network.weights:
        yield f"from {network.weights}"
    if averaged is not None and averaged.average is not None:
        yield f"averaged with decay {argument_or_text(averaged.average.decay)}"


def _shapes(game: Game) -> dict[str, str]:
    """What each network's first evaluation takes and gives."""
    found: dict[str, str] = {}
    for origin in ordered(game_signals(game)):
        if isinstance(origin, Evaluation):
            taken = " and ".join(str(signal.shape) for signal in origin.inputs) or "nothing"
            given = " and ".join(map(str, origin.shapes))
            found.setdefault(origin.network.name, f"{taken} -> {given}")
    return found


def _monitor(value: object) -> str:
    if isinstance(value, Reading):
        return f"read from {', '.join(map(_monitor, value.terms))}"
    return " + ".join(map(str, value.parts)) if isinstance(value, Term) else argument_or_text(value)


def _section(title: str, rows: Iterable[Sequence[str]]) -> list[str]:
    lines = table(rows)
    return [title, *(f"  {line}" for line in lines)] if lines else []


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows of words as lines with aligned columns."""
    rows = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{word:<{width}}" for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]
