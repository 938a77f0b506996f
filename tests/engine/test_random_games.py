"""Tests of the engine by small random games, each played beside a naive engine that shares no code with it."""

from __future__ import annotations

import contextlib
import random
from collections import Counter

import attrs
import torch
from engine_reference import Reference
from engine_toys import CPU, Adam, Listed, Points, Sgd, distance, expect_equal_states, mean, mlp, play, slope
from torch import Tensor

import ganforge as gf
from ganforge.engine.loop import Loop
from ganforge.engine.plan import TurnPlan
from ganforge.engine.tuning import Tuning
from ganforge.errors import RecipeError
from ganforge.language.signal import PerStep

_GAMES = 100


@gf.op
def blend(one: Tensor, other: Tensor) -> Tensor:
    return 0.7 * one + 0.3 * other


def random_game(chance: random.Random) -> gf.Game:
    """Two or three players of four networks on signals of three numbers each."""
    networks = [mlp(name, 3, 4, 3, norm=chance.random() < 0.5, dropout=chance.choice([0.0, 0.3])) for name in "ABCD"]
    signals = [gf.noise(3), Points().batch().x, Points(length=7, salt=1).batch().x, gf.noise(3, prior="uniform")]
    for _ in range(chance.randint(5, 12)):
        signals.append(random_signal(chance, networks, signals))
    names = "PQR"[: chance.randint(2, 3)]
    # Every network has a player, and some have two.
    teams: dict[str, list[gf.Network]] = {name: [] for name in names}
    for index, network in enumerate(chance.sample(networks, len(networks))):
        teams[names[index % len(names)]].append(network)
    if chance.random() < 0.4:
        team = teams[chance.choice(names)]
        team += [network for network in networks[:1] if network not in team]
    players = [random_player(chance, name, team, networks, signals) for name, team in teams.items()]
    trained = {network for player in players for network in player.trains}
    averaged = gf.ema(chance.choice(sorted(trained, key=lambda network: network.name)), decay=0.8)
    return gf.Game(*players, batch_size=5, length=gf.steps(10), samples=averaged(gf.noise(3)))


def random_signal(chance: random.Random, networks: list[gf.Network], signals: list[gf.Signal]) -> gf.Signal:
    kind, recent = chance.random(), signals[-4:] if chance.random() < 0.6 else signals
    if kind < 0.35:
        return chance.choice(networks)(chance.choice(recent))  # type: ignore[operator]
    if kind < 0.75:
        shared = chance.choice(recent)
        return gf.per_step(chance.choice(networks)(shared) if chance.random() < 0.7 else shared)  # type: ignore[operator]
    if kind < 0.85:
        return gf.image_pool(chance.choice(recent), size=chance.choice([0, 3, 7]))
    return blend(chance.choice(recent), chance.choice(signals))


def random_player(
    chance: random.Random, name: str, team: list[gf.Network], networks: list[gf.Network], signals: list[gf.Signal]
) -> gf.Player:
    total = sum(mean(network(chance.choice(signals))).named(f"own{n}") for n, network in enumerate(team))  # type: ignore[operator]
    for number in range(chance.randint(1, 4)):
        total = total + random_term(chance, networks, signals).named(f"term{number}")
    return gf.Player(
        name,
        trains=team,
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
    """The first random games that break no rule."""
    found: list[gf.Game] = []
    for seed in range(10 * count):
        with contextlib.suppress(RecipeError):
            game = random_game(random.Random(seed))
            play(game, 1)
            found.append(game)
        if len(found) == count:
            break
    return found


def test_random_games_are_played_as_a_naive_engine_plays_them() -> None:
    games = playable_games(_GAMES)
    assert len(games) == _GAMES
    seen: Counter[str] = Counter()
    for number, game in enumerate(games):
        loop = play(game)
        reference = Reference(loop)
        for step in range(5):
            loop.step()
            reference.step()
            for network, module in reference.nets.items():
                name = f"game {number} step {step} {network.name}"
                # Averages are written as a sum there and as lerp here.
                expect_equal_states(loop.state.modules[network], module, name, close if network.average else None)
        seen.update(features(loop))
    # The games are of use only while they hold what is hard.
    least = {"shares a pass": 20, "shares a pass in a pass": 1, "points in a shared pass": 2, "retains": 2, "stale": 15}
    assert all(seen[feature] >= count for feature, count in least.items()), seen


def test_random_games_are_played_alike_with_independent_calls_joined() -> None:
    joined = attrs.evolve(CPU, tuning=Tuning())
    groups: Counter[int] = Counter()
    for number, game in enumerate(playable_games(_GAMES)):
        loop, apart = play(game, machine=joined), play(game)
        # Two steps: rounding grows where Adam divides by a gradient that is nearly zero.
        for step in range(2):
            loop.step()
            apart.step()
            for name, network in apart.state.networks.items():
                state, other = loop.state.modules[network], apart.state.modules[network]
                expect_equal_states(state, other, f"game {number} step {step} {name}", nearly)
        plans = [plan for plans in loop._plans.values() for plan in plans]
        groups.update(len(group) for plan in plans for group in plan.joined.values())
        assert not any(plan.joined for plans in apart._plans.values() for plan in plans)
    # The games are of use only while calls can be joined in them: two, three and more.
    assert groups[2] > 50 and groups[3] >= 3, groups


def features(loop: Loop) -> set[str]:
    found = set()
    for plan in (plan for plans in loop._plans.values() for plan in plans):
        shared = {origin for origin in plan.recorded if isinstance(origin, PerStep)} - set(plan.order)
        kinds = {
            "shares a pass": bool(plan.continued & shared),
            "shares a pass in a pass": bool(plan.continued - shared),
            "points in a shared pass": any(origin in plan.continued for origin, _ in plan.points),
            "retains": plan.retain,
            "stale": bool(shared - plan.continued) or _reads_without_graph(plan),
        }
        found |= {kind for kind, is_there in kinds.items() if is_there}
    return found


def _reads_without_graph(plan: TurnPlan) -> bool:
    read = {signal.origin for measure in plan.measures for signal in measure.signals}
    return any(isinstance(origin, PerStep) for origin in read - set(plan.order) - plan.continued)


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def nearly(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
