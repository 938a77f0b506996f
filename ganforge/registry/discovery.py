"""Discovery: from the installed distributions to loaded plugins, in an order that no machine changes."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Collection, Iterable
from importlib import metadata
from pathlib import Path

import attrs
import pluggy

from ..errors import PluginError
from ..language.component import suggestion
from . import hooks
from .loading import RULE, Claim, fits, load
from .plugin import Plugin, Plugins, State
from .sources import HOST, Source, canonical, single_files, sources_of

ALLOW = "GANFORGE_PLUGINS"


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
    sources = sources_of(metadata.distributions() if distributions is None else distributions)
    claims = sorted((claim for source in sources for claim in source.claims), key=_order)
    single = single_files(folder) if folder is not None else []
    everything = [*claims, *single]
    # Where several reasons hold, the last one is told.
    refused = dict(_misnamed(everything) + _blocked(everything, blocked) + _limited(claims, allow) + _hidden(sources))
    refused |= _clashing([claim for claim in everything if claim not in refused])
    running = version or next((source.version for source in sources if source.bundled), "")
    manager = manager or pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    records = [refused.get(claim) or _unfit(claim, running) or load(claim, manager) for claim in everything]
    return Plugins(tuple(records), manager)


def _order(claim: Claim) -> tuple[bool, str, str, str]:
    plugin = claim.plugin
    return (not plugin.bundled, canonical(plugin.distribution), plugin.name, claim.module)


def _hidden(sources: list[Source]) -> list[tuple[Claim, Plugin]]:
    return [
        (claim, attrs.evolve(claim.plugin, state="shadowed", cause=_twice(source, source.hidden_by)))
        for source in sources
        if source.hidden_by is not None
        for claim in source.claims
    ]


def _twice(source: Source, used: Source) -> str:
    chosen, other = f"{used.version} in {used.place}", f"{source.version} in {source.place}"
    return f"distribution {used.name} is installed twice: {chosen} is used, {other} is not."


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


def _unfit(claim: Claim, running: str) -> Plugin | None:
    """The record of a plugin whose distribution does not allow the running version."""
    if claim.plugin.bundled or not running:
        return None
    for text in claim.requires():
        if canonical(re.split(r"[^\w.-]", text.strip(), maxsplit=1)[0]) == HOST:
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
    return "" if requirement.specifier.contains(running, prereleases=True) else f"{HOST}{requirement.specifier}"
