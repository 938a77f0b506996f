"""Tests of the engine by small random games, each played beside a naive engine that shares no code with it."""

from __future__ import annotations

import random

import pytest
import torch
from engine_reference import Reference
from engine_toys import Adam, Listed, Points, Sgd, distance, expect_equal_states, mean, mlp, play, slope
from torch import Tensor

import ganforge as gf
from ganforge.errors import RecipeError

_GAMES = 60


@gf.op
def blend(one: Tensor, other: Tensor) -> Tensor:
    return 0.7 * one + 0.3 * other


def random_game(chance: random.Random) -> gf.Game:
    """Two or three players of four networks on signals of three numbers each."""
    networks = [
        mlp(name, 3, 4, 3, norm=chance.random() < 0.5, dropout=chance.choice([0.0, 0.3])) for name in "ABCD"
    ]
    signals = [gf.noise(3), Points().batch().x, Points(length=7, salt=1).batch().x, gf.noise(3, prior="uniform")]
    for _ in range(chance.randint(5, 12)):
        signals.append(random_signal(chance, networks, signals))
    players = [random_player(chance, name, networks, signals) for name in "PQR"[: chance.randint(2, 3)]]
    trained = {network for player in players for network in player.trains}
    averaged = gf.ema(chance.choice(sorted(trained, key=lambda network: network.name)), decay=0.8)
    return gf.Game(*players, batch_size=5, length=gf.steps(10), samples=averaged(gf.noise(3)))


def random_signal(chance: random.Random, networks: list[gf.Network], signals: list[gf.Signal]) -> gf.Signal:
    kind, recent = chance.random(), signals[-4:] if chance.random() < 0.6 else signals
    if kind < 0.5:
        return chance.choice(networks)(chance.choice(recent))  # type: ignore[operator]
    if kind < 0.75:
        return gf.per_step(chance.choice(recent))
    if kind < 0.85:
        return gf.image_pool(chance.choice(recent), size=chance.choice([0, 3, 7]))
    return blend(chance.choice(recent), chance.choice(signals))


def random_player(
    chance: random.Random, name: str, networks: list[gf.Network], signals: list[gf.Signal]
) -> gf.Player:
    total = mean(chance.choice(signals[4:])).named("always")
    for number in range(chance.randint(1, 3)):
        total = total + random_term(chance, networks, signals).named(f"term{number}")
    return gf.Player(
        name,
        trains=chance.sample(networks, chance.randint(1, 2)),
        minimizes=total,
        optimizer=chance.choice([Sgd(lr=0.05, momentum=0.5), Adam(lr=Listed(values_at=(0.01, 0.02, 0.005)))]),
        updates=chance.choice([1, 1, 2, Listed(values_at=(1.0, 3.0, 2.0, 0.0, 1.0))]),
    )


def random_term(chance: random.Random, networks: list[gf.Network], signals: list[gf.Signal]) -> gf.Term:
    one = chance.choice(signals[-6:])
    if chance.random() < 0.25:
        return 0.1 * slope(chance.choice(networks)(one), wrt=one)  # type: ignore[operator]
    term = chance.uniform(-0.5, 1.0) * distance(one, chance.choice(signals))
    return term.every(2) if chance.random() < 0.2 else term


def playable_games(count: int) -> list[gf.Game]:
    """Random games that break no rule and whose players are always reached by a gradient."""
    found: list[gf.Game] = []
    for seed in range(100 * count):
        try:
            game = random_game(random.Random(seed))
            reference = Reference(play(game))
            for _ in range(4):
                reference.step()
        except RecipeError:
            continue
        except RuntimeError as error:
            if "does not require grad" in str(error):
                continue
            raise
        found.append(game)
        if len(found) == count:
            break
    return found


def test_random_games_are_played_as_a_naive_engine_plays_them() -> None:
    games = playable_games(_GAMES)
    assert len(games) == _GAMES
    for number, game in enumerate(games):
        loop = play(game)
        reference = Reference(loop)
        for step in range(5):
            loop.step()
            reference.step()
            for network, module in reference.nets.items():
                name = f"game {number} step {step} {network.name}"
                expect_equal_states(loop.state.modules[network], module, name, close)


def close(one: Tensor, other: Tensor) -> None:
    # Averages are written as a sum here and as lerp there; all else is equal to the last bit or nearly so.
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


_ = pytest
