"""Begins and resumes runs for the commands; imported when torch is needed."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from ..api import default_data_root, play, resumed_settings
from ..engine.folder import RunFolder
from ..engine.observer import Observer
from ..engine.run import Settings
from ..errors import StorageError
from ..language.game import Game
from ..report.progress import clock
from ..report.stream import say
from .session import Session


class Tally(Observer):
    """Counts the steps of a session and keeps what the end has to tell."""

    def __init__(self) -> None:
        self.first = self.last = self.total = 0

    def started(self, run: Path, step: int, total: int, batch_size: int) -> None:
        self.first, self.last, self.total = step, step, total

    def stepped(self, step: int) -> None:
        self.last = step


def begin(
    game: Game, out: Path, session: Session, source: Mapping[str, Any], settings: Mapping[str, Any], *, quiet: bool
) -> None:
    """Play a game in a new folder, and say where things are."""
    given = {name: value for name, value in settings.items() if value is not None}
    chosen = attrs.evolve(Settings(data_root=default_data_root()), **given)
    tally = Tally()
    play(game, out, chosen, source=source, quiet=quiet, observers=[tally], plugins=session.plugins)
    _end(out, tally)


def go_on(
    game: Game, run: Path, out: Path | None, session: Session, changed: Mapping[str, Any], *, quiet: bool
) -> None:
    """Play on in a run's folder, or in a copy of it, and say where things are."""
    settings = resumed_settings(RunFolder(run), changed)
    if out is not None:
        _copy(run, out)
        run = out
    tally = Tally()
    play(game, run, settings, resume=True, quiet=quiet, observers=[tally], plugins=session.plugins)
    if tally.last == tally.first:
        say(f"nothing to do: {run} is complete at step {tally.last}.")
        say(f"hint: play on with: ganforge resume {_quoted(run)} --steps {_more(tally.last)}")
    else:
        _end(run, tally)


def _copy(run: Path, out: Path) -> None:
    try:
        shutil.copytree(run, out, ignore=shutil.ignore_patterns(".lock", ".*.tmp"))
    except (OSError, shutil.Error) as error:
        raise StorageError(f"{run} cannot be copied to {out}: {error}.") from None


def _end(out: Path, tally: Tally) -> None:
    """Say where things are and what to type next."""
    folder, shown = RunFolder(out), _quoted(out)
    recorded = folder.read_record().get("sessions", [])
    seconds = f" in {clock(recorded[-1]['seconds'])}" if recorded else ""
    say(f"done: {tally.last - tally.first} steps{seconds}; the run is at step {tally.last}.")
    pictures = sorted(folder.samples.glob("step-*.png"))
    if pictures:
        say(f"  samples  {pictures[-1]}")
    say(f"  weights  {folder.weights}")
    say(f"  metrics  {folder.metrics}")
    say("next:")
    say(f"  ganforge sample {shown} -n 64 --out grid.png")
    say(f"  ganforge resume {shown} --steps {_more(tally.last)}")


def _more(step: int) -> int:
    return max(step, 1) * 2


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
