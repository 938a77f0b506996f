"""Evaluates the expressions of one turn, and those of samples, on tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import Site
from ..language.data import Batch
from ..language.feedback import Resolve
from ..language.graph import ordered
from ..language.network import Evaluation, Network
from ..language.operation import Builtin
from ..language.signal import Barrier, Expression, ImagePool, Operation, PerStep, SamplingMode, Signal
from ..language.term import Measure
from .device import Machine
from .draw import draw_source
from .operations import OPERATIONS
from .plan import SOURCES, TurnPlan
from .pool import Pool
from .recomputing import Recomputing
from .shortcuts import meets_pixels, shortcuts

Values = tuple[Tensor, ...]


class Play:
    """What evaluating a turn needs from the run: modules, batches, pools, and the step's shared values.

    Args:
        machine: Device and precision.
        modules: The networks' modules; averages under their own declarations.
        pools: The image pools' contents.
        batch_size: Examples drawn for noise and labels.
    """

    def __init__(
        self,
        machine: Machine,
        modules: Mapping[Network, nn.Module],
        pools: Mapping[ImagePool, Pool],
        batch_size: int,
    ) -> None:
        self.machine = machine
        self.modules = modules
        self.pools = pools
        self.batch_size = batch_size
        self.pixels = frozenset(_meeting_pixels(modules, machine))
        self.recomputing = {
            network: Recomputing(module, pixels=network in self.pixels)
            for network, module in modules.items()
            if machine.recompute
        }
        self.shared: list[dict[Expression, Values]] = [{} for _ in range(machine.accumulate)]
        self.batches: dict[Batch, Values] = {}

    def forget(self) -> None:
        """Forget a step's shared values, and the graphs they hold."""
        for shared in self.shared:
            shared.clear()
        self.batches.clear()

    def draw(self, plan: TurnPlan, draw_batch: Callable[[Batch], Values]) -> dict[Expression, Values]:
        """Draw the noise, labels and batches of a turn.

        Args:
            plan: The turn.
            draw_batch: Gives this turn's batch of a data set.
        """
        found: dict[Expression, Values] = {}
        for origin in plan.order:
            if isinstance(origin, Batch):
                with _place(origin.site, "drawing", origin):
                    found[origin] = draw_batch(origin)
            elif isinstance(origin, SOURCES):
                found[origin] = (draw_source(origin, self.batch_size, self.machine.device),)
        return found

    def measure(
        self, plan: TurnPlan, drawn: Mapping[Expression, Values], resolve: Resolve, piece: int = 0
    ) -> dict[Measure, Tensor]:
        """Evaluate a turn's expressions and compute its losses.

        Args:
            plan: The turn.
            drawn: The values of its sources, or a piece of them.
            resolve: Gives the present value of a number that may be scheduled.
            piece: Which piece of the batch this is.
        """
        graphs, held = plan.recorded | plan.kept, self.machine.tuning.held_networks
        values, shared = dict[Expression, Values](), self.shared[piece]
        found: dict[Expression, Values]
        for origin in plan.order:
            with torch.set_grad_enabled(origin in graphs or not held), _place(origin.site, "evaluating", origin):
                if origin in drawn:
                    found = {origin: drawn[origin]}
                elif isinstance(origin, Evaluation):
                    calls = plan.joined.get(origin, (origin,))
                    found = self._call(calls, values, shared, plan, origin in graphs)
                else:
                    inputs = [_input(signal, values, shared, plan, origin in graphs) for signal in origin.inputs]
                    found = {origin: self._apply(origin, inputs, resolve)}
            if isinstance(origin, PerStep):
                shared |= found
            values |= {each: _with_points(each, out, plan) for each, out in found.items()}
        return {measure: _compute(measure, values, shared, plan) for measure in plan.measures}

    def _call(
        self,
        calls: Sequence[Evaluation],
        values: dict[Expression, Values],
        shared: Mapping[Expression, Values],
        plan: TurnPlan,
        graph: bool,
    ) -> dict[Expression, Values]:
        """The outputs of one call of a network, or of several that are computed as one batch."""
        network = calls[0].network
        rows = [[_input(signal, values, shared, plan, graph) for signal in call.inputs] for call in calls]
        inputs = rows[0] if len(calls) == 1 else [torch.cat(column) for column in zip(*rows, strict=True)]
        twice = self.machine.tuning.piecewise_activations and calls[0] in plan.twice
        keeps = self.recomputing[network].pause() if self.recomputing and calls[0] in plan.twice else nullcontext()
        with shortcuts(pixels=network in self.pixels, twice=twice), keeps:
            out = _evaluate(self.modules[network], inputs, self.machine)
        if len(calls) == 1:
            return {calls[0]: out}
        parts = [torch.split(value, [len(row[0]) for row in rows]) for value in out]
        return dict(zip(calls, zip(*parts, strict=True), strict=True))

    def _apply(self, origin: Expression, inputs: list[Tensor], resolve: Resolve) -> Values:
        if isinstance(origin, Builtin | Operation):
            return _operate(origin, inputs, {name: resolve(value) for name, value in origin.options.items()})
        if isinstance(origin, ImagePool):
            return (self.pools[origin].mix(inputs[0].detach()),)
        if isinstance(origin, Barrier):
            return (inputs[0].detach(),)
        assert isinstance(origin, PerStep | SamplingMode)
        return (inputs[0],)


def _input(
    signal: Signal, values: dict[Expression, Values], shared: Mapping[Expression, Values], plan: TurnPlan, graph: bool
) -> Tensor:
    """A tensor that something reads, without its graph where the turn does not differentiate through it."""
    origin = signal.origin
    if origin not in values:
        # A per-step signal of an earlier turn, with its graph if this turn differentiates through it.
        earlier = shared[origin]
        out = earlier if origin in plan.continued else tuple(value.detach() for value in earlier)
        values[origin] = _with_points(origin, out, plan)
    tensor = values[origin][signal.output]
    attached = graph and (origin in plan.recorded or origin in plan.kept)
    return tensor if attached or not tensor.requires_grad else tensor.detach()


def _compute(
    measure: Measure, values: dict[Expression, Values], shared: Mapping[Expression, Values], plan: TurnPlan
) -> Tensor:
    def tensor(signal: Signal) -> Tensor:
        value = _input(signal, values, shared, plan, graph=True)
        return value.float() if value.is_floating_point() else value

    keywords = {name: tensor(signal) for name, signal in measure.keywords.items()}
    if measure.wrt is not None:
        # The gradient point itself, not a copy: autograd looks for this very tensor.
        keywords["wrt"] = _input(measure.wrt, values, shared, plan, graph=True)
    with _place(measure.site, "computing", measure.name):
        value = measure.function(*[tensor(signal) for signal in measure.inputs], **keywords)
        return value.reshape(()) if value.dim() else value  # Losses may keep dimensions of size one.


def _with_points(origin: Expression, out: Values, plan: TurnPlan) -> Values:
    """Make gradient points require gradients."""
    return tuple(
        value.detach().requires_grad_() if (origin, index) in plan.points and not value.requires_grad else value
        for index, value in enumerate(out)
    )


def _meeting_pixels(modules: Mapping[Network, nn.Module], machine: Machine) -> Iterator[Network]:
    if machine.tuning.vector_convolutions:
        yield from (network for network, module in modules.items() if meets_pixels(module))


def _evaluate(module: nn.Module, inputs: list[Tensor], machine: Machine) -> Values:
    """A module's outputs; what autocast left in half precision is widened for operations, pools and losses."""
    with machine.autocast():
        out = module(*inputs)
    values = tuple(out) if isinstance(out, tuple | list) else (out,)
    return tuple(value.float() if value.dtype == torch.bfloat16 else value for value in values)


def _operate(origin: Builtin | Operation, inputs: list[Tensor], options: Mapping[str, Any]) -> Values:
    """The result of one of the language's operations, or of the recipe's own."""
    function = OPERATIONS[origin.name] if isinstance(origin, Builtin) else origin.function
    return (function(*inputs, **options),)


@contextmanager
def _place(site: Site | None, doing: str, what: object) -> Iterator[None]:
    """Add the recipe's line to whatever torch raises."""
    try:
        yield
    except Exception as error:
        if site is not None and not any("recipe line" in note for note in getattr(error, "__notes__", ())):
            error.add_note(f"recipe line: {site}  {site.text}\nwhile {doing} {what}")
        raise


def evaluate_samples(
    signals: Mapping[str, Signal],
    modules: Mapping[Network, nn.Module],
    machine: Machine,
    source: Callable[[Expression], Values],
) -> dict[str, Tensor]:
    """Evaluate signals for looking at: in evaluation mode and without gradients.

    Args:
        signals: What to evaluate, by name.
        modules: The networks' modules.
        machine: Device and precision.
        source: Gives the values of noise, labels and batches.
    """
    values: dict[Expression, Values] = {}
    training = _in_training_mode(signals.values())
    with torch.no_grad():
        for origin in ordered(signals.values()):
            inputs = [values[signal.origin][signal.output] for signal in origin.inputs]
            if isinstance(origin, Evaluation):
                module = modules[origin.network]
                # A frozen network is in evaluation mode while the game is played, too.
                train = origin in training and not origin.network.frozen
                with _mode(module, training=train):
                    values[origin] = _evaluate(module, inputs, machine)
            elif isinstance(origin, Builtin | Operation):
                values[origin] = _operate(origin, inputs, origin.options)
            elif origin.inputs:
                values[origin] = (inputs[0],)
            else:
                values[origin] = source(origin)
    return {name: values[signal.origin][signal.output] for name, signal in signals.items()}


def _in_training_mode(signals: Iterable[Signal]) -> set[Expression]:
    """Expressions behind ``gf.sampling(..., mode="train")``."""
    found: set[Expression] = set()
    for origin in ordered(signals):
        if isinstance(origin, SamplingMode) and origin.mode == "train":
            found |= set(ordered(origin.inputs))
    return found


@contextmanager
def _mode(module: nn.Module, training: bool) -> Iterator[None]:
    """Put a module in a mode for a while, its buffers (running statistics) unchanged afterwards."""
    was = module.training
    kept = [buffer.clone() for buffer in module.buffers()] if training else []
    module.train(training)
    try:
        yield
    finally:
        module.train(was)
        for buffer, value in zip(module.buffers(), kept, strict=False):
            buffer.copy_(value)
