"""Tests of show: listings, one component, one recipe, JSON, and what is unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import TOY, line_of

RECIPE = f"""toy  (recipe)

  A maker and a judge of grey squares.

parameters
  data=greys     ImageData
      Squares to imitate.
  lr=0.01        float
      Learning rate of both players.
  batch_size=4   int
      Squares per update.
  length=4steps  Length
      How long to play.

toy.py:{line_of("@gf.recipe")}
"""


@pytest.fixture
def toys(here: Path) -> list[str]:
    """The options that add a plugin with one optimizer."""
    (here / "plugs").mkdir()
    (here / "plugs/toys.py").write_text('''
import ganforge as gf


@gf.component("plain", version=3)
class Plain(gf.Optimizer):
    """Gradient descent.

    With nothing more.

    Args:
        lr: Learning rate.
        steady: Whether it never changes.
    """

    lr: gf.Number
    steady: bool = True


@gf.hookimpl
def ganforge_components():
    return [Plain]
''')
    return ["--plugins-dir", str(here / "plugs")]


def test_a_recipe_shows_its_parameters(ganforge) -> None:
    result = ganforge("show", "toy.py")
    assert (result.exit_code, result.stdout) == (0, RECIPE)


def test_a_recipe_is_shown_as_json(ganforge) -> None:
    shown = json.loads(ganforge("show", "toy.py", "--json").stdout)
    assert shown["components"] == []
    recipe = shown["recipe"]
    assert (recipe["name"], recipe["doc"]) == ("toy", "A maker and a judge of grey squares.")
    assert [each["name"] for each in recipe["parameters"]] == ["data", "lr", "batch_size", "length"]
    assert recipe["parameters"][3] == {
        "name": "length",
        "type": "Length",
        "required": False,
        "default": "4steps",
        "doc": "How long to play.",
    }


def test_a_component_shows_its_parameters(ganforge, toys: list[str], here: Path) -> None:
    text = ganforge(*toys, "show", "plain").stdout
    file = Path("plugs/toys.py")
    assert (
        text
        == f"""toys/plain  (optimizer, version 3, from {here / file})

  Gradient descent.

  With nothing more.

parameters
  clip_value=none  float or None
      Clamp each gradient to plus or minus this before the update; None leaves it.
  clip_norm=none   float or None
      Scale all gradients of the player to at most this total L2 norm; None leaves them.
  lr               a number or a schedule
      Learning rate.
  steady=True      bool
      Whether it never changes.

{file}:5
"""
    )


def test_a_component_is_shown_as_json(ganforge, toys: list[str], here: Path) -> None:
    (shown,) = json.loads(ganforge(*toys, "show", "toys/plain", "--json").stdout)["components"]
    assert (shown["key"], shown["kind"], shown["version"], shown["plugin"]) == ("toys/plain", "optimizer", 3, "toys")
    assert (shown["summary"], shown["file"], shown["line"]) == ("Gradient descent.", str(here / "plugs/toys.py"), 5)
    assert shown["parameters"][2]["required"] is True and shown["parameters"][2]["default"] is None
    assert shown["parameters"][3]["default"] == "True"


def test_components_are_listed_by_kind(ganforge, toys: list[str]) -> None:
    from ganforge.registry.kinds import KINDS

    kind = None
    rows: dict[str, list[str]] = {}
    for line in ganforge(*toys, "show", "components").stdout.splitlines():
        if not line.startswith(" "):
            kind = line
        else:
            rows.setdefault(str(kind), []).append(line.split()[0])
    assert set(rows) <= set(KINDS) and "plain" in rows["optimizer"] and "adam" in rows["optimizer"]
    one = ganforge(*toys, "show", "components", "optimizer").stdout.splitlines()
    assert [line.split()[0] for line in one] == ["optimizer", *rows["optimizer"]]


def test_listed_components_are_the_catalogue_in_json(ganforge) -> None:
    from ganforge.registry.catalogue import Catalogue
    from ganforge.registry.discovery import installed

    shown = json.loads(ganforge("show", "components", "--json").stdout)
    entries = Catalogue(installed()).entries()
    assert [(each["kind"], each["key"]) for each in shown] == [(entry.kind, entry.key) for entry in entries]
    assert len(shown) > 20 and all(each["distribution"] == "ganforge" for each in shown)


def test_every_component_and_every_recipe_can_be_shown(ganforge) -> None:
    components = json.loads(ganforge("show", "components", "--json").stdout)
    recipes = json.loads(ganforge("show", "recipes", "--json").stdout)
    for each in components:
        result = ganforge("show", each["key"])
        assert result.exit_code == 0 and each["key"] in result.stdout, result.stderr
    for each in recipes:
        result = ganforge("show", each["name"])
        assert result.exit_code == 0 and "(recipe)" in result.stdout, result.stderr
    assert len(components) > 20 and len(recipes) >= 4


def test_every_parameter_of_a_component_is_documented(ganforge) -> None:
    seen = 0
    for entry in json.loads(ganforge("show", "components", "--json").stdout):
        for shown in json.loads(ganforge("show", entry["key"], "--json").stdout)["components"]:
            for parameter in shown["parameters"]:
                assert parameter["doc"], f"{entry['key']}: {parameter['name']}"
                seen += 1
    assert seen > 60


def test_recipes_are_listed_with_their_summaries(ganforge) -> None:
    lines = ganforge("show", "recipes").stdout.splitlines()
    assert any(line.startswith("dcgan_cifar ") and "DCGAN" in line for line in lines)


def test_a_broken_plugin_is_listed_with_its_cause(ganforge, here: Path) -> None:
    (here / "plugs").mkdir()
    (here / "plugs/broken.py").write_text("import nothing_of_that_name\n")
    result = ganforge("--plugins-dir", "plugs", "show", "plugins")
    assert result.exit_code == 0 and result.stderr == ""
    assert "broken: failed" in result.stdout and "broken.py:1)" in result.stdout
    shown = json.loads(ganforge("--plugins-dir", "plugs", "show", "plugins", "--json").stdout)
    (broken,) = [each for each in shown if each["name"] == "broken"]
    assert (broken["state"], broken["line"], broken["components"]) == ("failed", 1, [])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["plugin"], "error: no component and no recipe is called 'plugin'. Names that contain it: plugins.\n"),
        (["recepies"], "error: no component and no recipe is called 'recepies'.\nhint: did you mean 'recipes'?\n"),
        (["optimizer"], "error: 'optimizer' is a kind of components.\nhint: ganforge show components optimizer\n"),
        (["toi.py"], "error: there is no recipe file toi.py.\nhint: did you mean 'toy.py'?\n"),
    ],
)
def test_an_unknown_word_is_answered(ganforge, words: list[str], text: str) -> None:
    result = ganforge("show", *words)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", text)


def test_an_unknown_kind_is_answered(ganforge) -> None:
    result = ganforge("show", "components", "optimiser")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: there is no kind 'optimiser'. The kinds are: generator, ")
    assert result.stderr.endswith("\nhint: did you mean 'optimizer'?\n")


def test_only_components_have_kinds(ganforge) -> None:
    result = ganforge("show", "recipes", "optimizer")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        "Error: only components are listed by kind; 'optimizer' is one word too many."
    )


def test_a_broken_recipe_is_told_and_not_unknown(ganforge, here: Path) -> None:
    (here / "toy.py").write_text(TOY + "\nraise ValueError('no')\n")
    result = ganforge("show", "toy.py")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == "ValueError: no"
