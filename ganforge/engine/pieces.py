"""Pieces of a batch, which are evaluated one after the other where all of it would not fit in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ..language.signal import Expression
from ..language.term import Measure

Drawn = Mapping[Expression, tuple[Tensor, ...]]


def pieces(drawn: Drawn, count: int) -> list[Drawn]:
    """Divide the examples of a turn's sources into as many equal pieces."""
    if count == 1:
        return [drawn]
    return [
        {origin: tuple(value.chunk(count)[number] for value in values) for origin, values in drawn.items()}
        for number in range(count)
    ]


def mean_of(measured: Sequence[dict[Measure, Tensor]]) -> dict[Measure, Tensor]:
    """The mean over the pieces of each loss."""
    if len(measured) == 1:
        return measured[0]
    return {measure: torch.stack([piece[measure] for piece in measured]).mean(0) for measure in measured[0]}
