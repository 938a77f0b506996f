"""Lowers a turn's plan to a tape: every expression becomes an instruction on numbered tensors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from ..language.data import Batch
from ..language.network import Evaluation, Network
from ..language.operation import Builtin
from ..language.signal import Barrier, Expression, ImagePool, Operation, PerStep, SamplingMode, Signal
from ..language.term import Measure
from .device import Machine
from .evaluate import evaluate, operation
from .numbers import is_changing
from .plan import SOURCES, TurnPlan
from .pool import Pool
from .recomputing import Recomputing
from .shortcuts import meets_pixels, shortcuts
from .tape import Instruction, Tape, Values

Function = Callable[..., Values]


class Lowering:
    """Lowers the plans of a game.

    Args:
        machine: Device, precision and optimisations.
        modules: The networks' modules; averages under their own declarations.
        pools: The image pools' contents.
    """

    def __init__(self, machine: Machine, modules: Mapping[Network, nn.Module], pools: Mapping[ImagePool, Pool]) -> None:
        self.machine, self.modules, self.pools = machine, modules, pools
        # A compiler sees through the networks itself.
        tuned = machine.tuning.vector_convolutions and not machine.compiled
        self._pixels = {network: tuned and meets_pixels(module) for network, module in modules.items()}
        self._recomputing = {
            network: Recomputing(module, pixels=self._pixels[network])
            for network, module in modules.items()
            if machine.recompute
        }

    def lower(self, plan: TurnPlan) -> Tape:
        """The tape of a turn."""
        return _Writer(self, plan).tape()

    def call(self, calls: Sequence[Evaluation], twice: bool) -> Function:
        """What evaluates a network, once on the joined batches of several calls.

        Args:
            calls: Evaluations of one network.
            twice: Whether what is evaluated will be differentiated twice.
        """
        network, count = calls[0].network, len(calls)
        module, machine, outputs = self.modules[network], self.machine, len(calls[0].shapes)
        pixels, piecewise = self._pixels[network], twice and machine.tuning.piecewise_activations
        recomputing = self._recomputing.get(network) if twice else None

        def function(*inputs: Tensor) -> Values:
            columns = [inputs[index :: len(inputs) // count] for index in range(len(inputs) // count)]
            joined = inputs if count == 1 else [torch.cat(column) for column in columns]
            keeps = recomputing.pause() if recomputing else nullcontext()
            with shortcuts(pixels=pixels, twice=piecewise), keeps:
                values = evaluate(module, joined, machine)[:outputs]
            if count == 1:
                return values
            parts = [torch.split(value, [len(rows) for rows in columns[0]]) for value in values]
            return tuple(part[index] for index in range(count) for part in parts)

        return function

    def function(self, origin: Expression) -> Function:
        """What computes an expression that is neither a source nor an evaluation."""
        if isinstance(origin, Builtin | Operation):
            # What never changes belongs to the function.
            fixed = {name: value for name, value in origin.options.items() if not is_changing(value)}
            return partial(operation(origin), **fixed)
        if isinstance(origin, ImagePool):
            mix = self.pools[origin].mix
            return lambda fake: (mix(fake.detach()),)
        if isinstance(origin, Barrier):
            return lambda value: (value.detach(),)
        assert isinstance(origin, PerStep | SamplingMode)
        return lambda value: (value,)


class _Writer:
    """Writes one tape."""

    def __init__(self, lowering: Lowering, plan: TurnPlan) -> None:
        self.lowering, self.plan = lowering, plan
        self.held = lowering.machine.tuning.held_networks
        self.instructions: list[Instruction] = []
        self.slots: dict[Expression, tuple[int, ...]] = {}
        self.sources: dict[Expression, tuple[int, ...]] = {}
        self.loads: dict[Expression, tuple[tuple[int, ...], bool]] = {}
        self.length = 0

    def tape(self) -> Tape:
        order = self.plan.order
        for origin in order:
            if isinstance(origin, SOURCES):
                self.sources[origin] = self._reserve(origin)
                self._mark_points(origin)
            elif isinstance(origin, Evaluation):
                calls = self.plan.joined.get(origin, (origin,))
                self._write(calls, self.lowering.call(calls, origin in self.plan.twice))
            else:
                self._write((origin,), self.lowering.function(origin))
        losses = {measure: self._write_loss(measure) for measure in self.plan.measures}
        return Tape(
            instructions=self.instructions,
            parts=[instruction.play for instruction in self.instructions],
            sources=self.sources,
            loads=self.loads,
            shares={origin: self.slots[origin] for origin in order if isinstance(origin, PerStep)},
            losses=losses,
            length=self.length,
        )

    def _write(self, origins: Sequence[Expression], function: Function) -> None:
        """An instruction for an expression, or for several of a kind at once."""
        first = origins[0]
        follows = self._followed(first)
        instruction = Instruction(
            function=function,
            reads=tuple(self._read(signal, follows) for origin in origins for signal in origin.inputs),
            writes=tuple(slot for origin in origins for slot in self._reserve(origin)),
            graph=bool(follows) or not self.held,
            options=_changing_options(first),
            kept=first in self.plan.kept,
            apart=self._stays_apart(first),
            site=first.site,
            doing=f"evaluating {first}",
        )
        self.instructions.append(instruction)
        for origin in origins:
            self._mark_points(origin)

    def _write_loss(self, measure: Measure) -> int:
        signals = [*measure.inputs, *measure.keywords.values()]
        if measure.wrt is not None:
            signals.append(measure.wrt)
        reads = tuple(self._read(signal, self.plan.recorded) for signal in signals)
        slot = self._next()
        self.instructions.append(
            Instruction(
                function=_loss(measure),
                reads=reads,
                writes=(slot,),
                graph=True,
                apart=measure.wrt is not None,
                site=measure.site,
                doing=f"computing {measure.name}",
            )
        )
        return slot

    def _followed(self, origin: Expression) -> frozenset[Expression]:
        """The graphs that an expression goes on with: this turn's, those kept for later ones, or none."""
        plan, nothing = self.plan, frozenset[Expression]()
        return (plan.recorded if origin in plan.recorded else nothing) | (plan.kept if origin in plan.kept else nothing)

    def _stays_apart(self, origin: Expression) -> bool:
        plan = self.plan
        # The backward pass of what is compiled cannot be taken twice, in two turns.
        again = origin in plan.reused or (origin in plan.recorded and origin in plan.kept)
        return again or origin in plan.twice or isinstance(origin, ImagePool)

    def _read(self, signal: Signal, follows: Collection[Expression]) -> tuple[int, bool]:
        """The slot of a signal, and whether what reads it goes on with its graph."""
        origin = signal.origin
        if origin not in self.slots:
            # A per-step signal of an earlier turn, with its graph if this turn differentiates through it.
            self.loads[origin] = (self._reserve(origin), origin in self.plan.continued)
            self._mark_points(origin)
        return self.slots[origin][signal.output], origin in follows

    def _mark_points(self, origin: Expression) -> None:
        """Let gradient points require gradients."""
        for output, slot in enumerate(self.slots[origin]):
            if (origin, output) in self.plan.points:
                point = Instruction(function=_point, reads=((slot, True),), writes=(slot,), graph=True, apart=True)
                self.instructions.append(point)

    def _reserve(self, origin: Expression) -> tuple[int, ...]:
        self.slots[origin] = tuple(self._next() for _ in range(_outputs(origin)))
        return self.slots[origin]

    def _next(self) -> int:
        self.length += 1
        return self.length - 1


def _changing_options(origin: Expression) -> dict[str, Any]:
    if not isinstance(origin, Builtin | Operation):
        return {}
    return {name: value for name, value in origin.options.items() if is_changing(value)}


def _outputs(origin: Expression) -> int:
    if isinstance(origin, Evaluation):
        return len(origin.shapes)
    return len(origin.fields) if isinstance(origin, Batch) else 1


def _point(value: Tensor) -> Values:
    return (value if value.requires_grad else value.detach().requires_grad_(),)


def _loss(measure: Measure) -> Function:
    count, names = len(measure.inputs), list(measure.keywords)

    def function(*tensors: Tensor) -> Values:
        given = [value.float() if value.is_floating_point() else value for value in tensors[: count + len(names)]]
        keywords = dict(zip(names, given[count:], strict=True))
        if measure.wrt is not None:
            # The gradient point itself, not a copy: autograd looks for this very tensor.
            keywords["wrt"] = tensors[-1]
        value = measure.function(*given[:count], **keywords)
        return (value.reshape(()) if value.dim() else value,)  # Losses may keep dimensions of size one.

    return function
