"""What the README and the documentation show works as shown."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from ganforge.language.recipe import load_recipe
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import discover, installed

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def block(marker: str, language: str = "python") -> str:
    found = re.search(rf"<!-- {marker} -->\n```{language}\n(.*?)```", README, re.DOTALL)
    assert found, marker
    return found[1]


def test_the_recipe_in_the_readme_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "colourful.py"
    path.write_text(block("recipe"))
    game = load_recipe(path).read({"n_critic": "3"}, Catalogue(installed()))
    assert [(player.name, player.updates) for player in game.players] == [("C", 3), ("G", 1)]


def test_the_plugin_in_the_readme_loads_as_a_single_file(tmp_path: Path) -> None:
    (tmp_path / "relativistic.py").write_text(block("plugin"))
    catalogue = Catalogue(discover(folder=tmp_path))
    assert "relativistic/average-hinge" in {entry.key for entry in catalogue.entries()}


def test_the_commands_in_the_readme_name_what_exists() -> None:
    run = next(line for line in README.splitlines() if ".venv/bin/ganforge run" in line)
    words = shlex.split(run.split("ganforge run", 1)[1])
    assert (ROOT / words[0]).is_file()
    assert "pytest" in block("test command", "sh")
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert pictures and all((ROOT / picture).is_file() for picture in pictures)
    links = re.findall(r"\]\(([\w/]+\.md)\)", README)
    assert len(links) >= 2 and all((ROOT / link).is_file() for link in links)


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "recipes").glob("*.py")))
def test_the_readme_names_every_bundled_recipe(name: str) -> None:
    assert f"`{name}`" in README and (ROOT / "recipes" / f"{name}.py").is_file()
