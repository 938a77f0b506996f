"""Fabricated installations: distributions with metadata and modules in a temporary folder, without pip."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

import pytest

from ganforge.registry.discovery import discover
from ganforge.registry.plugin import Plugin, Plugins

HEAD = """
from pathlib import Path
import ganforge as gf

def offer(*classes):
    @gf.hookimpl
    def ganforge_components():
        return classes
    return ganforge_components

def make(name, base=gf.Loss, **values):
    return gf.component(name)(type(name.title().replace("-", ""), (base,), {"__module__": __name__, **values}))
"""


class Installation:
    """Folders that look like site-packages, searched in order."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.folders: list[Path] = []
        self.monkeypatch = monkeypatch

    def folder(self, name: str) -> Path:
        folder = self.root / name
        if folder not in self.folders:
            folder.mkdir(exist_ok=True)
            self.folders.append(folder)
            self.monkeypatch.syspath_prepend(folder)
        return folder

    def add(
        self,
        distribution: str,
        plugins: Mapping[str, str],
        *,
        version: str = "1.0",
        requires: Sequence[str] = (),
        folder: str = "site",
        suffix: str = "dist-info",
    ) -> None:
        """Install a distribution; ``plugins`` maps the entry point's name to the module's name."""
        info = self.folder(folder) / f"{distribution.replace('-', '_')}-{version}.{suffix}"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {distribution}", f"Version: {version}"]
        lines += [f"Requires-Dist: {text}" for text in requires]
        (info / ("METADATA" if suffix == "dist-info" else "PKG-INFO")).write_text("\n".join(lines) + "\n\n")
        points = [f"{name} = {module}" for name, module in plugins.items()]
        (info / "entry_points.txt").write_text("\n".join(["[ganforge]", *points]) + "\n")

    def module(self, name: str, source: str, *, head: bool = True, folder: str = "site") -> Path:
        """Write a module; with ``head`` it can use gf, offer() and make()."""
        # Bundled modules of the same name may have been imported by other tests.
        self.monkeypatch.delitem(sys.modules, name, raising=False)
        path = self.folder(folder) / f"{name}.py"
        path.write_text((HEAD if head else "") + textwrap.dedent(source))
        return path

    def offer(self, distribution: str, plugin: str, source: str, **options: str) -> Path:
        """Install a distribution with one plugin whose module is named after both."""
        module = f"{distribution}_{plugin}".replace("-", "_")
        self.add(distribution, {plugin: module}, version=options.get("version", "1.0"))
        return self.module(module, source)

    def discover(self, order: Callable[[list[Path]], Sequence[Path]] = list, **options: object) -> Plugins:
        importlib.invalidate_caches()
        path = [str(folder) for folder in order(self.folders)]
        return discover(metadata.distributions(path=path), **options)  # type: ignore[arg-type]

    def fault(self, source: str, *, head: bool = True) -> Plugin:
        """Install a plugin 'sick' beside a healthy one, and return the record of the sick one."""
        self.add("ganforge-sick", {"sick": "sick_module"})
        self.module("sick_module", source, head=head)
        self.offer("ganforge-well", "well", "ganforge_components = offer(make('calm'))")
        plugins = self.discover()
        states = {plugin.name: plugin.state for plugin in plugins}
        assert states == {"sick": "failed", "well": "ok"}
        assert plugins.manager.get_plugin("sick") is None
        record = plugins.named("sick")[0]
        assert record.cause.startswith("plugin 'sick' (ganforge-sick 1.0) ") and record.cause.endswith(".")
        assert "\n" not in record.cause
        assert record.components == () and record.explanation in plugins.warnings()
        return record


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    before = set(sys.modules)
    yield Installation(tmp_path, monkeypatch)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]
