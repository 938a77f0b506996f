"""Plugins as records: who offers what, and why one does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import attrs
import pluggy

from ..language.component import Component

State = Literal["ok", "failed", "incompatible", "blocked", "shadowed"]
SLOW = 1000.0


@attrs.frozen
class Plugin:
    """What discovery found out about one plugin.

    Args:
        name: The entry point's name.
        distribution: The installed distribution; the file's path for a single-file plugin.
        version: The distribution's version; empty for a single-file plugin.
        bundled: Whether it is part of the ganforge distribution.
        state: ``ok``, or why it takes no part.
        cause: One sentence that says why; empty where the state is ``ok``.
        file: The file of the cause; empty where there is none.
        line: The line of the cause, from 1; 0 where there is none.
        milliseconds: Time that loading took.
        heavy: Large packages that loading it imported, such as torch.
        hooks: The hooks it implements.
        classes: The component classes it offers.
        recipes: Its folders of recipes.
    """

    name: str
    distribution: str
    version: str = ""
    bundled: bool = False
    state: State = "ok"
    cause: str = ""
    file: str = ""
    line: int = 0
    milliseconds: float = 0.0
    heavy: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    classes: tuple[type[Component], ...] = attrs.field(default=(), repr=False)
    recipes: tuple[Path, ...] = ()

    def __str__(self) -> str:
        return f"plugin '{self.name}' ({self.source})"

    @property
    def source(self) -> str:
        """The distribution with its version."""
        return f"{self.distribution} {self.version}".strip()

    @property
    def components(self) -> tuple[str, ...]:
        """The full keys of its components, sorted; a name used for several kinds is listed once."""
        return tuple(sorted({f"{self.name}/{cls.declaration.name}" for cls in self.classes}))

    @property
    def explanation(self) -> str:
        """The cause and, where known, its file and line."""
        return f"{self.cause} ({self.file}:{self.line})" if self.file else self.cause

    def describe(self) -> dict[str, Any]:
        """The record as plain values, ready for JSON."""
        values = attrs.asdict(self, recurse=False, filter=attrs.filters.exclude("classes"))
        return values | {"components": self.components, "recipes": tuple(map(str, self.recipes))}


@attrs.frozen
class Plugins:
    """All plugins that were found, bundled ones first, and the manager that holds their hooks.

    Args:
        records: One record for each plugin, in the order they were loaded.
        manager: Holds the hooks of those whose state is ``ok``.
    """

    records: tuple[Plugin, ...]
    manager: pluggy.PluginManager = attrs.field(repr=False)

    def __iter__(self) -> Iterator[Plugin]:
        return iter(self.records)

    @property
    def loaded(self) -> tuple[Plugin, ...]:
        """Those that take part."""
        return tuple(plugin for plugin in self.records if plugin.state == "ok")

    @property
    def broken(self) -> tuple[Plugin, ...]:
        """Those that should take part and cannot."""
        return tuple(plugin for plugin in self.records if plugin.state in ("failed", "incompatible"))

    def named(self, name: str) -> tuple[Plugin, ...]:
        """The records of a name, the one that takes part first."""
        return tuple(sorted((p for p in self.records if p.name == name), key=lambda p: p.state != "ok"))

    def warnings(self) -> list[str]:
        """One line for each plugin that is broken, hidden or slow, for standard error."""
        lines = [plugin.explanation for plugin in self.records if plugin.state not in ("ok", "blocked")]
        slow = [plugin for plugin in self.records if plugin.milliseconds > SLOW]
        lines += [f"{plugin} takes {plugin.milliseconds / 1000:.1f} s to load{_because(plugin)}." for plugin in slow]
        return list(dict.fromkeys(lines))


def _because(plugin: Plugin) -> str:
    return f", for it imports {', '.join(plugin.heavy)}" if plugin.heavy else ""
