"""Tests that importing ganforge and reading recipes import no torch."""

import os
import subprocess
import sys

import pytest
from ganforge_sources import ROOT, files

RECIPES = files("recipes")

READ = """
import pathlib, sys
import ganforge
assert "torch" not in sys.modules, "importing ganforge imports torch"
from ganforge.language.recipe import load_recipe
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import discover
resolver = Catalogue(discover())
assert "torch" not in sys.modules, "loading plugins imports torch"
for path in sys.argv[1:]:
    game = load_recipe(pathlib.Path(path)).read({}, resolver)
    assert len(game.players) >= 2, path
    print(path)
    assert "torch" not in sys.modules, "reading " + path + " imports torch"
"""


def test_reading_every_recipe_imports_no_torch():
    assert len(RECIPES) >= 4
    paths = os.pathsep.join([str(ROOT), str(ROOT / "plugins"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", READ, *map(str, RECIPES)],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(path) for path in RECIPES]


@pytest.mark.parametrize(
    "module", ["ganforge", "ganforge.cli.main", "ganforge_classic", "ganforge_data", "ganforge_translate"]
)
def test_importing_a_package_imports_no_torch(module):
    program = f"import sys, {module}; assert not {{'torch', 'torchvision', 'numpy'}} & set(sys.modules)"
    paths = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
