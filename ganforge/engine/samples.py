"""Draws samples: from fixed noise and fixed examples, in evaluation mode, the same on every device."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..language.data import Batch
from ..language.graph import ordered
from ..language.network import Network
from ..language.signal import Expression, RandomLabels, SamplingMode, Signal
from .batches import Batches
from .device import Machine
from .draw import derive, draw_source, seed_generators
from .evaluate import evaluate_samples
from .tape import Values


class Sampler:
    """Draws the samples of a game.

    Args:
        signals: What to draw, by name.
        modules: The networks' modules.
        machine: Device and precision.
        data: The opened data of each batch that a sample reads.
        batch_size: Examples evaluated at once.
    """

    def __init__(
        self,
        signals: Mapping[str, Signal],
        modules: Mapping[Network, nn.Module],
        machine: Machine,
        data: Mapping[Batch, Batches],
        batch_size: int,
    ) -> None:
        self.signals = dict(signals)
        self.modules = modules
        self.machine = machine
        self.data = data
        self.batch_size = batch_size

    def draw(self, count: int, seed: int, label: int | None = None) -> dict[str, Tensor]:
        """Draw examples; each is the same whatever the count.

        Args:
            count: Examples of each sample.
            seed: Seed of the noise.
            label: The class of every example; None takes one class after the other.

        Returns:
            Tensors of shape (count, …) on the host, by the samples' names.
        """
        return {name: value.float().cpu() for name, value in self.evaluate(count, seed, label).items()}

    def evaluate(self, count: int, seed: int, label: int | None = None) -> dict[str, Tensor]:
        """The same, of the signals' own types and on the device."""
        # Batch statistics and dropout are those of whole batches, whatever the count.
        total = math.ceil(count / self.batch_size) * self.batch_size if self._trains() else count
        sources = self._sources(total, seed, label)
        chunks = []
        for start in range(0, total, self.batch_size):
            stop = min(start + self.batch_size, total)
            part = {origin: self._moved(values, start, stop) for origin, values in sources.items()}
            chunks.append(evaluate_samples(self.signals, self.modules, self.machine, part.__getitem__))
        return {name: torch.cat([chunk[name] for chunk in chunks])[:count] for name in self.signals}

    def classes(self) -> list[int]:
        """How many classes each draw of random labels behind the samples has."""
        return [origin.num_classes for origin in ordered(self.signals.values()) if isinstance(origin, RandomLabels)]

    def _trains(self) -> bool:
        """Whether a sample keeps its networks in training mode."""
        origins = ordered(self.signals.values())
        return any(isinstance(origin, SamplingMode) and origin.mode == "train" for origin in origins)

    def _sources(self, count: int, seed: int, label: int | None = None) -> dict[Expression, Values]:
        found: dict[Expression, Values] = {}
        for number, origin in enumerate(o for o in ordered(self.signals.values()) if not o.inputs):
            if isinstance(origin, Batch):
                found[origin] = self.data[origin].fixed(count)
            elif isinstance(origin, RandomLabels):
                # One class after the other shows them all, whatever the count.
                cycle = torch.arange(count) % origin.num_classes
                found[origin] = (cycle if label is None else torch.full((count,), label),)
            else:
                # Drawn on the host, so that samples do not depend on the device.
                generator = torch.Generator().manual_seed(derive(seed, "samples", number))
                # Torch makes normal noise sixteen numbers at a time; a count between would change the last ones.
                drawn = draw_source(origin, math.ceil(count / 16) * 16, torch.device("cpu"), generator)
                found[origin] = (drawn[:count],)
        # Dropout that is kept on by gf.sampling(..., mode="train") follows torch's generator.
        seed_generators(derive(seed, "samples"))
        return found

    def _moved(self, values: Values, start: int, stop: int) -> Values:
        return tuple(value[start:stop].to(self.machine.device) for value in values)
