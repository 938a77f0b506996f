"""Tests of the schedules: values worked out by hand, at and around every boundary, and what they refuse."""

import math
from collections.abc import Callable

import pytest

import ganforge as gf
from ganforge.errors import RecipeError
from ganforge_classic.schedules import (
    Bursts,
    Constant,
    Cosine,
    Exponential,
    Geometric,
    InverseTime,
    Linear,
    Piecewise,
    Step,
    Warmup,
)


def step(count: int) -> gf.Progress:
    return gf.Progress(steps=count)


def epoch(count: float) -> gf.Progress:
    return gf.Progress(steps=10_000, images=640_000, epochs=count)


LINE = Linear(start=2.0, end=1.0, begin=gf.steps(100), until=gf.steps(300))
CURVE = Cosine(start=3.0, end=1.0, begin=gf.steps(100), until=gf.steps(400))
STAIRS = Step(start=8.0, factor=0.5, interval=gf.steps(10))
LEVELS = Piecewise(levels=(1.0, 0.5, 2.0), boundaries=(gf.steps(10), gf.steps(20)))
RISE = Warmup(to=4.0, over=gf.steps(8))

VALUES: list[tuple[gf.Schedule, gf.Progress, float]] = [
    (Constant(value=0.25), step(0), 0.25),
    (Constant(value=0.25), step(10**9), 0.25),
    (LINE, step(0), 2.0),
    (LINE, step(99), 2.0),
    (LINE, step(100), 2.0),
    (LINE, step(101), 2.0 - 1 / 200),
    (LINE, step(200), 1.5),
    (LINE, step(299), 1.0 + 1 / 200),
    (LINE, step(300), 1.0),
    (LINE, step(10**9), 1.0),
    (Linear(start=0.0, end=1.0, until=gf.kimg(20)), gf.Progress(steps=7, images=5_000), 0.25),
    # CycleGAN's rate: whole for 100 epochs, then down to nothing in 100.
    (Linear(start=2e-4, end=0.0, begin=gf.epochs(100), until=gf.epochs(200)), epoch(100), 2e-4),
    (Linear(start=2e-4, end=0.0, begin=gf.epochs(100), until=gf.epochs(200)), epoch(175), 0.5e-4),
    (Linear(start=2e-4, end=0.0, begin=gf.epochs(100), until=gf.epochs(200)), epoch(200), 0.0),
    # Lengths of zero: a jump at once, and a jump in the middle.
    (Linear(start=1.0, end=5.0, until=gf.steps(0)), step(0), 5.0),
    (Linear(start=1.0, end=5.0, begin=gf.steps(3), until=gf.steps(3)), step(2), 1.0),
    (Linear(start=1.0, end=5.0, begin=gf.steps(3), until=gf.steps(3)), step(3), 5.0),
    (CURVE, step(0), 3.0),
    (CURVE, step(100), 3.0),
    # A third of the way the cosine of 60 degrees is 1/2: 1 + 2 * (1 + 1/2) / 2.
    (CURVE, step(200), 2.5),
    (CURVE, step(250), 2.0),
    (CURVE, step(300), 1.5),
    (CURVE, step(400), 1.0),
    (CURVE, step(401), 1.0),
    (Cosine(start=1.0, until=gf.epochs(2)), epoch(1), 0.5),
    (STAIRS, step(0), 8.0),
    (STAIRS, step(9), 8.0),
    (STAIRS, step(10), 4.0),
    (STAIRS, step(19), 4.0),
    (STAIRS, step(20), 2.0),
    (STAIRS, step(100_000), 0.0),
    # 0.1 + 0.1 + 0.1 epochs are three intervals, though 0.3 / 0.1 is 2.9999999999999996.
    (Step(start=8.0, factor=0.5, interval=gf.epochs(0.1)), epoch(0.3), 1.0),
    (Exponential(start=8.0, factor=0.25, interval=gf.steps(10)), step(0), 8.0),
    (Exponential(start=8.0, factor=0.25, interval=gf.steps(10)), step(5), 4.0),
    (Exponential(start=8.0, factor=0.25, interval=gf.steps(10)), step(10), 2.0),
    (Exponential(start=8.0, factor=0.25, interval=gf.steps(10), end=3.0), step(5), 4.0),
    (Exponential(start=8.0, factor=0.25, interval=gf.steps(10), end=3.0), step(10), 3.0),
    (Exponential(start=8.0, factor=0.25, interval=gf.steps(10)), step(10**8), 0.0),
    (InverseTime(start=6.0, rate=0.5), step(0), 6.0),
    (InverseTime(start=6.0, rate=0.5), step(1), 4.0),
    (InverseTime(start=6.0, rate=0.5), step(4), 2.0),
    (InverseTime(start=6.0, rate=1.0, interval=gf.epochs(2)), epoch(4), 2.0),
    (LEVELS, step(0), 1.0),
    (LEVELS, step(9), 1.0),
    (LEVELS, step(10), 0.5),
    (LEVELS, step(19), 0.5),
    (LEVELS, step(20), 2.0),
    (LEVELS, step(10**9), 2.0),
    (Piecewise(levels=(1.0, 2.0), boundaries=(gf.steps(0),)), step(0), 2.0),
    (Piecewise(levels=(3.0,), boundaries=()), step(5), 3.0),
    (RISE, step(0), 0.0),
    (RISE, step(2), 1.0),
    (RISE, step(8), 4.0),
    (RISE, step(9), 4.0),
    (Warmup(to=4.0, over=gf.steps(0)), step(0), 4.0),
    # Half of the rise times the line's 2.0; then the line itself.
    (Warmup(to=LINE, over=gf.steps(100)), step(50), 1.0),
    (Warmup(to=LINE, over=gf.steps(100)), step(200), 1.5),
]


@pytest.mark.parametrize(("schedule", "now", "expected"), VALUES, ids=str)
def test_a_schedule_has_the_value_worked_out_by_hand(schedule: gf.Schedule, now: gf.Progress, expected: float) -> None:
    value = schedule.at(now)
    assert type(value) is float
    assert value == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_every_kind_of_schedule_has_values_worked_out_by_hand() -> None:
    kinds = {type(schedule) for schedule, _, _ in VALUES} | {Bursts}
    assert len(kinds) == 9


def test_schedules_reach_their_ends_exactly() -> None:
    for kind in (Linear, Cosine):
        schedule = kind(start=0.1, end=0.3, until=gf.steps(7))
        assert schedule.at(step(0)) == 0.1
        assert schedule.at(step(7)) == 0.3
        values = [schedule.at(step(count)) for count in range(9)]
        assert values == sorted(values)


def test_keras_decay_is_inverse_time_in_steps() -> None:
    rate = InverseTime(start=0.0008, rate=1e-8)
    for iterations in (0, 1, 10_000, 10**8):
        assert rate.at(step(iterations)) == 0.0008 * (1.0 / (1.0 + 1e-8 * iterations))


def test_the_exponential_follows_repeated_division_down_to_its_floor() -> None:
    rate = Exponential(start=0.1, factor=1 / 1.000004, interval=gf.steps(1), end=1e-6)
    divided = 0.1
    for _ in range(1000):
        divided /= 1.000004
    assert rate.at(step(1000)) == pytest.approx(divided, rel=1e-11)
    # ln(1e5) / ln(1.000004) is about 2.88 million.
    assert rate.at(step(2_800_000)) > 1e-6
    assert rate.at(step(2_900_000)) == 1e-6


def test_bursts_are_wgan_s_hundred_turns_at_first_and_at_every_five_hundredth_step() -> None:
    turns = [Bursts().at(step(count)) for count in range(1001)]
    assert turns[:26] == [100.0] * 25 + [5.0]
    assert [count for count in range(25, 1001) if turns[count] != 5.0] == [500, 1000]
    # 25 + 2 bursts of 100 and 974 ordinary steps of 5.
    assert sum(turns) == 27 * 100 + 974 * 5


def test_bursts_take_their_numbers() -> None:
    schedule = Bursts(base=1, burst=3, first=gf.epochs(0.5), every=4)
    early, late = [
        [schedule.at(gf.Progress(steps=count, epochs=epochs)) for count in range(4, 9)] for epochs in (0.4, 0.5)
    ]
    assert early == [3.0] * 5
    assert late == [3.0, 1.0, 1.0, 1.0, 3.0]


def test_a_schedule_is_a_number_that_can_be_multiplied() -> None:
    product = 0.5 * LINE
    assert (product.factor, product.quantities) == (0.5, (LINE,))


def test_a_schedule_in_epochs_without_data_is_refused_in_place_of_being_nan() -> None:
    length = gf.epochs(3)
    schedules: list[gf.Schedule] = [
        Linear(start=1.0, end=0.0, until=length),
        Cosine(start=1.0, until=length),
        Step(start=1.0, factor=0.5, interval=length),
        Exponential(start=1.0, factor=0.5, interval=length),
        InverseTime(start=1.0, rate=0.5, interval=length),
        Piecewise(levels=(1.0, 2.0), boundaries=(length,)),
        Warmup(to=1.0, over=length),
        Bursts(first=length),
    ]
    for schedule in schedules:
        with pytest.raises(ValueError, match="a schedule counts 3 epochs, but the game draws no data"):
            schedule.at(step(5))
    assert len(schedules) == 8


MISTAKES: list[tuple[Callable[[], object], str]] = [
    (lambda: Constant(value=math.inf), "constant: 'value' must be in (-inf, inf); received inf."),
    (lambda: Linear(start=1.0, end=-math.inf, until=gf.steps(3)), "linear: 'end' must be in (-inf, inf); "),
    (lambda: Linear(start="1", end=0.0, until=gf.steps(3)), "linear: 'start' must be "),
    (lambda: Linear(start=1.0, end=0.0, until=3), "linear: 'until' must be "),
    (
        lambda: Linear(start=1.0, end=0.0, begin=gf.steps(4), until=gf.steps(3)),
        "linear: 'begin' must not come after 'until'; received 4 steps and 3 steps.",
    ),
    (
        lambda: Cosine(start=1.0, begin=gf.steps(4), until=gf.epochs(3)),
        "cosine: 'begin' and 'until' must count alike; received 4 steps and 3 epochs.",
    ),
    (
        lambda: Step(start=1.0, factor=0.0, interval=gf.steps(3)),
        "step: 'factor' must be in (0, 1]; received 0.0.",
    ),
    (
        lambda: Step(start=1.0, factor=0.5, interval=gf.steps(0)),
        "step: 'interval' must be longer than nothing; received 0 steps.",
    ),
    (
        lambda: Exponential(start=1.0, factor=1.1, interval=gf.steps(3)),
        "exponential: 'factor' must be in (0, 1]; received 1.1.",
    ),
    (
        lambda: Exponential(start=1.0, factor=0.9, interval=gf.steps(3), end=2.0),
        "exponential: 'end' must not be above 'start'; received 2.0 and 1.0.",
    ),
    (lambda: InverseTime(start=1.0, rate=-1.0), "inverse-time: 'rate' must be in [0, inf); received -1.0."),
    (
        lambda: Piecewise(levels=(1.0, 2.0), boundaries=()),
        "piecewise: 0 boundaries part 1 levels; received 2.",
    ),
    (
        lambda: Piecewise(levels=(1.0, 2.0, 3.0), boundaries=(gf.steps(5), gf.steps(5))),
        "piecewise: 'boundaries' must rise, in one unit; received 5 steps, 5 steps.",
    ),
    (
        lambda: Piecewise(levels=(1.0, 2.0, 3.0), boundaries=(gf.steps(5), gf.epochs(6))),
        "piecewise: 'boundaries' must rise, in one unit; received 5 steps, 6 epochs.",
    ),
    (lambda: Piecewise(levels=3.0, boundaries=()), "piecewise: 'levels' must be "),
    (lambda: Warmup(to="1", over=gf.steps(3)), "warmup: 'to' must be "),
    (lambda: Bursts(base=0), "bursts: 'base' must be in [1, inf); received 0."),
    (lambda: Bursts(every=2.5), "bursts: 'every' must be "),
    (lambda: Linear(start=1.0, end=0.0, unti=gf.steps(3)), "linear has no parameter 'unti'. It takes: "),
]


@pytest.mark.parametrize(("make", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_schedule_that_does_not_fit_is_reported_with_its_place(make: Callable[[], object], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        make()
    found = caught.value.problems[0]
    assert found.message.startswith(message)
    assert found.site is not None and found.site.file.endswith("test_schedules.py")
    assert found.site.line > 0 and "lambda" in found.site.text


def test_a_geometric_schedule_is_a_line_of_the_logarithm() -> None:
    rate = Geometric(start=2e-4, end=2e-6, begin=gf.epochs(200), until=gf.epochs(400))
    values = [rate.at(gf.Progress(0, 0, epoch)) for epoch in (0, 200, 300, 350, 400, 500)]
    assert values == pytest.approx([2e-4, 2e-4, 2e-5, 2e-5 * 0.1**0.5, 2e-6, 2e-6], rel=1e-12)
    assert values[1] == 2e-4 and values[-1] == 2e-6
    assert Geometric(start=1.0, end=1.0, until=gf.steps(2)).at(gf.Progress(1)) == 1.0
    with pytest.raises(RecipeError, match="'start' must be in"):
        Geometric(start=0.0, end=1.0, until=gf.steps(1))
