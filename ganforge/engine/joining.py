"""Joins independent evaluations of one network into one batch: in plans, and by trying networks out."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from ..language.network import Evaluation, Network
from ..language.signal import Expression, Signal

_TOLERANCE = 1e-4


def join(
    order: Sequence[Expression],
    graphs: Sequence[Collection[Expression]],
    apart: Collection[Expression],
    independent: Collection[Network],
) -> tuple[list[Expression], dict[Expression, tuple[Evaluation, ...]]]:
    """Find evaluations that can be one, and the order in which everything is then evaluated.

    All else keeps its order, because it may draw random numbers.

    Args:
        order: What a turn evaluates, in order.
        graphs: What of it is recorded for this turn, and what is for later ones; only what is recorded for the same
            can be one.
        apart: Evaluations to leave as they are: those differentiated twice would be so for all examples.
        independent: Networks that give each example the same whatever others are in its batch.

    Returns:
        The order, in which the first of each group stands for all of it; and the groups by their first.
    """
    places, groups = list(order), list[list[Evaluation]]()
    for call in order:
        if not isinstance(call, Evaluation) or call.network not in independent or call in apart:
            continue
        group = next((group for group in groups if _alike(group[0], call, graphs) and _fits(places, group, call)), None)
        if group is None:
            groups.append([call])
        else:
            _move(places, group[0], call)
            group.append(call)
    return places, {group[0]: tuple(group) for group in groups if len(group) > 1}


def _alike(one: Evaluation, other: Evaluation, graphs: Sequence[Collection[Expression]]) -> bool:
    kinds = [[(signal.shape, signal.dtype) for signal in call.inputs] for call in (one, other)]
    recorded = [[call in graph for graph in graphs] for call in (one, other)]
    return one.network is other.network and recorded[0] == recorded[1] and kinds[0] == kinds[1]


def _fits(places: Sequence[Expression], group: Sequence[Evaluation], call: Evaluation) -> bool:
    """Whether a call can be moved to its group, or its group to the call."""
    return _known(places, group[0], call) or _unread(places, group, call)


def _known(places: Sequence[Expression], first: Evaluation, call: Evaluation) -> bool:
    """Whether all that a call reads is known where its group is evaluated."""
    later = set(places[places.index(first) :])
    return not any(signal.origin in later for signal in call.inputs)


def _unread(places: Sequence[Expression], group: Sequence[Evaluation], call: Evaluation) -> bool:
    """Whether nothing up to a call reads its group."""
    between = places[places.index(group[0]) + 1 : places.index(call) + 1]
    return not any(signal.origin in group for origin in between for signal in origin.inputs)


def _move(places: list[Expression], first: Evaluation, call: Evaluation) -> None:
    if _known(places, first, call):
        places.remove(call)
    else:
        places.remove(first)
        places[places.index(call)] = first


def independent_networks(evaluations: Iterable[Evaluation], modules: Mapping[Network, nn.Module]) -> frozenset[Network]:
    """The networks of several evaluations that give each example the same whatever others are in its batch.

    Copies of them are tried out on random examples, one by one and two at once. Batch statistics, dropout, spectral
    norm and whatever else mixes examples, draws random numbers or changes itself shows in that.
    """
    calls: dict[Network, list[Evaluation]] = {}
    for call in evaluations:
        calls.setdefault(call.network, []).append(call)
    return frozenset(
        network for network, found in calls.items() if len(found) > 1 and _is_independent(modules[network], found[0])
    )


@torch.no_grad()
def _is_independent(module: nn.Module, call: Evaluation) -> bool:
    if all(signal.dtype == "int" for signal in call.inputs):  # Nothing is known of which numbers it takes.
        return False
    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    both = [_examples(signal, generator).to(device) for signal in call.inputs]
    before = _random_state(device)
    try:
        tried = copy.deepcopy(module)
        apart = [_outputs(tried(*(value[row : row + 1] for value in both))) for row in range(2)]
        at_once = _outputs(tried(*(value.clone() for value in both)))
    except (RuntimeError, ValueError, TypeError):  # Batch norm refuses single examples; some modules cannot be copied.
        return False
    # Some change their weights when they are first called.
    was, now = module.state_dict(), tried.state_dict()
    changed = any(not torch.equal(was[name], value) for name, value in now.items())
    pairs = zip(zip(*apart, strict=True), at_once, strict=True)
    same = all(_is_close(torch.cat(rows), whole) for rows, whole in pairs)
    return same and not changed and torch.equal(before, _random_state(device))


def _examples(signal: Signal, generator: torch.Generator) -> Tensor:
    if signal.dtype == "int":
        return torch.zeros((2, *signal.shape), dtype=torch.int64)
    return torch.randn((2, *signal.shape), generator=generator)


def _outputs(out: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    return (out,) if isinstance(out, Tensor) else tuple(out)


def _is_close(apart: Tensor, at_once: Tensor) -> bool:
    if apart.shape != at_once.shape:
        return False
    return bool((apart - at_once).abs().max() <= _TOLERANCE * at_once.abs().max())


def _random_state(device: torch.device) -> Tensor:
    states = [torch.random.get_rng_state()]
    if device.type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    return torch.cat(states)
