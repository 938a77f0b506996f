"""Plans: which expressions each turn of a step evaluates, in what order, and which of them need a graph."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import attrs

from ..errors import RecipeError
from ..language.data import Batch
from ..language.graph import networks_behind, ordered
from ..language.network import Evaluation, Network
from ..language.number import Quantity
from ..language.player import Player, Script
from ..language.signal import Barrier, Expression, Noise, PerStep, RandomLabels, Signal
from ..language.term import Measure, Part
from .joining import join

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
        reused: Those of them that several later turns may differentiate through.
        points: Signals that a loss differentiates with respect to, as (expression, output).
        continued: Per-step signals of earlier turns whose graph goes on in this one.
        twice: Expressions between a gradient point and the loss that differentiates with respect to it.
        joined: Evaluations of one network that are computed as one batch, by the first of them.
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
    reused: frozenset[Expression]
    points: frozenset[tuple[Expression, int]]
    continued: frozenset[Expression]
    twice: frozenset[Expression]
    joined: Mapping[Expression, tuple[Evaluation, ...]]
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
    continued: set[Expression] = attrs.field(factory=set)
    kept: set[Expression] = attrs.field(factory=set)
    reused: set[Expression] = attrs.field(factory=set)
    live: set[Network] = attrs.field(factory=set)


def plan_step(
    turns: Sequence[tuple[Player, int, tuple[Part, ...]]], independent: Collection[Network] = ()
) -> tuple[TurnPlan, ...]:
    """Plan a whole step.

    Args:
        turns: Each turn's player, its number among the player's turns, and its active parts, in order.
        independent: Networks that give each example the same whatever others are in its batch.
    """
    drafts: list[_Draft] = []
    for player, turn, parts in turns:
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
        _expect_points_in_reach(draft)
        draft.recorded = _recorded(draft, signals, drafts)
        _expect_something_to_train(draft)
        draft.live = set(player.trains)
        _keep_shared(draft, drafts)
        drafts.append(draft)
    return tuple(_finish(draft, independent) for draft in drafts)


def rehearse(game: Script) -> None:
    """Plan a step of every phase with every term due, so that what no plan allows is told before anything is built.

    Raises:
        RecipeError: A turn that leads to nothing its player trains, or a gradient point out of its reach.
    """
    for phase in game.phases:
        turns = []
        for player in phase.players:
            # A schedule's number is not known yet; one turn shows most.
            count = 1 if isinstance(player.updates, Quantity) else int(player.updates)
            turns += [(player, turn, player.minimizes.parts) for turn in range(count)]
        plan_step(turns)


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


def _read(signals: Iterable[Signal], cached: Mapping[Expression, bool]) -> set[Expression]:
    """The per-step signals of earlier turns among some signals."""
    return {signal.origin for signal in signals if signal.origin in cached}


def _graph_holds(shared: Expression, drafts: Sequence[_Draft]) -> bool:
    """Whether no network behind a per-step signal has been updated since it was evaluated."""
    first = drafts.index(_evaluating(shared, drafts))
    behind = set(networks_behind(shared.inputs))
    # A turn without losses, all of them lazy, updates nothing.
    return not any(behind & set(draft.player.trains) for draft in drafts[first:] if draft.parts)


def _evaluating(shared: Expression, drafts: Sequence[_Draft]) -> _Draft:
    """The turn that evaluates a per-step signal."""
    return next(draft for draft in drafts if shared in draft.order)


def _expect_points_in_reach(draft: _Draft) -> None:
    """Refuse a loss that differentiates scores of an earlier turn: their gradient point was that turn's."""
    for measure in draft.measures:
        if measure.wrt is None or not draft.cached:
            continue
        scores = [*measure.inputs, *measure.keywords.values()]
        reached = _walk(scores, stop=draft.cached)
        ends = _read([*scores, *(signal for origin in reached for signal in origin.inputs)], draft.cached)
        if measure.wrt.origin not in reached | ends:
            raise RecipeError(
                f"{measure.name} of player '{draft.player.name}' differentiates scores that an earlier turn "
                f"evaluated (gf.per_step), with respect to {measure.wrt}, which lies behind them.",
                "evaluate the scores anew: call the network without gf.per_step",
                measure.site,
            )


def _expect_something_to_train(draft: _Draft) -> None:
    """Refuse a turn none of whose losses leads to a network that it trains."""
    trained = draft.player.trains
    if not draft.parts or draft.continued:
        return
    if not any(isinstance(origin, Evaluation) and origin.network in trained for origin in draft.recorded):
        due = ", ".join(part.label for part in draft.parts)
        names = ", ".join(network.name for network in trained)
        where = f"turn {draft.turn + 1} of player '{draft.player.name}'"
        why = "the graph of a gf.per_step(...) signal is gone once its networks are updated" if draft.cached else ""
        raise RecipeError(f"{where} has the losses {due}, none of which leads to {names}.", why, draft.player.site)


def _recorded(draft: _Draft, signals: Iterable[Signal], earlier: Sequence[_Draft]) -> frozenset[Expression]:
    """Expressions that lead from a trained network or a gradient point to a loss."""
    points = {origin for origin, _ in draft.points}
    trained = set(draft.player.trains)
    for shared in _read([*signals, *(signal for origin in draft.order for signal in origin.inputs)], draft.cached):
        behind = {origin.network for origin, _ in _graph(shared, earlier) if isinstance(origin, Evaluation)}
        if draft.cached[shared] and trained & behind:
            draft.continued.add(shared)
    leads: set[Expression] = draft.continued | (points & set(draft.cached))
    for origin in draft.order:
        inherits = not isinstance(origin, Barrier) and any(signal.origin in leads for signal in origin.inputs)
        if inherits or origin in points or (isinstance(origin, Evaluation) and origin.network in trained):
            leads.add(origin)
    useful = set(ordered(signals, ends=(Barrier,)))
    draft.continued &= useful
    return frozenset(leads & useful)


def _graph(shared: Expression, drafts: Sequence[_Draft]) -> set[tuple[Expression, _Draft]]:
    """The expressions that the graph of a per-step signal may span, each with the turn that reads it."""
    found: set[tuple[Expression, _Draft]] = set()
    stack = [(shared, _evaluating(shared, drafts))]
    while stack:
        origin, draft = stack.pop()
        stale = not draft.cached.get(origin, True)
        if stale or (origin, draft) in found or isinstance(origin, Barrier):
            continue
        found.add((origin, draft))
        if origin in draft.cached:
            stack.append((origin, _evaluating(origin, drafts)))
        else:
            stack += [(signal.origin, draft) for signal in origin.inputs]
    return found


def _keep_shared(draft: _Draft, earlier: Sequence[_Draft]) -> None:
    """Ask the turns that first evaluate per-step signals to record what this turn differentiates through."""
    for shared in draft.continued:
        for origin, other in _graph(shared, earlier):
            (other.reused if origin in other.kept else other.kept).add(origin)
            if isinstance(origin, Evaluation) and origin.network in draft.player.trains:
                other.live.add(origin.network)
            if origin in other.cached:
                other.continued.add(origin)


def _between(measures: Iterable[Measure]) -> frozenset[Expression]:
    """What leads from a gradient point to the loss that differentiates with respect to it."""
    found: set[Expression] = set()
    for measure in measures:
        if measure.wrt is not None:
            after = {measure.wrt.origin}
            for origin in ordered([*measure.inputs, *measure.keywords.values()]):
                if any(signal.origin in after for signal in origin.inputs):
                    after.add(origin)
            found |= after - {measure.wrt.origin}
    return frozenset(found)


def _finish(draft: _Draft, independent: Collection[Network]) -> TurnPlan:
    twice = _between(draft.measures)
    order, joined = join(draft.order, (draft.recorded, draft.kept), twice, independent)
    return TurnPlan(
        player=draft.player,
        turn=draft.turn,
        parts=draft.parts,
        measures=draft.measures,
        order=tuple(order),
        recorded=draft.recorded,
        kept=frozenset(draft.kept),
        reused=frozenset(draft.reused),
        points=draft.points,
        continued=frozenset(draft.continued),
        twice=twice,
        joined=joined,
        live=frozenset(draft.live),
        retain=bool(draft.kept & draft.recorded),
    )
