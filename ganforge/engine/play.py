"""Plays the forward half of a turn: draws its sources and executes its tape."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from ..language.data import Batch
from ..language.feedback import Resolve
from ..language.network import Network
from ..language.signal import Expression, ImagePool
from ..language.term import Measure
from .compiling import Compiler, Note
from .device import Machine
from .draw import draw_source
from .lowering import Lowering
from .plan import SOURCES, TurnPlan
from .pool import Pool
from .tape import Tape, Values, place


class Play:
    """What evaluating a turn needs from the run: modules, batches, pools, and the step's shared values.

    Args:
        machine: Device, precision and optimisations.
        modules: The networks' modules; averages under their own declarations.
        pools: The image pools' contents.
        batch_size: Examples drawn for noise and labels.
        note: Told in words what could not be compiled.
    """

    def __init__(
        self,
        machine: Machine,
        modules: Mapping[Network, nn.Module],
        pools: Mapping[ImagePool, Pool],
        batch_size: int,
        note: Note,
    ) -> None:
        self.machine = machine
        self.batch_size = batch_size
        self.shared: list[dict[Expression, Values]] = [{} for _ in range(machine.accumulate)]
        self.batches: dict[Batch, Values] = {}
        self._lowering = Lowering(machine, modules, pools)
        self._compiler, self._compiles = Compiler(note), machine.compiled
        self._tapes: dict[TurnPlan, Tape] = {}

    def forget(self) -> None:
        """Forget a step's shared values, and the graphs they hold."""
        for shared in self.shared:
            shared.clear()
        self.batches.clear()

    def compile(self, compiled: bool) -> None:
        """Play by compiled functions from now on, or no longer."""
        self._compiles = compiled
        self._tapes.clear()

    def draw(self, plan: TurnPlan, draw_batch: Callable[[Batch], Values]) -> dict[Expression, Values]:
        """Draw the noise, labels and batches of a turn.

        Args:
            plan: The turn.
            draw_batch: Gives this turn's batch of a data set.
        """
        found: dict[Expression, Values] = {}
        for origin in plan.order:
            if isinstance(origin, Batch):
                with place(origin.site, f"drawing {origin}"):
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
        if plan not in self._tapes:
            self._tapes[plan] = self._lowering.lower(plan)
            if self._compiles:
                self._compiler.compile(self._tapes[plan])
        return self._tapes[plan].play(drawn, self.shared[piece], resolve)
