"""Tests of what symbols refuse, each with one sentence."""

import operator

import pytest
from ganforge_toys import Ramp, l1, score, term, told

import ganforge as gf

NOUNS = {"a signal": score, "a term": term, "a schedule": Ramp, "a feedback": lambda: gf.integral(term(), gain=1.0)}
ENDING = " while the recipe is being read."
HINTS = {
    "a signal": "put tensor arithmetic inside a loss or a @gf.op function, where it sees tensors",
    "a term": "terms are added, subtracted and multiplied by numbers; all else belongs in a loss",
    "a schedule": "it can be multiplied by numbers; more is said by a gf.Schedule with an at() of its own",
    "a feedback": "it can be multiplied by numbers; more is said by a gf.Schedule with an at() of its own",
}
BINARY = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow,
    "@": operator.matmul, "//": operator.floordiv, "%": operator.mod, "<": operator.lt, ">": operator.gt,
    "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
ALLOWED = {("a term", "*"), ("a schedule", "*"), ("a feedback", "*"), ("a term", "+"), ("a term", "-")}


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("sign", BINARY)
def test_arithmetic_is_refused_with_one_sentence_from_either_side(noun, sign):
    if (noun, sign) in ALLOWED:
        return
    symbol, refused = NOUNS[noun](), (f"{noun} has no '{sign}'{ENDING}", HINTS[noun])
    assert told(lambda: BINARY[sign](symbol, 2.0)) == refused
    mirrored = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(sign, sign)
    assert told(lambda: BINARY[mirrored](2.0, symbol)) == refused


def test_some_arithmetic_is_refused_to_everything_and_some_is_not():
    assert len(BINARY) * len(NOUNS) - len(ALLOWED) == 43


@pytest.mark.parametrize("noun", NOUNS)
def test_truth_iteration_and_values_are_refused(noun):
    symbol = NOUNS[noun]()
    decide = "decide with plain Python values, such as the recipe's parameters"
    monitors = "values exist only while a turn is played; log them as monitors"
    assert told(lambda: bool(symbol)) == (f"{noun} has no truth value{ENDING}", decide)
    assert told(lambda: not symbol) == (f"{noun} has no truth value{ENDING}", decide)
    assert told(lambda: list(symbol)) == (f"{noun} cannot be iterated{ENDING}", HINTS[noun])
    assert told(lambda: [*symbol]) == (f"{noun} cannot be iterated{ENDING}", HINTS[noun])
    assert told(lambda: 3 in symbol) == (f"{noun} cannot be iterated{ENDING}", HINTS[noun])
    assert told(lambda: float(symbol)) == (f"{noun} has no value{ENDING}", monitors)
    assert told(lambda: int(symbol)) == (f"{noun} has no value{ENDING}", monitors)
    assert told(lambda: len(symbol)) == (f"{noun} has no length{ENDING}", HINTS[noun])
    assert told(lambda: symbol[0]) == (f"{noun} has no '[]'{ENDING}", HINTS[noun])
    assert told(lambda: abs(symbol)) == (f"{noun} has no 'abs()'{ENDING}", HINTS[noun])


def test_signals_cannot_be_negated_nor_changed_in_place():
    fake = score()
    assert told(lambda: -fake)[0] == f"a signal has no '-'{ENDING}"
    for sign, change in (("+", operator.iadd), ("-", operator.isub), ("*", operator.imul), ("/", operator.itruediv)):
        assert told(lambda change=change: change(fake, 1))[0] == f"a signal has no '{sign}'{ENDING}"


def test_two_signals_are_not_added():
    assert told(lambda: score() + score())[0] == f"a signal has no '+'{ENDING}"
    assert told(lambda: Ramp() * score())[0] == f"a signal has no '*'{ENDING}"
    assert told(lambda: l1(score(), score()) - score())[0].startswith(
        "only terms are subtracted from a term; received <"
    )
