"""The command ``ganforge resume``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..errors import RecipeError
from ..language.site import shorten
from ..report.stream import tell
from .completing import complete_run
from .options import flags, folder
from .session import Session


@click.command()
@click.argument("run", type=click.Path(path_type=Path, file_okay=False), shell_complete=complete_run)
@folder("Copy the run to this folder and go on there, leaving RUN as it is.")
@flags
@click.pass_context
def resume(ctx: click.Context, /, run: Path, out: Path | None, quiet: bool, **changed: Any) -> None:
    """Go on with RUN, a run folder, from its newest checkpoint.

    The recipe's text and parameters are those that the run recorded. Flags that are given replace recorded ones.
    """
    from ..engine.folder import RunFolder
    from ..language.recipe import load_recipe

    session = Session.of(ctx)
    session.warn()
    record = RunFolder(run).read_record()
    if out is not None and out.exists():
        raise RecipeError(f"{out} exists already; a run is copied to a new folder.")
    if "recipe" not in record:
        hint = f'go on there with gf.train(game, out="{run}", resume=True)'
        raise RecipeError(f"{run} was made by gf.train in Python; its record holds no recipe.", hint)
    source = record["recipe"]
    path = Path(source["path"])
    if _differs(path, source["text"]):
        tell(f"note: {shorten(str(path))} has changed since; the run's own copy of it is used.")
    recipe = load_recipe(Path(shorten(str(path))), source["name"], text=source["text"])
    game = recipe.read(record["overrides"], session.catalogue)
    from .playing import go_on

    go_on(game, run, out, session, changed, quiet=quiet)


def _differs(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8-sig") != text
    except (OSError, UnicodeDecodeError):
        # The run needs no file; one that is gone is no news.
        return False
