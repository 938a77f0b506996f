"""The catalogue: components by kind and name, and which one a name means."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ..errors import OverrideError, PluginError
from ..language import docstring
from ..language.component import Component, suggestion
from .kinds import KINDS as KINDS
from .kinds import kind_base
from .plugin import Plugin, Plugins


@attrs.frozen
class Entry:
    """One component that can be named.

    Args:
        key: Its full name, ``plugin/component``.
        kind: What it is, one of ``KINDS``.
        name: Its short name.
        cls: The class.
        plugin: The plugin that offers it.
        distribution: That plugin's distribution.
        version: That distribution's version.
        component_version: Raised by its author whenever the same parameters would give other numbers.
        summary: The first sentence of its documentation.
        bundled: Whether it comes with ganforge.
        short: Whether the short name alone means it.
    """

    key: str
    kind: str
    name: str
    cls: type[Component] = attrs.field(repr=False)
    plugin: str
    distribution: str
    version: str
    component_version: int
    summary: str
    bundled: bool
    short: bool = False


class Catalogue:
    """All components of the loaded plugins."""

    def __init__(self, plugins: Plugins) -> None:
        self.plugins = plugins
        self._by_name: dict[str, list[Entry]] = {}
        self._by_class: dict[type[Component], Entry] = {}
        for plugin in plugins.loaded:
            for cls in plugin.classes:
                entry = _entry(plugin, cls)
                self._by_name.setdefault(entry.name, []).append(entry)
                self._by_class.setdefault(cls, entry)

    def find(self, kind: type[Component], name: str) -> type[Component]:
        """The component of a kind that a short or full name means.

        Args:
            kind: The base class that it must inherit from.
            name: ``component`` or ``plugin/component``; underscores read as hyphens.

        Raises:
            OverrideError: There is none.
            PluginError: Several fit, or the plugin that is named is missing or broken.
        """
        fitting = [entry for entry in self.named(name) if issubclass(entry.cls, kind)]
        if not fitting:
            raise self._unknown(kind, _read(name))
        best = _preferred(kind, fitting)
        if len(best) > 1:
            raise _ambiguous(kind, _read(name), best)
        return best[0].cls

    def named(self, name: str) -> list[Entry]:
        """The components of any kind that have a short or full name, sorted; empty if there is none."""
        plugin, _, short = _read(name).rpartition("/")
        found = self._by_name.get(short, [])
        return self._sorted(entry for entry in found if not plugin or entry.plugin == plugin)

    def key_of(self, cls: type[Component]) -> str | None:
        """The full name of a component class; None if no plugin offers it."""
        entry = self._by_class.get(cls)
        return entry.key if entry else None

    def entries(self) -> list[Entry]:
        """All components, sorted by kind and full name."""
        return self._sorted(entry for entries in self._by_name.values() for entry in entries)

    def _sorted(self, entries: Iterable[Entry]) -> list[Entry]:
        marked = [attrs.evolve(entry, short=self._is_short(entry)) for entry in entries]
        return sorted(marked, key=lambda entry: (entry.kind, entry.key))

    def _is_short(self, entry: Entry) -> bool:
        base = kind_base(entry.cls) or Component
        rivals = [other for other in self._by_name[entry.name] if issubclass(other.cls, base)]
        best = _preferred(base, rivals)
        return len(best) == 1 and best[0].cls is entry.cls and best[0].plugin == entry.plugin

    def _unknown(self, kind: type[Component], name: str) -> PluginError | OverrideError:
        plugin, _, short = name.rpartition("/")
        if plugin:
            self._require(plugin)
        known = [entry for entry in self.entries() if issubclass(entry.cls, kind)]
        names = sorted({entry.name if entry.short and not plugin else entry.key for entry in known})
        text = f"no {kind.__name__} is called '{name}'. Installed: {', '.join(names) or 'none'}."
        elsewhere = [] if plugin else self._by_name.get(short, [])
        if elsewhere:
            text += f" The installed '{short}' is of kind {' and '.join(sorted({e.kind for e in elsewhere}))}."
        broken = [record.explanation for record in self.plugins.broken]
        if broken and not plugin:
            text += f" Not searched: {' '.join(dict.fromkeys(broken))}"
        return OverrideError(text, suggestion(name, names))

    def _require(self, name: str) -> None:
        records = self.plugins.named(name)
        if not records:
            known = sorted({record.name for record in self.plugins})
            listed = ", ".join(known) or "none"
            raise PluginError(f"no plugin is called '{name}'. Installed: {listed}.", suggestion(name, known))
        if records[0].state != "ok":
            raise PluginError(" ".join(dict.fromkeys(record.explanation for record in records)))


def _read(name: str) -> str:
    return name.strip().replace("_", "-")


def _entry(plugin: Plugin, cls: type[Component]) -> Entry:
    declared = cls.declaration
    return Entry(
        key=f"{plugin.name}/{declared.name}",
        kind=cls.kind,
        name=declared.name,
        cls=cls,
        plugin=plugin.name,
        distribution=plugin.distribution,
        version=plugin.version,
        component_version=declared.version,
        summary=docstring.summary(cls),
        bundled=plugin.bundled,
    )


def _preferred(kind: type[Component], entries: list[Entry]) -> list[Entry]:
    """The bundled ones if there are any; of each plugin, those whose kind is nearest to the one asked for."""
    chosen = [entry for entry in entries if entry.bundled] or entries
    if len({entry.plugin for entry in chosen if not entry.bundled}) > 1:
        return chosen
    nearest = min(_distance(kind, entry.cls) for entry in chosen)
    return [entry for entry in chosen if _distance(kind, entry.cls) == nearest]


def _distance(kind: type[Component], cls: type[Component]) -> int:
    base = kind_base(cls) or cls
    return base.__mro__.index(kind) if kind in base.__mro__ else 0


def _ambiguous(kind: type[Component], name: str, entries: list[Entry]) -> PluginError:
    if len({entry.key for entry in entries}) > 1:
        offers = " and ".join(sorted({f"{entry.key} ({entry.distribution} {entry.version})" for entry in entries}))
        keys = sorted({entry.key for entry in entries})
        return PluginError(f"{kind.__name__} '{name}' may be {offers}.", f"write {' or '.join(keys)}")
    kinds = ", ".join(entry.kind for entry in entries)
    return PluginError(f"{kind.__name__} '{name}' may be any of several kinds: {kinds}.")
