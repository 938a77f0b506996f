"""A stand-in for CUDA graphs on the CPU: records torch's operators, and executes them again on the same memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ganforge.engine.loop import Loop

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], Any]


class _Log(TorchDispatchMode):
    """Notes every operator with its arguments, which are baked in as in a CUDA graph, and its results."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:
            raise RuntimeError("operation not permitted when stream is capturing")
        out = func(*args, **(kwargs or {}))
        self.calls.append((func, args, dict(kwargs or {}), out))
        return out


class Operators:
    """Records what a turn of a loop asks for, and undoes it: CUDA does nothing while it records."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.recorded = self.replayed = 0

    def record(self, function: Callable[[], None]) -> Callable[[], None]:
        kept = [(value, value.clone()) for module in self.loop.state.modules.values() for value in module.buffers()]
        generator, log = torch.get_rng_state(), _Log()
        try:
            with log:
                function()
        finally:
            torch.set_rng_state(generator)
            for value, before in kept:
                value.data.copy_(before)
        self.recorded += 1

        def replay() -> None:
            self.replayed += 1
            with torch.no_grad():
                for call in log.calls:
                    _execute(*call)

        return replay


def _execute(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> None:
    given = tuple(value for value in tree_leaves((args, kwargs)) if isinstance(value, Tensor))
    # A CUDA graph writes past autograd's count of changes.
    with torch.autograd._unsafe_preserve_version_counter(given):
        news = tree_leaves(func(*args, **kwargs))
    for new, old in zip(news, tree_leaves(out), strict=True):
        if isinstance(old, Tensor) and new.data_ptr() != old.data_ptr():
            old.data.copy_(new)
