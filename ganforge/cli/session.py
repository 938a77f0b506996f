"""What a command knows beside its own arguments: the plugins and the catalogue that the global options choose."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Self

import attrs
import click

from ..report.stream import tell

if TYPE_CHECKING:
    from ..language.game import Game
    from ..language.recipe import Recipe
    from ..registry.catalogue import Catalogue
    from ..registry.plugin import Plugins


@attrs.define(slots=False)
class Session:
    """One use of the command line.

    Args:
        blocked: Plugins to leave out.
        folder: A folder of single-file plugins.
    """

    blocked: tuple[str, ...] = ()
    folder: Path | None = None

    @classmethod
    def of(cls, ctx: click.Context) -> Self:
        """The session that the global options describe."""
        given = ctx.find_root().params
        return cls(tuple(given.get("no_plugin") or ()), given.get("plugins_dir"))

    @functools.cached_property
    def plugins(self) -> Plugins:
        """The plugins that take part, found when they are first needed."""
        from ..registry.discovery import installed

        return installed(self.blocked, self.folder)

    @functools.cached_property
    def catalogue(self) -> Catalogue:
        """Their components."""
        from ..registry.catalogue import Catalogue

        return Catalogue(self.plugins)

    def warn(self) -> None:
        """Tell which plugins are broken, hidden or slow."""
        for line in self.plugins.warnings():
            tell(f"warning: {line}")

    def add_commands(self, group: click.Group) -> None:
        """Let the plugins add their commands."""
        from ..registry.commands import add_commands

        for line in add_commands(self.plugins, group):
            tell(f"warning: {line}")

    def find(self, text: str) -> tuple[Path, Recipe[...]]:
        """The recipe that a path or a name means."""
        from ..language.recipe import load_recipe
        from ..registry.recipes import find_recipe

        path, name = find_recipe(text, self.plugins)
        return path, load_recipe(path, name)

    def read(self, text: str, overrides: dict[str, str]) -> tuple[Path, Recipe[...], Game]:
        """The recipe that a path or a name means, and the game it describes."""
        path, recipe = self.find(text)
        return path, recipe, recipe.read(overrides, self.catalogue)
