"""Tests of the gallery's tool: every recipe has a row, criteria count right, and the table says what was found."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

import ganforge as gf
from ganforge.language.graph import game_batches
from ganforge_data import Shapes
from ganforge_data.rendering import render, scene, tokens

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "benchmarks"))

from zoo import criteria, judges, table, variants  # noqa: E402
from zoo.criteria import Captions, Codes, Difference, Labels, Modes, Monitor, Pairs, Sharpness, Translation  # noqa: E402
from zoo.judges import HELD_OUT, Judge, Judges, Opinion  # noqa: E402
from zoo.play import game  # noqa: E402
from zoo.played import Played  # noqa: E402
from zoo.rows import ROWS, Row  # noqa: E402

RECIPES = {path.stem for path in (ROOT / "recipes").glob("*.py")}


def test_every_bundled_recipe_has_a_row():
    assert set(ROWS) == RECIPES
    assert len(ROWS) == 27


@pytest.mark.parametrize("name", ROWS)
def test_a_row_names_what_its_game_has(name):
    row, found = ROWS[name], game(ROWS[name])
    fields = {field for batch in game_batches(found) for field in batch.fields}
    assert {player.name for player in found.players} >= set(row.breaks) != set()
    for criterion in row.criteria:
        assert set(criterion.reads()) <= set(found.samples) | fields
        assert not isinstance(criterion, Monitor) or criterion.monitor in found.monitors
    assert set(row.picture) <= set(found.samples)
    # Phases that follow one another have lengths of their own, which the number of steps would cut.
    assert row.steps is None or len(found.phases) == 1


# --- criteria, on samples and judges made by hand -------------------------------------------------------------


def opinion(images: Tensor, heads: dict[str, int], sure: float = 1.0) -> Opinion:
    """A judge who reads the class of head n in pixel n of each image, and is so sure of it."""
    told = {}
    for place, (head, classes) in enumerate(heads.items()):
        right = torch.nn.functional.one_hot(images.flatten(1)[:, place].long(), classes)
        told[head] = (right * sure + (1 - right) * (1 - sure) / (classes - 1)).double()
    return Opinion(images.flatten(1).float(), told)


def shown(sure: float = 1.0, metrics: Path | None = None, **samples: Tensor) -> Any:
    """What stands for a played game."""

    def judge(kind: str, images: Tensor) -> Callable[[Tensor], Opinion]:
        told = lambda seen: opinion(seen, judges.KINDS[kind][0], sure)  # noqa: E731
        told.real = opinion(images, judges.KINDS[kind][0])  # type: ignore[attr-defined]
        return told

    return SimpleNamespace(
        draw=lambda *names, count: [samples[name][:count] for name in names],
        judges=SimpleNamespace(judge=judge),
        run=SimpleNamespace(folder=SimpleNamespace(metrics=metrics)),
    )


def pictures(*columns: Tensor | list[int]) -> Tensor:
    """Images of 2x2 pixels, of which the first hold the classes."""
    images = torch.zeros(len(columns[0]), 1, 2, 2)
    for place, column in enumerate(columns):
        images.flatten(1)[:, place] = torch.as_tensor(column).float()
    return images


def test_the_frechet_distance_is_that_of_normal_distributions():
    first = torch.randn(500, 3, generator=torch.Generator().manual_seed(0)).double()
    spread = first.var(0).sum().item()
    assert criteria.frechet(first, first) == pytest.approx(0, abs=1e-6)
    assert criteria.frechet(first, first + torch.tensor([3.0, 0.0, 4.0])) == pytest.approx(25)
    # Twice the deviation in every direction: the trace of C + 4 C - 2 * 2 C.
    centred = first - first.mean(0)
    assert criteria.frechet(centred, 2 * centred) == pytest.approx(spread)


def test_information_is_all_for_a_bijection_and_nothing_for_chance_or_collapse():
    classes = torch.arange(40) % 4
    assert criteria.information(classes, (classes + 1) % 4, 4) == pytest.approx(1)
    assert criteria.information(classes, torch.arange(40) // 4 % 2, 4) == pytest.approx(0, abs=1e-9)
    assert criteria.information(classes, torch.zeros(40, dtype=torch.int64), 4) == pytest.approx(0, abs=1e-9)
    # Two of four classes are told apart: one bit of two.
    assert criteria.information(classes, classes // 2, 4) == pytest.approx(0.5)


def test_a_mode_is_caught_by_a_fifth_of_its_share_of_samples():
    # Of 640 samples the fair share of 64 modes is ten, so two catch one and a single does not.
    shape, colour = torch.zeros(640), torch.zeros(640)
    shape[:2], colour[:2] = 3, 5
    shape[2], colour[2] = 4, 6
    caught = Modes(sample="fake").measure(shown(fake=pictures(shape, colour)))
    assert caught == {"Fréchet distance": pytest.approx(0, abs=1e-3), "modes of 64": 2, "judge is sure": 1}
    unsure = Modes(sample="fake").measure(shown(sure=0.9, fake=pictures(shape, colour)))
    assert (unsure["modes of 64"], unsure["judge is sure"]) == (2, 0)


def test_labels_cycle_and_what_is_kept_is_the_sources():
    asked = torch.arange(16) % 8
    wrong = asked.clone()
    wrong[:4] += 1
    assert Labels(head="shape").measure(shown(samples=pictures(wrong, asked))) == {"shape as asked": 0.75}
    told = Labels(head="colour", sample="fake", source="real", kept=("shape",)).measure(
        shown(fake=pictures(asked, wrong), real=pictures(asked.flip(0), asked))
    )
    assert told["colour"] == 0.75
    assert told["shape"] == 0 == told["colour and shape as asked"]


def test_captions_name_shape_and_colour():
    seen = scene(5, torch.arange(300))
    named = criteria.spoken(tokens(seen))
    assert torch.equal(named, torch.stack([seen.shape, seen.colour], 1))
    right = pictures(seen.shape, seen.colour)
    assert set(Captions(count=300).measure(shown(image=right, captions=tokens(seen))).values()) == {1.0}


def test_a_translation_has_the_other_look_and_the_same_shape():
    a, b = pictures([1, 2], [0, 0], [0, 0]), pictures([3, 4], [0, 0], [1, 1])
    fake_b, fake_a = pictures([1, 7], [0, 0], [1, 1]), pictures([3, 4], [0, 0], [1, 0])
    told = Translation(count=2).measure(shown(a=a, b=b, fake_b=fake_b, fake_a=fake_a))
    assert told == {"look and shape as asked": 0.5, "look": 0.75, "shape": 0.75}


def test_errors_and_decibels_are_of_values_from_minus_one_to_one():
    zero = torch.zeros(3, 1, 8, 8)
    assert Difference(first="a", second="b").measure(shown(a=zero, b=zero + 0.2)) == {
        "mean absolute error": pytest.approx(0.2)
    }
    small = torch.full((3, 1, 2, 2), 0.2)
    told = Sharpness().measure(shown(low=small, fake=zero + 0.02, target=zero))
    assert list(told.values()) == pytest.approx([40, 20], abs=1e-3)


def test_a_monitor_is_read_where_it_was_logged_last(tmp_path):
    lines = [{"step": 1, "error": 0.9}, {"step": 2, "error": 0.4}, {"step": 3}]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert Monitor(monitor="error", words="error").measure(shown(metrics=tmp_path / "metrics.jsonl")) == {"error": 0.4}


def test_codes_and_pairs_tell_information_and_how_often():
    code = torch.arange(200) % 10
    told = Codes().measure(shown(samples=pictures(code // 2)))
    # Ten codes for five digits: each code is pure, and log 5 of log 10 is told.
    assert list(told.values()) == pytest.approx([0.69897, 1.0], abs=1e-4)
    assert list(Pairs().measure(shown(a=pictures(code), b=-pictures(code))).values()) == pytest.approx([1, 1])
    assert list(Pairs().measure(shown(a=pictures([7] * 9), b=-pictures([7] * 9))).values()) == pytest.approx([0, 1])


# --- judges, variants and draws ---------------------------------------------------------------------------------


def test_a_judge_is_trained_once_and_says_how_often_it_is_right(tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(judges, "_train", lambda net, images, classes: trained.append(len(images)))
    images = render(scene(1, torch.arange(4)), (8, 8), 3).float()
    first = Judges(tmp_path, tmp_path).judge("shapes", images)
    again = Judges(tmp_path, tmp_path).judge("shapes", images)
    assert trained == [16_000]
    assert torch.equal(first(images).features, again(images).features) and 0 <= first.accuracy < 0.2

    class Reads(torch.nn.Module):
        def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
            return images.flatten(1), [torch.nn.functional.one_hot(images[:, 0, 0, 0].long(), 8) * 9.0]

    real = pictures([1, 2, 3, 4])
    assert Judge(Reads(), ["shape"], (real, torch.tensor([[1], [2], [3], [5]]))).accuracy == 0.75


@pytest.mark.parametrize(("kind", "count", "size"), [("shapes", 4_000, 8), ("looks", 4_000, 8)])
def test_the_real_images_of_a_judge_fit_its_heads(kind, count, size, tmp_path):
    heads, real = judges.KINDS[kind]
    images, classes = real(3, (size, size), True, tmp_path)
    assert images.shape == (count, 3, size, size) and -1 <= images.min() < images.max() <= 1
    assert classes.amin(0).tolist() == [0] * len(heads)
    assert (classes.amax(0) + 1).tolist() == list(heads.values())


def small() -> gf.Game:
    row = Row(
        "vanilla_mnist_minimal", "", "'data=shapes(size=8, count=64)' batch_size=8 hidden=16", 2, (Modes(count=16),), ""
    )
    return game(row)


def test_the_broken_variant_turns_one_players_loss_round():
    whole = small()
    against = variants.broken(whole, ["G"])
    factors = [[part.factor for part in player.minimizes.parts] for g in (whole, against) for player in g.players]
    assert factors == [[1], [1], [1], [-1]]
    assert [player.optimizer for player in against.players] == [player.optimizer for player in whole.players]


def test_the_untrained_variant_keeps_the_initial_weights(tmp_path):
    runs = [
        gf.train(variants.untrained(small()), out=tmp_path / f"{n}", steps=n, device="cpu", quiet=True) for n in (1, 3)
    ]
    first, later = (dict(run.network("G").named_parameters()) for run in runs)
    assert len(first) == 4 and all(torch.equal(value, later[name]) for name, value in first.items())


@pytest.mark.parametrize(
    ("name", "typed", "lengths"),
    [
        ("srgan", "'data=shapes(size=16)' pretrain=25 steps=10", ["3 steps", "1 steps"]),
        ("stackgan", "'data=shapes(size=16)' ratio=2 epochs=5", ["0.5 epochs", "0.5 epochs"]),
    ],
)
def test_the_shorter_variant_plays_a_share_of_every_phase(name, typed, lengths):
    shorter = variants.shorter(game(Row(name, "", typed, None, (), "")), 0.1)
    assert [str(phase.length) for phase in shorter.phases] == lengths


def test_draws_are_of_one_set_of_examples_that_no_run_has_seen(tmp_path):
    batch = Shapes(size=8, count=64, labels="both").batch()
    D = gf.module("D", lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(1)), shape=(1,))

    @gf.loss
    def squared(scores: Tensor) -> Tensor:
        return scores.square().mean()

    whole = small()
    player = gf.Player("D", trains=D, minimizes=squared(D(batch.images)), optimizer=whole.players[0].optimizer)
    played = gf.Game(player, batch_size=8, length=gf.steps(1), samples={"x": batch.images, "y": batch.images})
    run = SimpleNamespace(value_range=(-1.0, 1.0))
    first, second, labels = Played(played, run, Judges(tmp_path, tmp_path)).draw("x", "y", "labels", count=20)
    unseen = scene(HELD_OUT, torch.arange(64))
    known = {image.numpy().tobytes(): mode for image, mode in zip(render(unseen, (8, 8), 3), unseen.mode, strict=True)}
    bytes_ = ((first + 1) * 127.5).round().to(torch.uint8)
    assert torch.equal(first, second)
    assert [known[image.contiguous().numpy().tobytes()] for image in bytes_] == labels.tolist()


# --- the table ---------------------------------------------------------------------------------------------------


def result(trained: dict[str, float], untrained: dict[str, float], broken: dict[str, float]) -> dict[str, Any]:
    told = {"trained": trained, "untrained": untrained, "broken": broken}
    return told | {"lines": 47, "cpu_seconds": 90.0, "judges": {"shapes-3x16x16": 0.99}}


def named(distance: float, modes: float, sure: float = 0.6) -> dict[str, float]:
    return {"Fréchet distance": distance, "modes of 64": modes, "judge is sure": sure}


def test_the_page_says_what_was_measured_and_how_to_do_it_again():
    page = table.page(ROWS, {"dcgan_cifar": result(named(20.0, 60), named(400.0, 1), named(500.0, 0))})
    (line,) = [line for line in page.splitlines() if line.startswith("| <img")]
    assert "Fréchet distance: 400 → **20** (500)<br>modes of 64: 1 → **60** (0)" in line
    assert "judge of shapes-3x16x16: 99.0% right" in line
    assert "| 47 | 1.5 min |" in line and "[dcgan_cifar](../recipes/dcgan_cifar.py)" in line
    assert "`ganforge run recipes/dcgan_cifar.py 'data=shapes(size=16)'" in line and "--steps" in line
    assert "did not learn" not in line and "collapsed" not in line
    assert line.count(" | ") == 7


@pytest.mark.parametrize(
    ("trained", "broken", "remarks"),
    [
        (named(20, 60), named(500, 0), []),
        (named(20, 60), {}, []),
        (named(20, 31), {}, ["**collapsed to 31 modes**"]),
        (named(20, 31, 0.4), {}, ["few modes are told apart yet"]),
        (named(450, 60), named(500, 0), ["**did not learn**"]),
        (named(20, 60), named(10, 0), ["**did not learn**"]),
    ],
)
def test_the_page_says_what_did_not_learn_and_what_collapsed(trained, broken, remarks):
    assert table.remarks(ROWS["dcgan_cifar"], result(trained, named(400, 1), broken)) == remarks


def test_a_criterion_may_want_high_numbers():
    told = result({"colour as asked": 0.9}, {"colour as asked": 0.1}, {})
    assert table.learned(ROWS["acgan"], told)
    assert not table.learned(ROWS["acgan"], told | {"trained": {"colour as asked": 0.05}})
