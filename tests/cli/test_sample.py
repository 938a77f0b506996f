"""Tests of sample: grids, single images and tensors, without executing the recipe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import load_file

from .conftest import REGISTERED, TOY


def size(path: str) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


@pytest.fixture
def run(ganforge, here: Path) -> str:
    """A finished run whose networks a registry knows as far as samples need them."""
    assert REGISTERED != TOY and "MLPGenerator(" in REGISTERED
    (here / "toy.py").write_text(REGISTERED)
    assert ganforge("run", "toy.py", "--quiet").exit_code == 0
    return "runs/toy-1"


def test_samples_are_saved_as_a_grid(ganforge, run: str) -> None:
    result = ganforge("sample", run, "-n", "9", "--out", "new/grid.png")
    assert (result.exit_code, result.stdout) == (0, "new/grid.png\n")
    # Nine squares of 8 pixels, magnified to 64, with gaps of 2 between and around.
    assert size("new/grid.png") == (3 * 66 + 2, 3 * 66 + 2)


def test_without_a_target_the_grid_goes_into_the_run(ganforge, run: str) -> None:
    assert ganforge("sample", run, "--seed", "3").stdout == "runs/toy-1/samples/seed-3.png\n"
    assert size("runs/toy-1/samples/seed-3.png") == (8 * 66 + 2, 8 * 66 + 2)


def test_samples_are_saved_one_by_one_and_as_tensors(ganforge, run: str, here: Path) -> None:
    result = ganforge("sample", run, "-n", "3", "--images", "each", "--tensors", "values.safetensors")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "values.safetensors\neach (3 images)\n"
    values = load_file("values.safetensors")["samples"]
    assert tuple(values.shape) == (3, 1, 8, 8)
    assert sorted(path.name for path in (here / "each").iterdir()) == ["00000.png", "00001.png", "00002.png"]
    with Image.open("each/00001.png") as opened:
        picture = opened.copy()
    assert picture.size == (8, 8)
    for x, y in ((0, 0), (7, 3)):
        expected = round((float(values[1, 0, y, x]) + 1) / 2 * 255)
        assert picture.getpixel((x, y)) == (expected, expected, expected)
    assert not list((here / run / "samples").glob("seed-*"))


def test_a_seed_gives_the_same_samples_whatever_their_number(ganforge, run: str) -> None:
    ganforge("sample", run, "-n", "3", "--tensors", "a.safetensors")
    ganforge("sample", run, "-n", "6", "--tensors", "b.safetensors")
    ganforge("sample", run, "-n", "3", "--seed", "1", "--tensors", "c.safetensors")
    a, b, c = (load_file(f"{name}.safetensors")["samples"] for name in "abc")
    assert a.allclose(b[:3], atol=1e-6) and not a.allclose(c, atol=1e-3)


def test_the_recipe_is_not_executed(ganforge, run: str, here: Path) -> None:
    (here / "toy.py").unlink()
    path = here / run / "run.json"
    record = json.loads(path.read_text())
    record["recipe"]["text"] = "raise SystemExit('executed')"
    path.write_text(json.dumps(record))
    assert ganforge("sample", run, "-n", "2").exit_code == 0


def test_networks_of_the_recipe_itself_cannot_be_made_again(ganforge) -> None:
    ganforge("run", "toy.py", "--quiet")
    result = ganforge("sample", "runs/toy-1")
    assert result.exit_code == 5
    assert result.stderr == ("error: network 'G' needs the recipe: Module is defined in the recipe.\n")


def test_samples_that_are_no_images_are_kept_as_tensors(ganforge, here: Path) -> None:
    (here / "toy.py").write_text(REGISTERED.replace("samples=fake", "samples=z"))
    ganforge("run", "toy.py", "--quiet")
    result = ganforge("sample", "runs/toy-1", "-n", "2")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: the run's samples are no images: samples (4,).\nhint: save them with --tensors FILE.safetensors\n"
    )
    assert ganforge("sample", "runs/toy-1", "-n", "2", "--tensors", "z.safetensors").exit_code == 0


def test_a_folder_without_a_run_has_no_samples(ganforge) -> None:
    result = ganforge("sample", "nowhere")
    assert (result.exit_code, result.stderr) == (
        5,
        "error: nowhere holds no run: there is no run.json in it.\n",
    )


def test_a_notebook_draws_the_same_samples(ganforge, run: str) -> None:
    import ganforge as gf

    ganforge("sample", run, "-n", "4", "--seed", "5", "--tensors", "a.safetensors")
    assert gf.load(run).sample(4, seed=5)["samples"].equal(load_file("a.safetensors")["samples"])


def test_a_label_is_every_samples_class(ganforge, here: Path) -> None:
    text = REGISTERED.replace("fake = G(z)", "fake = G(z, gf.one_hot(gf.random_labels(3), 3))")
    assert text != REGISTERED
    (here / "labelled.py").write_text(text)
    run = "runs/labelled"
    assert ganforge("run", "labelled.py", "--quiet", "--out", run).exit_code == 0
    drawn = ganforge("sample", run, "-n", "6", "--tensors", "all.safetensors")
    assert drawn.exit_code == 0, drawn.stderr
    ganforge("sample", run, "-n", "6", "--label", "2", "--tensors", "two.safetensors")
    every, second = load_file("all.safetensors")["samples"], load_file("two.safetensors")["samples"]
    assert (every[2] == second[2]).all() and (every[5] == second[5]).all() and (every[1] != second[1]).any()
    assert ganforge("sample", run, "--label", "2").stdout == f"{run}/samples/seed-0-label-2.png\n"
    refused = ganforge("sample", run, "--label", "3")
    assert refused.exit_code == 2 and "have the classes 0 to 2; received label=3." in refused.stderr


def test_a_label_says_nothing_to_a_run_without_labels(ganforge, run: str) -> None:
    refused = ganforge("sample", run, "--label", "1")
    assert refused.exit_code == 2 and "are not drawn from labels; label=1 says nothing." in refused.stderr
