"""Tests of turns and steps: what is evaluated once, what is drawn anew, and how many turns there are."""

from __future__ import annotations

import pytest
import torch
from engine_toys import (
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
    module_of,
    play,
)
from torch import Tensor, nn

import ganforge as gf
from ganforge.errors import RecipeError


def players(updates: gf.Number = 1) -> gf.Game:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 5, 3, norm=True, dropout=0.3), mlp("D", 3, 5, 1, norm=True, dropout=0.3)
    fake = G(z)
    d_loss, g_loss = critic(D(real), D(fake)), fool(D(fake))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=d_loss, optimizer=Sgd(), updates=updates),
        gf.Player("G", trains=G, minimizes=g_loss, optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(10),
    )


def plain_loop(hand: Hand, turns: list[int]) -> None:
    """The loop that a reader would write: so many turns of D in each step, then one of G."""
    d, g = hand.sgd("D"), hand.sgd("G")
    position = 0
    for step, count in enumerate(turns):
        for turn in range(count):
            hand.turn(step, "D", turn)
            # Every further turn reads on in the data; G reads none.
            real, z = hand.batch(position), torch.randn(6, 2)
            position += 1
            on_real = hand["D"](real)
            with torch.no_grad():
                fake = hand["G"](z)
            hand.update(d, critic_loss(on_real, hand["D"](fake)))
        hand.turn(step, "G")
        hand.update(g, fool_loss(hand["D"](hand["G"](torch.randn(6, 2)))))


@pytest.mark.parametrize("updates", [1, 3])
def test_turns_are_played_as_a_plain_loop_plays_them(updates: int) -> None:
    loop = play(players(updates))
    hand = Hand(loop)
    plain_loop(hand, [updates] * 4)
    for _ in range(4):
        loop.step()
    hand.expect_same()
    assert loop.state.counters.positions == [4 * updates]
    assert loop.state.counters.turns == {"D": 4 * updates, "G": 4}


def test_turns_follow_a_schedule() -> None:
    turns = [4, 0, 2, 1]
    loop = play(players(Listed(values_at=tuple(map(float, turns)))))
    hand = Hand(loop)
    plain_loop(hand, turns)
    for _ in range(4):
        loop.step()
    hand.expect_same()


@gf.component("burst")
class Burst(gf.Schedule):
    """Five turns in the first two steps and at every fourth, else two."""

    def at(self, now: gf.Progress) -> float:
        return 5.0 if now.steps < 2 or now.steps % 4 == 0 else 2.0


def test_turns_come_in_bursts() -> None:
    loop = play(players(Burst()))
    hand = Hand(loop)
    plain_loop(hand, [5, 5, 2, 2, 5, 2])
    taken = []
    for _ in range(6):
        before = loop.state.counters.turns["D"]
        loop.step()
        taken.append(loop.state.counters.turns["D"] - before)
    assert taken == [5, 5, 2, 2, 5, 2]
    hand.expect_same()


@pytest.mark.parametrize("value", [2.5, -1.0])
def test_a_schedule_of_turns_gives_whole_numbers(value: float) -> None:
    loop = play(players(Listed(values_at=(1.0, value))))
    loop.step()
    with pytest.raises(RecipeError, match=f"player 'D' takes a whole number of turns a step; .* {value} at step 1"):
        loop.step()


def shared_or_repeated(shared: bool) -> gf.Game:
    real = Points().batch().x
    D = mlp("D", 3, 6, 1, norm=True, dropout=0.5)
    on_real = D(real)
    again = on_real if shared else D(real)
    loss = mean(on_real) + distance(again, on_real).named("distance") + mean(again).named("again")
    return gf.Game(gf.Player("D", trains=D, minimizes=loss, optimizer=Sgd()), batch_size=6, length=gf.steps(10))


@pytest.mark.parametrize("shared", [True, False])
def test_an_expression_is_evaluated_once_where_it_is_written_once(shared: bool) -> None:
    loop = play(shared_or_repeated(shared))
    hand = Hand(loop)
    optimizer = hand.sgd("D")
    for step in range(3):
        hand.turn(step, "D")
        real = hand.batch(step)
        on_real = hand["D"](real)
        again = on_real if shared else hand["D"](real)
        hand.update(optimizer, mean_loss(on_real) + distance_loss(again, on_real) + mean_loss(again))
        # Two passes through dropout do not agree.
        assert torch.equal(on_real, again) == shared
        loop.step()
    hand.expect_same()
    tracked = module_of(loop, "D").state_dict()["1.num_batches_tracked"]
    assert tracked == (3 if shared else 6)


def inputs_of(module: nn.Module) -> list[Tensor]:
    seen: list[Tensor] = []
    module.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach().clone()))
    return seen


def test_noise_is_drawn_anew_in_each_turn() -> None:
    loop = play(players(updates=2))
    seen = inputs_of(module_of(loop, "G"))
    loop.step()
    loop.step()
    assert len(seen) == 6
    assert len({tuple(z.flatten().tolist()) for z in seen}) == 6


def test_first_turns_share_a_batch_and_extra_turns_draw_more() -> None:
    x = Points(length=30).batch().x
    nets = {name: mlp(name, 3, 1) for name in "ABC"}
    play_each = [
        gf.Player(name, trains=net, minimizes=mean(net(x)), optimizer=Sgd(), updates=count)
        for (name, net), count in zip(nets.items(), [2, 1, 3], strict=True)
    ]
    loop = play(gf.Game(*play_each, batch_size=4, length=gf.steps(9)))
    seen = {name: inputs_of(module_of(loop, name)) for name in nets}
    loop.step()
    loop.step()
    draw = loop.data[loop.state.batches[0]].draw
    expected = {"A": [0, 1, 4, 5], "B": [0, 4], "C": [0, 2, 3, 4, 6, 7]}
    for name, positions in expected.items():
        assert len(seen[name]) == len(positions)
        assert all(torch.equal(x, draw(p)[0]) for x, p in zip(seen[name], positions, strict=True)), name


def test_two_data_sets_are_drawn_at_their_own_pace() -> None:
    one, two = Points(length=11).batch().x, Points(length=7, salt=1).batch().x
    A, B = mlp("A", 3, 1), mlp("B", 3, 1)
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=mean(A(one)), optimizer=Sgd(), updates=3),
        gf.Player("B", trains=B, minimizes=distance(B(one), B(two)), optimizer=Sgd(), updates=2),
        batch_size=4,
        length=gf.steps(9),
    )
    loop = play(game)
    hand = Hand(loop)
    a, b = hand.sgd("A"), hand.sgd("B")
    for step in range(3):
        for position in (4 * step, 4 * step + 1, 4 * step + 2):
            hand.update(a, mean_loss(hand["A"](hand.batch(position))))
        for first, second in ((4 * step, 2 * step), (4 * step + 3, 2 * step + 1)):
            hand.update(b, distance_loss(hand["B"](hand.batch(first)), hand["B"](hand.batch(second, which=1))))
        loop.step()
    hand.expect_same()


def test_random_labels_are_drawn_anew_in_each_turn() -> None:
    seen: list[list[int]] = []

    @gf.op(shape=lambda labels: (3,))
    def one_hot(labels: Tensor) -> Tensor:
        seen.append(labels.tolist())
        return nn.functional.one_hot(labels, 3).float()

    A = mlp("A", 3, 1)
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=mean(A(one_hot(gf.random_labels(3)))), optimizer=Sgd(), updates=2),
        batch_size=16,
        length=gf.steps(9),
    )
    play(game, 2)
    assert len(seen) == 4
    assert len(set(map(tuple, seen))) == 4
    assert {label for labels in seen for label in labels} == {0, 1, 2}
