"""Tests of recorded turns, with a stand-in for CUDA graphs: what is replayed equals what would have been played.

The stand-in bakes in every number and every address, as a CUDA graph does, so that whatever a turn takes from the host
anew in each step shows as a difference.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from engine_operators import Operators
from engine_toys import (
    Adam,
    Listed,
    Pictures,
    Sgd,
    conv,
    critic,
    distance,
    expect_bits,
    expect_equal_states,
    fool,
    mean,
    mlp,
    module_of,
    play,
    slope,
)
from torch import Tensor, nn

import ganforge as gf
from ganforge.engine.device import Machine
from ganforge.engine.loop import Loop

TUNED = Machine(torch.device("cpu"))
STEPS = 10


def shared_pass() -> gf.Game:
    real, z = Pictures().batch().images, gf.noise(1, 4, 4)
    G, D = conv("G", 1, 3, 1, norm=True), conv("D", 1, 3, 1, norm=True, dropout=0.3)
    fake = gf.per_step(G(z))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=critic(D(real), D(fake)), optimizer=Adam()),
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(90),
        samples=gf.ema(G, decay=0.5)(z),
    )


def penalised() -> gf.Game:
    real, z = Pictures().batch().images, gf.noise(1, 4, 4)
    G, C = conv("G", 1, 3, 1), conv("C", 1, 3, 1)
    fake = G(z)
    point = gf.interpolate(real, fake)
    loss = critic(C(real), C(fake)) + slope(C(point), wrt=point).every(2)
    return gf.Game(
        gf.Player("C", trains=C, minimizes=loss, optimizer=Adam(), updates=3),
        gf.Player("G", trains=G, minimizes=fool(C(fake)), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(90),
    )


def steered() -> gf.Game:
    """Weights and rates that change: scheduled ones, and one that feedback steers."""
    real, z = Pictures().batch().images, gf.noise(1, 4, 4)
    G, D = conv("G", 1, 3, 1), conv("D", 1, 3, 1)
    on_real, on_fake = mean(D(real)).named("real"), mean(D(G(z))).named("fake")
    k = gf.integral(0.5 * on_real - on_fake, gain=0.1, start=0.3, bounds=(0.0, 1.0))
    weight = Listed(values_at=(0.5, 2.0, 1.0, 0.3, 0.7, 1.5, 0.2))
    rate = Listed(values_at=(0.1, 0.05, 0.02, 0.07, 0.01, 0.03))
    return gf.Game(
        gf.Player("G", trains=G, minimizes=fool(D(G(z))) * weight + distance(G(z), real), optimizer=Sgd(lr=rate)),
        gf.Player("D", trains=D, minimizes=on_real + k * on_fake, optimizer=Adam(lr=rate)),
        batch_size=4,
        length=gf.steps(90),
        monitors={"k": k},
    )


def recording(game: gf.Game) -> tuple[Loop, list[Operators], list[str]]:
    loop, made, told = play(game, machine=TUNED), list[Operators](), list[str]()
    loop._note = told.append

    def recorder() -> Operators:
        made.append(Operators(loop))
        return made[-1]

    loop.recorder = recorder
    return loop, made, told


@pytest.mark.parametrize("game", [shared_pass, penalised, steered])
def test_replayed_turns_are_those_that_would_have_been_played(game: Callable[[], gf.Game]) -> None:
    (loop, made, told), plain = recording(game()), play(game(), machine=TUNED)
    for step in range(STEPS):
        loop.step()
        plain.step()
        for name, network in plain.state.networks.items():
            module = loop.state.modules[loop.state.networks[name]]
            expect_equal_states(module, plain.state.modules[network], f"step {step} {name}")
        assert loop.scalars() == plain.scalars()
    for (name, network), other in zip(plain.state.averages.items(), loop.state.averages.values(), strict=True):
        expect_equal_states(loop.state.modules[other], plain.state.modules[network], name)
    assert told == []
    turns = sum(each.recorded for each in made)
    assert turns >= 2 and sum(each.replayed for each in made) > turns


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("game", [shared_pass, penalised, steered])
def test_cuda_graphs_play_what_would_have_been_played(game: Callable[[], gf.Game]) -> None:
    device, told = torch.device("cuda"), list[str]()
    loop, plain = (play(game(), machine=Machine(device, captured=captured)) for captured in (True, False))
    loop._note = told.append
    for step in range(STEPS):
        loop.step()
        plain.step()
        for name, network in plain.state.networks.items():
            module = loop.state.modules[loop.state.networks[name]]
            expect_equal_states(module, plain.state.modules[network], f"step {step} {name}")
    assert told == [] and any(capture._turns for capture in loop._captures.values())


def test_the_first_steps_are_played_as_they_are_and_later_ones_ask_nothing_of_the_networks() -> None:
    loop, made, _ = recording(shared_pass())
    called: list[int] = []
    module_of(loop, "G").register_forward_hook(lambda *_: called.append(loop.state.counters.step))
    for _ in range(8):
        loop.step()
    assert called == [0, 1, 2, 3]
    (operators,) = made
    assert (operators.recorded, operators.replayed) == (2, 2 * 5)


def test_gradients_are_those_of_the_turn_that_was_replayed() -> None:
    (loop, _, _), plain = recording(penalised()), play(penalised(), machine=TUNED)
    for _ in range(STEPS):
        loop.step()
        plain.step()
    for name in "GC":
        pairs = zip(module_of(loop, name).parameters(), module_of(plain, name).parameters(), strict=True)
        for one, other in pairs:
            assert one.grad is not None and other.grad is not None
            expect_bits(one.grad, other.grad)


class Looking(nn.Module):
    """Asks for a number on the host."""

    def forward(self, images: Tensor) -> Tensor:
        return images * 2 if images.mean().item() > 1e6 else images


def test_a_turn_that_reads_the_device_is_played_as_it_is_and_told_once() -> None:
    def game() -> gf.Game:
        real, z = Pictures().batch().images, gf.noise(1, 4, 4)
        G = conv("G", 1, 3, 1, norm=True)
        D = gf.module("D", lambda: nn.Sequential(nn.Conv2d(1, 1, 3, 1, 1), Looking()), shape=(1, 4, 4))
        fake = gf.per_step(G(z))
        return gf.Game(
            gf.Player("E", trains=G, minimizes=distance(G(z), real), optimizer=Adam()),
            gf.Player("D", trains=D, minimizes=critic(D(real), D(fake)), optimizer=Adam()),
            gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Adam()),
            batch_size=4,
            length=gf.steps(90),
        )

    (loop, made, told), plain = recording(game()), play(game(), machine=TUNED)
    for step in range(8):
        loop.step()
        plain.step()
        for name, network in plain.state.networks.items():
            module = loop.state.modules[loop.state.networks[name]]
            expect_equal_states(module, plain.state.modules[network], f"step {step} {name}")
    assert told == ["not recorded: the turn of player 'D': operation not permitted when stream is capturing"]
    assert sum(each.replayed for each in made) == 1, "only the turn before it, and only once"


@gf.op
def scaled(images: Tensor, *, by: float) -> Tensor:
    return images * by


@pytest.mark.parametrize("kind", ["pool", "option"])
def test_turns_that_differ_from_step_to_step_are_not_recorded(kind: str) -> None:
    x = gf.noise(3)
    A = mlp("A", 3, 3)
    seen = gf.image_pool(A(x), size=5) if kind == "pool" else scaled(A(x), by=Listed(values_at=(1.0, 0.5, 2.0)))
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=distance(A(x), seen), optimizer=Sgd()), batch_size=4, length=gf.steps(9)
    )
    loop, made, told = recording(game)
    for _ in range(6):
        loop.step()
    assert sum(each.recorded for each in made) == 0 and told == []
