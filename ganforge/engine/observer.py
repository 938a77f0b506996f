"""What a run tells those who watch it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor


class Observer:
    """Watches a run; every method does nothing unless it is overridden. Observers cannot steer training."""

    def note(self, text: str) -> None:
        """Something worth a line happened, or takes long."""

    def started(self, run: Path, step: int, total: int, batch_size: int) -> None:
        """The run begins, or goes on from a step; ``total`` is estimated where lengths are in epochs."""

    def stepped(self, step: int) -> None:
        """A step was played."""

    def reached(self, step: int, phase: str, kimg: float, epoch: float) -> None:
        """A logging step was played: the phase, and the real images and epochs since it began (nan without data)."""

    def logged(self, step: int, scalars: Mapping[str, float]) -> None:
        """A logging step was played; the scalars are those of the log line."""

    def sampled(self, step: int, samples: Mapping[str, Tensor]) -> None:
        """Samples were drawn, on the host, by name."""

    def saved(self, step: int, path: Path) -> None:
        """A checkpoint was written and verified."""

    def finished(self, error: BaseException | None) -> None:
        """The run ended; ``error`` is what ended it early."""
