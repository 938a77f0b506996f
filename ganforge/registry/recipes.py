"""Recipes by name: the bundled ones, those of plugins, and paths."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import attrs

from ..errors import PluginError, RecipeError
from ..language.component import suggestion
from .plugin import Plugins


@attrs.frozen
class RecipeFile:
    """A recipe file that can be named.

    Args:
        name: The file's name without its ending.
        path: The file.
        plugin: The plugin that offers it; empty for a bundled recipe.
    """

    name: str
    path: Path
    plugin: str = ""

    @property
    def key(self) -> str:
        """The full name: ``plugin/name``, or the name alone for a bundled recipe."""
        return f"{self.plugin}/{self.name}" if self.plugin else self.name

    @property
    def summary(self) -> str:
        """The first line of the file's docstring, read without executing it; empty if there is none."""
        try:
            text = ast.get_docstring(ast.parse(self.path.read_bytes()))
        except (OSError, SyntaxError, ValueError):
            return ""
        return (text or "").partition("\n")[0].strip()


def bundled_folder() -> Path:
    """The folder of bundled recipes: inside the package when installed, else beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "recipes"
    return inside if inside.is_dir() else package.parent / "recipes"


def listing(plugins: Plugins, bundled: Path | None = None) -> list[RecipeFile]:
    """All recipes that have a name: bundled ones first, then those of plugins, each sorted.

    Args:
        plugins: The loaded plugins.
        bundled: The folder of bundled recipes; ganforge's own if left out.
    """
    found = list(_files(bundled or bundled_folder(), ""))
    for plugin in plugins.loaded:
        for folder in plugin.recipes:
            found += _files(folder, "" if plugin.bundled else plugin.name)
    unique = {(file.key, file.path.resolve()): file for file in found}
    return sorted(unique.values(), key=lambda file: (bool(file.plugin), file.key, str(file.path)))


def _files(folder: Path, plugin: str) -> Iterator[RecipeFile]:
    for path in folder.glob("*.py"):
        if not path.name.startswith("_"):
            yield RecipeFile(path.stem, path, plugin)


def find_recipe(text: str, plugins: Plugins, bundled: Path | None = None) -> tuple[Path, str]:
    """The file and, where it is given, the name of the recipe in it.

    Args:
        text: A path, or the name of a bundled recipe or of a plugin's; ``:name`` chooses in the file.
        plugins: The loaded plugins.
        bundled: The folder of bundled recipes; ganforge's own if left out.

    Raises:
        RecipeError: Nothing has that name, or several plugins' recipes have.
        PluginError: The plugin that is named is broken.
    """
    given, _, name = text.rpartition(":")
    if not given or not name.isidentifier():
        given, name = text, ""
    path = Path(given).expanduser()
    if _is_path(given) and path.is_file():
        return path, name
    files = listing(plugins, bundled)
    # A bundled recipe's key is its name, so it is found first.
    fitting = [file for file in files if _same(file.key, given)] or [f for f in files if _same(f.name, given)]
    if len(fitting) == 1:
        return fitting[0].path, name
    if fitting:
        keys = [file.key if len({f.key for f in fitting}) == len(fitting) else str(file.path) for file in fitting]
        offers = ", ".join(f"{file.key} ({file.path})" for file in fitting)
        raise RecipeError(f"recipe '{given}' may be any of: {offers}.", f"write {' or '.join(keys)}")
    if _is_path(given) and not _is_key(given, plugins):
        if not path.exists():
            _suggest_name(path, files)
        # The reader of recipe files says best what is missing there.
        return path, name
    raise _unknown(given, files, plugins)


def _is_path(text: str) -> bool:
    return text.endswith(".py") or "/" in text or os.sep in text


def _is_key(text: str, plugins: Plugins) -> bool:
    plugin, slash, name = text.partition("/")
    return bool(slash) and "/" not in name and not name.endswith(".py") and bool(plugins.named(plugin))


def _same(name: str, text: str) -> bool:
    return name.replace("-", "_") == text.replace("-", "_")


def _suggest_name(path: Path, files: list[RecipeFile]) -> None:
    for file in files:
        if path.suffix == ".py" and _same(file.name, path.stem):
            kind = f"a recipe of plugin '{file.plugin}'" if file.plugin else "a bundled recipe"
            raise RecipeError(f"there is no recipe file {path}.", f"'{file.key}', without a path, is {kind}")


def _unknown(text: str, files: list[RecipeFile], plugins: Plugins) -> RecipeError | PluginError:
    named = plugins.named(text.partition("/")[0]) if "/" in text else ()
    if named and named[0].state != "ok":
        return PluginError(" ".join(dict.fromkeys(record.explanation for record in named)))
    names = [file.key for file in files]
    message = f"no recipe is called '{text}'. There are: {', '.join(names) or 'none'}."
    if plugins.broken:
        message += f" Not searched: {' '.join(dict.fromkeys(record.explanation for record in plugins.broken))}"
    hint = suggestion(text.replace("-", "_"), names) or "a recipe file is named by its path, such as my_recipe.py"
    return RecipeError(message, hint)
