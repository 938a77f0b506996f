"""The command ``ganforge run``."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import RecipeError
from .completing import complete_overrides, complete_recipe
from .options import Parametrised, flags, folder, read_overrides
from .session import Session

if TYPE_CHECKING:
    from ..language.recipe import Recipe


@click.command(cls=Parametrised)
@click.argument("recipe", shell_complete=complete_recipe)
@click.argument("overrides", nargs=-1, metavar="[name=value]...", shell_complete=complete_overrides)
@folder("The run folder. [runs/RECIPE-NUMBER]")
@flags
@click.pass_context
def run(
    ctx: click.Context, /, recipe: str, overrides: tuple[str, ...], out: Path | None, quiet: bool, **settings: Any
) -> None:
    """Train RECIPE, a file or the name of a bundled recipe.

    What changes the result is a parameter, written name=value; 'ganforge show RECIPE' lists them. Components go
    by name or call: adv=hinge, or 'data=folder(root="~/cats", size=64)'. What changes the machine's work is a flag.
    """
    session = Session.of(ctx)
    session.warn()
    typed = read_overrides(overrides)
    path, found, game = session.read(recipe, typed)
    out = out or free_folder(path.stem)
    if (out / "run.json").exists():
        raise RecipeError(f"{out} already holds a run.", f"go on with: ganforge resume {out}")
    source = record_source(path, found, typed)
    # Everything that can be known to be wrong is told before torch is imported, which takes seconds.
    from .playing import begin

    begin(game, out, session, source, settings, quiet=quiet)


def free_folder(name: str) -> Path:
    """The first folder of its kind that is not taken: ``runs/NAME-NUMBER``."""
    paths = (Path("runs") / f"{name}-{number}" for number in itertools.count(1))
    return next(path for path in paths if not path.exists())


def record_source(path: Path, recipe: Recipe[...], overrides: dict[str, str]) -> dict[str, Any]:
    """What a run's record says of where its game came from."""
    import linecache

    from ..report.values import typed

    # The lines that were executed, whatever the file says by now.
    text = "".join(linecache.getlines(str(path)))
    parameters = {name: overrides.get(name, typed(each.default)) for name, each in recipe.parameters.items()}
    return {
        "recipe": {"name": recipe.name, "path": str(path.absolute()), "text": text},
        "overrides": overrides,
        "parameters": parameters,
    }
