"""Recipes: typed functions that return a game, and the reading of recipe files."""

from __future__ import annotations

import functools
import inspect
import linecache
import sys
import traceback
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Generic, ParamSpec

import attrs

from ..errors import GanforgeError, Problem, RecipeError, Site
from . import docstring
from .annotation import received
from .component import suggestion
from .game import Game
from .override import Resolver, read_value
from .site import is_reading, reading, shorten

P = ParamSpec("P")


@attrs.frozen
class Parameter:
    """One parameter of a recipe: what a command line may set.

    Args:
        name: As in the signature.
        annotation: The evaluated type.
        default: The value when it is not set; ``inspect.Parameter.empty`` when it must be.
        doc: Its entry in the recipe's docstring.
    """

    name: str
    annotation: Any
    default: Any
    doc: str


class Recipe(Generic[P]):
    """A typed function that returns a game; its signature is its set of parameters."""

    def __init__(self, function: Callable[P, Game]) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.name = function.__name__
        self.file = function.__code__.co_filename
        self.line = function.__code__.co_firstlineno

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Game:
        if is_reading():
            return self._play(*args, **kwargs)
        return self._complete(lambda: self._play(*args, **kwargs), shorten(self.file), [])

    def _play(self, *args: P.args, **kwargs: P.kwargs) -> Game:
        game = self.function(*args, **kwargs)
        if not isinstance(game, Game):
            raise RecipeError(f"recipe '{self.name}' returns a gf.Game; received {received(game)}.", site=self.site)
        return game

    def _complete(self, play: Callable[[], Game], shown: str, found: list[Problem]) -> Game:
        """Play the recipe to its end or its first exception, and raise every problem met, ordered by line."""
        game = None
        with reading(self.file, shown) as current:
            try:
                game = play()
            except RecipeError as error:
                current.problems += [p for p in error.problems if p not in current.problems]
            except Exception:
                # Often a symptom of a problem already noted.
                if not current.problems and not found:
                    raise
            found += sorted(current.problems, key=lambda p: p.site.line if p.site else 0)
        if game is None or found:
            raise RecipeError(found)
        return game

    @property
    def site(self) -> Site:
        """Where the recipe begins."""
        return Site(self.file, self.line, linecache.getline(self.file, self.line).strip())

    @functools.cached_property
    def parameters(self) -> dict[str, Parameter]:
        """The parameters by name."""
        try:
            hints = typing.get_type_hints(self.function)
        except (NameError, AttributeError, TypeError) as error:
            text = f"the annotations of recipe '{self.name}' cannot be read: {error}."
            raise RecipeError(text, site=self.site) from None
        docs = docstring.arguments(self.function)
        signature = inspect.signature(self.function)
        return {
            name: Parameter(name, hints.get(name, Any), parameter.default, docs.get(name, ""))
            for name, parameter in signature.parameters.items()
            # *args and **kwargs have no names to set.
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        }

    def read(self, overrides: Mapping[str, str], resolver: Resolver, shown: str = "") -> Game:
        """Read the recipe with overrides typed as text, and report every problem at once.

        Args:
            overrides: Parameter values as typed on a command line.
            resolver: Finds components by name.
            shown: The path to print in messages; the file's own path if left out.

        Raises:
            RecipeError: With all problems found, ordered by line.
        """
        values, found = self._values(overrides, resolver)
        shown = shown or self.file
        try:
            return self._complete(lambda: self._play(**values), shown, found)  # type: ignore[call-arg]
        except GanforgeError:
            raise
        except (Exception, SystemExit) as error:
            raise RecipeError(_python_problem(error, self.file, shown)) from error

    def _values(self, overrides: Mapping[str, str], resolver: Resolver) -> tuple[dict[str, Any], list[Problem]]:
        values: dict[str, Any] = {}
        found: list[Problem] = []
        for key, text in overrides.items():
            parameter = self.parameters.get(key)
            if parameter is None:
                hint = suggestion(key, self.parameters)
                names = ", ".join(self.parameters) or "nothing"
                found.append(Problem(f"{self.name} has no parameter '{key}'. It takes: {names}.", hint=hint))
                continue
            try:
                values[key] = read_value(f"{key}={text}", text, parameter.annotation, resolver)
            except RecipeError as error:
                found += error.problems
        for parameter in self.parameters.values():
            if parameter.default is inspect.Parameter.empty and parameter.name not in overrides:
                found.append(Problem(f"{self.name} needs a value for '{parameter.name}'."))
        return values, found


def recipe(function: Callable[P, Game]) -> Recipe[P]:
    """Mark a typed function that returns a game as a recipe."""
    return Recipe(function)


def load_recipe(path: Path, name: str = "", text: str | None = None) -> Recipe[...]:
    """Execute a recipe file and return the recipe it defines.

    Args:
        path: The file; also the name that errors print.
        name: Which recipe, where the file defines several.
        text: Source to execute in place of the file's, as a run recorded it.

    Raises:
        RecipeError: The file is missing, is not Python, raises, or defines no recipe or several.
    """
    source = _source(path) if text is None else text
    shown = str(path)
    # Errors and tracebacks show what was executed, not what the file says by then.
    linecache.cache[shown] = (len(source), None, source.splitlines(keepends=True), shown)
    try:
        code = compile(source, shown, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise RecipeError(_syntax_problem(error, shown)) from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise RecipeError(f"{shown} cannot be read as Python: {str(error) or type(error).__name__}.") from None
    module = types.ModuleType(f"ganforge_recipe_{path.stem}")
    module.__file__ = shown
    # Type hints and inspect look the module up by name.
    sys.modules[module.__name__] = module
    with reading(shown, shown) as current:
        try:
            exec(code, module.__dict__)
        except RecipeError as error:
            current.problems += [p for p in error.problems if p not in current.problems]
        except GanforgeError:
            raise
        except (Exception, SystemExit) as error:
            # Often a symptom of a problem already noted.
            if not current.problems:
                raise RecipeError(_python_problem(error, shown, shown)) from error
        if current.problems:
            raise RecipeError(sorted(current.problems, key=lambda p: p.site.line if p.site else 0))
    return _choose(module, shown, name)


def _source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = suggestion(path.name, [other.name for other in sorted(path.parent.glob("*.py"))])
        raise RecipeError(f"there is no recipe file {path}.", near) from None
    except IsADirectoryError:
        names = ", ".join(sorted(other.name for other in path.glob("*.py"))) or "none"
        raise RecipeError(f"{path} is a folder; a recipe is a Python file. Those in it: {names}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} cannot be read: {error}.") from None


def _choose(module: types.ModuleType, shown: str, name: str) -> Recipe[...]:
    defined = dict.fromkeys(
        value for value in vars(module).values() if isinstance(value, Recipe) and value.__module__ == module.__name__
    )
    found = [value for value in defined if not name or value.name == name]
    if len(found) == 1:
        return found[0]
    if not found:
        if not defined:
            hint = "mark the function that returns a gf.Game with @gf.recipe"
            raise RecipeError(f"{shown} defines no recipe.", hint)
        near = suggestion(name, [value.name for value in defined])
        raise RecipeError(f"{shown} defines no recipe called '{name}'. It defines: {_listed(defined)}.", near)
    listed = _listed(found)
    raise RecipeError(f"{shown} defines {len(found)} recipes: {listed}.", f"choose one with {shown}:{found[0].name}")


def _listed(recipes: Iterable[Recipe[...]]) -> str:
    return ", ".join(f"{value.name} (line {value.line})" for value in recipes)


def _syntax_problem(error: SyntaxError, shown: str) -> Problem:
    text = (error.text or "").rstrip()
    caret = " " * (4 + (error.offset or 1) - 1 - (len(text) - len(text.lstrip()))) + "^"
    site = Site(f"{shown}:{error.lineno}", error.offset or 1, f"{text.lstrip()}\n{caret}" if text else "")
    return Problem(f"{error.msg}.", site)


def _python_problem(error: BaseException, file: str, shown: str) -> Problem:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    site = Site(shown, frames[-1].lineno or 0, frames[-1].line or "") if frames else None
    return Problem(f"{type(error).__name__}: {error}".removesuffix(": "), site)
