"""Tests of phases: fresh optimizers, networks held afterwards, lengths and schedules counted from the start."""

from __future__ import annotations

import pytest
from engine_toys import (
    Adam,
    Hand,
    Listed,
    Points,
    Sgd,
    distance,
    distance_loss,
    expect_bits,
    mean,
    mean_loss,
    mlp,
    module_of,
    play,
)

import ganforge as gf


def two_phases(first: gf.Length, second: gf.Length, updates: int = 1) -> gf.Game:
    """A is trained, then B on what A makes; A2 is A's other player in the second phase where asked for."""
    x, y = Points(length=12).batch().x, Points(length=20, salt=1).batch().x
    A, B = mlp("A", 3, 4, 3, norm=True), mlp("B", 3, 3)
    rate = Listed(values_at=(0.1, 0.05, 0.01))
    one = gf.Player("A", trains=A, minimizes=distance(A(x), x), optimizer=Sgd(lr=rate, momentum=0.5), updates=updates)
    two = gf.Player("B", trains=B, minimizes=mean(B(A(y))), optimizer=Sgd(lr=rate, momentum=0.5))
    return gf.Game(
        gf.Phase("one", one, length=first),
        gf.Phase("two", two, length=second),
        batch_size=4,
        samples=gf.ema(A, decay=0.5)(x),
    )


def test_phases_follow_one_another() -> None:
    loop = play(two_phases(gf.steps(3), gf.steps(3)))
    hand = Hand(loop)
    a, b = hand.sgd("A", momentum=0.5), hand.sgd("B", momentum=0.5)
    for step, lr in enumerate([0.1, 0.05, 0.01]):
        assert loop.phase.name == "one"
        a.param_groups[0]["lr"] = lr
        x = hand.batch(step)
        hand.update(a, distance_loss(hand["A"](x), x))
        loop.step()
    hand.expect_same()
    average = loop.state.modules[loop.state.averages["A"]]
    before = {key: value.clone() for key, value in average.state_dict().items()}
    for step, lr in enumerate([0.1, 0.05, 0.01]):
        loop.step()
        assert loop.phase.name == "two"
        b.param_groups[0]["lr"] = lr
        # The held network is still in training mode: its statistics move, its weights do not.
        hand.update(b, mean_loss(hand["B"](hand["A"](hand.batch(step, which=1)).detach())))
        if step == 0:
            hand.expect_same()
    hand.expect_same()
    assert module_of(loop, "A").state_dict()["1.num_batches_tracked"] == 6
    for key, value in average.state_dict().items():
        expect_bits(value, before[key])
    assert loop.is_over()
    assert loop.state.counters.averaged == {"A": 3}


def test_each_phase_begins_with_fresh_optimizers() -> None:
    x = Points().batch().x
    A = mlp("A", 3, 4, 1)
    phases = [
        gf.Phase(name, gf.Player(name, trains=A, minimizes=mean(A(x)), optimizer=Adam()), length=gf.steps(2))
        for name in ("one", "two")
    ]
    loop = play(gf.Game(*phases, batch_size=4))
    hand = Hand(loop)
    for first in (0, 2):
        optimizer = hand.adam("A")
        for step in (first, first + 1):
            hand.update(optimizer, mean_loss(hand["A"](hand.batch(step))))
            loop.step()
        hand.expect_same()


@pytest.mark.parametrize(
    ("first", "second", "updates", "expected"),
    [
        (gf.steps(2), gf.steps(5), 1, [2, 5]),
        # Three steps of four examples are one pass over twelve points, five are one over twenty.
        (gf.epochs(2), gf.epochs(1), 1, [6, 5]),
        # With three turns a step, three batches are drawn in each.
        (gf.epochs(2), gf.epochs(0.5), 3, [2, 3]),
        (gf.kimg(0.020), gf.kimg(0.012), 1, [5, 3]),
        (gf.kimg(0.021), gf.epochs(1), 1, [6, 5]),
    ],
)
def test_lengths_count_what_their_phase_draws(
    first: gf.Length, second: gf.Length, updates: int, expected: list[int]
) -> None:
    loop = play(two_phases(first, second, updates))
    assert loop.estimate() == sum(expected)
    played = []
    while not loop.is_over():
        loop.step()
        played.append(loop.phase.name)
        assert len(played) < 50
    assert [played.count("one"), played.count("two")] == expected
    assert played == sorted(played)


def test_schedules_in_epochs_count_from_the_phases_start() -> None:
    seen: list[tuple[str, float]] = []

    @gf.component("spy")
    class Spy(gf.Schedule):
        phase: str

        def at(self, now: gf.Progress) -> float:
            seen.append((self.phase, now.epochs))
            return 0.1

    x, y = Points(length=8).batch().x, Points(length=16, salt=1).batch().x
    A = mlp("A", 3, 1)
    game = gf.Game(
        *(
            gf.Phase(
                name,
                gf.Player(name, trains=A, minimizes=Spy(phase=name) * mean(A(data)), optimizer=Sgd()),
                length=gf.steps(3),
            )
            for name, data in (("one", x), ("two", y))
        ),
        batch_size=4,
    )
    play(game, 6)
    assert seen == [("one", 0.0), ("one", 0.5), ("one", 1.0), ("two", 0.0), ("two", 0.25), ("two", 0.5)]


def test_a_game_without_data_counts_steps() -> None:
    z = gf.noise(3)
    A = mlp("A", 3, 1)
    game = gf.Game(gf.Player("A", trains=A, minimizes=mean(A(z)), optimizer=Sgd()), batch_size=5, length=gf.kimg(0.02))
    loop = play(game)
    assert loop.estimate() == 4
    while not loop.is_over():
        loop.step()
    assert loop.state.counters.step == 4
