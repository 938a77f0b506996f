"""The command ``ganforge show``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from ..errors import PluginError, RecipeError
from ..language.component import suggestion
from ..report.stream import say
from . import listing
from .completing import WORDS, complete_kind, complete_shown
from .session import Session

if TYPE_CHECKING:
    from ..registry.catalogue import Entry


@click.command()
@click.argument("what", metavar="components|recipes|plugins|COMPONENT|RECIPE", shell_complete=complete_shown)
@click.argument("kind", required=False, shell_complete=complete_kind)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(ctx: click.Context, what: str, kind: str | None, as_json: bool) -> None:
    """List components (of one KIND), recipes or plugins, or describe one component or recipe."""
    session = Session.of(ctx)
    if kind is not None and what != "components":
        raise click.UsageError(f"only components are listed by kind; '{kind}' is one word too many.", ctx)
    if what != "plugins":
        session.warn()
    shown, lines = _shown(session, what, kind)
    say(json.dumps(shown, indent=2, ensure_ascii=False) if as_json else "\n".join(lines))


def _shown(session: Session, what: str, kind: str | None) -> tuple[Any, list[str]]:
    """What to show as plain values and as lines."""
    if what == "components":
        entries = _of_kind(session.catalogue.entries(), kind)
        return [listing.entry_values(entry) for entry in entries], listing.entry_lines(entries)
    if what == "recipes":
        from ..registry.recipes import listing as recipes

        files = recipes(session.plugins)
        return [listing.file_values(file) for file in files], listing.file_lines(files)
    if what == "plugins":
        return [plugin.describe() for plugin in session.plugins], listing.plugin_lines(session.plugins)
    return _one(session, what)


def _of_kind(entries: list[Entry], kind: str | None) -> list[Entry]:
    from ..registry.kinds import KINDS

    if kind is None:
        return entries
    if kind not in KINDS:
        raise RecipeError(f"there is no kind '{kind}'. The kinds are: {', '.join(KINDS)}.", suggestion(kind, KINDS))
    return [entry for entry in entries if entry.kind == kind]


def _one(session: Session, what: str) -> tuple[Any, list[str]]:
    """The components of a name, and the recipe of that name."""
    entries = session.catalogue.named(what)
    components = [listing.component_values(entry) for entry in entries]
    lines = [line for values in components for line in [*listing.component_lines(values), ""]]
    recipe = None
    try:
        path, found = session.find(what)
    except (RecipeError, PluginError):
        # A word without a path that names a component need name no recipe.
        if not entries:
            if _is_word(session, what):
                raise _unknown(session, what) from None
            raise
    else:
        recipe = listing.recipe_values(path, found)
        lines += [*listing.recipe_lines(recipe), ""]
    return {"components": components, "recipe": recipe}, lines[:-1]


def _is_word(session: Session, what: str) -> bool:
    """Whether a text is neither a path nor the name of a recipe, so that anything may have been meant."""
    from ..registry.recipes import listing as recipes

    named = {file.key for file in recipes(session.plugins)} | {file.name for file in recipes(session.plugins)}
    return "/" not in what and not what.endswith(".py") and what.partition(":")[0].replace("-", "_") not in named


def _unknown(session: Session, what: str) -> RecipeError:
    from ..registry.kinds import KINDS
    from ..registry.recipes import listing as recipes

    if what in KINDS:
        return RecipeError(f"'{what}' is a kind of components.", f"ganforge show components {what}")
    names = [entry.name for entry in session.catalogue.entries()] + [file.key for file in recipes(session.plugins)]
    words = [*WORDS, *dict.fromkeys(names)]
    text = f"no component and no recipe is called '{what}'."
    containing = [word for word in words if what in word]
    if containing:
        return RecipeError(f"{text} Names that contain it: {', '.join(containing)}.")
    hint = suggestion(what, words) or "ganforge show components lists all components, ganforge show recipes all recipes"
    return RecipeError(text, hint)
