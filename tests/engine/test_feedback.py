"""Tests of feedback, of scheduled weights and of monitors."""

from __future__ import annotations

import math

import pytest
import torch
from engine_toys import Hand, Listed, Points, Sgd, distance, distance_loss, mean, mean_loss, mlp, module_of, play
from torch import Tensor

import ganforge as gf


def began(gain: float, bounds: tuple[float, float] = (0.0, 1.0), start: float = 0.0) -> gf.Game:
    """BEGAN on points: D is an autoencoder, k balances its two losses."""
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 4, 3), mlp("D", 3, 4, 3)
    fake = G(z)
    on_real = distance(D(real), real).named("real")
    on_fake = distance(D(fake), fake).named("fake")
    k = gf.integral(0.5 * on_real - on_fake, gain=gain, start=start, bounds=bounds)
    return gf.Game(
        gf.Player("D", trains=D, minimizes=on_real - k * on_fake, optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=on_fake, optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(20),
        monitors={"k": k, "measure": on_real + 2.0 * on_fake, "half": 0.5 * k},
    )


@pytest.mark.parametrize(("gain", "clipped"), [(0.05, False), (-3.0, True), (5.0, True)])
def test_began_balances_its_losses(gain: float, clipped: bool) -> None:
    loop = play(began(gain, start=0.1))
    hand = Hand(loop)
    d, g = hand.sgd("D"), hand.sgd("G")
    k, ks = 0.1, []
    for step in range(6):
        hand.turn(step, "D")
        real, z = hand.batch(step), torch.randn(6, 2)
        on_real = distance_loss(hand["D"](real), real)
        fake = hand["G"](z).detach()
        hand.update(d, on_real - k * distance_loss(hand["D"](fake), fake))
        hand.turn(step, "G")
        fake = hand["G"](torch.randn(6, 2))
        on_fake = distance_loss(hand["D"](fake), fake)
        hand.update(g, on_fake)
        # G's turn measured the loss on fakes last.
        k = min(max(k + gain * (0.5 * on_real.item() - on_fake.item()), 0.0), 1.0)
        ks.append(k)
        loop.step()
        scalars = loop.scalars()
        assert scalars["k"] == pytest.approx(k, rel=1e-5)
        assert scalars["half"] == pytest.approx(0.5 * k, rel=1e-5)
        assert scalars["measure"] == pytest.approx(on_real.item() + 2 * on_fake.item(), rel=1e-5)
        assert scalars["D/real"] == pytest.approx(on_real.item(), rel=1e-5)
        assert scalars["G/fake"] == pytest.approx(on_fake.item(), rel=1e-5)
    # The engine weighs with k in double precision on the device, the hand-written loop with a Python number.
    hand.expect_same(lambda one, other: torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7))
    assert clipped == (0.0 in ks or 1.0 in ks)
    assert len(set(ks)) > 1 or clipped


def test_a_feedback_lives_on_the_device_in_double_precision() -> None:
    loop = play(began(0.05), 2)
    (value,) = loop.state.feedbacks.values()
    assert isinstance(value, Tensor)
    assert value.dtype == torch.float64
    assert not value.requires_grad


def test_weights_may_be_products_of_schedules_and_feedback() -> None:
    x = Points().batch().x
    A = mlp("A", 3, 4, 3)
    rising = Listed(values_at=(0.5, 1.0, 2.0))
    loss = mean(A(x))
    k = gf.integral(loss, gain=Listed(values_at=(1.0, -0.5, 0.25)), start=0.3)
    steered = 2.0 * (rising * k * (3.0 * distance(A(x), x)))
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=loss + steered, optimizer=Sgd(lr=0.02)),
        batch_size=6,
        length=gf.steps(20),
    )
    loop = play(game)
    hand = Hand(loop)
    optimizer = hand.sgd("A", lr=0.02)
    now = 0.3
    for step, (weight, gain) in enumerate([(0.5, 1.0), (1.0, -0.5), (2.0, 0.25)]):
        hand.turn(step, "A")
        x_now = hand.batch(step)
        size = mean_loss(hand["A"](x_now))
        hand.update(optimizer, size + 6.0 * weight * now * distance_loss(hand["A"](x_now), x_now))
        now += gain * size.item()
        loop.step()
    hand.expect_same(lambda one, other: torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7))
    assert next(iter(loop.state.feedbacks.values())).item() == pytest.approx(now, rel=1e-6)


def test_feedbacks_that_read_each_other_move_together() -> None:
    x = Points().batch().x
    A = mlp("A", 3, 3)
    loss = mean(A(x))
    one = gf.integral(loss, gain=1.0, start=0.5)
    other = gf.integral(one * loss, gain=1.0, start=0.25)
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=loss + one * other * mean(A(x)).named("more"), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(20),
    )
    loop = play(game, 1)
    size = loop.state.measured[loss.parts[0].measure].item()
    values = [value.item() for value in loop.state.feedbacks.values()]
    assert values == pytest.approx([0.5 + size, 0.25 + 0.5 * size])


@pytest.mark.parametrize("read_lazily", [False, True])
def test_a_loss_that_was_not_measured_in_a_step_is_read_as_it_was(read_lazily: bool) -> None:
    x = Points().batch().x
    A = mlp("A", 3, 3)
    lazy = mean(A(x))
    # What is read is the loss, whose interval weighs only where it is minimised.
    k = gf.integral(lazy.every(3) if read_lazily else lazy, gain=1.0)
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=lazy.every(3) + distance(A(x), x), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(20),
        monitors={"k": k},
    )
    loop = play(game)
    values = []
    for _ in range(4):
        loop.step()
        values.append((loop.scalars()["k"], loop.state.measured[lazy.parts[0].measure].item()))
    expected, total = [], 0.0
    for _, size in values:
        total += size  # Neither multiplied by three nor left out in the steps between.
        expected.append(total)
    assert [k for k, _ in values] == pytest.approx(expected)
    sizes = [size for _, size in values]
    assert sizes[0] == sizes[1] == sizes[2] != sizes[3]


def test_a_feedback_waits_for_its_first_measurement() -> None:
    x = Points().batch().x
    A, B = mlp("A", 3, 3), mlp("B", 3, 3)
    late = mean(B(x))
    k = gf.integral(late, gain=1.0, start=0.75)
    game = gf.Game(
        gf.Phase("one", gf.Player("A", trains=A, minimizes=k * mean(A(x)), optimizer=Sgd()), length=gf.steps(2)),
        gf.Phase("two", gf.Player("B", trains=B, minimizes=late, optimizer=Sgd()), length=gf.steps(2)),
        batch_size=6,
        monitors={"k": k, "late": late},
    )
    loop = play(game, 2)
    assert loop.scalars()["k"] == 0.75
    assert "late" not in loop.scalars()
    loop.step()
    assert loop.scalars()["k"] == pytest.approx(0.75 + loop.scalars()["late"])


def test_a_feedback_may_steer_a_rate() -> None:
    x = Points().batch().x
    A = mlp("A", 3, 4, 3)
    loss = mean(A(x))
    rate = gf.integral(loss, gain=0.1, start=0.05)
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=loss, optimizer=Sgd(lr=2.0 * rate)),
        batch_size=6,
        length=gf.steps(20),
        monitors={"rate": rate},
    )
    loop = play(game)
    hand = Hand(loop)
    optimizer, lr = hand.sgd("A"), 0.05
    for step in range(3):
        optimizer.param_groups[0]["lr"] = 2 * lr
        size = mean_loss(hand["A"](hand.batch(step)))
        hand.update(optimizer, size)
        lr += 0.1 * size.item()
        loop.step()
        assert loop.scalars()["A/lr"] == pytest.approx(2 * lr, rel=1e-6)
    hand.expect_same(lambda one, other: torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7))


def test_scheduled_weights_follow_the_step() -> None:
    x = Points().batch().x
    A = mlp("A", 3, 4, 3)
    weight = Listed(values_at=(1.0, 0.0, 4.0))
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=weight * mean(A(x)), optimizer=Sgd()), batch_size=6, length=gf.steps(20)
    )
    loop = play(game)
    hand = Hand(loop)
    optimizer = hand.sgd("A")
    for step, factor in enumerate([1.0, 0.0, 4.0]):
        hand.update(optimizer, mean_loss(hand["A"](hand.batch(step))) * factor)
        loop.step()
        hand.expect_same()


def test_measured_losses_are_finite_numbers_without_a_graph() -> None:
    loop = play(began(0.05), 2)
    assert len(loop.state.measured) == 2
    assert all(value.grad_fn is None and math.isfinite(value.item()) for value in loop.state.measured.values())


def test_a_plateau_halves_the_rate_when_a_smoothed_reading_has_stopped_falling() -> None:
    x = Points().batch().x
    A = mlp("A", 3, 4, 3)
    loss = distance(A(x), x)
    # Readings by step: the loss itself does not matter here, so the reading says what each step measures.
    script = iter([4.0, 2.0, 1.0, 1.5, 1.5, 1.5, 0.5, 0.9, 0.9, 0.9])
    told = gf.reading(lambda value: value * 0 + next(script), loss)
    rate = gf.plateau(told, start=0.1, factor=0.5, patience=3, smoothing=0.5, end=0.03)
    game = gf.Game(gf.Player("A", trains=A, minimizes=loss, optimizer=Sgd(lr=rate)), batch_size=6, length=gf.steps(10))
    loop = play(game)
    seen = []
    for _ in range(10):
        loop.step()
        seen.append(loop.scalars()["A/lr"])
    # Smoothed: 4, 3, 2, 1.75, 1.625, 1.5625, 1.03, 0.97, 0.93, 0.92: it never stops falling.
    assert seen == [pytest.approx(0.1)] * 10

    script = iter([1.0, 1.0, 1.0, 1.0, 0.5, 2.0, 2.0, 2.0, 2.0, 2.0])
    rate = gf.plateau(told, start=0.1, factor=0.5, patience=3, threshold=0.1, smoothing=0.0, end=0.03)
    game = gf.Game(gf.Player("A", trains=A, minimizes=loss, optimizer=Sgd(lr=rate)), batch_size=6, length=gf.steps(10))
    loop = play(game)
    before = torch.cat([p.detach().flatten() for p in module_of(loop, "A").parameters()])
    seen = []
    for _ in range(10):
        loop.step()
        seen.append(loop.scalars()["A/lr"])
    # The first reading is the lowest; three steps without a better one halve the rate; 0.025 is held at the end.
    assert seen == pytest.approx([0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.03, 0.03, 0.03])
    after = torch.cat([p.detach().flatten() for p in module_of(loop, "A").parameters()])
    assert not torch.equal(before, after)


def test_a_rate_on_a_plateau_is_the_one_that_the_optimizer_uses() -> None:
    x = Points().batch().x
    A = mlp("A", 3, 3)
    loss = mean(A(x))
    rate = gf.plateau(gf.reading(lambda value: value * 0 + 1, loss), start=0.2, factor=0.25, patience=1, smoothing=0.0)
    game = gf.Game(gf.Player("A", trains=A, minimizes=loss, optimizer=Sgd(lr=rate)), batch_size=6, length=gf.steps(4))
    loop = play(game)
    hand = Hand(loop)
    # The first reading improves on nothing; each later one is a plateau of one step.
    for step, lr in enumerate((0.2, 0.2, 0.05, 0.0125)):
        loop.step()
        optimizer = torch.optim.SGD(hand["A"].parameters(), lr=lr)
        hand.turn(step, "A")
        hand.update(optimizer, mean_loss(hand["A"](hand.batch(step))))
    hand.expect_same()


def test_a_reading_is_a_function_of_what_was_measured_last() -> None:
    x = Points().batch().x
    A = mlp("A", 3, 4, 3)
    near, size = distance(A(x), x).named("near"), mean(A(x)).named("size")
    gap = gf.reading(lambda a, b: a + (a - b).abs(), near, 3.0 * size)
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=near + size, optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(3),
        monitors={"gap": gap},
    )
    scalars = play(game, 2).scalars()
    near_now, size_now = scalars["A/near"], scalars["A/size"]
    assert scalars["gap"] == pytest.approx(near_now + abs(near_now - 3.0 * size_now), rel=1e-6)
