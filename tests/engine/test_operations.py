"""Tests of the language's operations in play: joined batches, codes from labels and resized images."""

from __future__ import annotations

import torch
from engine_toys import (
    CPU,
    Hand,
    Listed,
    Points,
    Sgd,
    critic,
    critic_loss,
    distance,
    distance_loss,
    fool,
    fool_loss,
    mean,
    mean_loss,
    mlp,
    play,
)
from torch import Tensor

import ganforge as gf
from ganforge.engine.samples import Sampler


def test_a_network_sees_joined_batches_as_one() -> None:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 4, 3), mlp("D", 3, 8, 1, norm=True)
    fake = G(z)
    on_real, on_fake = gf.together(D, real, fake)
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=critic(on_real, on_fake), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(4),
    )
    loop = play(game)
    hand = Hand(loop)
    d, g = hand.sgd("D"), hand.sgd("G")
    for step in range(3):
        hand.turn(step, "D")
        batch, fakes = hand.batch(step), hand["G"](torch.randn(6, 2)).detach()
        scores = hand["D"](torch.cat([batch, fakes]))
        hand.update(d, critic_loss(scores[:6], scores[6:]))
        hand.turn(step, "G")
        hand.update(g, fool_loss(hand["D"](hand["G"](torch.randn(6, 2)))))
        loop.step()
    hand.expect_same()


def conditional() -> gf.Game:
    real = Points().batch().x
    y = gf.random_labels(4)
    G, D = mlp("G", 4, 8, 3), mlp("D", 3, 1)
    fake = G(gf.one_hot(y, 4))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=critic(D(real), D(fake)), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(4),
        samples={"y": y, "fake": fake},
    )


def test_samples_show_one_class_after_the_other_or_the_one_asked_for() -> None:
    loop = play(conditional(), 2)
    sampler = Sampler(loop.game.samples, loop.state.modules, CPU, loop.data, 6)
    drawn = sampler.draw(10, seed=1)
    assert drawn["y"].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert torch.equal(drawn["fake"][1], drawn["fake"][5]) and not torch.equal(drawn["fake"][0], drawn["fake"][1])
    third = sampler.draw(5, seed=1, label=3)
    assert third["y"].tolist() == [3] * 5
    torch.testing.assert_close(third["fake"], drawn["fake"][3].expand(5, 3))
    assert sampler.classes() == [4]


def test_nothing_flows_back_through_a_stopped_gradient() -> None:
    x = Points().batch().x
    E, G = mlp("E", 3, 4, 2), mlp("G", 2, 4, 3)
    made = G(E(x))
    game = gf.Game(
        gf.Player("A", trains=E, minimizes=distance(gf.stop_gradient(made), x) + mean(E(x)), optimizer=Sgd()),
        gf.Player("B", trains=G, minimizes=distance(made, x), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(4),
        samples={"stopped": gf.stop_gradient(made)},
    )
    loop = play(game)
    hand = Hand(loop)
    first, second = hand.sgd("E"), hand.sgd("G")
    for step in range(3):
        batch = hand.batch(step)
        hand.turn(step, "A")
        hand.update(first, mean_loss(hand["E"](batch)))  # The distance costs E nothing.
        hand.turn(step, "B")
        hand.update(second, distance_loss(hand["G"](hand["E"](batch)), batch))
        loop.step()
    hand.expect_same()
    assert str(gf.stop_gradient(made)) == "held G(…) (3,)"


@gf.op
def brightened(x: Tensor, *, by: float | Tensor, twice: bool = False) -> Tensor:
    return x + by * (1 + twice)


def test_options_of_an_operation_may_be_scheduled_or_steered() -> None:
    x = Points().batch().x
    A = mlp("A", 3, 4, 3)
    loss = mean(A(brightened(x, by=Listed(values_at=(0.0, 1.0, 3.0)), twice=True)))
    k = gf.integral(loss, gain=1.0, start=0.5)
    steered = mean(A(brightened(x, by=2.0 * k))).named("steered")
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=loss + steered, optimizer=Sgd()), batch_size=6, length=gf.steps(4)
    )
    loop = play(game)
    hand = Hand(loop)
    optimizer, kept = hand.sgd("A"), 0.5
    for step, by in enumerate((0.0, 1.0, 3.0)):
        hand.turn(step, "A")
        batch = hand.batch(step)
        first = mean_loss(hand["A"](batch + 2 * by))
        hand.update(optimizer, first + mean_loss(hand["A"](batch + 2 * kept)))
        kept += first.item()
        loop.step()
    hand.expect_same(lambda one, other: torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7))
