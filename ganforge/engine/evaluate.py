"""Evaluates networks and operations on tensors, in turns and for samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ..language.graph import ordered
from ..language.network import Evaluation, Network
from ..language.operation import Builtin
from ..language.signal import Expression, Operation, SamplingMode, Signal
from .device import Machine
from .operations import OPERATIONS
from .tape import Values


def evaluate(module: nn.Module, inputs: Sequence[Tensor], machine: Machine) -> Values:
    """A module's outputs; what autocast left in half precision is widened for operations, pools and losses."""
    with machine.autocast():
        out = module(*inputs)
    values = tuple(out) if isinstance(out, tuple | list) else (out,)
    return tuple(value.float() if value.dtype == torch.bfloat16 else value for value in values)


def operation(origin: Builtin | Operation) -> Callable[..., Values]:
    """The function of one of the language's operations, or of the recipe's own; it takes the options by name."""
    function = OPERATIONS[origin.name] if isinstance(origin, Builtin) else origin.function
    return lambda *inputs, **options: (function(*inputs, **options),)


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
                    values[origin] = evaluate(module, inputs, machine)
            elif isinstance(origin, Builtin | Operation):
                values[origin] = operation(origin)(*inputs, **origin.options)
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
