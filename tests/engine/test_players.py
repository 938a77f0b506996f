"""Tests of unusual casts: three players, shared networks, players with several networks, CycleGAN's order."""

from __future__ import annotations

import torch
from engine_reference import LiteralPool
from engine_toys import (
    Adam,
    Hand,
    Pictures,
    Points,
    Sgd,
    conv,
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

import ganforge as gf


def test_three_players_take_turns_in_the_order_written() -> None:
    real, z = Points().batch().x, gf.noise(2)
    G, D, E = mlp("G", 2, 4, 3, norm=True), mlp("D", 3, 4, 1, dropout=0.2), mlp("E", 3, 2)
    game = gf.Game(
        gf.Player("E", trains=E, minimizes=distance(E(G(z)), z), optimizer=Sgd()),
        gf.Player("D", trains=D, minimizes=critic(D(real), D(G(z))), optimizer=Sgd(), updates=2),
        gf.Player("G", trains=G, minimizes=fool(D(G(z))) + 0.5 * distance(E(G(z)), z), optimizer=Adam()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    e, d, g = hand.sgd("E"), hand.sgd("D"), hand.adam("G")
    for step in range(3):
        hand.turn(step, "E")
        noise = torch.randn(6, 2)
        hand.update(e, distance_loss(hand["E"](hand["G"](noise).detach()), noise))
        for turn in range(2):
            hand.turn(step, "D", turn)
            x, noise = hand.batch(2 * step + turn), torch.randn(6, 2)
            on_real = hand["D"](x)
            hand.update(d, critic_loss(on_real, hand["D"](hand["G"](noise).detach())))
        hand.turn(step, "G")
        noise = torch.randn(6, 2)
        judged = fool_loss(hand["D"](hand["G"](noise)))
        hand.update(g, judged + 0.5 * distance_loss(hand["E"](hand["G"](noise)), noise))
        loop.step()
    hand.expect_same()


def test_a_network_of_two_players_has_an_optimizer_state_in_each() -> None:
    x = Points().batch().x
    A, B = mlp("A", 3, 4, 3), mlp("B", 3, 1)
    game = gf.Game(
        gf.Player("one", trains=A, minimizes=distance(A(x), x), optimizer=Sgd(momentum=0.9)),
        gf.Player("two", trains=[A, B], minimizes=mean(B(A(x))), optimizer=Adam()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    one, two = hand.sgd("A", momentum=0.9), hand.adam("A", "B")
    for step in range(4):
        x_now = hand.batch(step)
        hand.update(one, distance_loss(hand["A"](x_now), x_now))
        hand.update(two, mean_loss(hand["B"](hand["A"](x_now))))
        loop.step()
    hand.expect_same()


def test_a_player_may_train_several_networks() -> None:
    z = gf.noise(2)
    nets = [mlp("A", 2, 3, 3), mlp("B", 3, 3, 3, norm=True), mlp("C", 3, 1)]
    A, B, C = nets
    game = gf.Game(
        gf.Player("all", trains=nets, minimizes=mean(C(B(A(z)))) + fool(C(A(z))), optimizer=Sgd(momentum=0.3)),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    optimizer = hand.sgd("A", "B", "C", momentum=0.3)
    for step in range(3):
        hand.turn(step, "all")
        noise = torch.randn(6, 2)
        first = mean_loss(hand["C"](hand["B"](hand["A"](noise))))
        hand.update(optimizer, first + fool_loss(hand["C"](hand["A"](noise))))
        loop.step()
    hand.expect_same()


def test_cyclegan_is_played_in_the_order_of_the_authors_code() -> None:
    a, b = Pictures().batch().images, Pictures(salt=1).batch().images
    G_AB, G_BA = conv("G_AB", 1, 2, 1, norm=True), conv("G_BA", 1, 2, 1, norm=True)
    D_A, D_B = conv("D_A", 1, 2, 1, norm=True), conv("D_B", 1, 2, 1, norm=True)
    fake_b, fake_a = gf.per_step(G_AB(a)), gf.per_step(G_BA(b))
    pool_a, pool_b = gf.image_pool(fake_a, size=3), gf.image_pool(fake_b, size=3)
    g_loss = (
        fool(D_A(fake_a)).named("adv_a")
        + fool(D_B(fake_b)).named("adv_b")
        + 10.0 * distance(G_BA(fake_b), a).named("cycle_a")
        + 10.0 * distance(G_AB(fake_a), b).named("cycle_b")
    )
    d_loss = critic(D_A(a), D_A(pool_a)).named("a") + critic(D_B(b), D_B(pool_b)).named("b")
    game = gf.Game(
        gf.Player("G", trains=[G_AB, G_BA], minimizes=g_loss, optimizer=Adam()),
        gf.Player("D", trains=[D_A, D_B], minimizes=d_loss, optimizer=Adam()),
        batch_size=2,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    g, d = hand.adam("G_AB", "G_BA"), hand.adam("D_A", "D_B")
    pool = {"a": LiteralPool(3), "b": LiteralPool(3)}
    order = [origin.data.salt for origin in loop.state.batches]
    for step in range(5):
        real = {salt: hand.batch(step, which) for which, salt in enumerate(order)}
        real_a, real_b = real[0], real[1]
        made_a = hand["G_BA"](real_b)
        on_a = hand["D_A"](made_a)
        made_b = hand["G_AB"](real_a)
        on_b = hand["D_B"](made_b)
        loss = fool_loss(on_a) + fool_loss(on_b)
        loss = loss + 10.0 * distance_loss(hand["G_BA"](made_b), real_a)
        hand.update(g, loss + 10.0 * distance_loss(hand["G_AB"](made_a), real_b))
        hand.turn(step, "D")
        loss = 0
        for name, x, made in (("a", real_a, made_a), ("b", real_b, made_b)):
            critic_now = hand[f"D_{name.upper()}"]
            on_real = critic_now(x)
            loss = loss + critic_loss(on_real, critic_now(pool[name].query(made.detach())))
        hand.update(d, loss)
        loop.step()
    hand.expect_same()
