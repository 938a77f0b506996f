"""Tests of feedback and readings as they are declared."""

import math

import pytest
from ganforge_toys import Ramp, score, term, told

import ganforge as gf

MISTAKES = [
    (lambda: gf.integral(3, gain=1.0), "integral adds up a term; received 3."),
    (lambda: gf.integral(term(), gain="x"), "the gain of integral is a number or a schedule; received 'x'."),
    (lambda: gf.integral(term(), gain=1.0, bounds=(1, 0)),
     "the bounds of integral are its least and its greatest value; received (1, 0)."),
    (lambda: gf.integral(term(), gain=1.0, bounds=3),
     "the bounds of integral are its least and its greatest value; received 3."),
    (lambda: gf.integral(term(), gain=1.0, start=2, bounds=(0.0, 1.0)),
     "integral starts at 2, which is outside its bounds (0.0, 1.0)."),
    (lambda: gf.integral(term(), gain=1.0, start=math.nan),
     "integral starts at nan, which is outside its bounds (-inf, inf)."),
    (lambda: gf.reading(abs, 3), "reading takes terms; received 3."),
    (lambda: gf.reading(abs), "reading takes one term or more."),
    (lambda: gf.reading(lambda a: a, term(), term("b")),
     "the function of reading cannot be applied so: too many positional arguments."),
    (lambda: gf.plateau(score(), start=1.0, patience=3),
     "plateau watches a term or a reading; received <signal D(…) (1,)>."),
    (lambda: gf.plateau(term(), start="x", patience=3), "start of plateau is a number; received 'x'."),
    (lambda: gf.plateau(term(), start=1.0, factor=2.0, patience=3),
     "factor of plateau is a number from 0 to 1; received 2.0."),
    (lambda: gf.plateau(term(), start=1.0, patience=0),
     "patience of plateau is a whole number of steps, one or more; received 0."),
]  # fmt: skip


@pytest.mark.parametrize("make, message", MISTAKES)
def test_what_feedback_does_not_take_is_told(make, message):
    assert told(make) == (message, "")


def test_a_feedback_holds_what_steers_it():
    balance, gain = term(), Ramp()
    feedback = gf.integral(balance, gain=gain, start=0.5, bounds=(0.0, 1.0))
    assert (feedback.balance, feedback.gain, feedback.start, feedback.bounds) == (balance, gain, 0.5, (0.0, 1.0))
    assert str((2 * feedback * balance).parts[0]) == "2 * integral * plain"
    assert feedback != gf.integral(balance, gain=gain, start=0.5, bounds=(0.0, 1.0))


def test_a_reading_is_read_by_feedback_but_weighs_nothing():
    balance = gf.reading(lambda a, b: a + b.abs(), term(), 2.0 * term("b"))
    assert gf.integral(balance, gain=1.0).balance is balance
    assert told(lambda: balance * 2.0)[0].startswith("a reading")
    assert (
        told(lambda: term() * balance)[0]
        == "a term is multiplied by a number; received <reading of <term plain>, <term 2 * b>>."
    )
