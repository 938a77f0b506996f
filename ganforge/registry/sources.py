"""Sources: the distributions and files that say they hold a plugin, before any is loaded."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from types import ModuleType

import attrs

from ..errors import PluginError
from .loading import Claim
from .plugin import Plugin

GROUP = "ganforge"
HOST = "ganforge"
_MODULE = "ganforge_plugin_"


def canonical(name: str) -> str:
    """A distribution's or plugin's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@attrs.frozen(eq=False)
class Source:
    """A distribution that names our group.

    Args:
        distribution: What the standard library found.
        name: Its name.
        version: Its version.
        points: Its entry points in our group.
        hidden_by: The distribution of the same name that comes earlier; None if this one is used.
        claims: One for each entry point.
    """

    distribution: metadata.Distribution
    name: str
    version: str
    points: tuple[metadata.EntryPoint, ...]
    hidden_by: Source | None = None
    claims: tuple[Claim, ...] = attrs.field(
        init=False, default=attrs.Factory(lambda self: self._make(), takes_self=True)
    )

    @property
    def bundled(self) -> bool:
        """Whether it is ganforge's own distribution."""
        return canonical(self.name) == HOST

    @property
    def place(self) -> str:
        """The folder it was found in."""
        return os.path.realpath(str(self.distribution.locate_file("")))

    def _make(self) -> tuple[Claim, ...]:
        return tuple(map(self._claim, self.points))

    def _claim(self, point: metadata.EntryPoint) -> Claim:
        plugin = Plugin(point.name, self.name, self.version, self.bundled)
        return Claim(plugin, point.value.partition(":")[0].strip(), point.load, self._requires)

    def _requires(self) -> list[str]:
        try:
            return self.distribution.requires or []
        except Exception:  # A distribution without readable METADATA states no requirement.
            return []

    def repeats(self, other: Source) -> bool:
        """Whether both were found in one folder that is on sys.path twice."""
        same = self.version == other.version and self.points == other.points
        return same and self.place == other.place


def sources_of(distributions: Iterable[metadata.Distribution]) -> list[Source]:
    """The distributions that name our group, in the order of ``sys.path``."""
    first: dict[str, Source] = {}
    found = []
    for distribution in distributions:
        points = _entry_points(distribution)
        if not points:
            continue
        source = Source(distribution, *_identity(distribution), points)
        used = first.setdefault(canonical(source.name), source)
        if used is source:
            found.append(source)
        elif not source.repeats(used):
            found.append(attrs.evolve(source, hidden_by=used))
    return found


def _entry_points(distribution: metadata.Distribution) -> tuple[metadata.EntryPoint, ...]:
    # Looking at the text first is faster than parsing the entry points of everything installed.
    try:
        text = distribution.read_text("entry_points.txt")
        if text is None or GROUP not in text:
            return ()
        return tuple(point for point in distribution.entry_points if point.group == GROUP)
    except Exception:  # The damaged metadata of a package that may have nothing to do with ganforge.
        return ()


def _identity(distribution: metadata.Distribution) -> tuple[str, str]:
    # Without METADATA there is an empty message or an exception, by Python version.
    try:
        fields = distribution.metadata
        values = {name: fields[name] for name in ("Name", "Version") if name in fields}
    except Exception:
        values = {}
    unnamed = f"distribution without a name in {distribution.locate_file('')}"
    return values.get("Name") or unnamed, values.get("Version") or ""


def single_files(folder: Path) -> list[Claim]:
    """One claim for each Python file of a folder; raises PluginError where there is no folder."""
    if not folder.is_dir():
        raise PluginError(f"there is no folder of plugins {folder}.")
    return [_single_file(path) for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]


def _single_file(path: Path) -> Claim:
    module = _MODULE + path.stem
    return Claim(Plugin(path.stem.replace("_", "-"), str(path)), module, lambda: _execute(path, module))


def _execute(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Type hints of component fields are evaluated in the module that sys.modules has.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
