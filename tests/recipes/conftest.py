"""Makes the settings of the recipes importable from every test of the recipes."""

import importlib.util
import sys
from pathlib import Path

_spec = importlib.util.spec_from_file_location("recipes_settings", Path(__file__).with_name("settings.py"))
assert _spec and _spec.loader
_module = importlib.util.module_from_spec(_spec)
sys.modules["recipes_settings"] = _module
_spec.loader.exec_module(_module)
