"""Every bundled recipe builds, plays, resumes bit-equal and samples on the embedded set."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch
from recipes_settings import SMALL

import ganforge as gf
from ganforge.engine.checkpoint import newest
from ganforge.engine.modules import trial
from ganforge.language import docstring
from ganforge.language.graph import game_networks
from ganforge.language.recipe import load_recipe
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
STEPS = 4


def small(name: str) -> gf.Game:
    return load_recipe(RECIPES / f"{name}.py").read(SMALL[name], Catalogue(installed()))


def play(name: str, out: Path, steps: int) -> dict[str, torch.Tensor]:
    gf.train(small(name), out=out, steps=steps, resume=True, device="cpu", checkpoint_every=1, log_every=1, quiet=True)
    return newest(out / "checkpoints")[0].tensors


def test_every_bundled_recipe_is_tried() -> None:
    assert {path.stem for path in RECIPES.glob("*.py")} == SMALL.keys()
    assert len(SMALL) == 27


@pytest.mark.parametrize("name", SMALL)
def test_a_recipe_plays_resumes_bit_equal_and_samples(name: str, tmp_path: Path) -> None:
    whole = play(name, tmp_path / "whole", STEPS)
    for cut in (1, 3):
        play(name, tmp_path / f"cut-{cut}", cut)
        resumed = play(name, tmp_path / f"cut-{cut}", STEPS)
        assert resumed.keys() == whole.keys()
        assert all(torch.equal(resumed[key], whole[key]) for key in whole)
    lines = [(tmp_path / folder / "metrics.jsonl").read_bytes() for folder in ("whole", "cut-1", "cut-3")]
    assert lines[0] == lines[1] == lines[2] and lines[0].count(b"\n") == STEPS

    samples = gf.load(tmp_path / "whole", device="cpu").sample(3)
    assert samples and all(len(value) == 3 and value.isfinite().all() for value in samples.values())


@pytest.mark.parametrize("name", SMALL)
def test_a_recipe_plays_in_half_precision_with_full_precision_weights(name: str, tmp_path: Path) -> None:
    gf.train(small(name), out=tmp_path / "run", steps=2, device="cpu", precision="bf16", quiet=True)
    tensors = newest(tmp_path / "run" / "checkpoints")[0].tensors
    weights = {key: value for key, value in tensors.items() if key.startswith("net.") and value.is_floating_point()}
    assert len(weights) >= 8
    assert all(value.dtype == torch.float32 and value.isfinite().all() for value in weights.values())


@pytest.mark.parametrize("name", SMALL)
def test_a_recipe_on_its_own_data_fits_together(name: str) -> None:
    game = load_recipe(RECIPES / f"{name}.py").read({}, Catalogue(installed()))
    frozen = {network.name for network in game_networks(game).values() if network.frozen}
    assert all(count > 0 for name, count in trial(game).items() if name not in frozen)


@pytest.mark.parametrize("name", SMALL)
def test_a_recipe_documents_its_parameters_and_is_short(name: str) -> None:
    recipe = load_recipe(RECIPES / f"{name}.py")
    assert set(docstring.arguments(recipe)) == set(recipe.parameters)
    source = (RECIPES / f"{name}.py").read_text()
    assert "arXiv:" in (ast.get_docstring(ast.parse(source)) or "")
    assert 25 <= len(source.splitlines()) <= 90


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # The sums of weights and biases, layer by layer.
        ("vanilla_mnist", {"G": 33024 + 131584 + 525312 + 803600, "D": 803840 + 524800 + 131328 + 257}),
        (
            "dcgan_cifar",
            {
                "G": 100 * 4096 + 2 * 256 + 256 * 128 * 16 + 2 * 128 + 128 * 64 * 16 + 2 * 64 + 64 * 3 * 16,
                "D": 3 * 64 * 16 + 64 * 128 * 16 + 2 * 128 + 128 * 256 * 16 + 2 * 256 + 4096,
            },
        ),
        (
            "wgan_gp_cifar",
            {
                "G": 128 * 8192 + 2 * 8192 + 512 * 256 * 25 + 2 * 256 + 256 * 128 * 25 + 2 * 128 + 128 * 3 * 25 + 3,
                "C": 3 * 128 * 25 + 128 + 128 * 256 * 25 + 256 + 256 * 512 * 25 + 512 + 8192 + 1,
            },
        ),
        # The known sizes of the authors' networks.
        (
            "cyclegan_horse2zebra",
            {"G_AB": 11_378_179, "G_BA": 11_378_179, "D_A": 2_764_737, "D_B": 2_764_737},
        ),
    ],
)
def test_a_recipe_has_the_networks_of_its_paper(name: str, expected: dict[str, int]) -> None:
    game = load_recipe(RECIPES / f"{name}.py").read({}, Catalogue(installed()))
    assert trial(game) == expected


@pytest.mark.parametrize(
    ("name", "batch_size", "players"),
    [
        ("vanilla_mnist", 512, {"D": (2e-4, (0.9, 0.999), 1), "G": (2e-4, (0.9, 0.999), 1)}),
        ("dcgan_cifar", 128, {"D": (2e-4, (0.5, 0.999), 1), "G": (2e-4, (0.5, 0.999), 1)}),
        ("wgan_gp_cifar", 64, {"C": (1e-4, (0.5, 0.9), 5), "G": (1e-4, (0.5, 0.9), 1)}),
    ],
)
def test_a_recipe_has_the_hyperparameters_of_its_paper(
    name: str, batch_size: int, players: dict[str, tuple[float, tuple[float, float], int]]
) -> None:
    game = load_recipe(RECIPES / f"{name}.py").read({}, Catalogue(installed()))
    assert game.batch_size == batch_size
    found = {p.name: (*(p.optimizer.values()[key] for key in ("lr", "betas")), p.updates) for p in game.players}
    assert list(found.items()) == list(players.items())


def test_cyclegan_weighs_its_losses_and_decays_its_rate_as_the_authors_do() -> None:
    game = load_recipe(RECIPES / "cyclegan_horse2zebra.py").read({}, Catalogue(installed()))
    generators, critics = game.players
    assert [player.name for player in game.players] == ["G", "D"]
    weights = {part.label: part.factor for part in generators.minimizes.parts}
    assert weights == {"adv_a": 2, "adv_b": 2, "cycle_a": 10, "cycle_b": 10, "identity_a": 5, "identity_b": 5}
    assert {part.label: part.factor for part in critics.minimizes.parts} == {"adv_a": 1, "adv_b": 1}
    rate = generators.optimizer.values()["lr"]
    seen = [rate.at(gf.Progress(0, 0, epoch)) for epoch in (0, 100, 150, 200)]
    assert seen == pytest.approx([2e-4, 2e-4, 1e-4, 0])
