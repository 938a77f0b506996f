"""Tests of gf.per_step: one value for all turns of a step, with its graph or without it."""

from __future__ import annotations

import pytest
import torch
from engine_toys import (
    Adam,
    Hand,
    Listed,
    Points,
    Sgd,
    critic,
    critic_loss,
    distance,
    distance_loss,
    expect_bits,
    fool,
    fool_loss,
    mean,
    mean_loss,
    mlp,
    module_of,
    play,
    slope,
)
from torch import Tensor, nn

import ganforge as gf
from ganforge.errors import RecipeError


def gan(order: str, share: str, updates: int = 1) -> gf.Game:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 5, 3, norm=True, dropout=0.3), mlp("D", 3, 5, 1, norm=True)
    fake = gf.per_step(G(z)) if share == "fake" else G(gf.per_step(z))
    players = {
        "D": gf.Player("D", trains=D, minimizes=critic(D(real), D(fake)), optimizer=Adam(), updates=updates),
        "G": gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Adam()),
    }
    return gf.Game(*(players[name] for name in order), batch_size=6, length=gf.steps(10), samples=fake)


def calls(module: nn.Module) -> list[Tensor]:
    seen: list[Tensor] = []
    module.register_forward_hook(lambda _, inputs, output: seen.append(output))
    return seen


def test_noise_can_be_shared_by_both_updates() -> None:
    loop = play(gan("DG", "noise"))
    hand = Hand(loop)
    d, g = hand.adam("D"), hand.adam("G")
    for step in range(3):
        hand.turn(step, "D")
        real, z = hand.batch(step), torch.randn(6, 2)
        on_real = hand["D"](real)
        hand.update(d, critic_loss(on_real, hand["D"](hand["G"](z).detach())))
        hand.turn(step, "G")
        hand.update(g, fool_loss(hand["D"](hand["G"](z))))
        loop.step()
    hand.expect_same()
    assert module_of(loop, "G").state_dict()["1.num_batches_tracked"] == 6


@pytest.mark.parametrize("updates", [1, 3])
def test_players_share_one_pass_through_what_was_not_updated(updates: int) -> None:
    loop = play(gan("DG", "fake", updates))
    hand = Hand(loop)
    d, g = hand.adam("D"), hand.adam("G")
    passes = calls(module_of(loop, "G"))
    for step in range(3):
        for turn in range(updates):
            hand.turn(step, "D", turn)
            real = hand.batch(updates * step + turn)
            if turn == 0:  # Noise is drawn before any network is evaluated.
                z = torch.randn(6, 2)
            on_real = hand["D"](real)
            if turn == 0:
                fake = hand["G"](z)
            hand.update(d, critic_loss(on_real, hand["D"](fake.detach())))
        hand.turn(step, "G")
        hand.update(g, fool_loss(hand["D"](fake)))
        loop.step()
    hand.expect_same()
    assert len(passes) == 3
    assert module_of(loop, "G").state_dict()["1.num_batches_tracked"] == 3


def test_a_pass_through_what_was_updated_is_seen_as_it_was() -> None:
    loop = play(gan("GD", "fake"))
    hand = Hand(loop)
    d, g = hand.adam("D"), hand.adam("G")
    passes = calls(module_of(loop, "G"))
    judged: list[Tensor] = []
    module_of(loop, "D").register_forward_pre_hook(lambda _, inputs: judged.append(inputs[0]))
    for step in range(3):
        hand.turn(step, "G")
        fake = hand["G"](torch.randn(6, 2))
        hand.update(g, fool_loss(hand["D"](fake)))
        hand.turn(step, "D")
        real = hand.batch(step)
        hand.update(d, critic_loss(hand["D"](real), hand["D"](fake.detach())))
        loop.step()
    hand.expect_same()
    assert len(passes) == 3
    # In each step D sees fakes in G's turn, then real examples and the same fakes.
    for in_g_turn, in_d_turn in zip(judged[0::3], judged[2::3], strict=True):
        expect_bits(in_g_turn, in_d_turn)
        assert in_g_turn.requires_grad
        assert not in_d_turn.requires_grad


def test_a_pass_inside_a_shared_pass_keeps_its_graph_over_three_turns() -> None:
    z = gf.noise(2)
    E, F, D, C = mlp("E", 2, 4, 3), mlp("F", 3, 4, 3), mlp("D", 3, 1), mlp("C", 3, 1)
    code = gf.per_step(E(z))
    fake = gf.per_step(F(code))
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=mean(D(code)), optimizer=Sgd()),
        gf.Player("C", trains=C, minimizes=mean(C(fake)), optimizer=Sgd()),
        # E is reached through both passes; F, between them, is held.
        gf.Player("E", trains=E, minimizes=fool(C(fake)) + mean(D(code)), optimizer=Sgd()),
        gf.Player("F", trains=F, minimizes=fool(C(F(code))), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    d, c, e, f = (hand.sgd(name) for name in "DCEF")
    passes = calls(module_of(loop, "E"))
    for step in range(3):
        hand.turn(step, "D")
        code_now = hand["E"](torch.randn(6, 2))
        hand.update(d, mean_loss(hand["D"](code_now)), retain=True)
        fake_now = hand["F"](code_now)
        hand.update(c, mean_loss(hand["C"](fake_now)), retain=True)
        hand.update(e, fool_loss(hand["C"](fake_now)) + mean_loss(hand["D"](code_now)))
        hand.update(f, fool_loss(hand["C"](hand["F"](code_now.detach()))))
        loop.step()
    hand.expect_same()
    assert len(passes) == 3


def test_a_shared_pass_over_an_old_one_ends_at_the_old_one() -> None:
    z = gf.noise(2)
    G, F, D = mlp("G", 2, 4, 3), mlp("F", 3, 4, 3), mlp("D", 3, 4, 1)
    made = gf.per_step(G(z))
    refined = gf.per_step(F(made))
    game = gf.Game(
        gf.Player("G", trains=G, minimizes=fool(D(made)), optimizer=Sgd()),
        gf.Player("D", trains=D, minimizes=mean(D(refined)), optimizer=Sgd()),
        # It trains both, but G has been updated since it made what F refined.
        gf.Player("both", trains=[F, G], minimizes=fool(D(refined)) + mean(G(z)), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    g, d, both = hand.sgd("G"), hand.sgd("D"), hand.sgd("F", "G")
    for step in range(3):
        hand.turn(step, "G")
        made_now = hand["G"](torch.randn(6, 2))
        hand.update(g, fool_loss(hand["D"](made_now)))
        refined_now = hand["F"](made_now.detach())
        hand.update(d, mean_loss(hand["D"](refined_now.detach())))
        hand.turn(step, "both")
        noise = torch.randn(6, 2)
        hand.update(both, fool_loss(hand["D"](refined_now)) + mean_loss(hand["G"](noise)))
        loop.step()
    hand.expect_same()


def test_a_lazy_turn_without_losses_updates_nothing_and_keeps_the_graph() -> None:
    z = gf.noise(2)
    G, D = mlp("G", 2, 4, 3), mlp("D", 3, 4, 1)
    fake = gf.per_step(G(z))
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=mean(D(fake)), optimizer=Sgd()),
        gf.Player("R", trains=G, minimizes=mean(G(z)).every(2), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=fool(D(fake)) + mean(G(z)), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    d, r, g = hand.sgd("D"), hand.sgd("G"), hand.sgd("G")
    for step in range(4):
        hand.turn(step, "D")
        shared = hand["G"](torch.randn(6, 2))
        hand.update(d, mean_loss(hand["D"](shared.detach())))
        if step % 2 == 0:
            hand.turn(step, "R")
            hand.update(r, 2 * mean_loss(hand["G"](torch.randn(6, 2))))
            shared = shared.detach()
        hand.turn(step, "G")
        own = mean_loss(hand["G"](torch.randn(6, 2)))
        hand.update(g, fool_loss(hand["D"](shared)) + own)
        loop.step()
    hand.expect_same()


def test_a_penalty_at_an_old_pass_leaves_the_old_graph_alone() -> None:
    z = gf.noise(2)
    G, D = mlp("G", 2, 4, 3), mlp("D", 3, 4, 1)
    fake = gf.per_step(G(z))
    game = gf.Game(
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Sgd()),
        # This player trains G too, whose weights are no longer those that made the fake.
        gf.Player("D", trains=[D, G], minimizes=slope(D(fake), wrt=fake) + mean(G(z)), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    g, d = hand.sgd("G"), hand.sgd("D", "G")
    for step in range(3):
        hand.turn(step, "G")
        made = hand["G"](torch.randn(6, 2))
        hand.update(g, fool_loss(hand["D"](made)))
        hand.turn(step, "D")
        point = made.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(hand["D"](point).sum(), point, create_graph=True)
        penalty = gradient.square().sum(1).mean()
        hand.update(d, penalty + mean_loss(hand["G"](torch.randn(6, 2))))
        loop.step()
    hand.expect_same()


def test_a_penalty_at_a_shared_pass_lets_the_generator_use_its_graph_later() -> None:
    z = gf.noise(2)
    G, D = mlp("G", 2, 4, 3, norm=True), mlp("D", 3, 4, 1)
    fake = gf.per_step(G(z))
    on_fake = D(fake)
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=mean(on_fake) + 0.3 * slope(on_fake, wrt=fake), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=fool(on_fake), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    d, g = hand.sgd("D"), hand.sgd("G")
    for step in range(3):
        hand.turn(step, "D")
        made = hand["G"](torch.randn(6, 2))
        point = made.detach().requires_grad_()
        scores = hand["D"](point)
        (gradient,) = torch.autograd.grad(scores.sum(), point, create_graph=True)
        hand.update(d, mean_loss(scores) + 0.3 * gradient.square().sum(1).mean())
        hand.update(g, fool_loss(hand["D"](made)))
        loop.step()
    hand.expect_same()


def test_scores_of_an_earlier_turn_cannot_be_differentiated() -> None:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 4, 3), mlp("D", 3, 4, 1)
    on_real = gf.per_step(D(real))
    game = gf.Game(
        gf.Player("G", trains=G, minimizes=distance(D(G(z)), on_real), optimizer=Sgd()),
        gf.Player("D", trains=D, minimizes=mean(D(real)) + slope(on_real, wrt=real), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    message = "slope_loss of player 'D' differentiates scores that an earlier turn evaluated"
    with pytest.raises(RecipeError, match=message) as caught:
        play(game, 1)
    assert caught.value.problems[0].site is not None


def test_a_turn_that_can_train_nothing_is_refused() -> None:
    z = gf.noise(2)
    G, F = mlp("G", 2, 4, 3), mlp("F", 3, 3)
    fake = gf.per_step(G(z))
    game = gf.Game(
        gf.Player("F", trains=[F, G], minimizes=mean(F(fake)), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=mean(fake), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    with pytest.raises(RecipeError, match="turn 1 of player 'G' has the losses mean_loss, none of which leads to G"):
        play(game, 1)


def test_a_shared_value_ends_with_its_step() -> None:
    loop = play(gan("DG", "noise"))
    seen: list[Tensor] = []
    module_of(loop, "G").register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    loop.step()
    loop.step()
    first, again, second, once_more = seen
    expect_bits(first, again)
    expect_bits(second, once_more)
    assert not torch.equal(first, second)


def test_a_shared_batch_serves_extra_turns_too() -> None:
    x = gf.per_step(Points().batch().x)
    A = mlp("A", 3, 1)
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=mean(A(x)), optimizer=Sgd(), updates=Listed(values_at=(3.0, 2.0))),
        batch_size=4,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    a = hand.sgd("A")
    for step, count in enumerate([3, 2]):
        for _ in range(count):
            hand.update(a, mean_loss(hand["A"](hand.batch(step))))
        loop.step()
    hand.expect_same()
    assert loop.state.counters.positions == [2]


def test_three_players_share_one_pass() -> None:
    real, z = Points().batch().x, gf.noise(2)
    G, D, Q = mlp("G", 2, 5, 3, norm=True), mlp("D", 3, 4, 1), mlp("Q", 3, 2)
    fake = gf.per_step(G(z))
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=critic(D(real), D(fake)), optimizer=Sgd()),
        gf.Player("Q", trains=Q, minimizes=mean(Q(fake)), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=fool(D(fake)) + mean(Q(fake)), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    d, q, g = hand.sgd("D"), hand.sgd("Q"), hand.sgd("G")
    passes = calls(module_of(loop, "G"))
    for step in range(3):
        hand.turn(step, "D")
        made = hand["G"](torch.randn(6, 2))
        hand.update(d, critic_loss(hand["D"](hand.batch(step)), hand["D"](made.detach())))
        hand.update(q, mean_loss(hand["Q"](made.detach())))
        hand.update(g, fool_loss(hand["D"](made)) + mean_loss(hand["Q"](made)))
        loop.step()
    hand.expect_same()
    assert len(passes) == 3


def test_a_relativistic_loss_shares_scores_of_a_critic_only_until_its_update() -> None:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 5, 3), mlp("D", 3, 4, 1)
    on_real = gf.per_step(D(real))
    fake = gf.per_step(G(z))
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=distance(on_real, D(fake)), optimizer=Sgd()),
        gf.Player("G", trains=[G, D], minimizes=distance(D(fake), on_real), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    d, g = hand.sgd("D"), hand.sgd("G", "D")
    for step in range(3):
        hand.turn(step, "D")
        real_now, made = hand.batch(step), hand["G"](torch.randn(6, 2))
        scores = hand["D"](real_now)
        hand.update(d, distance_loss(scores, hand["D"](made.detach())))
        hand.update(g, distance_loss(hand["D"](made), scores.detach()))
        loop.step()
    hand.expect_same()
