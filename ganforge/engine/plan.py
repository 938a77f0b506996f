"""Plans: which expressions each turn of a step evaluates, in what order, and which of them need a graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from ..language.game import Player
from ..language.graph import networks_behind, ordered
from ..language.network import Network
from ..language.signal import Batch, Evaluation, Expression, ImagePool, Noise, PerStep, RandomLabels, Signal
from ..language.term import Measure, Part

SOURCES = (Noise, RandomLabels, Batch)


@attrs.frozen(eq=False)
class TurnPlan:
    """One turn of one player.

    Args:
        player: Whose turn it is.
        turn: Which of the player's turns in this step, from 0.
        parts: The weighted losses that are active in this turn.
        measures: The losses to compute, each once.
        order: What to evaluate, sources first, then in the order written.
        recorded: Expressions that this turn differentiates through.
        kept: Expressions evaluated with a graph for a later turn of the step.
        points: Signals that a loss differentiates with respect to, as (expression, output).
        live: Networks whose weights need gradients while this turn is evaluated.
        retain: Whether the graph must outlive this turn's backward pass.
    """

    player: Player
    turn: int
    parts: tuple[Part, ...]
    measures: tuple[Measure, ...]
    order: tuple[Expression, ...]
    recorded: frozenset[Expression]
    kept: frozenset[Expression]
    points: frozenset[tuple[Expression, int]]
    live: frozenset[Network]
    retain: bool


@attrs.define(eq=False)
class _Draft:
    """A turn while its step is being planned."""

    player: Player
    turn: int
    parts: tuple[Part, ...]
    measures: tuple[Measure, ...]
    order: list[Expression]
    points: frozenset[tuple[Expression, int]]
    cached: dict[Expression, bool]  # Per-step signals of earlier turns, and whether their graph still holds.
    recorded: frozenset[Expression] = frozenset()
    kept: set[Expression] = attrs.field(factory=set)
    live: set[Network] = attrs.field(factory=set)


def plan_step(turns: Sequence[tuple[Player, int, tuple[Part, ...]]]) -> tuple[TurnPlan, ...]:
    """Plan a whole step.

    Args:
        turns: Each turn's player, its number among the player's turns, and its active parts, in order.
    """
    drafts: list[_Draft] = []
    for number, (player, turn, parts) in enumerate(turns):
        measures = tuple({part.measure: None for part in parts})
        signals = [signal for measure in measures for signal in measure.signals]
        cached: dict[Expression, bool] = {
            shared: _graph_holds(shared, drafts)
            for draft in drafts
            for shared in draft.order
            if isinstance(shared, PerStep)
        }
        order = _needed(signals, cached)
        points = frozenset((m.wrt.origin, m.wrt.output) for m in measures if m.wrt is not None)
        draft = _Draft(player, turn, parts, measures, order, points, cached)
        draft.recorded = _recorded(draft, signals)
        draft.live = set(player.trains)
        _keep_shared(draft, drafts[:number])
        drafts.append(draft)
    return tuple(_finish(draft) for draft in drafts)


def _needed(signals: Iterable[Signal], cached: dict[Expression, bool]) -> list[Expression]:
    """Everything to evaluate, sources first; per-step signals of earlier turns end the walk."""
    behind_cached = _walk(signals, stop=cached)
    everything = [origin for origin in ordered(signals) if origin in behind_cached]
    return sorted(everything, key=lambda origin: not isinstance(origin, SOURCES))


def _walk(signals: Iterable[Signal], stop: Iterable[Expression]) -> set[Expression]:
    found: set[Expression] = set()
    stops = set(stop)
    stack = [signal.origin for signal in signals]
    while stack:
        origin = stack.pop()
        if origin in found or origin in stops:
            continue
        found.add(origin)
        stack += [signal.origin for signal in origin.inputs]
    return found


def _graph_holds(shared: Expression, drafts: Sequence[_Draft]) -> bool:
    """Whether no network behind a per-step signal has been updated since it was evaluated."""
    first = next(number for number, draft in enumerate(drafts) if shared in draft.order)
    behind = set(networks_behind(shared.inputs))
    return not any(behind & set(draft.player.trains) for draft in drafts[first:])


def _recorded(draft: _Draft, signals: Iterable[Signal]) -> frozenset[Expression]:
    """Expressions that lead from a trained network or a gradient point to a loss."""
    leads: set[Expression] = set()
    points = {origin for origin, _ in draft.points}
    for shared, holds in draft.cached.items():
        if shared in points or (holds and _gradient_behind(shared, draft, points)):
            leads.add(shared)
    for origin in draft.order:
        trained = isinstance(origin, Evaluation) and origin.network in draft.player.trains
        inherits = not isinstance(origin, ImagePool) and any(signal.origin in leads for signal in origin.inputs)
        if trained or inherits or origin in points:
            leads.add(origin)
    useful = set(ordered(signals, through_pools=False))
    return frozenset(leads & useful)


def _gradient_behind(shared: Expression, draft: _Draft, points: set[Expression]) -> bool:
    behind = ordered(shared.inputs, through_pools=False)
    return any(
        origin in points or (isinstance(origin, Evaluation) and origin.network in draft.player.trains)
        for origin in behind
    )


def _keep_shared(draft: _Draft, earlier: Sequence[_Draft]) -> None:
    """Ask the turns that first evaluate per-step signals to record what this turn differentiates through."""
    for shared in draft.recorded & set(draft.cached):
        if not draft.cached[shared]:
            continue
        live = set(networks_behind(shared.inputs)) & set(draft.player.trains)
        for inner in [shared, *(o for o in _walk(shared.inputs, stop=()) if isinstance(o, PerStep))]:
            first = next(other for other in earlier if inner in other.order)
            first.kept |= (_walk(inner.inputs, stop=()) | {inner}) & set(first.order)
            first.live |= live


def _finish(draft: _Draft) -> TurnPlan:
    return TurnPlan(
        player=draft.player,
        turn=draft.turn,
        parts=draft.parts,
        measures=draft.measures,
        order=tuple(draft.order),
        recorded=draft.recorded,
        kept=frozenset(draft.kept),
        points=draft.points,
        live=frozenset(draft.live),
        retain=bool(draft.kept & draft.recorded),
    )
