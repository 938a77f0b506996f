"""A game that was played, as criteria and pictures see it."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

import ganforge as gf
from ganforge.engine.batches import Batches
from ganforge.engine.device import Machine
from ganforge.engine.samples import Sampler
from ganforge.engine.trained import TrainedRun
from ganforge.language.graph import batches_behind, game_batches, networks_behind

from .judges import HELD_OUT, Judges


@attrs.frozen(eq=False)
class Played:
    """A game with the weights of a run.

    Args:
        game: What was played.
        run: Where.
        judges: Who may be asked.
    """

    game: gf.Game
    run: TrainedRun
    judges: Judges

    def draw(self, *names: str, count: int) -> list[Tensor]:
        """Samples of the game, or fields of its data, of the same examples; images go from -1 to 1.

        Real examples are such as the run has not seen.
        """
        signals = {name: self._signal(name) for name in names}
        averages = {network: network.average is not None for network in networks_behind(signals.values())}
        modules = {network: self.run.network(network.name, average=a) for network, a in averages.items()}
        machine = Machine(torch.device("cpu"))
        data = {
            batch: Batches(
                batch,
                unseen(batch.data).open(self.judges.data_root),
                seed=0,
                stream=number,
                batch_size=self.game.batch_size,
                device=machine.device,
            )
            for number, batch in enumerate(batches_behind(signals.values()))
        }
        drawn = Sampler(signals, modules, machine, data, self.game.batch_size).evaluate(count, 0)
        low, high = self.run.value_range
        return [2 * (v - low) / (high - low) - 1 if v.dim() == 4 else v for v in map(drawn.__getitem__, names)]

    def _signal(self, name: str) -> gf.Signal:
        if name in self.game.samples:
            return self.game.samples[name]
        batch = next(batch for batch in game_batches(self.game) if name in batch.fields)
        # A batch drawn only to be asked for the shape and type of its field.
        like: gf.Signal = getattr(batch.data.batch(), name)  # type: ignore[attr-defined]
        return gf.Signal(batch, batch.fields.index(name), like.shape, like.dtype)


def unseen(data: gf.Data) -> gf.Data:
    """The same data set's other examples: another seed, or the test images."""
    fresh = {"seed": HELD_OUT, "split": "test"}
    return data.with_values(**{name: value for name, value in fresh.items() if name in data.values()})
