"""Tests of type annotations as rules for values."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Protocol

import pytest
from ganforge_toys import Hinge, Plain, Ramp

import ganforge as gf
from ganforge.language.annotation import accepts, describe, received

TABLE = [
    (int, [0, -3], [1.0, True, "1", None]),
    (float, [0, 1.5, -math.inf], [math.nan, True, "1.5", None]),
    (bool, [True, False], [0, 1, "true"]),
    (str, ["", "x"], [1, None, b"x"]),
    (None, [None], [0, ""]),
    (type(None), [None], [0]),
    (float | None, [None, 1, 2.5], ["x", math.nan, False]),
    (Literal["a", "b", 1], ["a", 1], ["c", True, 1.0]),
    (tuple[int, ...], [(), (1, 2)], [[1], (1, 2.0), 1]),
    (tuple[float, str], [(1, "x")], [(1,), (1, "x", 2), ("x", 1)]),
    (list[int], [[], [1]], [(1,), ["x"]]),
    (Sequence[int], [[1], (1, 2)], ["ab", 1]),
    (Mapping[str, int], [{"a": 1}], [[1]]),
    (Callable[[], int], [print], [3]),
    (gf.Number, [1, 2.5, Ramp(), 2 * Ramp()], ["fast", math.nan, True, None]),
    (tuple[gf.Number, gf.Number], [(0, Ramp())], [(0,), (0, "x")]),
    (gf.AdversarialLoss, [Plain(), Hinge()], [Ramp(), "hinge", Hinge]),
    (gf.Length, [gf.steps(3)], [3]),
    (Annotated[int, "sort of"], [3], ["x"]),
    (Any, [None, 3, "x"], []),
    (object, [None, 3], []),
]


@pytest.mark.parametrize("annotation, fitting, unfit", TABLE)
def test_a_value_fits_an_annotation_or_not(annotation, fitting, unfit):
    assert [accepts(value, annotation) for value in fitting] == [True] * len(fitting)
    assert [accepts(value, annotation) for value in unfit] == [False] * len(unfit)


def test_an_annotation_that_cannot_be_checked_accepts_everything():
    class Readable(Protocol):
        def read(self) -> str: ...

    assert accepts(3, Readable)


@pytest.mark.parametrize(
    "annotation, words",
    [
        (int, "int"),
        (float | None, "float or None"),
        (Literal["a", 1], "'a' or 1"),
        (tuple[int, ...], "a tuple of int"),
        (tuple[int, str], "(int, str)"),
        (gf.Number, "a number or a schedule"),
        (gf.Number | None, "a number or a schedule or None"),
        (float | gf.Schedule, "a number or a schedule"),
        (int | gf.Schedule, "a whole number or a schedule"),
        (tuple[gf.Number, gf.Number], "(a number or a schedule, a number or a schedule)"),
        (gf.Schedule, "a schedule"),
        (Hinge, "Hinge"),
        (Any, "Any"),
    ],
)
def test_an_annotation_is_described_in_words(annotation, words):
    assert describe(annotation) == words


def test_a_long_value_is_told_by_its_type():
    assert received("x" * 58) == repr("x" * 58)
    assert received("x" * 59) == "a str"
