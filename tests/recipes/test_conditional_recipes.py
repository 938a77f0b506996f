"""The recipes that know classes match their papers: networks, losses and what feeds them, rates, order of turns."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from recipes_settings import SMALL

import ganforge as gf
from ganforge.engine.modules import trial
from ganforge.language.data import Batch
from ganforge.language.graph import ordered
from ganforge.language.network import Evaluation
from ganforge.language.recipe import load_recipe
from ganforge.language.signal import Noise, RandomLabels
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


def game_of(name: str, **overrides: str) -> gf.Game:
    return load_recipe(RECIPES / f"{name}.py").read(overrides, Catalogue(installed()))


def losses(player: gf.Player) -> dict[str, float]:
    """The weight of each loss by its label."""
    return {part.label: part.factor for part in player.minimizes.parts}


def part(player: gf.Player, label: str) -> Any:
    return next(part.measure for part in player.minimizes.parts if part.label == label)


def sources(*signals: gf.Signal) -> list[Any]:
    """What is drawn anew behind some signals."""
    return [origin for origin in ordered(signals) if isinstance(origin, Noise | RandomLabels | Batch)]


def evaluation(signal: gf.Signal) -> Evaluation:
    assert isinstance(signal.origin, Evaluation)
    return signal.origin


def values(player: gf.Player, *names: str) -> tuple[Any, ...]:
    return tuple(player.optimizer.values()[name] for name in names)


def the_players(game: gf.Game) -> tuple[gf.Player, gf.Player]:
    """D and G, who take one turn each in this order."""
    D, G = game.players
    assert [(player.name, player.updates) for player in (D, G)] == [("D", 1), ("G", 1)]
    assert [network.name for player in (D, G) for network in player.trains] == ["D", "G"]
    return D, G


# Conditional GAN


def test_cgan_has_the_networks_and_the_batch_of_its_paper() -> None:
    game = game_of("cgan_mnist")
    G = (100 * 200 + 200) + (10 * 1000 + 1000) + (1200 * 1200 + 1200) + (1200 * 784 + 784)
    D = (784 * 1200 + 1200) + (10 * 250 + 250) + (290 * 960 + 960) + (240 + 1)
    assert trial(game) == {"D": D, "G": G}
    assert game.batch_size == 100
    assert str(game.phases[0].length) == "250 epochs"


def test_cgan_divides_its_rate_and_raises_its_momentum() -> None:
    D, G = the_players(game_of("cgan_mnist"))
    assert D.optimizer == G.optimizer
    rate, momentum = values(D, "lr", "momentum")
    seen = [rate.at(gf.Progress(step, 100 * step, step / 600)) for step in (0, 1, 10_000, 400_000)]
    assert seen == pytest.approx([0.1, 0.1 / 1.00004, 0.1 / 1.00004**10_000, 1e-6], rel=1e-9)
    seen = [momentum.at(gf.Progress(0, 0, epoch)) for epoch in (0, 1, 125.5, 250, 300)]
    assert seen == pytest.approx([0.5, 0.5, 0.6, 0.7, 0.7])


def test_cgan_shows_real_images_with_their_labels_and_fakes_with_those_they_were_made_from() -> None:
    game = game_of("cgan_mnist")
    D, G = the_players(game)
    scores = part(D, "non-saturating").keywords
    (batch,) = sources(*evaluation(scores["real"]).inputs)
    assert batch.fields == ("images", "labels") and batch.data.value_range == (0.0, 1.0)

    fake, condition = evaluation(scores["fake"]).inputs
    noise, labels = sources(fake)
    assert sources(condition) == [labels] and evaluation(fake).network.name == "G"
    assert (noise.prior, noise.low, noise.high, noise.shape) == ("uniform", 0.0, 1.0, (100,))
    assert labels.num_classes == 10
    assert (losses(D), losses(G)) == ({"non-saturating": 0.5}, {"non-saturating": 1.0})
    assert sources(game.samples["samples"]) == [noise, labels]


# ACGAN


def test_acgan_has_the_networks_and_the_batch_of_its_paper() -> None:
    game = game_of("acgan")
    first = 110 * 384 * 4 * 4 + 2 * 384
    G = first + (384 * 192 * 25 + 2 * 192) + (192 * 96 * 25 + 2 * 96) + 96 * 3 * 25
    widths = (3, 16, 32, 64, 128, 256, 512)
    convolutions = sum(9 * before * after for before, after in pairwise(widths))
    D = convolutions + 16 + 2 * (32 + 64 + 128 + 256 + 512) + (512 * 16 + 1) + 10 * (512 * 16 + 1)
    assert trial(game) == {"D": D, "G": G}
    assert game.batch_size == 100
    assert str(game.phases[0].length) == "50,000 steps"
    for player in the_players(game):
        assert values(player, "lr", "betas") == (2e-4, (0.5, 0.999))


def test_both_players_of_acgan_maximise_the_likelihood_of_classes() -> None:
    D, G = the_players(game_of("acgan", lambda_class="0.5"))
    assert losses(D) == {"non-saturating": 1.0, "class_of_real": 0.5, "class_of_fake": 0.5}
    assert losses(G) == {"non-saturating": 1.0, "class_of_fake": 0.5}
    # One pass of D over each batch serves both heads.
    real, fake = (part(D, "non-saturating").keywords[key].origin for key in ("real", "fake"))
    logits, labels = part(D, "class_of_real").inputs
    assert logits.origin is real and (logits.output, labels.output) == (1, 1)
    assert labels.origin in sources(logits) and isinstance(labels.origin, Batch)
    for player in (D, G):
        logits, labels = part(player, "class_of_fake").inputs
        assert logits.origin is fake and isinstance(labels.origin, RandomLabels) and labels.origin in sources(logits)


# Semi-supervised GAN


def test_sgan_has_the_networks_and_the_numbers_of_salimans_code() -> None:
    game = game_of("sgan_mnist")
    widths = (784, 1000, 500, 250, 250, 250, 10)
    D = sum(before * after + after for before, after in pairwise(widths)) + 10
    G = (100 * 500 + 500) + (500 * 500 + 500) + (500 * 784 + 2 * 784)
    assert trial(game) == {"D": D, "G": G}
    assert game.batch_size == 100 and str(game.phases[0].length) == "300 epochs"
    for player in the_players(game):
        assert values(player, "lr", "betas", "eps") == (3e-3, (0.5, 0.999), 1e-4)
    assert trial(game_of("sgan_mnist", form="odena"))["D"] == D + 250 + 2


def test_sgan_sees_few_labels_and_all_images() -> None:
    D, G = the_players(game_of("sgan_mnist", labels_per_class="7"))
    assert losses(D) == {"implicit-class": 1.0, "cross-entropy": 1.0}
    scores = part(D, "implicit-class").keywords
    (unlabelled,) = sources(scores["real"])
    assert unlabelled.data.component_name() == "mnist" and unlabelled.data.split == "train"
    (noise,) = sources(scores["fake"])
    assert (noise.prior, noise.low, noise.high, noise.shape) == ("uniform", 0.0, 1.0, (100,))
    logits, labels = part(D, "cross-entropy").inputs
    (few,) = sources(logits)
    assert few is labels.origin and few.data.component_name() == "few-labels" and few.data.per_class == 7
    # G looks at other images than D.
    fake, real = part(G, "feature-matching").inputs
    assert (fake.shape, real.shape, fake.output, real.output) == ((250,), (250,), 1, 1)
    (others,) = sources(real)
    assert sources(fake) == [noise] and others is not unlabelled and others.data == unlabelled.data
    assert losses(G) == {"feature-matching": 1.0}


def test_epochs_of_sgan_are_those_of_the_images_without_labels() -> None:
    first = part(the_players(game_of("sgan_mnist"))[0], "implicit-class").keywords["real"]
    D = the_players(game_of("sgan_mnist"))[0]
    assert D.minimizes.parts[0].label == "implicit-class" and isinstance(sources(first)[0], Batch)


def test_odenas_sgan_has_one_more_class_and_an_adversarial_generator() -> None:
    game = game_of("sgan_mnist", form="odena")
    D, G = the_players(game)
    assert losses(D) == {"extra-class": 1.0, "cross-entropy": 1.0} and losses(G) == {"extra-class": 1.0}
    logits = [*part(D, "extra-class").keywords.values(), part(D, "cross-entropy").inputs[0]]
    assert [signal.shape for signal in logits] == 3 * [(11,)]
    assert part(G, "extra-class").keywords["fake"].origin is part(D, "extra-class").keywords["fake"].origin


@pytest.mark.parametrize("form", ["salimans", "odena"])
def test_sgan_reports_the_error_of_the_averaged_classifier_on_held_out_images(form: str, tmp_path: Path) -> None:
    game = game_of("sgan_mnist", **SMALL["sgan_mnist"] | {"form": form})
    (term,) = (game.monitors["error"].parts,)  # type: ignore[union-attr]
    logits, labels = term[0].measure.inputs
    assert evaluation(logits).network.average is not None
    (test,) = sources(logits)
    assert test is labels.origin
    trained = {
        origin.data
        for player in game.players
        for p in player.minimizes.parts
        for origin in sources(*p.measure.signals)
        if isinstance(origin, Batch)
    }
    assert len(trained) == 2 and test.data not in trained
    gf.train(game, out=tmp_path / "run", steps=2, device="cpu", log_every=1, sample_every=1, quiet=True)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text()
    assert '"error"' in lines and '"error_on_labelled"' in lines


# InfoGAN


def test_infogan_has_the_networks_and_the_numbers_of_its_paper() -> None:
    game = game_of("infogan_mnist")
    G = 74 * 1024 + 2 * 1024 + 1024 * 6272 + 2 * 6272 + (128 * 64 * 16 + 2 * 64) + (64 * 16 + 1)
    trunk = (64 * 16 + 64) + (64 * 128 * 16 + 2 * 128) + (6272 * 1024 + 2 * 1024)
    D = trunk + (1024 + 1) + (1024 * 128 + 2 * 128) + (128 * 12 + 12)
    assert trial(game) == {"D": D, "G": G}
    assert game.batch_size == 128
    players = the_players(game)
    assert [values(player, "lr", "betas") for player in players] == [(2e-4, (0.5, 0.999)), (1e-3, (0.5, 0.999))]


def test_both_players_of_infogan_want_the_codes_to_be_read() -> None:
    game = game_of("infogan_mnist")
    D, G = the_players(game)
    assert losses(D) == losses(G) == {"non-saturating": 1.0, "category": 1.0, "codes": 0.1}
    scores = part(D, "non-saturating").keywords
    # One pass over real and fake images gives the validity and both readings, of which each batch has its half.
    (whole,) = scores["real"].origin.inputs
    images, fakes = evaluation(whole).inputs[0].origin.inputs
    for player in (D, G):
        logits, category = part(player, "category").inputs
        codes, means = part(player, "codes").inputs
        on_fake = part(player, "non-saturating").keywords["fake"]
        halves = [signal.origin.inputs[0] for signal in (on_fake, logits, means)]
        assert [half.origin for half in halves] == 3 * [whole.origin] and [half.output for half in halves] == [0, 1, 2]
        assert [signal.origin.options["index"] for signal in (scores["real"], on_fake, logits, means)] == [0, 1, 1, 1]
        noise, labels, continuous = sources(fakes)
        assert (labels, continuous) == (category.origin, codes.origin)
        assert (noise.prior, noise.low, noise.high, noise.shape) == ("uniform", -1.0, 1.0, (62,))
        assert (continuous.low, continuous.high, continuous.shape) == (-1.0, 1.0, (2,))
        assert labels.num_classes == 10
    (real,) = sources(images)
    assert real.data.value_range == (0.0, 1.0)


# Samples of one class


@pytest.mark.parametrize("name", ["cgan_mnist", "acgan", "infogan_mnist"])
def test_samples_of_one_label_are_those_of_that_label_among_all(name: str, tmp_path: Path) -> None:
    gf.train(game_of(name, **SMALL[name]), out=tmp_path / "run", steps=2, device="cpu", quiet=True)
    run = gf.load(tmp_path / "run", device="cpu")
    every, threes = run.sample(8)["samples"], run.sample(8, label=3)["samples"]
    assert torch.equal(every[3], threes[3])
    assert not torch.equal(every[2], threes[2])
