"""Tests of monitors that read what no player computes: evaluated now and then, on fixed examples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from engine_toys import Points, Sgd, distance, fool, mean, mlp, module_of, play
from torch import Tensor

import ganforge as gf
from ganforge.engine.watched import Watched


def share_below(values: Tensor, limit: Tensor) -> Tensor:
    """A measure without a gradient, of a whole-number tensor too."""
    return (values < limit[:, None]).float().mean()


def game() -> gf.Game:
    x, other = Points().batch().x, Points(salt=5, length=30).batch().x
    G, D = mlp("G", 2, 8, 3, norm=True, dropout=0.5), mlp("D", 3, 1)
    fake = G(gf.noise(2))
    far = distance(G(gf.noise(2)), other).named("far")
    below = gf.loss(share_below)(D(other), gf.random_labels(2))
    return gf.Game(
        gf.Player("G", trains=[G, D], minimizes=fool(D(fake)) + mean(D(x)), optimizer=Sgd()),
        batch_size=8,
        length=gf.steps(4),
        monitors={"far": 2.0 * far, "below": below, "root": gf.reading(lambda value: value.sqrt(), far)},
    )


def test_a_watched_monitor_is_evaluated_in_evaluation_mode_on_a_thousand_fixed_examples() -> None:
    loop = play(game(), 2)
    before = {name: value.clone() for name, value in module_of(loop, "G").state_dict().items()}
    watched = Watched(loop.game, loop.state.modules, loop.machine, loop.data)
    values = watched.read(3, loop.progress(), loop.state.feedbacks)
    again = watched.read(3, loop.progress(), loop.state.feedbacks)
    assert values == again and values.keys() == {"far", "below", "root"}

    drawn = watched._sampler.evaluate(1000, 3)
    far = (drawn["0.0"] - drawn["0.1"]).square().mean().item()
    assert len(drawn["0.0"]) == 1000 and len(drawn["0.1"].unique(dim=0)) == 30
    assert values["far"] == pytest.approx(2 * far, rel=1e-6) and values["root"] == pytest.approx(far**0.5, rel=1e-6)
    labels = torch.arange(1000) % 2
    assert torch.equal(drawn["1.1"], labels)  # Of their own type: whole numbers.
    assert values["below"] == pytest.approx((drawn["1.0"] < labels[:, None]).float().mean().item())
    assert module_of(loop, "G").training
    assert all(torch.equal(value, before[name]) for name, value in module_of(loop, "G").state_dict().items())
    # What players measured is not mixed up with it.
    assert loop.scalars().keys() == {"G/fool_loss", "G/mean_loss"}


def test_a_run_logs_watched_monitors_at_first_when_it_draws_samples_and_at_last(tmp_path: Path) -> None:
    options = {"steps": 7, "sample_every": 3, "log_every": 100, "device": "cpu", "quiet": True}
    gf.train(game(), out=tmp_path / "run", **options)  # type: ignore[arg-type]
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 3, 6, 7]
    assert all({"far", "below", "root"} <= line.keys() for line in lines)


def test_watching_changes_nothing_in_the_game(tmp_path: Path) -> None:
    weights = []
    for every in (1, 100):
        run = tmp_path / f"every-{every}"
        gf.train(game(), out=run, steps=4, sample_every=every, log_every=1, device="cpu", quiet=True)
        weights.append((run / "weights" / "G.safetensors").read_bytes())
    assert weights[0] == weights[1]
