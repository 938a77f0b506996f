"""Discovery: from the installed distributions to loaded plugins, in an order that no machine changes."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import sys
from collections.abc import Collection, Iterable
from importlib import metadata
from pathlib import Path
from types import ModuleType

import attrs
import pluggy

from ..errors import PluginError
from ..language.component import suggestion
from . import hooks
from .loading import RULE, Claim, fits, load
from .plugin import Plugin, Plugins, State

GROUP = "ganforge"
ALLOW = "GANFORGE_PLUGINS"
_HOST = "ganforge"
_MODULE = "ganforge_plugin_"


def installed(blocked: tuple[str, ...] = (), folder: Path | None = None) -> Plugins:
    """The plugins of this environment, found and loaded once per process.

    Args:
        blocked: Names of plugins or distributions to leave out.
        folder: A folder of single-file plugins to add.

    Raises:
        PluginError: ``GANFORGE_PLUGINS`` or ``blocked`` names what is not installed, or ``folder`` is no folder.
    """
    return _installed(os.environ.get(ALLOW), tuple(blocked), folder, tuple(sys.path))


@functools.cache
def _installed(allow: str | None, blocked: tuple[str, ...], folder: Path | None, path: tuple[str, ...]) -> Plugins:
    return discover(allow=allow, blocked=blocked, folder=folder)


def discover(
    distributions: Iterable[metadata.Distribution] | None = None,
    *,
    allow: str | None = None,
    blocked: Collection[str] = (),
    folder: Path | None = None,
    version: str = "",
    manager: pluggy.PluginManager | None = None,
) -> Plugins:
    """Find and load plugins; a broken one becomes a record that says why.

    Args:
        distributions: Where to look, in the order of ``sys.path``; what is installed if left out.
        allow: Plugins or distributions to load besides the bundled ones, separated by commas; None for all.
        blocked: Plugins or distributions to leave out, bundled ones too.
        folder: A folder of single-file plugins, which ``allow`` does not limit.
        version: The running version of ganforge; that of its distribution if left out.
        manager: A fresh manager to register hooks in.

    Raises:
        PluginError: ``allow`` or ``blocked`` names what is not installed, or ``folder`` is no folder.
    """
    sources = _sources(metadata.distributions() if distributions is None else distributions)
    claims = sorted((claim for source in sources for claim in source.claims), key=_order)
    single = _single_files(folder) if folder is not None else []
    everything = [*claims, *single]
    # Where several reasons hold, the last one is told.
    refused = dict(_misnamed(everything) + _blocked(everything, blocked) + _limited(claims, allow) + _hidden(sources))
    refused |= _clashing([claim for claim in everything if claim not in refused])
    running = version or next((source.version for source in sources if source.bundled), "")
    manager = manager or pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    records = [refused.get(claim) or _unfit(claim, running) or load(claim, manager) for claim in everything]
    return Plugins(tuple(records), manager)


def canonical(name: str) -> str:
    """A distribution's or plugin's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _order(claim: Claim) -> tuple[bool, str, str, str]:
    plugin = claim.plugin
    return (not plugin.bundled, canonical(plugin.distribution), plugin.name, claim.module)


@attrs.frozen(eq=False)
class _Source:
    """A distribution that names our group.

    Args:
        distribution: What the standard library found.
        name: Its name.
        version: Its version.
        points: Its entry points in our group.
        hidden_by: The distribution of the same name that comes earlier; None if this one is used.
    """

    distribution: metadata.Distribution
    name: str
    version: str
    points: tuple[metadata.EntryPoint, ...]
    hidden_by: _Source | None = None
    claims: tuple[Claim, ...] = attrs.field(init=False)

    @property
    def bundled(self) -> bool:
        return canonical(self.name) == _HOST

    @property
    def place(self) -> str:
        return os.path.realpath(str(self.distribution.locate_file("")))

    @claims.default
    def _make_claims(self) -> tuple[Claim, ...]:
        return tuple(map(self._claim, self.points))

    def _claim(self, point: metadata.EntryPoint) -> Claim:
        plugin = Plugin(point.name, self.name, self.version, self.bundled)
        return Claim(plugin, point.value.partition(":")[0].strip(), point.load, self._requires)

    def _requires(self) -> list[str]:
        try:
            return self.distribution.requires or []
        except Exception:  # A distribution without readable METADATA states no requirement.
            return []

    def repeats(self, other: _Source) -> bool:
        """Whether both were found in one folder that is on sys.path twice."""
        same = self.version == other.version and self.points == other.points
        return same and self.place == other.place


def _sources(distributions: Iterable[metadata.Distribution]) -> list[_Source]:
    first: dict[str, _Source] = {}
    sources = []
    for distribution in distributions:
        points = _entry_points(distribution)
        if not points:
            continue
        source = _Source(distribution, *_identity(distribution), points)
        used = first.setdefault(canonical(source.name), source)
        if used is source:
            sources.append(source)
        elif not source.repeats(used):
            sources.append(attrs.evolve(source, hidden_by=used))
    return sources


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
    return values.get("Name", "unnamed distribution"), values.get("Version", "")


def _hidden(sources: list[_Source]) -> list[tuple[Claim, Plugin]]:
    return [
        (claim, attrs.evolve(claim.plugin, state="shadowed", cause=_twice(source, source.hidden_by)))
        for source in sources
        if source.hidden_by is not None
        for claim in source.claims
    ]


def _twice(source: _Source, used: _Source) -> str:
    chosen, other = f"{used.version} in {used.place}", f"{source.version} in {source.place}"
    return f"distribution {used.name} is installed twice: {chosen} is used, {other} is not."


def _single_files(folder: Path) -> list[Claim]:
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


def _answers_to(claim: Claim) -> set[str]:
    return {canonical(claim.plugin.name), canonical(claim.plugin.distribution)}


def _limited(claims: list[Claim], allow: str | None) -> list[tuple[Claim, Plugin]]:
    if allow is None:
        return []
    names = _known([name.strip() for name in allow.split(",") if name.strip()], claims, ALLOW)
    rest = [claim for claim in claims if not claim.plugin.bundled and not _answers_to(claim) & names]
    return [(claim, _with_state(claim, "blocked", f"is not listed in {ALLOW}")) for claim in rest]


def _blocked(claims: list[Claim], blocked: Collection[str]) -> list[tuple[Claim, Plugin]]:
    names = _known(blocked, claims, "--no-plugin")
    chosen = [claim for claim in claims if _answers_to(claim) & names]
    return [(claim, _with_state(claim, "blocked", "is left out by --no-plugin")) for claim in chosen]


def _known(names: Collection[str], claims: list[Claim], asked: str) -> set[str]:
    known = {canonical(claim.plugin.name) for claim in claims}
    answers = known.union(*map(_answers_to, claims))
    for name in names:
        if canonical(name) not in answers:
            listed = ", ".join(sorted(known)) or "none"
            hint = suggestion(canonical(name), sorted(answers))
            raise PluginError(f"{asked} names '{name}', which is not installed. Installed plugins: {listed}.", hint)
    return set(map(canonical, names))


def _misnamed(claims: list[Claim]) -> list[tuple[Claim, Plugin]]:
    wrong = [claim for claim in claims if not fits(claim.plugin.name)]
    return [(claim, _with_state(claim, "failed", f"has a name that cannot be typed; {RULE}")) for claim in wrong]


def _clashing(claims: list[Claim]) -> list[tuple[Claim, Plugin]]:
    """Those that share a name: all are refused, except that a bundled plugin keeps its own."""
    by_name: dict[str, list[Claim]] = {}
    for claim in claims:
        by_name.setdefault(claim.plugin.name, []).append(claim)
    refused = []
    for name, rivals in by_name.items():
        owners = [claim for claim in rivals if claim.plugin.bundled]
        if len(rivals) > 1 and len(owners) == 1:
            text = f"has the name of a bundled plugin, which keeps it ({owners[0].plugin.source})"
            refused += [(claim, _with_state(claim, "shadowed", text)) for claim in rivals if claim is not owners[0]]
        elif len(rivals) > 1:
            sources = sorted(claim.plugin.source for claim in rivals)
            text = f"plugin name '{name}' is claimed by {' and by '.join(sources)}; neither is loaded."
            refused += [(claim, attrs.evolve(claim.plugin, state="failed", cause=text)) for claim in rivals]
    return refused


def _with_state(claim: Claim, state: State, text: str) -> Plugin:
    return attrs.evolve(claim.plugin, state=state, cause=f"{claim.plugin} {text}.")


def _running(claims: list[Claim]) -> str:
    return next((claim.plugin.version for claim in claims if claim.plugin.bundled), "")


def _unfit(claim: Claim, running: str) -> Plugin | None:
    """The record of a plugin whose distribution does not allow the running version."""
    if claim.plugin.bundled or not running:
        return None
    for text in claim.requires():
        if canonical(re.split(r"[^\w.-]", text.strip(), maxsplit=1)[0]) == _HOST:
            needed = _excluding(text, running)
            if needed:
                return _with_state(claim, "incompatible", f"needs {needed}; this is ganforge {running}")
    return None


def _excluding(text: str, running: str) -> str:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return f"'{text}', which is no requirement"
    if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
        return ""
    return "" if requirement.specifier.contains(running, prereleases=True) else f"{_HOST}{requirement.specifier}"
