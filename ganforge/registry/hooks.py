"""The hooks a plugin may implement; their docstrings are the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import click

    from ..language.component import Component

PROJECT = "ganforge"
hookimpl = pluggy.HookimplMarker(PROJECT)
hookspec = pluggy.HookspecMarker(PROJECT)


@hookspec
def ganforge_components() -> Sequence[type[Component]]:
    """Return the component classes that this plugin offers.

    Called once, when the plugin is loaded. Importing the classes must not import torch.
    """
    raise NotImplementedError


@hookspec
def ganforge_recipes() -> Sequence[Path]:
    """Return folders of recipe files, each found by the file's name; see ``gf.recipe_folder``."""
    raise NotImplementedError


@hookspec
def ganforge_commands(cli: click.Group) -> None:
    """Add commands to the command line; called when a command is asked for that ganforge does not have.

    Args:
        cli: The click group to add to.
    """


@hookspec
def ganforge_run_started(run: Path) -> None:
    """Observe that a run begins or resumes.

    Args:
        run: The run folder.
    """


@hookspec
def ganforge_scalars_logged(run: Path, step: int, scalars: Mapping[str, float]) -> None:
    """Observe the scalars of a logging step.

    Args:
        run: The run folder.
        step: Steps played.
        scalars: Values by name, such as ``D/non-saturating``.
    """


@hookspec
def ganforge_run_finished(run: Path, error: BaseException | None) -> None:
    """Observe that a run ended.

    Args:
        run: The run folder.
        error: What ended it early; None when it is complete.
    """


def recipe_folder(package: str | None, folder: str = "recipes") -> Path:
    """The path of a folder inside a package, for ``ganforge_recipes``.

    Args:
        package: The package's name, usually ``__package__``.
        folder: Folder below it.
    """
    from importlib.util import find_spec

    spec: Any = find_spec(package or "")
    return Path(spec.submodule_search_locations[0]) / folder
