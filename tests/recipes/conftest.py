"""Makes the settings of the recipes, and the stand-in for CUDA graphs, importable from every test of the recipes."""

import importlib.util
import sys
from pathlib import Path

_HERE = Path(__file__).parent


def _load(name: str, path: Path) -> None:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


_load("recipes_settings", _HERE / "settings.py")
_load("recipes_operators", _HERE.parent / "engine" / "operators.py")
