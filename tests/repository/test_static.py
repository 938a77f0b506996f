"""Tests of the two static checkers: they pass on the project and flag typical mistakes in a recipe."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ganforge_sources import ROOT

pytestmark = pytest.mark.slow

MISTAKES = Path(__file__).with_name("mistakes.txt")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a checker, or skip the test where it is not installed."""
    if importlib.util.find_spec(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    path = os.pathsep.join([str(ROOT), str(ROOT / "plugins")])
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=os.environ | {"MYPYPATH": path},
        capture_output=True,
        text=True,
    )


def pyright(*arguments: str) -> dict:
    """Pyright's report, or a skip where it cannot start (its first start fetches Node)."""
    done = run("pyright", "--outputjson", "--pythonpath", sys.executable, *arguments)
    try:
        return json.loads(done.stdout)
    except ValueError:
        pytest.skip(f"pyright does not start: {(done.stderr or done.stdout)[-200:]}")


def test_mypy_is_content_with_the_project():
    done = run("mypy", "--strict")
    assert done.returncode == 0, done.stdout + done.stderr
    seen = re.search(r"no issues found in (\d+) source files", done.stdout)
    assert seen and int(seen[1]) >= 100


def test_pyright_is_content_with_the_project():
    report = pyright()
    assert report["summary"]["filesAnalyzed"] >= 100
    told = [f"{d['file']}:{d['range']['start']['line'] + 1}: {d['message']}" for d in report["generalDiagnostics"]]
    assert "\n".join(told) == ""


@pytest.fixture
def mistaken(tmp_path: Path) -> Path:
    path = tmp_path / "mistaken.py"
    path.write_text(MISTAKES.read_text(encoding="utf-8"), encoding="utf-8")
    return path


def wrong() -> list[int]:
    """The lines of the file that are marked as mistakes."""
    lines = MISTAKES.read_text(encoding="utf-8").splitlines()
    marked = [number for number, line in enumerate(lines, 1) if "  # wrong: " in line]
    assert len(marked) >= 11
    return marked


def test_mypy_flags_typical_mistakes_in_a_recipe_and_nothing_else(mistaken):
    done = run("mypy", "--strict", str(mistaken))
    assert sorted({int(line) for line in re.findall(r"mistaken\.py:(\d+): error", done.stdout)}) == wrong(), done.stdout


def test_pyright_flags_typical_mistakes_in_a_recipe_and_nothing_else(mistaken):
    paths = [str(ROOT), str(ROOT / "plugins")]
    config = mistaken.with_name("pyrightconfig.json")
    config.write_text(json.dumps({"include": ["."], "extraPaths": paths}), encoding="utf-8")
    report = pyright("--project", str(config))
    errors = [d for d in report["generalDiagnostics"] if d["severity"] == "error"]
    assert sorted({d["range"]["start"]["line"] + 1 for d in errors}) == wrong(), json.dumps(errors, indent=1)
