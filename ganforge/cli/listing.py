"""What can be shown of components, recipes and plugins: as plain values and as lines of text."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from ..language import docstring
from ..language.annotation import describe
from ..language.component import Component, field_types
from ..language.site import shorten
from ..report.values import typed
from ..report.words import table

if TYPE_CHECKING:
    from ..language.recipe import Recipe
    from ..registry.catalogue import Entry
    from ..registry.plugin import Plugin
    from ..registry.recipes import RecipeFile

_WIDTH = 100

Values = dict[str, Any]


def entry_values(entry: Entry) -> Values:
    """A component in a listing."""
    values = attrs.asdict(entry, recurse=False, filter=attrs.filters.exclude("cls", "component_version"))
    return values | {"version": entry.component_version, "distribution_version": entry.version}


def entry_lines(entries: Sequence[Entry]) -> list[str]:
    """Components by kind, each by the name that means it and its summary."""
    lines: list[str] = []
    rows = table((entry.name if entry.short else entry.key, entry.summary) for entry in entries)
    for index, (entry, row) in enumerate(zip(entries, rows, strict=True)):
        if index == 0 or entries[index - 1].kind != entry.kind:
            lines.append(entry.kind)
        lines.append(f"  {row}")
    return lines or ["no components"]


def file_values(file: RecipeFile) -> Values:
    """A recipe in a listing."""
    return {"name": file.key, "plugin": file.plugin, "summary": file.summary, "path": str(file.path)}


def file_lines(files: Sequence[RecipeFile]) -> list[str]:
    """Recipes by name with their summaries."""
    return table((file.key, file.summary) for file in files) or ["no recipes"]


def plugin_lines(plugins: Iterable[Plugin]) -> list[str]:
    """Plugins with their state, and why one takes no part."""
    lines: list[str] = []
    for plugin in plugins:
        count = f"{len(plugin.classes)} components" if plugin.classes else ""
        heavy = f"imports {', '.join(plugin.heavy)}" if plugin.heavy else ""
        time = f"{plugin.milliseconds:.0f} ms" if plugin.milliseconds else ""
        words = [f"{plugin.name}: {plugin.state}", plugin.source, count, time, heavy]
        lines.append("  ".join(word for word in words if word))
        if plugin.explanation:
            lines.append(f"    {plugin.explanation}")
    return lines or ["no plugins"]


def component_values(entry: Entry) -> Values:
    """Everything about a component."""
    from ..registry.fault import line_of

    file, line = line_of(entry.cls)
    doc = docstring.body(entry.cls)
    return entry_values(entry) | {
        "doc": doc,
        "parameters": list(_parameters(entry.cls)),
        "file": file,
        "line": line,
    }


def _parameters(cls: type[Component]) -> Iterator[Values]:
    owner: type = cls
    types, docs = field_types(owner), _docs(cls)
    for field in cls.parameters():
        yield {
            "name": field.name,
            "type": describe(types[field.name]),
            "required": field.default is attrs.NOTHING,
            "default": _default(field.default),
            "doc": docs.get(field.name, ""),
        }


def _docs(cls: type[Component]) -> dict[str, str]:
    """What a class and its bases say of their parameters, the class itself last."""
    return {name: text for base in reversed(cls.__mro__) for name, text in docstring.arguments(base).items()}


def _default(value: object) -> str | None:
    """A default as it would be typed; None where a value is needed or made anew each time."""
    if value in (attrs.NOTHING, inspect.Parameter.empty) or isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        return None
    return typed(value)


def component_lines(values: Mapping[str, Any]) -> list[str]:
    """Everything about a component as text."""
    provider = f"{values['distribution']} {values['distribution_version']}".strip()
    lines = [f"{values['key']}  ({values['kind']}, version {values['version']}, from {provider})", ""]
    lines += [f"  {line}".rstrip() for line in values["doc"].splitlines()]
    lines += ["", *_parameter_lines(values["parameters"])]
    return [*lines, "", f"{shorten(values['file'])}:{values['line']}"] if values["file"] else lines


def recipe_values(path: Path, recipe: Recipe[...]) -> Values:
    """Everything about a recipe."""
    parameters = [
        {
            "name": each.name,
            "type": describe(each.annotation),
            "required": each.default is inspect.Parameter.empty,
            "default": _default(each.default),
            "doc": each.doc,
        }
        for each in recipe.parameters.values()
    ]
    return {
        "name": recipe.name,
        "doc": docstring.body(recipe),
        "parameters": parameters,
        "file": str(path),
        "line": recipe.line,
    }


def recipe_lines(values: Mapping[str, Any]) -> list[str]:
    """Everything about a recipe as text."""
    lines = [f"{values['name']}  (recipe)", ""]
    lines += [f"  {line}".rstrip() for line in values["doc"].splitlines()]
    lines += ["", *_parameter_lines(values["parameters"])]
    return [*lines, "", f"{shorten(values['file'])}:{values['line']}"]


def _parameter_lines(parameters: Sequence[Mapping[str, Any]]) -> list[str]:
    if not parameters:
        return ["no parameters"]
    heads = table((f"  {each['name']}{_equals(each['default'])}", each["type"]) for each in parameters)
    lines = ["parameters"]
    for head, each in zip(heads, parameters, strict=True):
        lines += [head, *textwrap.wrap(each["doc"], _WIDTH, initial_indent="      ", subsequent_indent="      ")]
    return lines


def _equals(default: str | None) -> str:
    return "" if default is None else f"={default}"
