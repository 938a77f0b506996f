"""Tests of the layers: who imports whom, and where torch may be imported."""

import ast
import re
import sys

import pytest
from ganforge_sources import ROOT, Import, cycle, files, imports, modules

CORE = modules(ROOT, "ganforge")
PACKAGES = sorted(path.parent.name for path in (ROOT / "plugins").glob("*/__init__.py"))
PLUGINS = {name: path for package in PACKAGES for name, path in modules(ROOT / "plugins", package).items()}
RECIPES = {path.stem: path for path in files("recipes")}
ORDER = ["errors", "language", "registry", "engine", "report", "api", "cli"]
TORCH = {"torch", "torchvision"}
IMPORTS = {name: imports(name, path, CORE | PLUGINS) for name, path in (CORE | PLUGINS | RECIPES).items()}


def told(name: str, found: Import) -> str:
    path = (CORE | PLUGINS | RECIPES)[name].relative_to(ROOT)
    return f"{path}:{found.line} imports {found.module} {' '.join(found.names)}".strip()


def layer(module: str) -> int | None:
    """The rank of a module of ganforge; None for the package itself and for ``python -m ganforge``."""
    part = module.split(".")[1] if "." in module else ""
    return ORDER.index(part) if part in ORDER else None


def test_all_parts_of_the_project_were_seen():
    assert {name.split(".")[1] for name in CORE if "." in name} == {*ORDER, "__main__"}
    assert len(CORE) >= 70 and len(PLUGINS) >= 25 and len(RECIPES) >= 4
    assert {"ganforge_classic", "ganforge_data", "ganforge_translate"} < set(PACKAGES) and len(PACKAGES) >= 7
    assert sum(map(len, IMPORTS.values())) >= 500


def test_a_layer_imports_only_layers_below():
    wrong = [
        told(name, found)
        for name in CORE
        for found in IMPORTS[name]
        if found.top == "ganforge"
        and layer(name) is not None
        and (layer(found.module) is None or layer(found.module) > layer(name))
    ]
    assert wrong == []


def test_the_package_itself_imports_only_language_registry_and_its_interface():
    parts = {found.module.split(".")[1] for found in IMPORTS["ganforge"] if found.top == "ganforge"}
    assert parts == {"language", "registry", "api"}
    assert {
        found.module for found in IMPORTS["ganforge"] if found.module == "ganforge.api" and not found.typing
    } == set()


def test_nobody_inside_imports_the_package_root():
    wrong = [told(name, found) for name in CORE for found in IMPORTS[name] if found.module == "ganforge"]
    assert wrong == []


def test_no_modules_import_each_other_in_a_circle():
    graph = {
        name: {found.module for found in IMPORTS[name] if not found.typing and found.module != name}
        for name in CORE | PLUGINS
    }
    assert " -> ".join(cycle(graph)) == ""


def test_the_language_imports_attrs_and_the_standard_library_only():
    language = [name for name in CORE if name.startswith("ganforge.language")] + ["ganforge.errors"]
    assert len(language) >= 20
    foreign = {found.top for name in language for found in IMPORTS[name] if not found.typing} - {"ganforge", "attrs"}
    assert foreign - set(sys.stdlib_module_names) == set()


def test_the_core_names_no_plugin():
    wrong = [told(name, found) for name in CORE for found in IMPORTS[name] if found.top in PACKAGES]
    assert wrong == []


def test_torch_is_imported_in_its_own_rooms_only():
    rooms = [name for name in CORE if any(found.top in TORCH and not found.typing for found in IMPORTS[name])]
    assert len(rooms) >= 10
    assert [name for name in rooms if not name.startswith(("ganforge.engine.", "ganforge.report."))] == []


def test_registering_a_plugin_reaches_no_import_of_torch():
    assert any(found.top in TORCH and not found.inside for name in PLUGINS for found in IMPORTS[name])
    for package in PACKAGES:
        reached, rest = set(), [package]
        while rest:
            name = rest.pop()
            if name in reached or name not in PLUGINS:
                continue
            reached.add(name)
            now = [found for found in IMPORTS[name] if not found.inside and not found.typing]
            assert [told(name, found) for found in now if found.top in TORCH] == []
            # Importing a module imports the packages around it.
            parts = name.split(".")
            rest += [found.module for found in now] + [".".join(parts[:end]) for end in range(1, len(parts))]
        assert package in reached and len(reached) >= 2


def test_a_plugin_uses_the_public_names_of_ganforge_and_builds_on_the_classic_and_data_packages_only():
    core = [(name, found) for name in PLUGINS for found in IMPORTS[name] if found.top == "ganforge"]
    assert len(core) >= 10
    public = {"ganforge", "ganforge.errors"}
    assert [told(name, found) for name, found in core if found.module not in public] == []
    # Ranges, inputs, layers and image files are written once, in the packages that stand below the others.
    foundations = {"ganforge_classic", "ganforge_data"}
    others = [
        (name, found)
        for name in PLUGINS
        for found in IMPORTS[name]
        if found.top in PACKAGES and found.top != name.split(".")[0]
    ]
    assert [told(name, found) for name, found in others if found.top not in foundations] == []
    assert [told(name, found) for name, found in others if name.split(".")[0] in foundations] == []


def offered(package: str) -> set[str]:
    """The public names of a plugin package."""
    tree = ast.parse(PLUGINS[package].read_text(encoding="utf-8"))
    names = {
        name
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for name in ast.literal_eval(node.value)
    }
    again = {
        alias.asname
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    return {str(name) for name in names | again if not str(name).startswith("_")}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_imports_public_names_of_ganforge_and_plugin_packages_only(recipe):
    assert len(IMPORTS[recipe]) >= 3
    for found in IMPORTS[recipe]:
        if found.module == "ganforge":
            assert found.names == ()
        elif found.module == "typing":
            assert found.names == ("Literal",)  # The choices of a parameter.
        else:
            assert found.module in PACKAGES, told(recipe, found)
            assert found.names and set(found.names) <= offered(found.module), told(recipe, found)


FILES = files("ganforge", "plugins", "recipes", "tests", "benchmarks")


def test_every_file_begins_with_one_sentence_that_says_what_it_holds():
    assert len(FILES) >= 130
    wrong = []
    for path in FILES:
        text = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n\n")[0]
        # A full stop within the sentence belongs to an abbreviation or a number.
        ends = re.findall(r"[.!?](?=\s+[A-Z])", re.sub(r"\bet al\.|\be\.g\.|\bi\.e\.", "", text))
        if not text.endswith(".") or ends:
            wrong.append(f"{path.relative_to(ROOT)}: {text!r}")
    assert wrong == []


def test_a_cycle_is_found_and_told():
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle({"a": {"b", "c"}, "b": {"c"}, "c": {"x"}}) == [] and cycle({"a": {"a"}}) == ["a", "a"]


def test_imports_are_read_wherever_they_stand(tmp_path):
    (tmp_path / "pack" / "sub").mkdir(parents=True)
    path = tmp_path / "pack" / "sub" / "one.py"
    path.write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import torch\nelse:\n    import json\n"
        "from . import two\nfrom .. import name\nfrom ..other import thing\n"
        "class C:\n    def f(self):\n        import torch.nn as nn\n"
    )
    known = {"pack": path, "pack.sub": path, "pack.sub.one": path, "pack.sub.two": path, "pack.other": path}
    found = [(i.module, i.names, i.inside, i.typing) for i in imports("pack.sub.one", path, known)]
    assert found == [
        ("typing", ("TYPE_CHECKING",), False, False),
        ("torch", (), False, True),
        ("json", (), False, False),
        ("pack.sub.two", (), False, False),
        ("pack", ("name",), False, False),
        ("pack.other", ("thing",), False, False),
        ("torch.nn", (), True, False),
    ]
