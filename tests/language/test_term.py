"""Tests of terms: weighted sums of losses, and feedback that reads them."""

import math

import pytest
from ganforge_toys import Ramp, score, term, told

import ganforge as gf


def weights(of: gf.Term) -> list[tuple[str, float, tuple]]:
    return [(part.label, part.factor, part.quantities) for part in of.parts]


def test_terms_are_closed_under_sums_differences_and_weights():
    a, b = term("a"), term("b")
    assert weights(2 * a + b * 0.5) == [("a", 2.0, ()), ("b", 0.5, ())]
    assert weights(a - b) == [("a", 1.0, ()), ("b", -1.0, ())]
    assert weights(-(a - 3 * b)) == [("a", -1.0, ()), ("b", 3.0, ())]
    assert weights(0.5 * (2 * a + b)) == [("a", 1.0, ()), ("b", 0.5, ())]
    assert weights(sum([a, b])) == weights(a + b)
    a += b
    a *= 2
    a -= b.named("c")
    assert weights(a) == [("a", 2.0, ()), ("b", 2.0, ()), ("c", -1.0, ())]


def test_schedules_weigh_terms_in_any_order():
    gamma, delta, a = Ramp(), Ramp(start=2.0), term("a")
    assert weights(gamma * (0.5 * a)) == [("a", 0.5, (gamma,))]
    assert weights(0.5 * gamma * a) == [("a", 0.5, (gamma,))]
    assert weights(a * gamma * 0.5) == [("a", 0.5, (gamma,))]
    assert weights(gamma * (delta * a)) == [("a", 1.0, (gamma, delta))]
    assert weights(-gamma * a) == [("a", -1.0, (gamma,))]
    assert weights(a - gamma * a.named("b")) == [("a", 1.0, ()), ("b", -1.0, (gamma,))]


def test_a_part_reads_as_it_was_written():
    a = term("a")
    texts = [str((weighted).parts[0]) for weighted in (a, 0.5 * a, Ramp() * a, -a, (2 * a).every(16))]
    ramp = "ramp(start=1.0, until=100 steps)"
    assert texts == ["a", "0.5 * a", f"{ramp} * a", "-1 * a", "2 * a, every 16 turns"]
    assert repr(a + 2 * term("b")) == "<term a + 2 * b>"


def test_labels_and_intervals_belong_to_the_parts():
    both = (term("a") + 2 * term("b")).every(4).every(2)
    assert [(part.label, part.interval, part.factor) for part in both.parts] == [("a", 8, 1.0), ("b", 8, 2.0)]
    assert term("a").parts[0].measure.name == "plain"


MISTAKES = [
    (lambda: (term("a") + term("b")).named("c"), "'c' cannot name 2 losses at once.", "name each before adding them"),
    (lambda: term().named(""), "a loss is named by some text; received ''.", ""),
    (lambda: term().named(3), "a loss is named by some text; received 3.", ""),
    (lambda: term().every(0), "every() takes a whole number of turns, one or more; received 0.", ""),
    (lambda: term().every(1.5), "every() takes a whole number of turns, one or more; received 1.5.", ""),
    (lambda: term().every(True), "every() takes a whole number of turns, one or more; received True.", ""),
    (lambda: term() + 1, "a term is added to terms only; received 1.", ""),
    (lambda: 1 + term(), "a term is added to terms only; received 1.", ""),
    (lambda: term() + score(), "a term is added to terms only; received <signal D(…) (1,)>.", ""),
    (lambda: term() - 1, "only terms are subtracted from a term; received 1.", ""),
    (lambda: term() * "x", "a term is multiplied by a number; received 'x'.", ""),
    (lambda: term() * True, "a term is multiplied by a number; received True.", ""),
    (lambda: term("a") * term("b"), "a term is multiplied by a number; received <term b>.", ""),
    (lambda: term() * math.nan, "the weight of a term is a finite number; received nan.", ""),
    (lambda: math.inf * term(), "the weight of a term is a finite number; received inf.", ""),
]  # fmt: skip


@pytest.mark.parametrize("make, message, hint", MISTAKES)
def test_what_terms_do_not_take_is_told(make, message, hint):
    assert told(make) == (message, hint)


def test_reading_goes_on_with_a_term_whose_label_or_interval_is_wrong(problems):
    lines = {
        8: "fake = G(z); bad = l1(fake, real).every(0)",
        10: "d = gf.Player('D', trains=D, minimizes=adv.generator(fake=D(real)).named(''), optimizer=adam)",
        11: "g = gf.Player('G', trains=G, minimizes=(bad + l1(fake, real).named('b')).named('c'), optimizer=adam)",
        12: "return gf.Game(d, g, batch_size=2, length=gf.steps(5), samples=fake)",
    }
    assert [line for line, _, _ in problems(lines=lines)] == [8, 10, 11]


def test_five_thousand_terms_are_added():
    one = term()
    whole = sum(0.5 * one.named(f"t{number}") for number in range(5_000))
    assert [part.label for part in whole.parts[::4_999]] == ["t0", "t4999"]
