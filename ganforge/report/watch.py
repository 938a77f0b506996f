"""Those who watch every run: the progress display, the picture writer and the plugins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..engine.folder import RunFolder
from ..engine.observer import Observer
from ..registry.observers import Observers
from ..registry.plugin import Plugins
from .pictures import Pictures
from .progress import display


def watchers(folder: RunFolder, described: Mapping[str, Any], plugins: Plugins, *, quiet: bool) -> list[Observer]:
    """The observers of a run.

    Args:
        folder: Where the run is kept.
        described: What its record says of the game.
        plugins: Their observing hooks are told.
        quiet: Show no progress.
    """
    shown = display(quiet=quiet)
    low, high = described["value_range"]
    return [shown, Pictures(folder.samples, (low, high), shown.note), PluginObserver(plugins)]


class PluginObserver(Observer):
    """Tells the observing hooks of plugins; a hook that raises is a warning, once.

    Args:
        plugins: The loaded plugins.
    """

    def __init__(self, plugins: Plugins) -> None:
        self._hooks = Observers(plugins)
        self._run = Path()

    def started(self, run: Path, step: int, total: int, batch_size: int) -> None:
        self._run = run
        self._hooks.started(run)

    def logged(self, step: int, scalars: Mapping[str, float]) -> None:
        self._hooks.logged(self._run, step, scalars)

    def finished(self, error: BaseException | None) -> None:
        self._hooks.finished(self._run, error)
