"""The command ``ganforge check``."""

from __future__ import annotations

import click

from ..language.site import shorten
from ..report.stream import say
from .completing import complete_overrides, complete_recipe
from .options import Parametrised, read_overrides
from .session import Session


@click.command(cls=Parametrised)
@click.argument("recipe", shell_complete=complete_recipe)
@click.argument("overrides", nargs=-1, metavar="[name=value]...", shell_complete=complete_overrides)
@click.option("--no-build", is_flag=True, help="Leave out the trial of networks and losses, which imports torch.")
@click.pass_context
def check(ctx: click.Context, recipe: str, overrides: tuple[str, ...], no_build: bool) -> None:
    """Tell what RECIPE will do, or everything that is wrong with it.

    Networks are built and tried without memory; no data is opened and nothing is trained.
    """
    from ..language.docstring import summary
    from ..report.words import plan

    session = Session.of(ctx)
    session.warn()
    _, found, game = session.read(recipe, read_overrides(overrides))
    counts = None
    if not no_build:
        from ..engine.modules import trial

        counts = trial(game)
    say(f"{found.name} ({shorten(found.file)}:{found.line})")
    if summary(found):
        say(summary(found))
    say(plan(game, counts))
