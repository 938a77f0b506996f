"""Evaluates the monitors of losses that no player computes: on fixed examples, in evaluation mode."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..language.data import Batch
from ..language.feedback import Feedback
from ..language.game import Game
from ..language.graph import read_measures, watched_monitors
from ..language.length import Progress
from ..language.network import Network
from ..language.signal import Signal
from ..language.term import Measure
from .batches import Batches
from .device import Machine
from .numbers import read
from .samples import Sampler

_EXAMPLES = 1000


class Watched:
    """The monitors of a game that read what no player computes.

    Args:
        game: Names them.
        modules: The networks' modules.
        machine: Device and precision.
        data: The opened data of each batch that they read.
    """

    def __init__(
        self, game: Game, modules: Mapping[Network, nn.Module], machine: Machine, data: Mapping[Batch, Batches]
    ) -> None:
        self.monitors = watched_monitors(game)
        measures = [measure for value in self.monitors.values() for measure in read_measures(value)]
        self._measures = {f"{number}": measure for number, measure in enumerate(dict.fromkeys(measures))}
        signals: dict[str, Signal] = {}
        for number, measure in self._measures.items():
            signals |= {f"{number}.{position}": signal for position, signal in enumerate(measure.inputs)}
            signals |= {f"{number}.{name}": signal for name, signal in measure.keywords.items()}
        self._sampler = Sampler(signals, modules, machine, data, game.batch_size)

    def read(self, seed: int, now: Progress, feedbacks: Mapping[Feedback, Tensor]) -> dict[str, float]:
        """The monitors' values with the present weights.

        Args:
            seed: Seed of the noise.
            now: How far the phase has come, for scheduled weights.
            feedbacks: The state of every feedback, for steered weights.
        """
        if not self.monitors:
            return {}
        drawn = self._sampler.evaluate(_EXAMPLES, seed)
        with torch.no_grad():
            measured = {measure: _compute(number, measure, drawn) for number, measure in self._measures.items()}
            values = {name: read(value, measured, now, feedbacks) for name, value in self.monitors.items()}
        return {name: value.item() for name, value in values.items()}


def _compute(number: str, measure: Measure, drawn: Mapping[str, Tensor]) -> Tensor:
    inputs = [drawn[f"{number}.{position}"] for position in range(len(measure.inputs))]
    keywords = {name: drawn[f"{number}.{name}"] for name in measure.keywords}
    return measure.function(*inputs, **keywords)
