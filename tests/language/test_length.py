"""Tests of lengths and progress."""

import math

import pytest
from ganforge_toys import told

import ganforge as gf
from ganforge.language.length import Length


def test_lengths_are_written_as_people_read_them():
    texts = [str(length) for length in (gf.steps(1_234_567), gf.epochs(2.5), gf.kimg(25_000))]
    assert texts == ["1,234,567 steps", "2.5 epochs", "25,000 kimg"]
    assert gf.steps(3) == Length(3.0, "steps") != gf.epochs(3)


@pytest.mark.parametrize(
    "amount, shown", [(-1, "-1"), (math.nan, "nan"), (math.inf, "inf"), ("x", "'x'"), (True, "True")]
)
def test_a_length_is_a_finite_number(amount, shown):
    for make, unit in ((gf.steps, "steps"), (gf.epochs, "epochs"), (gf.kimg, "kimg")):
        message = f"a length in {unit} is a finite number, zero or more; received {shown}."
        assert told(lambda make=make: make(amount)) == (message, "")


def test_reading_goes_on_after_a_length_that_is_none(problems):
    lines = {8: "fake, bad = G(z), gf.steps('x')", 12: "return gf.Game(d, g, batch_size=0, length=bad)"}
    assert [line for line, _, _ in problems(lines=lines)] == [8, 12]


def test_progress_over_a_length_is_the_share_that_has_passed():
    now = gf.Progress(steps=50, images=3_000, epochs=1.5)
    assert (now / gf.steps(200), now / gf.kimg(6), now / gf.epochs(3)) == (0.25, 0.5, 0.5)
    assert now / gf.steps(0) == math.inf and math.isnan(gf.Progress(3) / gf.epochs(1))
