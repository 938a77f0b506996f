"""What a plain loop is given: sizes, device, data, and what to do before each turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import attrs
import torch
from torch import Tensor, nn

Batches = Iterator[tuple[Tensor, ...]]


def _nothing(player: str, turn: int) -> None:
    """Do nothing."""


@attrs.frozen(kw_only=True)
class Setting:
    """One game as a plain loop plays it.

    Args:
        sizes: The game's numbers, such as ``width`` and ``batch``.
        data: Gives the next batch, on the device.
        device: Where the loop plays.
        precision: ``fp32``, ``tf32`` or ``bf16``; only tuned loops use the last.
        begin: Called before each turn with the player's name and the turn's number in the step.
    """

    sizes: Mapping[str, Any]
    data: Batches
    device: torch.device
    precision: str = "fp32"
    begin: Callable[[str, int], None] = _nothing

    def __getitem__(self, name: str) -> Any:
        return self.sizes[name]

    def autocast(self) -> AbstractContextManager[object]:
        """Where a tuned loop evaluates networks."""
        if self.precision != "bf16":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)


class Played(Protocol):
    """A loop that can be timed and compared."""

    networks: Mapping[str, nn.Module]

    def step(self) -> None:
        """Play one step."""
