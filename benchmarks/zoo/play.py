"""Plays a row three times, untrained, trained and broken, and measures each."""

from __future__ import annotations

import datetime
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import attrs
import torch
from PIL import Image

import ganforge as gf
from ganforge.engine.trained import TrainedRun
from ganforge.errors import DivergedError
from ganforge.language.recipe import load_recipe
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed
from ganforge.report.pictures import images, save_grid

from .criteria import Numbers
from .judges import Judges
from .played import Played
from .rows import Row
from .variants import broken, shorter, untrained

_BROKEN_SHARE = 1 / 3


@attrs.frozen
class Options:
    """What the command line says of every row.

    Args:
        data_root: Cache folder of data sets.
        cache: Folder of trained judges.
        pictures: Where pictures go.
        runs: Where run folders are kept; None keeps none.
        scale: Share of each row's steps to play.
    """

    data_root: Path
    cache: Path
    pictures: Path
    runs: Path | None = None
    scale: float = 1.0


def game(row: Row) -> gf.Game:
    """The row's game, as its command reads it."""
    return load_recipe(row.recipe).read(row.overrides, Catalogue(installed()))


def play(row: Row, options: Options) -> dict[str, Any]:
    """Everything that the table says of a row."""
    torch.set_num_threads(1)
    judges = Judges(options.cache, options.data_root)
    folder = (options.runs or Path(tempfile.mkdtemp())) / row.name
    shutil.rmtree(folder, ignore_errors=True)
    whole = game(row)
    result: dict[str, Any] = {
        "date": datetime.date.today().isoformat(),
        "torch": torch.__version__,
        "lines": len(row.recipe.read_text(encoding="utf-8").splitlines()),
    }
    try:
        begun = time.process_time()
        run = _run(row, whole, folder / "trained", options, options.scale)
        result["cpu_seconds"] = round(time.process_time() - begun, 1)
        shown = Played(whole, run, judges)
        result["trained"] = _measured(row, shown)
        _draw(row, shown, options.pictures / f"{row.name}.png")
        run = _run(row, untrained(whole), folder / "untrained", options, 0.0)
        result["untrained"] = _measured(row, Played(whole, run, judges))
        try:
            run = _run(row, broken(whole, row.breaks), folder / "broken", options, options.scale * _BROKEN_SHARE)
            result["broken"] = _measured(row, Played(whole, run, judges))
        except DivergedError:
            result["broken"] = {}
        result["judges"] = {name: round(judge.accuracy, 4) for name, judge in judges.known.items()}
    finally:
        if options.runs is None:
            shutil.rmtree(folder.parent)
    return result


def _run(row: Row, game: gf.Game, out: Path, options: Options, share: float) -> TrainedRun:
    """A share of the row's steps, but one step at least."""
    steps = max(1, round((row.steps or 0) * share))
    if row.steps is None and share > 0:
        game, steps = shorter(game, share), 0
    return gf.train(
        game,
        out=out,
        steps=steps or None,
        device="cpu",
        data_root=str(options.data_root),
        sample_every=10**9,
        checkpoint_every=10**9,
        quiet=True,
    )


def _measured(row: Row, played: Played) -> Numbers:
    numbers: Numbers = {}
    for criterion in row.criteria:
        numbers |= criterion.measure(played)
    return {name: float(f"{value:.4g}") for name, value in numbers.items()}


def _draw(row: Row, played: Played, path: Path) -> None:
    """Save samples as a picture of few colours, which makes a small file."""
    names = row.picture or tuple(played.game.samples)
    drawn = dict(zip(names, played.draw(*names, count=row.tiles), strict=True))
    path.parent.mkdir(parents=True, exist_ok=True)
    save_grid(images(drawn), path, (-1.0, 1.0))
    Image.open(path).quantize(96).save(path, optimize=True)
