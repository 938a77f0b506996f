"""The progress display: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.observer import Observer
from .stream import Tolerant

if TYPE_CHECKING:
    from tqdm import tqdm

_LOSSES = 6
_FORMAT = "{desc}{n_fmt}/{total_fmt} {bar} {remaining} left{postfix}"


def display(stream: Tolerant | None = None, *, quiet: bool = False) -> Observer:
    """The display that suits a stream: a bar on a terminal, lines elsewhere, notes only if quiet.

    Args:
        stream: Where to show it; standard error if left out.
        quiet: Show no progress.
    """
    stream = stream or Tolerant()
    if quiet:
        return Notes(stream)
    return Bar(stream) if stream.isatty() else Lines(stream)


class Notes(Observer):
    """Shows notes only.

    Args:
        stream: Where to show them.
    """

    def __init__(self, stream: Tolerant) -> None:
        self.stream = stream

    def note(self, text: str) -> None:
        self.stream.line(text)


class Pace:
    """Images per second and time left, measured between logging steps."""

    def __init__(self, step: int, total: int, batch_size: int) -> None:
        self.total, self.batch_size = total, batch_size
        self.images_per_second = self.seconds_left = math.nan
        self._step, self._kimg, self._phase = step, math.nan, ""
        self._then = time.monotonic()

    def reached(self, step: int, phase: str, kimg: float) -> None:
        """Measure since the last time; where a phase begins its count anew, batches are counted."""
        seconds, played = time.monotonic() - self._then, step - self._step
        counted = (kimg - self._kimg) * 1000 if phase == self._phase else math.nan
        images = played * self.batch_size if math.isnan(counted) else counted
        if seconds > 0 and played > 0:
            self.images_per_second = images / seconds
            self.seconds_left = max(self.total - step, 0) * seconds / played
        self._step, self._kimg, self._phase, self._then = step, kimg, phase, time.monotonic()


class Lines(Notes):
    """Shows one line for each logging step."""

    def started(self, run: Path, step: int, total: int, batch_size: int) -> None:
        self.pace, self.place = Pace(step, total, batch_size), ""
        if step < total:
            self.stream.line(f"{run}: steps {step + 1} to {total}")

    def reached(self, step: int, phase: str, kimg: float, epoch: float) -> None:
        self.pace.reached(step, phase, kimg)
        self.place = where(phase, epoch)

    def logged(self, step: int, scalars: Mapping[str, float]) -> None:
        pace = self.pace
        speed = f"{pace.images_per_second:,.0f} img/s"
        words = [f"step {step}/{pace.total}", self.place, speed, f"{clock(pace.seconds_left)} left", *losses(scalars)]
        self.stream.line("  ".join(word for word in words if word))


class Bar(Notes):
    """Shows one line that stays in place."""

    bar: tqdm[Any] | None = None

    def note(self, text: str) -> None:
        if self.bar is None:
            super().note(text)
        else:
            self.bar.write(text, file=self.stream)

    def started(self, run: Path, step: int, total: int, batch_size: int) -> None:
        from tqdm import tqdm

        self.pace = Pace(step, total, batch_size)
        if step < total:
            shape: dict[str, Any] = {"bar_format": _FORMAT, "dynamic_ncols": True, "miniters": 1, "smoothing": 0.1}
            self.bar = tqdm(total=total, initial=step, file=self.stream, **shape)

    def stepped(self, step: int) -> None:
        if self.bar is not None:
            self.bar.update(step - self.bar.n)

    def reached(self, step: int, phase: str, kimg: float, epoch: float) -> None:
        self.pace.reached(step, phase, kimg)
        if self.bar is not None:
            self.bar.set_description_str(f"{where(phase, epoch)}  ".lstrip(), refresh=False)

    def logged(self, step: int, scalars: Mapping[str, float]) -> None:
        if self.bar is not None:
            words = [f"{self.pace.images_per_second:,.0f} img/s", *losses(scalars)]
            self.bar.set_postfix_str("  ".join(words), refresh=False)

    def finished(self, error: BaseException | None) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None


def where(phase: str, epoch: float) -> str:
    """Phase and epoch in words; the phase of a game that names none is left out."""
    words = [] if phase == "train" else [phase]
    return "  ".join(words if math.isnan(epoch) else [*words, f"epoch {epoch:.2f}"])


def losses(scalars: Mapping[str, float]) -> list[str]:
    """The first few scalars; a player's only one goes by the player's name."""
    owners = [name.partition("/")[0] for name in scalars]
    shown = list(scalars.items())[:_LOSSES]
    return [
        f"{owner if owners.count(owner) == 1 else name} {value:.3g}"
        for owner, (name, value) in zip(owners, shown, strict=False)
    ]


def clock(seconds: float) -> str:
    """A duration as minutes and seconds, or hours, minutes and seconds."""
    if not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
