"""Tapes: what a turn evaluates, as a list of functions of numbered tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import attrs
import torch
from torch import Tensor

from ..errors import Site
from ..language.feedback import Resolve
from ..language.signal import Expression
from ..language.term import Measure

Values: TypeAlias = tuple[Tensor, ...]
Slots: TypeAlias = list[Tensor]


@attrs.frozen(eq=False, kw_only=True)
class Instruction:
    """One function of a turn.

    Args:
        function: Takes tensors, and options by name.
        reads: The slots of its tensors, and of each whether it comes with its graph.
        writes: The slots of what it returns.
        graph: Whether it is recorded.
        options: Numbers that may be scheduled.
        kept: Whether a later turn differentiates through it.
        apart: Whether it has to be executed as it is: it is differentiated twice, by one loss or in two turns, or it
            keeps a history.
        site: The line of the recipe.
        doing: What to call it in an error's note.
    """

    function: Callable[..., Values]
    reads: tuple[tuple[int, bool], ...] = ()
    writes: tuple[int, ...]
    graph: bool
    options: Mapping[str, Any] = attrs.field(factory=dict)
    kept: bool = False
    apart: bool = False
    site: Site | None = None
    doing: str = ""

    def play(self, slots: Slots, resolve: Resolve) -> None:
        """Execute it, and add the recipe's line to whatever torch raises."""
        with place(self.site, self.doing):
            options = {name: resolve(value) for name, value in self.options.items()}
            self.execute(slots, options)

    def execute(self, slots: Slots, options: Mapping[str, Any]) -> None:
        """Execute it."""
        inputs = [_read(slots[index], attached) for index, attached in self.reads]
        with torch.set_grad_enabled(self.graph):
            values = self.function(*inputs, **options)
        for index, value in zip(self.writes, values, strict=True):
            slots[index] = value


def _read(value: Tensor, attached: bool) -> Tensor:
    return value if attached or not value.requires_grad else value.detach()


Part: TypeAlias = Callable[[Slots, Resolve], None]


@attrs.define(eq=False)
class Tape:
    """A turn's instructions, and where its tensors come from and go to.

    Args:
        instructions: What to execute, in order.
        parts: The same as functions: each instruction's own, or those that stand for several at once.
        sources: The slots of what the turn draws.
        loads: The slots of per-step values of earlier turns, and of each whether it comes with its graph.
        shares: The slots of per-step values that this turn is the first to evaluate.
        losses: The slot of each loss.
        length: How many slots there are.
    """

    instructions: Sequence[Instruction]
    parts: Sequence[Part]
    sources: Mapping[Expression, tuple[int, ...]]
    loads: Mapping[Expression, tuple[tuple[int, ...], bool]]
    shares: Mapping[Expression, tuple[int, ...]]
    losses: Mapping[Measure, int]
    length: int

    def play(
        self, drawn: Mapping[Expression, Values], shared: dict[Expression, Values], resolve: Resolve
    ) -> dict[Measure, Tensor]:
        """Execute a turn.

        Args:
            drawn: The values of the sources.
            shared: Per-step values of this step, which this turn adds to.
            resolve: Gives the present value of a number that may be scheduled.
        """
        slots: Slots = [_NOTHING] * self.length
        for origin, indices in self.sources.items():
            _fill(slots, indices, drawn[origin])
        for origin, (indices, attached) in self.loads.items():
            _fill(slots, indices, tuple(_read(value, attached) for value in shared[origin]))
        for part in self.parts:
            part(slots, resolve)
        shared |= {origin: tuple(slots[index] for index in indices) for origin, indices in self.shares.items()}
        return {measure: slots[index] for measure, index in self.losses.items()}


_NOTHING = torch.empty(0)


def _fill(slots: Slots, indices: Sequence[int], values: Values) -> None:
    for index, value in zip(indices, values, strict=True):
        slots[index] = value


@contextmanager
def place(site: Site | None, doing: str) -> Iterator[None]:
    """Add the recipe's line to whatever torch raises."""
    try:
        yield
    except Exception as error:
        if site is not None and not any("recipe line" in note for note in getattr(error, "__notes__", ())):
            error.add_note(f"recipe line: {site}  {site.text}\nwhile {doing}")
        raise
