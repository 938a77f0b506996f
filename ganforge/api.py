"""What a notebook calls to train a game or to load a run; the command line does the same."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from .engine.compiling import Compile
from .engine.device import Precision
from .engine.folder import RunFolder
from .engine.observer import Observer
from .engine.run import Run, Settings, describe_game
from .engine.trained import TrainedRun
from .errors import CheckpointError, RecipeError
from .language.game import Game
from .registry.catalogue import Catalogue
from .registry.discovery import installed
from .registry.plugin import Plugins
from .report.watch import watchers


def default_data_root() -> str:
    """The cache folder of data sets: ``GANFORGE_DATA``, else a folder in the user's cache."""
    return os.environ.get("GANFORGE_DATA") or str(Path("~/.cache/ganforge/data"))


def train(
    game: Game,
    *,
    out: str | Path,
    resume: bool = False,
    seed: int = 0,
    device: str = "auto",
    precision: Precision = "fp32",
    data_root: str | None = None,
    steps: int | None = None,
    log_every: int | None = None,
    sample_every: int | None = None,
    checkpoint_every: int | None = None,
    accumulate: int = 1,
    recompute: bool = False,
    compile: Compile = "off",
    capture: bool = False,
    quiet: bool = False,
) -> TrainedRun:
    """Train a game in a folder.

    Args:
        game: What to play.
        out: The run folder.
        resume: Go on from the newest checkpoint in a folder that holds a run of this very game.
        seed: All randomness follows from it.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:INDEX``.
        precision: ``fp32``, ``tf32`` or ``bf16``.
        data_root: Cache folder of data sets; ``GANFORGE_DATA`` or the user's cache if left out.
        steps: Steps to play in all, in place of the game's length.
        log_every: Steps between log lines.
        sample_every: Steps between sample grids.
        checkpoint_every: Steps between checkpoints.
        accumulate: Equal pieces of each batch that are evaluated one after the other, to save memory.
        recompute: Compute activations again in the backward pass instead of keeping them.
        compile: Compile turns with torch.compile: ``off``, ``on``, or ``auto`` to find out whether it pays.
        capture: Record turns as CUDA graphs after the first steps.
        quiet: Show no progress.

    Returns:
        The run, ready to sample from.

    Raises:
        GanforgeError: As the command line would report it; ``exit_code`` is the command's.
    """
    settings = Settings(
        seed=seed,
        device=device,
        precision=precision,
        data_root=data_root or default_data_root(),
        steps=steps,
        log_every=log_every,
        sample_every=sample_every,
        checkpoint_every=checkpoint_every,
        accumulate=accumulate,
        recompute=recompute,
        compile=compile,
        capture=capture,
    )
    return play(game, Path(out), settings, resume=resume, quiet=quiet)


def play(
    game: Game,
    out: Path,
    settings: Settings,
    *,
    source: Mapping[str, Any] | None = None,
    resume: bool = False,
    quiet: bool = False,
    observers: Sequence[Observer] = (),
    plugins: Plugins | None = None,
) -> TrainedRun:
    """Play a game in a folder, watched by the progress display, the picture writer and the plugins.

    Args:
        game: What to play.
        out: The run folder.
        settings: How to play it.
        source: What the record says of where the game came from: recipe, text and overrides.
        resume: Whether the folder may hold a run already.
        quiet: Show no progress.
        observers: Others who watch.
        plugins: Who offers components and watches; what is installed if left out.
    """
    folder, plugins = RunFolder(out), plugins or installed()
    if folder.holds_run() and not resume:
        raise RecipeError(f"{out} already holds a run.", f"go on with: ganforge resume {out}")
    catalogue = Catalogue(plugins)
    described = describe_game(game, catalogue)
    # A run that cannot begin leaves no folder behind, so the game is built and its data opened first.
    everyone = [*watchers(folder, described, plugins, quiet=quiet), *observers]
    run = Run(game, folder, settings, catalogue, everyone)
    folder.create()
    # What an earlier session recorded, such as the recipe's text, stays.
    before = folder.read_record() if folder.holds_run() else {}
    run.train({**before, "format": 1, **(source or {}), **described, "components": versions(described, catalogue)})
    return TrainedRun(out, catalogue, settings.device)


def versions(described: Mapping[str, Any], catalogue: Catalogue) -> list[dict[str, Any]]:
    """Kind, key, component version, distribution and distribution version of every component a game names."""
    entries = {(entry.kind, entry.key): entry for entry in catalogue.entries()}
    return [
        {
            "kind": kind,
            "key": key,
            "version": entries[kind, key].component_version,
            "distribution": entries[kind, key].distribution,
            "distribution_version": entries[kind, key].version,
        }
        for kind, key in described["components"]
    ]


def load(run: str | Path, *, device: str = "auto", data_root: str | None = None) -> TrainedRun:
    """Read a run back from its folder; its recipe is not executed.

    Args:
        run: The run folder.
        device: Where to evaluate.
        data_root: Cache folder of data sets, for samples that read real examples; the run's own if left out.
    """
    return TrainedRun(Path(run), Catalogue(installed()), device, data_root)


def resumed_settings(folder: RunFolder, changed: Mapping[str, Any]) -> Settings:
    """The settings of a run, with what a command changes.

    Raises:
        CheckpointError: The seed would change, which is another run.
    """
    recorded = Settings(**folder.read_record()["settings"])
    if changed.get("seed") not in (None, recorded.seed):
        raise CheckpointError(
            f"{folder.path} was begun with seed {recorded.seed}, not {changed['seed']}.",
            "begin another run in --out DIR",
        )
    return attrs.evolve(recorded, **{name: value for name, value in changed.items() if value is not None})
