"""What a shell offers to complete; nothing here imports torch or executes a recipe."""

from __future__ import annotations

import ast
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from ..errors import GanforgeError
from .session import Session

WORDS = {
    "components": "All components, or those of one kind.",
    "recipes": "All recipes that have a name.",
    "plugins": "All plugins, and why one takes no part.",
}


def complete_recipe(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of recipes, else files."""
    from ..registry.recipes import listing

    try:
        files = listing(Session.of(ctx).plugins)
    except GanforgeError:
        files = []
    found = [CompletionItem(file.key, help=file.summary) for file in files if file.key.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def complete_overrides(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The recipe's parameters as ``name=``, but not those that were given."""
    from ..registry.recipes import find_recipe

    try:
        path, name = find_recipe(ctx.params.get("recipe") or "", Session.of(ctx).plugins)
    except GanforgeError:
        return []
    given = {word.partition("=")[0] for word in ctx.params.get("overrides") or ()}
    names = [word for word in parameter_names(path, name) if word not in given]
    return [CompletionItem(f"{word}=") for word in names if f"{word}=".startswith(incomplete)]


def complete_shown(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What can be shown: the words, then components and recipes by name."""
    items = [CompletionItem(word, help=text) for word, text in WORDS.items()]
    try:
        session = Session.of(ctx)
        items += [
            CompletionItem(entry.name if entry.short else entry.key, help=entry.summary)
            for entry in session.catalogue.entries()
        ]
    except GanforgeError:
        pass
    recipes = complete_recipe(ctx, parameter, incomplete)
    items += [item for item in recipes if item.type == "plain"]
    unique = {item.value: item for item in reversed(items) if item.value.startswith(incomplete)}
    return list(reversed(unique.values())) or recipes


def complete_kind(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The kinds of components."""
    from ..registry.kinds import KINDS

    kinds = KINDS if ctx.params.get("what") == "components" else ()
    return [CompletionItem(kind) for kind in kinds if kind.startswith(incomplete)]


def complete_run(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Run folders below the working folder, else folders."""
    found = [str(path.parent) for pattern in ("*", "runs/*", "*/*") for path in Path().glob(f"{pattern}/run.json")]
    fitting = [name for name in dict.fromkeys(found) if name.startswith(incomplete)]
    return [CompletionItem(name) for name in fitting] or [CompletionItem(incomplete, type="dir")]


def parameter_names(path: Path, name: str = "") -> list[str]:
    """The parameters of a file's recipes, read without executing it; nothing where it cannot be read."""
    try:
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return []
    recipes = [
        node
        for node in body
        if isinstance(node, ast.FunctionDef) and any(_is_recipe(mark) for mark in node.decorator_list)
    ]
    chosen = [node for node in recipes if node.name == name] or recipes
    return [each.arg for node in chosen for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]


def _is_recipe(mark: ast.expr) -> bool:
    return ast.unparse(mark).rpartition(".")[2] == "recipe"
