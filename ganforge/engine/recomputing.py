"""Activation checkpointing: blocks of a network whose activations are computed again in the backward pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from .shortcuts import shortcuts


class Recomputed:
    """The forward function of a block that keeps its inputs in place of its activations.

    Chen et al. 2016 (arXiv:1604.06174). The second computation sees the random numbers and the buffers (batch
    statistics, spectral norm's vectors) of the first and leaves both as they are, so that no number changes.

    Args:
        block: The module.
        owner: Says when to keep activations after all.
    """

    def __init__(self, block: nn.Module, owner: Recomputing) -> None:
        self._block, self._owner = block, owner
        self._forward = block.forward
        self._keeps_inputs: bool | None = None

    def __call__(self, *inputs: Any) -> Any:
        if not torch.is_grad_enabled() or self._owner.paused:
            return self._forward(*inputs)
        if self._keeps_inputs is None:
            return self._first(*inputs)
        if not self._keeps_inputs:
            return self._forward(*inputs)
        before = [buffer.clone() for buffer in self._block.buffers()]

        def contexts() -> tuple[AbstractContextManager[object], AbstractContextManager[object]]:
            return nullcontext(), self._as_before(before)

        return checkpoint(self._forward, *inputs, use_reentrant=False, context_fn=contexts)

    def _first(self, *inputs: Any) -> Any:
        """Learn whether the block overwrites its inputs; those that do cannot be computed again from them."""
        tensors = [value for value in inputs if isinstance(value, Tensor)]
        versions = [value._version for value in tensors]
        out = self._forward(*inputs)
        self._keeps_inputs = versions == [value._version for value in tensors]
        return out

    @contextmanager
    def _as_before(self, before: Iterable[Tensor]) -> Iterator[None]:
        """The block's buffers as they were in the first computation, and afterwards as they are now."""
        buffers = list(self._block.buffers())
        now = [buffer.clone() for buffer in buffers]
        _fill(buffers, before)
        try:
            with shortcuts(pixels=self._owner.pixels, twice=False):
                yield
        finally:
            _fill(buffers, now)


class Recomputing:
    """Makes the blocks of a network compute their activations again.

    Args:
        module: The network's module. Its blocks are the elements of its outermost module lists; where it has none,
            the whole is one.
        pixels: Whether it is evaluated with convolutions of single pixels as matrix products.
    """

    def __init__(self, module: nn.Module, *, pixels: bool = False) -> None:
        self.paused, self.pixels = False, pixels
        for block in _blocks(module):
            block.forward = Recomputed(block, self)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Keep activations for a while: what is differentiated twice needs them twice."""
        was, self.paused = self.paused, True
        try:
            yield
        finally:
            self.paused = was


def _blocks(module: nn.Module) -> list[nn.Module]:
    found = list(_listed(module))
    return found or [module]


def _listed(module: nn.Module) -> Iterator[nn.Module]:
    for child in module.children():
        if isinstance(child, nn.ModuleList):
            yield from child
        else:
            yield from _listed(child)


def _fill(buffers: Iterable[Tensor], values: Iterable[Tensor]) -> None:
    for buffer, value in zip(buffers, values, strict=True):
        # Past autograd's count of changes: batch norm keeps its running statistics and reads those of the batch.
        buffer.data.copy_(value)
