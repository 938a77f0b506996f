"""Tests of a game in words, and of values as a command line takes them."""

from __future__ import annotations

import pytest

import ganforge as gf
from ganforge.language.override import read_value
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed
from ganforge.report.values import numbers, typed
from ganforge.report.words import plan, table
from ganforge_classic import Adam, Hinge, Linear, MLPDiscriminator, MLPGenerator, NonSaturating, WeightClip


def game() -> gf.Game:
    G, D = MLPGenerator("G", shape=(2,)), MLPDiscriminator("D")
    z = gf.noise(3)
    fake = G(z)
    adv = Hinge()
    clip = Linear(start=0.5, end=0.0, until=gf.steps(10))
    judged = adv.discriminator(real=D(gf.noise(2)), fake=D(fake))
    penalty = adv.generator(fake=D(fake)).named("drift").every(4)
    first = gf.Player(
        "D",
        trains=D,
        minimizes=0.5 * judged + clip * penalty,
        optimizer=Adam(lr=1e-4),
        updates=5,
        constraints=[WeightClip(limit=0.01)],
    )
    second = gf.Player("Gen", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=Adam(lr=clip))
    return gf.Game(
        gf.Phase("warm-up", first, length=gf.steps(1000)),
        gf.Phase("main", second, length=gf.kimg(2)),
        batch_size=16,
        samples={"fake": gf.ema(G, decay=0.99)(z)},
        monitors={"judged": judged, "clip": clip},
    )


def lines() -> list[str]:
    return [line.partition("   [")[0] for line in plan(game(), {"G": 1234567, "D": 9}).splitlines()]


EXPECTED = """batch size 16
phase warm-up: 1,000 steps
  D x5 trains D; holds G
      adam(lr=0.0001, betas=(0.9, 0.999), eps=1e-08)
      0.5 * hinge
      linear(start=0.5, end=0.0, until=10 steps, begin=0 steps) * drift, every 4 turns
      then weight-clip(limit=0.01)
phase main: 2 kimg
  Gen x1 trains G; holds D
      adam(lr=linear(start=0.5, end=0.0, until=steps(10)), betas=(0.9, 0.999), eps=1e-08)
      hinge
networks
  D  mlp-discriminator  (2,) -> (1,)  9 parameters
  G  mlp-generator      (3,) -> (2,)  1,234,567 parameters  averaged with decay 0.99
samples
  fake  G(…) (2,)
monitors
  judged  hinge
  clip    linear(start=0.5, end=0.0, until=steps(10))
"""


def test_a_game_is_told_in_words() -> None:
    assert "\n".join(lines()) + "\n" == EXPECTED


def test_terms_are_told_with_file_and_line() -> None:
    text = plan(game())
    assert text.count("[test_words.py:") == 3 and "parameters" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (2e-4, "0.0002"),
        (True, "True"),
        (None, "none"),
        ("plain text", "plain text"),
        (gf.epochs(25), "25epochs"),
        (gf.kimg(0.5), "0.5kimg"),
        (NonSaturating(), "non-saturating"),
        (Adam(lr=0.5, betas=(0.0, 0.9)), "adam(lr=0.5, betas=(0.0, 0.9))"),
        (Linear(start=1.0, end=0.0, until=gf.steps(9)), "linear(start=1.0, end=0.0, until=steps(9))"),
        ((8,), "(8,)"),
    ],
)
def test_values_are_written_as_they_are_typed(value: object, text: str) -> None:
    assert typed(value) == text


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (Adam(lr=Linear(start=1.0, end=0.5, until=gf.epochs(9)), betas=(0.0, 0.9)), gf.Optimizer),
        (gf.epochs(2.5), gf.Length),
        (Hinge(), gf.AdversarialLoss),
        (1e-7, float),
        (None, int | None),
        ((1, 2), tuple[int, int]),
    ],
)
def test_what_is_written_reads_back_equal(value: object, annotation: object) -> None:
    assert read_value("x", typed(value), annotation, Catalogue(installed())) == value


def test_defaults_of_every_bundled_recipe_read_back_equal() -> None:
    from ganforge.language.recipe import load_recipe
    from ganforge.registry.recipes import bundled_folder

    catalogue, seen = Catalogue(installed()), 0
    for path in sorted(bundled_folder().glob("*.py")):
        for name, parameter in load_recipe(path).parameters.items():
            text = typed(parameter.default)
            read = read_value(name, text, parameter.annotation, catalogue)
            assert read == parameter.default, f"{path}: {name}={text}"
            seen += 1
    assert seen >= 20


def test_numbers_leave_out_what_does_nothing() -> None:
    assert numbers(Adam(lr=0.0)) == "adam(betas=(0.9, 0.999), eps=1e-08)"


def test_columns_are_aligned() -> None:
    assert table([("a", "bcd", ""), ("efg", "h", "i")]) == ["a    bcd", "efg  h    i"]
    assert table([]) == []
