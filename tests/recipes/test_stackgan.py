"""StackGAN is the paper's and its authors' code's: networks, losses, rates, stages, and who learns from what."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image
from recipes_settings import SMALL
from torch.nn import functional as F

import ganforge as gf
from ganforge.engine.checkpoint import newest
from ganforge.engine.modules import trial
from ganforge.engine.plan import plan_step
from ganforge.errors import RecipeError
from ganforge.language.network import Evaluation
from ganforge.language.recipe import load_recipe
from ganforge.language.signal import Signal
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "stackgan.py"


def game(**overrides: str) -> gf.Game:
    return load_recipe(RECIPE).read(overrides, Catalogue(installed()))


def small(**overrides: str) -> gf.Game:
    return game(**SMALL["stackgan"] | overrides)


def player(played: gf.Game, name: str) -> gf.Player:
    (found,) = [each for each in played.players if each.name == name]
    return found


def network_of(signal: Signal) -> str:
    assert isinstance(signal.origin, Evaluation)
    return signal.origin.network.name


def test_the_networks_are_the_authors() -> None:
    def down(*widths: int) -> int:
        return sum(before * after * 16 + 2 * after for before, after in pairwise(widths))

    def three(before: int, after: int) -> int:
        return before * after * 9 + 2 * after

    def narrow(wide: int) -> int:
        inner = wide // 4
        return wide * inner + 2 * inner + three(inner, inner) + three(inner, wide)

    sketcher = 228 * 4 * 4 * 1024 + 2 * 4 * 4 * 1024 + narrow(1024) + three(1024, 512) + narrow(512)
    encode = 3 * 128 * 9 + down(128, 256, 512) + three(512 + 128, 512)
    judge = 1024 * 128 + 128 + (512 + 128) * 512 + 2 * 512 + 512 * 16
    assert trial(game()) == {
        "D1": 3 * 64 * 16 + down(64, 128, 256, 512) + narrow(512) + judge,
        "G1": sketcher + three(512, 256) + three(256, 128) + 128 * 3 * 9,
        "CA1": 1024 * 256 + 256,
        "D2": 3 * 64 * 16
        + down(64, 128, 256, 512, 1024, 2048)
        + (2048 * 1024 + 2 * 1024 + 1024 * 512 + 2 * 512)
        + narrow(512)
        + judge,
        "G2": encode
        + 8 * three(512, 512)
        + three(512, 256)
        + three(256, 128)
        + three(128, 64)
        + three(64, 32)
        + 32 * 3 * 9,
        "CA2": 1024 * 256 + 256,
        "E": 0,
    }


def test_the_stages_see_64_and_256_pixels_and_1024_numbers_of_a_caption() -> None:
    shapes = {
        origin.network.name: [signal.shape for signal in origin.inputs]
        for each in game().players
        for measure in (part.measure for part in each.minimizes.parts)
        for signal in measure.signals
        if isinstance(origin := signal.origin, Evaluation)
    }
    assert shapes["D1"] == [(3, 64, 64), (1024,)] and shapes["D2"] == [(3, 256, 256), (1024,)]
    assert {name: signal.shape for name, signal in game().samples.items()} == {
        "sketch": (3, 64, 64),
        "image": (3, 256, 256),
        "real": (3, 256, 256),
    }


def test_players_take_turns_as_in_the_authors_code() -> None:
    played = game()
    assert played.batch_size == 64
    phases = [(phase.name, phase.length, [each.name for each in phase.players]) for phase in played.phases]
    assert phases == [("stage-1", gf.epochs(600), ["D1", "G1"]), ("stage-2", gf.epochs(600), ["D2", "G2"])]
    trained = {each.name: [network.name for network in each.trains] for each in played.players}
    assert trained == {"D1": ["D1"], "G1": ["G1", "CA1"], "D2": ["D2"], "G2": ["G2", "CA2"]}
    assert [each.updates for each in played.players] == [1, 1, 1, 1]
    data: Any = played.samples["real"].origin
    assert data.data.values() | {"root": ""} == {
        "root": "",
        "embeddings": "embeddings.npy",
        "order": None,
        "dim": 1024,
        "captions": 4,
        "size": 256,
        "channels": 3,
        "load_size": 304,
        "flip": True,
        "value_range": (-1.0, 1.0),
        "on_bad": "stop",
    }


def test_rates_are_halved_every_50_epochs_and_then_every_100() -> None:
    seen: dict[str, list[float]] = {}
    for each in game().players:
        values = each.optimizer.values()
        assert values["betas"] == (0.5, 0.999)
        rate = values["lr"]
        seen[each.name] = [rate.at(gf.Progress(0, 0, epoch)) for epoch in (0, 49.9, 50, 100, 200, 599)]
    assert seen["D1"] == seen["G1"] == pytest.approx([2e-4, 2e-4, 1e-4, 5e-5, 1.25e-5, 2e-4 / 2**11])
    assert seen["D2"] == seen["G2"] == pytest.approx([2e-4, 2e-4, 2e-4, 1e-4, 5e-5, 2e-4 / 2**5])


@pytest.mark.parametrize("stage", ["1", "2"])
def test_a_critic_is_paid_for_right_pairs_and_half_each_for_wrong_and_fake_ones(stage: str) -> None:
    parts = player(small(), f"D{stage}").minimizes.parts
    assert {part.label: part.factor for part in parts} == {"mismatched": 0.5, "fake": 0.5}
    real = [part.measure.keywords["real"] for part in parts]
    assert real[0] is real[1]
    pairs = [real[0], *(part.measure.keywords["fake"] for part in parts)]
    assert {network_of(pair) for pair in pairs} == {f"D{stage}"}
    captions = [pair.origin.inputs[1] for pair in pairs]
    assert captions[0] is captions[1] is captions[2] and network_of(captions[0]) == "E"
    images = [pair.origin.inputs[0] for pair in pairs]
    if stage == "1":
        assert [str(image.origin) for image in images[:2]] == ["resize", "resize"]
        images[:2] = [image.origin.inputs[0] for image in images[:2]]
    # The fields of a batch are images, captions, mismatched.
    assert [image.output for image in images[:2]] == [0, 2] and images[0].origin is images[1].origin
    assert network_of(images[2].origin.inputs[0]) == f"G{stage}"

    torch.manual_seed(0)
    right, wrong, fake = torch.randn(3, 5, 1)
    scores = {"mismatched": wrong, "fake": fake}
    found = sum(part.factor * part.measure.function(real=right, fake=scores[part.label]) for part in parts)
    one, zero = torch.ones(5, 1), torch.zeros(5, 1)
    bce = F.binary_cross_entropy_with_logits
    torch.testing.assert_close(found, bce(right, one) + 0.5 * (bce(wrong, zero) + bce(fake, zero)))


@pytest.mark.parametrize("stage", ["1", "2"])
def test_a_generator_is_paid_for_its_score_less_twice_the_divergence(stage: str) -> None:
    score, divergence = player(small(), f"G{stage}").minimizes.parts
    assert (score.label, score.factor) == ("non-saturating", 1.0)
    assert (divergence.label, divergence.factor) == ("kl-to-normal", 2.0)
    judged = score.measure.keywords["fake"]
    assert network_of(judged) == f"D{stage}" and network_of(judged.origin.inputs[0]) == f"G{stage}"
    # The condition that the generator reads is the one whose distribution is held near the normal one.
    condition = judged.origin.inputs[0].origin.inputs[1]
    assert network_of(condition) == f"CA{stage}" and condition.output == 0
    assert [signal.output for signal in divergence.measure.inputs] == [1, 2]
    assert all(signal.origin is condition.origin for signal in divergence.measure.inputs)
    values = torch.randn(4, 1)
    expected = F.binary_cross_entropy_with_logits(values, torch.ones(4, 1))
    torch.testing.assert_close(score.measure.function(fake=values), expected)


def test_the_second_stage_refines_the_sketches_of_the_first() -> None:
    played = small()
    assert played.samples["image"].origin.inputs[0] is played.samples["sketch"]


def test_words_train_an_encoder_with_the_first_critic_and_not_through_the_fakes() -> None:
    judge = player(small(), "D1")
    assert [network.name for network in judge.trains] == ["D1", "E"]
    (turn,) = plan_step([(judge, 0, judge.minimizes.parts)])
    recorded = [origin.network.name for origin in turn.recorded if isinstance(origin, Evaluation)]
    assert sorted(recorded) == ["D1", "D1", "D1", "E"]
    evaluated = {origin.network.name for origin in turn.order if isinstance(origin, Evaluation)}
    assert evaluated == {"D1", "E", "CA1", "G1"}


def test_the_encoder_is_a_parameter() -> None:
    played = small(encoder="word-encoder(vocabulary_size=50, dim=12)")
    assert trial(played)["CA1"] == 12 * 16 + 16
    assert trial(small(encoder="word-encoder"))["E"] > 10_000 * 64
    with pytest.raises(
        RecipeError, match=r"no TextEncoder is called 'bert'\. Installed: precomputed-embedding, word-enc"
    ):
        small(encoder="bert")


def weights(out: Path) -> dict[str, torch.Tensor]:
    return {key: value for key, value in newest(out / "checkpoints")[0].tensors.items() if key.startswith("net.")}


def changed(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    """The networks whose weights, apart from running statistics, differ."""
    return {
        key.split(".")[1]
        for key in before
        if not key.endswith(("running_mean", "running_var", "num_batches_tracked"))
        and not torch.equal(before[key], after[key])
    }


def test_the_second_stage_holds_the_first_still(tmp_path: Path) -> None:
    found = []
    for steps in (1, 2, 4):
        gf.train(small(), out=tmp_path / "run", steps=steps, resume=True, device="cpu", quiet=True)
        found.append(weights(tmp_path / "run"))
    assert changed(found[0], found[1]) == {"D1", "E", "G1", "CA1"}
    assert changed(found[1], found[2]) == {"D2", "G2", "CA2"}


@pytest.fixture
def birds(tmp_path: Path) -> Path:
    """Eight images, with three embeddings of six numbers for each."""
    folder = tmp_path / "birds"
    folder.mkdir()
    for index in range(8):
        Image.new("RGB", (20, 18), (30 * index, 99, 10)).save(folder / f"{index}.png")
    embeddings = numpy.random.default_rng(0).normal(size=(8, 3, 6))
    numpy.save(folder / "text.npy", embeddings)
    return folder


def test_embeddings_from_a_file_are_played_resumed_bit_equal_and_sampled(tmp_path: Path, birds: Path) -> None:
    data = (
        f'embedded-folder(root="{birds}", embeddings="text.npy", dim=6, captions=2, size=16, load_size=18, flip=True)'
    )
    for name, cuts in (("whole", [4]), ("cut", [1, 3, 4])):
        for steps in cuts:
            played = small(data=data, batch_size="4")
            gf.train(played, out=tmp_path / name, steps=steps, resume=True, device="cpu", quiet=True)
    whole, cut = (newest(tmp_path / name / "checkpoints")[0].tensors for name in ("whole", "cut"))
    assert whole.keys() == cut.keys() and all(torch.equal(whole[key], cut[key]) for key in whole)
    samples = gf.load(tmp_path / "whole", device="cpu").sample(3)
    assert {name: tuple(value.shape) for name, value in samples.items()} == {
        "sketch": (3, 3, 8, 8),
        "image": (3, 3, 16, 16),
        "real": (3, 3, 16, 16),
    }
