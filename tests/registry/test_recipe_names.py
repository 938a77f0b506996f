"""Recipe names: which file a word on the command line means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ganforge.errors import PluginError, RecipeError
from ganforge.registry.recipes import bundled_folder, find_recipe, listing


@pytest.fixture
def bundled(tmp_path: Path) -> Path:
    folder = tmp_path / "bundled"
    folder.mkdir()
    (folder / "dcgan_cifar.py").write_text('"""DCGAN.\n\nMore."""\nraise RuntimeError\n')
    (folder / "broken.py").write_text("def (")
    (folder / "_helper.py").write_text("")
    return folder


def plugin_recipes(installation: Any, name: str, *recipes: str) -> Path:
    folder: Path = installation.folder("site") / f"recipes_of_{name}"
    folder.mkdir()
    for recipe in recipes:
        (folder / f"{recipe}.py").write_text(f'"""{recipe} of {name}."""')
    installation.offer(name, name, f"@gf.hookimpl\ndef ganforge_recipes(): return [Path({str(folder)!r})]")
    return folder


def test_the_bundled_folder_is_beside_the_package_or_inside() -> None:
    assert bundled_folder().name == "recipes"
    assert bundled_folder().parent.name == "ganforge" or (bundled_folder().parent / "ganforge").is_dir()


def test_a_bundled_recipe_is_found_by_name(installation: Any, bundled: Path) -> None:
    plugins = installation.discover()
    path = bundled / "dcgan_cifar.py"
    assert find_recipe("dcgan_cifar", plugins, bundled) == (path, "")
    assert find_recipe("dcgan-cifar", plugins, bundled) == (path, "")
    assert find_recipe("dcgan_cifar:small", plugins, bundled) == (path, "small")


def test_a_path_is_taken_as_it_is(
    installation: Any, bundled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins = installation.discover()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("")
    (tmp_path / "dcgan_cifar.py").write_text("")
    assert find_recipe("mine.py", plugins, bundled) == (Path("mine.py"), "")
    assert find_recipe("./mine.py:second", plugins, bundled) == (Path("mine.py"), "second")
    assert find_recipe("dcgan_cifar.py", plugins, bundled) == (Path("dcgan_cifar.py"), "")
    assert find_recipe("dcgan_cifar", plugins, bundled)[0].parent == bundled
    assert find_recipe("absent/file.py", plugins, bundled) == (Path("absent/file.py"), "")


def test_a_missing_path_of_a_known_name_says_so(
    installation: Any, bundled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match=r"there is no recipe file recipes/dcgan_cifar\.py") as caught:
        find_recipe("recipes/dcgan_cifar.py", installation.discover(), bundled)
    assert caught.value.problems[0].hint == "'dcgan_cifar', without a path, is a bundled recipe"


def test_an_unknown_name_lists_all(installation: Any, bundled: Path) -> None:
    plugin_recipes(installation, "foo", "fast")
    installation.offer("sick", "sick", "raise RuntimeError('boom')")
    plugins = installation.discover()
    with pytest.raises(RecipeError) as caught:
        find_recipe("dcgan_cifra", plugins, bundled)
    problem = caught.value.problems[0]
    assert problem.message.startswith("no recipe is called 'dcgan_cifra'. There are: broken, dcgan_cifar, foo/fast.")
    assert "Not searched: plugin 'sick' (sick 1.0) cannot be imported: RuntimeError: boom." in problem.message
    assert (problem.hint, caught.value.exit_code) == ("did you mean 'dcgan_cifar'?", 2)
    with pytest.raises(RecipeError, match="no recipe is called 'foo/slow'"):
        find_recipe("foo/slow", plugins, bundled)
    with pytest.raises(PluginError, match=r"plugin 'sick' .* cannot be imported"):
        find_recipe("sick/fast", plugins, bundled)


def test_recipes_of_plugins_have_short_and_full_names(installation: Any, bundled: Path) -> None:
    folder = plugin_recipes(installation, "foo", "fast", "dcgan_cifar")
    plugins = installation.discover()
    assert find_recipe("fast", plugins, bundled) == (folder / "fast.py", "")
    assert find_recipe("foo/fast:a", plugins, bundled) == (folder / "fast.py", "a")
    assert find_recipe("dcgan_cifar", plugins, bundled)[0].parent == bundled
    assert find_recipe("foo/dcgan-cifar", plugins, bundled)[0].parent == folder


def test_recipes_of_bundled_plugins_are_bundled(installation: Any, bundled: Path) -> None:
    folder = plugin_recipes(installation, "ganforge", "fast")
    plugin_recipes(installation, "aaa", "fast")
    plugins = installation.discover()
    assert find_recipe("fast", plugins, bundled) == (folder / "fast.py", "")
    assert [file.key for file in listing(plugins, bundled)] == ["broken", "dcgan_cifar", "fast", "aaa/fast"]


@pytest.mark.parametrize("names", [("foo", "bar"), ("bar", "foo")])
def test_two_plugins_of_one_recipe_name_are_an_error_with_what_to_write(
    installation: Any, bundled: Path, names: tuple[str, str]
) -> None:
    for name in names:
        plugin_recipes(installation, name, "fast")
    with pytest.raises(RecipeError, match=r"recipe 'fast' may be any of: bar/fast .*, foo/fast ") as caught:
        find_recipe("fast", installation.discover(), bundled)
    assert caught.value.problems[0].hint == "write bar/fast or foo/fast"


def test_the_listing_reads_docstrings_without_executing(installation: Any, bundled: Path) -> None:
    plugin_recipes(installation, "foo", "fast")
    found = listing(installation.discover(), bundled)
    assert [(file.key, file.summary) for file in found] == [
        ("broken", ""),
        ("dcgan_cifar", "DCGAN."),
        ("foo/fast", "fast of foo."),
    ]
