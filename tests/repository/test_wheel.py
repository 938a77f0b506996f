"""The built wheel works from any folder of a fresh environment."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "GANFORGE_PLUGINS")}
    done = subprocess.run([str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel; what the wheel depends on is borrowed from this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", ROOT)
    run(*build, cwd=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "--no-index", "--no-deps", wheel, cwd=folder)
    # A plain path: the .pth files in the borrowed folder, an editable install among them, are not read again.
    (packages,) = (folder / "env" / "lib").glob("python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return folder


@pytest.mark.slow
def test_the_wheel_holds_recipes_and_plugins_and_runs_anywhere(fresh: Path, tmp_path: Path) -> None:
    ganforge = fresh / "env" / "bin" / "ganforge"
    python = fresh / "env" / "bin" / "python"
    code = "import ganforge, ganforge_data; print(ganforge.__file__, ganforge_data.__file__)"
    places = run(python, "-c", code, cwd=tmp_path)
    assert all(place.startswith(str(fresh)) for place in places.split())
    names = run(ganforge, "show", "recipes", cwd=tmp_path)
    assert all(name in names for name in ("dcgan_cifar", "vanilla_mnist", "stackgan", "sngan_cifar", "infogan_mnist"))
    small = ("data=shapes(size=16, count=64)", "base_channels=8", "batch_size=8")
    run(ganforge, "run", "dcgan_cifar", *small, "--steps", "2", "--out", "run", "--device", "cpu", cwd=tmp_path)
    run(ganforge, "sample", "run", "-n", "4", "--out", "grid.png", "--device", "cpu", cwd=tmp_path)
    assert (tmp_path / "grid.png").stat().st_size > 0
