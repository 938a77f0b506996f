"""Tests of gradient points and of lazy terms."""

from __future__ import annotations

import pytest
import torch
from engine_toys import (
    Adam,
    Hand,
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
    slope,
)
from torch import Tensor

import ganforge as gf


def squared_slope(scores: Tensor, point: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(scores.sum(), point, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()


def test_a_penalty_at_interpolated_points_differentiates_twice() -> None:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 5, 3), mlp("D", 3, 5, 1)
    fake = G(z)
    point = gf.interpolate(real, fake)
    d_loss = critic(D(real), D(fake)) + 10.0 * slope(D(point), wrt=point)
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=Adam(), updates=2),
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Adam()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    d, g = hand.adam("D"), hand.adam("G")
    for step in range(3):
        for turn in range(2):
            hand.turn(step, "D", turn)
            x, noise = hand.batch(2 * step + turn), torch.randn(6, 2)
            on_real, made = hand["D"](x), hand["G"](noise).detach()
            on_fake = hand["D"](made)
            # Algorithm 1 of the paper: epsilon x + (1 - epsilon) G(z), written as torch's lerp.
            between = torch.lerp(made, x, torch.empty(6, 1).uniform_()).requires_grad_()
            penalty = squared_slope(hand["D"](between), between)
            hand.update(d, critic_loss(on_real, on_fake) + penalty * 10.0)
        hand.turn(step, "G")
        hand.update(g, fool_loss(hand["D"](hand["G"](torch.randn(6, 2)))))
        loop.step()
    hand.expect_same()


def test_a_penalty_shares_the_pass_of_the_adversarial_loss() -> None:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 5, 3), mlp("D", 3, 5, 1, dropout=0.4)
    fake = G(z)
    on_real, on_fake = D(real), D(fake)
    penalty = slope(on_real, wrt=real).named("r1") + slope(on_fake, wrt=fake).named("r2")
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=critic(on_real, on_fake) + 0.5 * penalty, optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=fool(on_fake), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    d, g = hand.sgd("D"), hand.sgd("G")
    for step in range(3):
        hand.turn(step, "D")
        x, noise = hand.batch(step).requires_grad_(), torch.randn(6, 2)
        real_scores = hand["D"](x)
        made = hand["G"](noise).detach().requires_grad_()
        fake_scores = hand["D"](made)
        r1, r2 = squared_slope(real_scores, x), squared_slope(fake_scores, made)
        hand.update(d, critic_loss(real_scores, fake_scores) + 0.5 * r1 + 0.5 * r2)
        hand.turn(step, "G")
        hand.update(g, fool_loss(hand["D"](hand["G"](torch.randn(6, 2)))))
        loop.step()
    hand.expect_same()


def test_a_penalty_reaches_the_network_that_made_its_point() -> None:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 5, 3, norm=True), mlp("D", 3, 5, 1)
    fake = G(z)
    game = gf.Game(
        gf.Player("G", trains=G, minimizes=fool(D(fake)) + 0.2 * slope(D(fake), wrt=fake), optimizer=Sgd()),
        gf.Player("D", trains=D, minimizes=critic(D(real), D(fake)), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    g, d = hand.sgd("G"), hand.sgd("D")
    for step in range(3):
        hand.turn(step, "G")
        made = hand["G"](torch.randn(6, 2))
        scores = hand["D"](made)
        loss = fool_loss(scores) + 0.2 * squared_slope(hand["D"](made), made)
        hand.update(g, loss)
        hand.turn(step, "D")
        x, noise = hand.batch(step), torch.randn(6, 2)
        hand.update(d, critic_loss(hand["D"](x), hand["D"](hand["G"](noise).detach())))
        loop.step()
    hand.expect_same()


def test_a_penalty_with_respect_to_noise_reaches_through_the_generator() -> None:
    z = gf.noise(2)
    G = mlp("G", 2, 5, 3)
    fake = G(z)
    game = gf.Game(
        gf.Player("G", trains=G, minimizes=slope(fake, wrt=z), optimizer=Sgd()), batch_size=6, length=gf.steps(9)
    )
    loop = play(game)
    hand = Hand(loop)
    optimizer = hand.sgd("G")
    for step in range(3):
        hand.turn(step, "G")
        noise = torch.randn(6, 2).requires_grad_()
        hand.update(optimizer, squared_slope(hand["G"](noise), noise))
        loop.step()
    hand.expect_same()


def test_gradient_points_do_not_leak_into_later_turns() -> None:
    real = Points().batch().x
    D, E = mlp("D", 3, 4, 1), mlp("E", 3, 1)
    shared = gf.per_step(real)
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=slope(D(shared), wrt=shared) + mean(D(real)), optimizer=Sgd()),
        gf.Player("E", trains=E, minimizes=mean(E(shared)) + mean(E(real)).named("again"), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    seen: list[bool] = []
    loop.state.modules[E].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].requires_grad))
    loop.step()
    assert seen == [False, False]


@pytest.mark.parametrize("interval", [1, 2, 3])
def test_lazy_terms_are_computed_in_every_kth_turn_and_multiplied_by_k(interval: int) -> None:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 5, 3), mlp("D", 3, 5, 1)
    computed: list[int] = []

    @gf.loss
    def r1(scores: Tensor, wrt: Tensor) -> Tensor:
        computed.append(1)
        return squared_slope(scores, wrt)

    on_real = D(real)
    d_loss = critic(on_real, D(G(z))) + (0.5 * r1(on_real, wrt=real)).every(interval)
    game = gf.Game(
        # Turns are counted over the whole game, not within a step.
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=Sgd(), updates=2),
        gf.Player("G", trains=G, minimizes=fool(D(G(z))), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    d, g = hand.sgd("D"), hand.sgd("G")
    for step in range(5):
        for turn in range(2):
            number = 2 * step + turn
            hand.turn(step, "D", turn)
            x, noise = hand.batch(number).requires_grad_(), torch.randn(6, 2)
            scores = hand["D"](x)
            loss = critic_loss(scores, hand["D"](hand["G"](noise).detach()))
            if number % interval == 0:
                loss = loss + squared_slope(scores, x) * (0.5 * interval)
            hand.update(d, loss)
        hand.turn(step, "G")
        hand.update(g, fool_loss(hand["D"](hand["G"](torch.randn(6, 2)))))
        loop.step()
    hand.expect_same()
    assert len(computed) == len(range(0, 10, interval))


def test_a_player_with_lazy_terms_only_waits_between_them() -> None:
    real = Points().batch().x
    D = mlp("D", 3, 5, 1, norm=True)
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=mean(D(real)).every(3), optimizer=Sgd(momentum=0.9)),
        batch_size=6,
        length=gf.steps(99),
    )
    loop = play(game)
    hand = Hand(loop)
    optimizer = hand.sgd("D", momentum=0.9)
    for step in range(7):
        if step % 3 == 0:
            # Nothing was read in the steps between.
            hand.update(optimizer, 3 * mean_loss(hand["D"](hand.batch(step // 3))))
        loop.step()
        hand.expect_same()
    assert loop.state.counters.turns == {"D": 7}
    assert loop.state.counters.positions == [3]


def test_intervals_of_intervals_multiply() -> None:
    z = gf.noise(3)
    D = mlp("D", 3, 1)
    lazy = (mean(D(z)).every(2) + distance(D(z), D(z))).every(2)
    loop = play(
        gf.Game(gf.Player("D", trains=D, minimizes=lazy, optimizer=Sgd(lr=0.01)), batch_size=6, length=gf.steps(99))
    )
    hand = Hand(loop)
    optimizer = hand.sgd("D", lr=0.01)
    for step in range(6):
        hand.turn(step, "D")
        noise = torch.randn(6, 3)
        if step % 2 == 0:
            second = 2 * distance_loss(hand["D"](noise), hand["D"](noise))
            first = 4 * mean_loss(hand["D"](noise)) if step % 4 == 0 else 0
            hand.update(optimizer, first + second)
        loop.step()
    # The two zero distances have a gradient of exactly zero.
    hand.expect_same()
