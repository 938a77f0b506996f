"""Discovery: who is found and loaded, and what is said about those who are not."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pluggy
import pytest

from ganforge.errors import PluginError
from ganforge.registry.discovery import discover, installed

ONE = "ganforge_components = offer(make('one'))"


def line(path: str, number: int) -> str:
    return Path(path).read_text().splitlines()[number - 1]


def test_a_plugin_is_found_and_its_components_are_recorded(installation: Any) -> None:
    installation.offer("ganforge-foo", "foo", "ganforge_components = offer(make('one'), make('two'))", version="2.3")
    (plugin,) = installation.discover()
    assert (plugin.name, plugin.distribution, plugin.version) == ("foo", "ganforge-foo", "2.3")
    assert (plugin.state, plugin.cause, plugin.file, plugin.line) == ("ok", "", "", 0)
    assert plugin.components == ("foo/one", "foo/two")
    assert plugin.hooks == ("ganforge_components",)
    assert not plugin.bundled and plugin.heavy == () and plugin.milliseconds > 0
    described = plugin.describe()
    assert described["components"] == ("foo/one", "foo/two") and "classes" not in described


def test_plugins_of_the_ganforge_distribution_are_bundled_and_come_first(installation: Any) -> None:
    installation.offer("aaa", "aaa", ONE)
    installation.offer("ganforge", "zzz", ONE)
    assert [(plugin.name, plugin.bundled) for plugin in installation.discover()] == [("zzz", True), ("aaa", False)]


def test_plugins_are_loaded_in_one_order_whatever_the_path(installation: Any) -> None:
    for name in ("ganforge-c", "ganforge-a", "Ganforge_B"):
        module = name.replace("-", "_").lower()
        installation.add(name, {name[-1].lower(): module}, folder=name)
        installation.module(module, ONE)
    forward = [plugin.name for plugin in installation.discover()]
    assert forward == ["a", "b", "c"]
    assert [plugin.name for plugin in installation.discover(order=lambda folders: folders[::-1])] == forward


def test_a_missing_module_is_named(installation: Any) -> None:
    installation.add("ganforge-sick", {"sick": "no_such_module.inside"})
    (plugin,) = installation.discover()
    assert plugin.state == "failed"
    assert plugin.cause == (
        "plugin 'sick' (ganforge-sick 1.0) names a module that does not exist: no_such_module.inside."
    )


def test_an_import_error_inside_has_its_line(installation: Any) -> None:
    record = installation.fault("import os\nimport no_such_dependency\n", head=False)
    assert "cannot be imported: ModuleNotFoundError: No module named 'no_such_dependency'." in record.cause
    assert line(record.file, record.line) == "import no_such_dependency"


def test_a_syntax_error_has_its_line(installation: Any) -> None:
    record = installation.fault("x = 1\ndef broken(:\n", head=False)
    assert "cannot be imported: SyntaxError: invalid syntax." in record.cause
    assert (Path(record.file).name, record.line) == ("sick_module.py", 2)


def test_sys_exit_at_import_is_contained(installation: Any) -> None:
    record = installation.fault("import sys\nsys.exit(3)\n", head=False)
    assert "it calls sys.exit(3)." in record.cause
    assert record.line == 2


def test_an_entry_point_that_cannot_be_read_is_contained(installation: Any) -> None:
    installation.add("ganforge-sick", {"sick": "two words"})
    (plugin,) = installation.discover()
    assert plugin.state == "failed" and plugin.cause.startswith("plugin 'sick' (ganforge-sick 1.0) cannot be imported")


def test_ctrl_c_during_an_import_passes_through(installation: Any) -> None:
    installation.offer("ganforge-slow", "slow", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        installation.discover()


def test_a_module_with_another_marker_has_no_hooks(installation: Any) -> None:
    record = installation.fault(
        "import pluggy\n@pluggy.HookimplMarker('gandalf')\ndef helper(): return []\n", head=False
    )
    assert "has no ganforge hooks in sick_module; hooks are functions marked with @ganforge.hookimpl." in record.cause


def test_a_hook_with_another_marker_is_pointed_at(installation: Any) -> None:
    record = installation.fault(
        "import pluggy\n@pluggy.HookimplMarker('gandalf')\ndef ganforge_components(): return []\n", head=False
    )
    assert "has a function ganforge_components that is not marked with @ganforge.hookimpl." in record.cause
    assert record.line == 2


def test_a_misspelt_hook_has_a_suggestion(installation: Any) -> None:
    record = installation.fault("@gf.hookimpl\ndef ganforge_component(): return []\n")
    assert "an unknown hook ganforge_component (did you mean 'ganforge_components'?)." in record.cause
    assert line(record.file, record.line) == "@gf.hookimpl"


def test_an_unknown_argument_has_a_suggestion(installation: Any) -> None:
    record = installation.fault("@gf.hookimpl\ndef ganforge_scalars_logged(run, steps): pass\n")
    assert (
        "an unknown argument 'steps' in ganforge_scalars_logged, whose arguments are: run, step, scalars "
        "(did you mean 'step'?)."
    ) in record.cause


def test_a_hook_wrapper_is_refused(installation: Any) -> None:
    record = installation.fault("@gf.hookimpl(wrapper=True)\ndef ganforge_run_started(run):\n    yield\n")
    assert "wraps ganforge_run_started" in record.cause


def test_hooks_may_take_fewer_arguments_and_other_names(installation: Any) -> None:
    source = """
    @gf.hookimpl(specname="ganforge_scalars_logged")
    def note(step): pass
    @gf.hookimpl(optionalhook=True)
    def ganforge_of_tomorrow(anything): pass
    """
    installation.offer("ganforge-foo", "foo", source)
    (plugin,) = installation.discover()
    assert (plugin.state, plugin.hooks) == ("ok", ("ganforge_of_tomorrow", "ganforge_scalars_logged"))


@pytest.mark.parametrize("kind", ["generater", "data", "", 7])
def test_an_unknown_kind_is_refused(installation: Any, kind: object) -> None:
    record = installation.fault(f"ganforge_components = offer(make('one', kind={kind!r}))")
    assert f"offers one, whose kind {kind!r} is none of: generator, discriminator," in record.cause or kind == 7
    assert ("did you mean 'generator'?" in record.cause) == (kind == "generater")


def test_a_kind_is_inherited_and_not_asserted(installation: Any) -> None:
    record = installation.fault("ganforge_components = offer(make('one', gf.Component, kind='loss'))")
    assert "offers one as a loss, which does not inherit from ganforge's own." in record.cause


BAD_NAMES = ["../x", "Upper", "under_score", "a" * 65, "", "two--hyphens", "-x", "x-", "9x", "x y", "x\n", "é"]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_component_name_is_refused_with_the_rule(installation: Any, name: str) -> None:
    record = installation.fault(f"ganforge_components = offer(gf.component({name!r})(type('X', (gf.Loss,), {{}})))")
    assert f"names X {name!r}; names are lower-case letters, digits and single hyphens" in record.cause


def test_names_up_to_the_limit_are_taken(installation: Any) -> None:
    names = ["a" * 64, "r1-penalty", "x", "wgan-gp-2"]
    made = ", ".join(f"gf.component({name!r})(type('X', (gf.Loss,), {{}}))" for name in names)
    installation.offer("ganforge-foo", "foo", f"ganforge_components = offer({made})")
    (plugin,) = installation.discover()
    assert plugin.components == tuple(sorted(f"foo/{name}" for name in names))


BAD_HOOKS = {
    "raise ValueError('boom')": "raises in ganforge_components: ValueError: boom.",
    "raise SystemExit(2)": "raises in ganforge_components: it calls sys.exit(2).",
    "return None": "returns None from ganforge_components, which must return a sequence.",
    "return 'hinge'": "returns 'hinge' from ganforge_components, which must return a sequence.",
    "yield make('one'); raise OSError('half-way')": "raises in ganforge_components: OSError: half-way.",
    "return [make('one'), 5]": "offers 5, which is not a component class.",
    "return [make('one'), dict]": "offers the class dict, which is not a component class.",
    "return [make('one')()]": "offers an object of One, which is not a component class.",
    "return [type('Plain', (make('one'),), {})]": "offers Plain, which is not marked with @ganforge.component.",
    "return [make('one'), make('one')]": "offers 2 components of kind loss called 'one'.",
}


@pytest.mark.parametrize("body", BAD_HOOKS)
def test_a_bad_components_hook_registers_none_of_them(installation: Any, body: str) -> None:
    record = installation.fault(f"@gf.hookimpl\ndef ganforge_components():\n    {body}\n")
    assert record.cause.endswith(BAD_HOOKS[body])


def test_a_raising_hook_has_the_line_that_raises(installation: Any) -> None:
    record = installation.fault("@gf.hookimpl\ndef ganforge_components():\n    x = {}\n    return [x['key']]\n")
    assert line(record.file, record.line) == "    return [x['key']]"


def test_the_innermost_line_of_the_plugin_is_the_place(installation: Any) -> None:
    record = installation.fault("import json\ndef read():\n    json.loads('{')\nread()\n", head=False)
    assert line(record.file, record.line) == "    json.loads('{')"


def test_one_name_may_serve_several_kinds(installation: Any) -> None:
    source = "ganforge_components = offer(make('shapes', gf.PairedData), make('shapes', gf.UnpairedData))"
    installation.offer("ganforge-foo", "foo", source)
    (plugin,) = installation.discover()
    assert plugin.state == "ok" and plugin.components == ("foo/shapes",) and len(plugin.classes) == 2


def test_a_bad_recipes_hook_registers_no_component_either(installation: Any) -> None:
    recipes = "@gf.hookimpl\ndef ganforge_recipes(): return [Path('/no/such/folder')]\n"
    record = installation.fault(f"{ONE}\n{recipes}")
    assert "returns /no/such/folder from ganforge_recipes, which is not a folder." in record.cause


@pytest.mark.parametrize("name", ["Foo", "foo_bar", "a.b"])
def test_a_bad_plugin_name_is_refused(installation: Any, name: str) -> None:
    installation.offer("ganforge-foo", name, ONE)
    (plugin,) = installation.discover()
    assert plugin.state == "failed" and "has a name that cannot be typed; names are lower-case" in plugin.cause


@pytest.mark.parametrize("order", [list, lambda folders: folders[::-1]])
def test_two_distributions_of_one_plugin_name_are_both_refused(installation: Any, order: Any) -> None:
    installation.add("ganforge-b", {"same": "same_b"}, version="2.0", folder="first")
    installation.add("ganforge-a", {"same": "same_a"}, folder="second")
    installation.module("same_a", ONE)
    installation.module("same_b", ONE)
    plugins = installation.discover(order=order)
    assert [(plugin.distribution, plugin.state) for plugin in plugins] == [
        ("ganforge-a", "failed"),
        ("ganforge-b", "failed"),
    ]
    text = "plugin name 'same' is claimed by ganforge-a 1.0 and by ganforge-b 2.0; neither is loaded."
    assert plugins.warnings() == [text]
    assert "same_a" not in sys.modules
    assert [p.state for p in installation.discover(order=order, blocked=["ganforge-b"])] == ["ok", "blocked"]


def test_a_bundled_plugin_keeps_its_name(installation: Any) -> None:
    installation.offer("ganforge", "classic", ONE, version="0.1.0")
    installation.offer("aaa", "classic", ONE)
    bundled, other = installation.discover()
    assert (bundled.state, other.state) == ("ok", "shadowed")
    assert other.cause == (
        "plugin 'classic' (aaa 1.0) has the name of a bundled plugin, which keeps it (ganforge 0.1.0)."
    )


def test_one_module_under_two_plugin_names_is_refused(installation: Any) -> None:
    installation.add("ganforge-foo", {"foo": "foo_module", "goo": "foo_module"})
    installation.module("foo_module", ONE)
    foo, goo = installation.discover()
    assert (foo.state, goo.state) == ("ok", "failed")
    assert "is the module of plugin 'foo' once more: foo_module." in goo.cause


def test_of_a_distribution_that_is_there_twice_the_first_on_the_path_is_used(installation: Any) -> None:
    installation.add("Ganforge.Foo", {"foo": "foo_module"}, version="2.0", folder="first")
    installation.add("ganforge-foo", {"foo": "a_stale_module"}, version="1.0", folder="second", suffix="egg-info")
    installation.module("foo_module", ONE)
    plugins = installation.discover()
    used, hidden = plugins.named("foo")
    assert (used.version, used.state, hidden.version, hidden.state) == ("2.0", "ok", "1.0", "shadowed")
    first, second = map(str, installation.folders[:2])
    assert plugins.warnings() == [
        f"distribution Ganforge.Foo is installed twice: 2.0 in {first} is used, 1.0 in {second} is not."
    ]


def test_a_folder_that_is_on_the_path_twice_is_one(installation: Any) -> None:
    installation.offer("ganforge-foo", "foo", ONE)
    plugins = installation.discover(order=lambda folders: folders + folders)
    assert [plugin.state for plugin in plugins] == ["ok"]


@pytest.mark.parametrize(
    ("requirement", "state"),
    [
        ("ganforge<0.1", "incompatible"),
        ("ganforge>=0.1,<2", "ok"),
        ("GanForge (<0.1)", "incompatible"),
        ("ganforge<0.1; extra == 'old'", "ok"),
        ("ganforge<0.1; python_version < '3'", "ok"),
        ("ganforge-other<0.1", "ok"),
        ("ganforge=<1", "incompatible"),
    ],
)
def test_a_requirement_that_excludes_the_running_version_makes_it_incompatible(
    installation: Any, requirement: str, state: str
) -> None:
    installation.add("ganforge-foo", {"foo": "foo_module"}, requires=["attrs", requirement])
    installation.module("foo_module", ONE)
    (plugin,) = installation.discover(version="0.1.0")
    assert plugin.state == state
    if requirement == "ganforge<0.1":
        assert plugin.cause == "plugin 'foo' (ganforge-foo 1.0) needs ganforge<0.1; this is ganforge 0.1.0."
        assert "foo_module" not in sys.modules


def test_the_running_version_is_that_of_the_bundled_distribution(installation: Any) -> None:
    installation.add("ganforge", {"classic": "classic_module"}, version="0.5.0", requires=["ganforge[web]>=0.6"])
    installation.module("classic_module", ONE)
    installation.add("ganforge-foo", {"foo": "foo_module"}, requires=["ganforge>=0.6"])
    bundled, plugin = installation.discover()
    assert bundled.state == "ok"
    assert plugin.cause.endswith("needs ganforge>=0.6; this is ganforge 0.5.0.")


@pytest.mark.parametrize(
    ("allow", "loaded"),
    [
        (None, ["classic", "bar", "foo"]),
        ("", ["classic"]),
        ("foo", ["classic", "foo"]),
        (" foo , classic,", ["classic", "foo"]),
        ("Ganforge_Bar", ["classic", "bar"]),
    ],
)
def test_the_allow_list_leaves_out_all_others_but_the_bundled(installation: Any, allow: Any, loaded: list[str]) -> None:
    installation.offer("ganforge", "classic", ONE)
    installation.offer("ganforge-foo", "foo", ONE)
    installation.offer("ganforge-bar", "bar", ONE)
    plugins = installation.discover(allow=allow)
    assert [plugin.name for plugin in plugins.loaded] == loaded
    assert {plugin.state for plugin in plugins} <= {"ok", "blocked"}
    assert plugins.warnings() == []


def test_a_name_that_is_not_installed_is_an_error_with_a_suggestion(installation: Any) -> None:
    installation.offer("ganforge-foo", "fastgan", ONE)
    with pytest.raises(PluginError, match="GANFORGE_PLUGINS names 'fastgam', which is not installed") as caught:
        installation.discover(allow="fastgam")
    assert caught.value.problems[0].hint == "did you mean 'fastgan'?" and caught.value.exit_code == 3
    with pytest.raises(PluginError, match=r"--no-plugin names 'zzz', .* Installed plugins: fastgan\."):
        installation.discover(blocked=["zzz"])


def test_a_blocked_plugin_is_not_imported(installation: Any) -> None:
    installation.offer("ganforge", "classic", ONE)
    installation.offer("ganforge-foo", "foo", "raise RuntimeError")
    plugins = installation.discover(blocked=["foo", "classic"])
    assert [plugin.state for plugin in plugins] == ["blocked", "blocked"]
    assert plugins.records[1].cause == "plugin 'foo' (ganforge-foo 1.0) is left out by --no-plugin."
    assert "ganforge_foo_foo" not in sys.modules


def test_single_files_of_a_folder_are_plugins(installation: Any, tmp_path: Path) -> None:
    folder = installation.folder("mine")
    installation.module("my_losses", ONE, folder="mine")
    installation.module("_helper", "raise RuntimeError", folder="mine")
    installation.module("wrong", "raise RuntimeError('x')", folder="mine")
    plugins = discover([], folder=folder, allow="")
    assert [(plugin.name, plugin.state) for plugin in plugins] == [("my-losses", "ok"), ("wrong", "failed")]
    assert plugins.records[0].components == ("my-losses/one",)
    assert plugins.records[0].distribution == str(folder / "my_losses.py")
    assert line(plugins.records[1].file, plugins.records[1].line) == "raise RuntimeError('x')"
    assert "ganforge_plugin_wrong" not in sys.modules
    assert discover([], folder=folder, blocked=["my-losses"]).records[0].state == "blocked"
    with pytest.raises(PluginError, match="there is no folder of plugins"):
        discover([], folder=tmp_path / "absent")


def test_a_heavy_import_is_named(installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    installation.module("tensorflow", "", head=False)
    installation.offer("ganforge-foo", "foo", f"import tensorflow\n{ONE}")
    installation.offer("ganforge-goo", "goo", f"import tensorflow\n{ONE}")
    foo, goo = installation.discover()
    assert (foo.heavy, goo.heavy) == (("tensorflow",), ())


def test_a_slow_plugin_is_warned_about(installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    installation.offer("ganforge-foo", "foo", ONE)
    monkeypatch.setattr("ganforge.registry.plugin.SLOW", 0.0)
    (warning,) = installation.discover().warnings()
    assert warning.startswith("plugin 'foo' (ganforge-foo 1.0) takes 0.") and warning.endswith(" s to load.")


class InMemory(metadata.Distribution):
    """A distribution without files."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts

    def read_text(self, filename: str) -> str | None:
        text = self.texts.get(filename.partition(".")[0])
        if text == "unreadable":
            raise OSError("no such device")
        return text

    def locate_file(self, path: Any) -> Path:
        return Path("/memory")


def test_distributions_with_damaged_metadata_stop_nothing(installation: Any) -> None:
    installation.offer("ganforge-foo", "foo", ONE)
    found = [
        InMemory(METADATA="Name: bare\nVersion: 1\n"),
        InMemory(entry_points="unreadable"),
        InMemory(entry_points="[ganforge]\nno value\n"),
        InMemory(METADATA="", entry_points="[ganforge]\nlost = no_such_module\n"),
        *metadata.distributions(path=[str(installation.root / "site")]),
    ]
    assert [(plugin.name, plugin.state) for plugin in discover(found)] == [("lost", "failed"), ("foo", "ok")]


def test_a_given_manager_holds_the_hooks(installation: Any) -> None:
    installation.offer("ganforge-foo", "foo", ONE)
    manager = pluggy.PluginManager("ganforge")
    assert installation.discover(manager=manager).manager is manager
    assert [name for name, _ in manager.list_name_plugin()] == ["foo"]
    assert installation.discover().manager is not manager


def test_installed_plugins_are_read_once_for_each_environment(
    installation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.offer("ganforge-foo", "foo", ONE)
    importlib.invalidate_caches()
    monkeypatch.delenv("GANFORGE_PLUGINS", raising=False)
    assert installed() is installed(()) is installed(blocked=())
    assert "foo" in [plugin.name for plugin in installed().loaded]
    monkeypatch.setenv("GANFORGE_PLUGINS", "")
    assert "foo" not in [plugin.name for plugin in installed().loaded]


def test_discovery_imports_no_torch(installation: Any) -> None:
    installation.offer("ganforge-foo", "foo", ONE)
    code = (
        "import sys; from ganforge.registry import discovery, catalogue, recipes, observers, commands\n"
        "assert 'ganforge_foo_foo' not in sys.modules\n"
        "plugins = discovery.installed(); catalogue.Catalogue(plugins).entries(); recipes.listing(plugins)\n"
        "assert 'foo' in [p.name for p in plugins.loaded], plugins\n"
        "assert not {'torch', 'numpy', 'torchvision'} & set(sys.modules)"
    )
    path = os.pathsep.join(sys.path)
    environment = {**os.environ, "PYTHONPATH": path}
    environment.pop("GANFORGE_PLUGINS", None)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
