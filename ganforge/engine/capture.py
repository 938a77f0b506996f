"""Records what turns ask of a CUDA device, and plays it again without asking: CUDA graphs of forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

import attrs
import torch
from torch import Tensor
from torch.nn import Parameter

from ..language.signal import Expression, ImagePool, Operation
from ..language.term import Measure
from .numbers import Weights, is_changing
from .plan import TurnPlan
from .tape import Values

Measured: TypeAlias = dict[Measure, Tensor]
Differentiate: TypeAlias = Callable[[Mapping[Expression, Values], Weights], Measured]
"""Evaluates a turn on drawn values with the weights of its parts, and leaves gradients in the parameters."""

_WARM = 3


class Recorder(Protocol):
    """Records what a function asks of a device, without doing it."""

    def record(self, function: Callable[[], None]) -> Callable[[], None]:
        """Call a function once, and return what does on the device what it asked for, on the same memory."""
        ...


class CudaRecorder:
    """Records CUDA graphs that share a pool of memory and are replayed in the order in which they were recorded."""

    def __init__(self) -> None:
        self._pool = torch.cuda.graph_pool_handle()

    def record(self, function: Callable[[], None]) -> Callable[[], None]:
        graph = torch.cuda.CUDAGraph()
        # Threads that pin the next batches go on meanwhile.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            function()
        return graph.replay


@attrs.define(eq=False)
class _Turn:
    """One recorded turn: its inputs and outputs are always the same tensors."""

    replay: Callable[[], None]
    drawn: Mapping[Expression, Values]
    weights: Weights
    measured: Measured
    gradients: Sequence[Tensor | None]

    def play(self, drawn: Mapping[Expression, Values], weights: Weights, parameters: Sequence[Parameter]) -> Measured:
        for origin, values in self.drawn.items():
            for mine, value in zip(values, drawn[origin], strict=True):
                # Past autograd's count of changes: a later turn is yet to be recorded with this one's graph.
                mine.data.copy_(value)
        _set(self.weights, weights)
        self.replay()
        for parameter, gradient in zip(parameters, self.gradients, strict=True):
            parameter.grad = gradient
        return self.measured


class Capture:
    """The turns of one kind of step.

    All of them are recorded in one step, because a later one may go on with the graph of an earlier one. The first
    steps are played as they are: libraries choose their kernels in them.

    Args:
        plans: The turns, in order.
        recorder: Records them.
        note: Told what cannot be recorded.
    """

    def __init__(self, plans: Sequence[TurnPlan], recorder: Recorder, note: Callable[[str], None]) -> None:
        self._recorder, self._note = recorder, note
        self._turns: dict[TurnPlan, _Turn] = {}
        self._steps = 0
        self._gives_up = not all(map(_can_be_recorded, plans))

    def begin(self) -> None:
        """A step begins."""
        self._steps += 1

    def differentiate(
        self,
        plan: TurnPlan,
        drawn: Mapping[Expression, Values],
        weights: Weights,
        parameters: Sequence[Parameter],
        differentiate: Differentiate,
    ) -> Measured:
        """Play a turn: as it is, or recording it, or by what was recorded.

        Args:
            plan: The turn.
            drawn: The values of its sources.
            weights: The present weights of its parts.
            parameters: What it trains; they have no gradients yet.
            differentiate: Plays it as it is.
        """
        if self._steps > _WARM and not self._gives_up and plan not in self._turns:
            self._record(plan, drawn, weights, parameters, differentiate)
        if self._gives_up or plan not in self._turns:
            return differentiate(drawn, weights)
        return self._turns[plan].play(drawn, weights, parameters)

    def _record(
        self,
        plan: TurnPlan,
        drawn: Mapping[Expression, Values],
        weights: Weights,
        parameters: Sequence[Parameter],
        differentiate: Differentiate,
    ) -> None:
        mine = {origin: tuple(value.clone() for value in values) for origin, values in drawn.items()}
        fixed = _own(plan, weights, parameters[0].device)
        measured: Measured = {}
        try:
            replay = self._recorder.record(lambda: measured.update(differentiate(mine, fixed)))
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            self._note(f"not recorded: the turn of player '{plan.player.name}': {reason}")
            self._gives_up = True
            for parameter in parameters:
                parameter.grad = None
            return
        gradients = [parameter.grad for parameter in parameters]
        self._turns[plan] = _Turn(replay, mine, fixed, measured, gradients)


def _can_be_recorded(plan: TurnPlan) -> bool:
    """Whether a turn does the same in every step: pools move images by lot, options may be scheduled."""
    for origin in plan.order:
        if isinstance(origin, ImagePool):
            return False
        if isinstance(origin, Operation) and any(map(is_changing, origin.options.values())):
            return False
    return True


def _own(plan: TurnPlan, weights: Weights, device: torch.device) -> Weights:
    """Weights that change as tensors of the turn's own; the others as the numbers that they are."""
    found: Weights = []
    for part, weight in zip(plan.parts, weights, strict=True):
        if isinstance(weight, Tensor):
            found.append(weight.clone())
        else:
            found.append(torch.tensor(weight, device=device) if part.quantities else weight)
    return found


def _set(mine: Weights, weights: Weights) -> None:
    for place, weight in zip(mine, weights, strict=True):
        if isinstance(place, Tensor):
            place.copy_(weight) if isinstance(weight, Tensor) else place.fill_(weight)
