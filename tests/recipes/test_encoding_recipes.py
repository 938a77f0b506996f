"""The recipes of networks that encode: networks, losses, schedules and turns against their sources."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

import ganforge as gf
from ganforge.engine.modules import trial
from ganforge.language.recipe import load_recipe
from ganforge.language.signal import Noise, PerStep, Signal
from ganforge.language.term import Part
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


def read(name: str, **parameters: str) -> gf.Game:
    return load_recipe(RECIPES / f"{name}.py").read(parameters, Catalogue(installed()))


def parts(player: gf.Player) -> dict[str, Part]:
    return {part.label: part for part in player.minimizes.parts}


def computed(part: Part, *tensors: torch.Tensor, **scores: torch.Tensor) -> float:
    """A part's weighted loss, without what is scheduled or steered."""
    return part.factor * part.measure.function(*tensors, **scores).item()


def noises(signal: Signal) -> set[Noise]:
    found: set[Noise] = set()
    stack = [signal.origin]
    while stack:
        origin = stack.pop()
        found |= {origin} if isinstance(origin, Noise) else set()
        stack += [given.origin for given in origin.inputs]
    return found


@pytest.mark.parametrize(
    ("name", "batch_size", "length", "rates", "betas"),
    [
        ("began", 16, gf.steps(200_000), ["G", "D"], (0.9, 0.999)),
        ("ebgan", 128, gf.epochs(100), ["D", "G"], (0.9, 0.999)),
        ("bigan_mnist", 128, gf.epochs(400), ["GE", "D"], (0.5, 0.999)),
        ("cogan_mnist", 128, gf.steps(25_000), ["D", "G"], (0.5, 0.999)),
    ],
)
def test_a_recipe_has_the_order_and_the_hyperparameters_of_its_paper(
    name: str, batch_size: int, length: gf.Length, rates: list[str], betas: tuple[float, float]
) -> None:
    game = read(name)
    (phase,) = game.phases
    assert (game.batch_size, phase.length) == (batch_size, length)
    assert [player.name for player in game.players] == rates
    assert {player.updates for player in game.players} == {1}
    assert {player.optimizer.values()["betas"] for player in game.players} == {betas}


# BEGAN


def test_began_has_the_networks_of_its_paper() -> None:
    n, h, side = 128, 64, 8 * 8
    # At 64 pixels: a matrix product, four sizes of two convolutions, and one to three channels.
    decoder = h * n * side + n * side + 8 * (n * n * 9 + n) + n * 3 * 9 + 3
    products = (1 + 1 + 1) + (2 + 4 + 4) + (6 + 9 + 9) + (12 + 16)
    biases = 3 * (1 + 2 + 3) + 2 * 4
    encoder = 3 * n * 9 + n + products * n * n * 9 + biases * n + 4 * n * side * h + h
    assert trial(read("began")) == {"G": decoder, "D": encoder + decoder}
    for size in (32, 128):
        game = read("began", data=f"shapes(size={size})", base_channels="64", skips="true")
        assert game.samples["fake"].shape == game.samples["reconstruction"].shape == (3, size, size)
        trial(game)


def test_began_weighs_fakes_by_a_feedback_that_the_generators_loss_steers() -> None:
    game = read("began", gamma="0.7", lambda_k="0.01")
    G, D = game.players
    assert list(parts(G)) == ["fake"] and list(parts(D)) == ["real", "fake"]
    assert parts(D)["fake"].factor == -1 and parts(D)["real"].factor == parts(G)["fake"].factor == 1
    (k,) = parts(D)["fake"].quantities
    assert (k.gain, k.start, k.bounds) == (0.01, 0.0, (0.0, 1.0))  # type: ignore[attr-defined]
    balance = k.balance.parts  # type: ignore[attr-defined]
    assert [(part.factor, part.measure) for part in balance] == [
        (0.7, parts(D)["real"].measure),
        (-1.0, parts(G)["fake"].measure),
    ]
    assert game.monitors["k"] is k

    # The loss is the mean absolute difference; each player judges fakes in an evaluation of its own.
    made, image = torch.tensor([[0.0, 3.0]]), torch.tensor([[1.0, 1.0]])
    assert all(computed(part, made, image) == part.factor * 1.5 for part in (*parts(G).values(), *parts(D).values()))
    assert parts(G)["fake"].measure is not parts(D)["fake"].measure
    (z,) = noises(game.samples["fake"])
    assert (z.shape, z.prior, z.low, z.high) == ((64,), "uniform", -1.0, 1.0)


def test_the_k_of_began_moves_by_the_papers_rule(tmp_path: Path) -> None:
    settings = {"data": "shapes(size=8, count=64)", "base_channels": "4", "latent_dim": "4", "lambda_k": "2.0"}
    game = read("began", **settings, batch_size="4")
    gf.train(game, out=tmp_path / "run", steps=5, device="cpu", log_every=1, quiet=True)
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert len(lines) == 5
    k = 0.0
    for line in lines:
        gap = 0.5 * line["D/real"] - line["G/fake"]
        k = min(max(k + 2.0 * gap, 0.0), 1.0)
        assert line["k"] == pytest.approx(k, abs=1e-5)
        assert line["balance"] == pytest.approx(gap, abs=1e-5)
        assert line["measure"] == pytest.approx(line["D/real"] + abs(gap), abs=1e-5)


def test_began_halves_its_rate_when_the_measure_stalls() -> None:
    game = read("began", patience="60")
    rates = {id(player.optimizer.values()["lr"]) for player in game.players}
    assert len(rates) == 1
    rate = game.players[0].optimizer.values()["lr"]
    state = torch.tensor(rate.initial(), dtype=torch.float64)
    seen = []
    for measured in [2.0 - step / 300 for step in range(300)] + [1.0] * 600:
        state = rate.advance(state, torch.tensor(measured, dtype=torch.float64), float)
        seen.append(state[0].item())
    assert seen[300] == 1e-4 and seen[-1] < 5e-5 and 5e-5 in seen


# EBGAN


def test_ebgan_has_the_networks_of_the_papers_best_model_on_mnist() -> None:
    # Batch norm stands in for the biases of G's hidden layers.
    hidden = 100 * 800 + 3 * 800 * 800 + 4 * 2 * 800
    assert trial(read("ebgan")) == {
        "G": hidden + 800 * 784 + 784,
        "D": 784 * 1024 + 1024 + 1024 * 784 + 784,
    }


def test_ebgan_has_the_losses_and_the_rate_of_its_paper() -> None:
    game = read("ebgan")
    D, G = game.players
    assert D.optimizer.values()["lr"] == G.optimizer.values()["lr"] == 1e-3
    assert {label: part.factor for label, part in parts(G).items()} == {"energy-margin": 1, "pulling-away": 0.1}
    assert list(parts(D)) == ["energy-margin"]
    real, fake = torch.tensor([[1.0], [2.0]]), torch.tensor([[4.0], [20.0]])
    assert computed(parts(D)["energy-margin"], real=real, fake=fake) == 1.5 + (10 - 4) / 2
    assert computed(parts(G)["energy-margin"], fake=fake) == 12
    (code,) = parts(G)["pulling-away"].measure.inputs
    assert code.shape == (1024,)
    assert read("ebgan", lambda_pt="0").players[1].minimizes.parts[1].factor == 0


# BiGAN


def test_bigan_has_the_networks_of_the_authors_code() -> None:
    assert trial(read("bigan_mnist")) == {
        "G": 50 * 1024 + 1024 * 1024 + 50 * 1024 + 1024 * 784,
        "E": 784 * 1024 + 1024 * 1024 + 1024 * 50,
        "D": 784 * 1024 + 1024 * 1024 + 50 * 1024 + 1024,
    }


def test_bigan_holds_its_rate_for_half_of_the_epochs_and_ends_at_a_hundredth() -> None:
    game = read("bigan_mnist")
    for player in game.players:
        values = player.optimizer.values()
        rates = [values["lr"].at(gf.Progress(0, 0, epoch)) for epoch in (0, 200, 300, 400)]
        assert rates == pytest.approx([2e-4, 2e-4, 2e-5, 2e-6])
        assert values["weight_decay"] == 2.5e-5


def test_the_generator_and_the_encoder_of_bigan_minimise_the_exchanged_loss() -> None:
    game = read("bigan_mnist")
    GE, D = game.players
    assert [network.name for network in GE.trains] == ["G", "E"]
    (mine,), (theirs,) = parts(GE).values(), parts(D).values()
    assert mine.measure.keywords["real"] is theirs.measure.keywords["fake"]
    assert mine.measure.keywords["fake"] is theirs.measure.keywords["real"]
    fake, z = theirs.measure.keywords["fake"].origin.inputs
    real, code = theirs.measure.keywords["real"].origin.inputs
    assert (fake.shape, z.shape, real.shape, code.shape) == ((1, 28, 28), (50,), (1, 28, 28), (50,))
    # Both turns see one z and the pairs made of it before either player was updated.
    assert all(isinstance(signal.origin, PerStep) for signal in (fake, z, code))
    assert noises(fake) == noises(z) and len(noises(z)) == 1
    (noise,) = noises(z)
    assert (noise.prior, noise.low, noise.high) == ("uniform", -1.0, 1.0)

    # The mean of both halves, as in the authors' log, which begins at ln 2 for all.
    torch.manual_seed(0)
    a, b = torch.randn(6, 1), torch.randn(6, 1)
    ones, zeros = torch.ones(6, 1), torch.zeros(6, 1)
    bce = F.binary_cross_entropy_with_logits
    assert computed(theirs, real=a, fake=b) == pytest.approx(0.5 * (bce(a, ones) + bce(b, zeros)).item())
    assert computed(mine, real=a, fake=b) == pytest.approx(0.5 * (bce(a, ones) + bce(b, zeros)).item())


def test_bigan_takes_images_from_black_at_zero_and_reports_how_far_reconstructions_are() -> None:
    game = read("bigan_mnist", data="shapes(size=8)")
    assert game.samples["real"].origin.data.value_range == (0.0, 1.0)  # type: ignore[attr-defined]
    assert list(game.samples) == ["fake", "real", "reconstruction"]
    (part,) = game.monitors["distance"].parts  # type: ignore[union-attr]
    made = torch.tensor([[3.0, 4.0], [0.0, 1.0]])
    assert computed(part, made, torch.zeros(2, 2)) == 3


# CoGAN


def test_cogan_has_the_networks_of_the_authors_code() -> None:
    hidden = 100 * 1024 * 16 + (1024 * 512 + 512 * 256 + 256 * 128) * 9 + 2 * (1024 + 512 + 256 + 128)
    own, shared = 25 * 20 + 20, 20 * 50 * 25 + 50 + 50 * 16 * 500 + 500 + 500 + 500 + 1
    assert trial(read("cogan_mnist")) == {"D": 2 * own + shared, "G": hidden + 2 * (128 * 36 + 1)}
    assert trial(read("cogan_mnist", g_shared="0", d_shared="0")) == {
        "D": 2 * (own + shared),
        "G": 2 * (hidden + 128 * 36 + 1),
    }


def test_cogan_adds_the_losses_of_both_domains_whose_fakes_come_from_one_vector() -> None:
    game = read("cogan_mnist")
    D, G = game.players
    assert {player.optimizer.values()["lr"] for player in game.players} == {2e-4}
    assert {player.optimizer.values()["weight_decay"] for player in game.players} == {5e-4}
    assert {label: part.factor for label, part in parts(D).items()} == {"a": 1, "b": 1}
    assert {label: part.factor for label, part in parts(G).items()} == {"a": 1, "b": 1}
    assert game.samples["a"].origin is game.samples["b"].origin
    assert [game.samples[name].output for name in ("a", "b")] == [0, 1]
    (noise,) = noises(game.samples["a"])
    assert (noise.shape, noise.prior, noise.low, noise.high) == ((100,), "uniform", -1.0, 1.0)

    torch.manual_seed(0)
    real, fake = torch.randn(6, 1), torch.randn(6, 1)
    ones, zeros = torch.ones(6, 1), torch.zeros(6, 1)
    bce = F.binary_cross_entropy_with_logits
    for label, output in (("a", 0), ("b", 1)):
        scores = parts(D)[label].measure.keywords
        assert scores["real"].output == scores["fake"].output == output
        expected = (bce(real, ones) + bce(fake, zeros)).item()
        assert computed(parts(D)[label], real=real, fake=fake) == pytest.approx(expected)
        assert computed(parts(G)[label], fake=fake) == pytest.approx(bce(fake, ones).item())


@pytest.mark.parametrize("data", ["transformed(look='negative')", "shapes(size=16)", "shapes(size=64, channels=1)"])
def test_cogan_takes_any_two_domains(data: str) -> None:
    game = read("cogan_mnist", data=data, base_channels="4")
    assert game.samples["a"].shape == game.samples["b"].shape
    assert min(trial(game).values()) > 0
