"""Tests that a game taken up again from a saved state goes on bit by bit as if it had never stopped."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import torch
from engine_toys import (
    Adam,
    Listed,
    Pictures,
    Points,
    Sgd,
    conv,
    critic,
    distance,
    expect_bits,
    fool,
    mean,
    mlp,
    play,
    slope,
)
from torch import Tensor, nn

import ganforge as gf
from ganforge.engine.loop import Loop
from ganforge.errors import CheckpointError

_STEPS = 15


@gf.op(shape=lambda picture: (1,))
def brightness(picture: Tensor) -> Tensor:
    return picture.flatten(1).mean(1, keepdim=True)


def everything() -> gf.Game:
    """Two phases that together hold every kind of state."""
    real, points = Pictures(length=7).batch().images, Points(length=5, size=1).batch().x
    z = gf.noise(1, 4, 4)
    G, D = conv("G", 1, 2, 1, norm=True, dropout=0.3), conv("D", 1, 2, 1, norm=True)
    E = mlp("E", 1, 3, 1)
    fake = gf.per_step(G(z))
    on_real = D(real)
    penalty = slope(on_real, wrt=real).every(3)
    # What steers k is measured in some steps only.
    lazy = distance(E(brightness(fake)), points).every(2).named("lazy")
    k = gf.integral(lazy, gain=0.05, start=0.2, bounds=(0.0, 1.0))
    rate = Listed(values_at=(0.05, 0.04, 0.03, 0.02))
    pooled = gf.image_pool(fake, size=3)
    momentum = Sgd(lr=rate, momentum=0.9)
    first = gf.Phase(
        "one",
        gf.Player("D", trains=D, minimizes=critic(on_real, D(fake)) + 0.1 * penalty, optimizer=momentum),
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Adam(), updates=1),
        length=gf.steps(5),
    )
    second = gf.Phase(
        "two",
        gf.Player(
            "D2",
            trains=D,
            minimizes=critic(on_real, D(pooled)) + 0.1 * penalty,
            optimizer=momentum,
            updates=2,
        ),
        gf.Player(
            "G2",
            trains=[G, E],
            minimizes=fool(D(fake)) + k * mean(G(z)) + lazy,
            optimizer=Adam(lr=gf.plateau(gf.reading(torch.abs, lazy), start=0.01, patience=2, smoothing=0.5)),
        ),
        length=gf.steps(10),
    )
    averaged = gf.ema(G, decay=Listed(values_at=(0.5, 0.9)))
    return gf.Game(first, second, batch_size=2, samples=averaged(z), monitors={"k": k, "reading": lazy})


Saved = tuple[dict[str, Tensor], dict[str, Any]]


def save(loop: Loop) -> Saved:
    """The state as a file would hold it: tensors by name, and JSON."""
    tensors = {name: value.detach().clone() for name, value in loop.state.tensors().items()}
    return tensors, json.loads(json.dumps(loop.state.scalars()))


def go_on(saved: Saved, steps: int) -> tuple[Loop, list[dict[str, float]]]:
    loop = play(everything())
    torch.manual_seed(99)  # What torch drew before does not matter.
    loop.state.load(copy.deepcopy(saved[0]), copy.deepcopy(saved[1]))
    lines = [loop.scalars()]
    for _ in range(steps):
        loop.step()
        lines.append(loop.scalars())
    return loop, lines


def straight() -> tuple[list[Saved], list[dict[str, float]]]:
    loop = play(everything())
    saved, lines = [save(loop)], [loop.scalars()]
    for _ in range(_STEPS):
        loop.step()
        saved.append(save(loop))
        lines.append(loop.scalars())
    return saved, lines


def expect_same_saved(one: Saved, other: Saved) -> None:
    assert one[0].keys() == other[0].keys()
    for name, value in one[0].items():
        expect_bits(value, other[0][name])
    assert one[1] == other[1]


def test_a_game_cut_anywhere_goes_on_bit_by_bit() -> None:
    saved, lines = straight()
    for cut in range(_STEPS):
        loop, resumed = go_on(saved[cut], _STEPS - cut)
        assert resumed == lines[cut:], f"cut at {cut}"
        expect_same_saved(save(loop), saved[-1])


def test_a_saved_state_is_not_changed_by_who_goes_on_from_it() -> None:
    saved, _ = straight()
    before = copy.deepcopy(saved[8])
    loop = play(everything())
    loop.state.load(saved[8][0], saved[8][1])
    for _ in range(4):
        loop.step()
    expect_same_saved(saved[8], before)


# Cut in the second phase, where the lazy loss is not due next.
_CUT = 8


def kinds_of_tensors() -> list[str]:
    return ["net.", "ema.", "optim.D2.momentum_buffer", "optim.G2.exp_avg.", "optim.G2.exp_avg_sq", "optim.G2.step",
            "pool.", "feedback.", "measured."]  # fmt: skip


def test_every_tensor_of_the_state_matters() -> None:
    saved, lines = straight()
    initial, (tensors, scalars) = saved[0][0], saved[_CUT]
    left_out = 0
    for name, value in tensors.items():
        if name.startswith("ema.") and ("running" in name or "tracked" in name):
            continue  # The next step copies these from the network.
        other = initial.get(name, torch.zeros_like(value))
        assert not torch.equal(value, other), f"{name} has not moved, so that leaving it out would prove nothing"
        loop, resumed = go_on((tensors | {name: other}, scalars), 3)
        differs = resumed != lines[_CUT : _CUT + 4] or any(
            not torch.equal(now, saved[_CUT + 3][0][key]) for key, now in loop.state.tensors().items()
        )
        assert differs, f"{name} does not matter"
        left_out += 1
    found = {kind: sum(name.startswith(kind) for name in tensors) for kind in kinds_of_tensors()}
    assert all(found.values()), found
    assert left_out == sum(found.values()) - 3


def test_what_the_next_steps_read_matters_to_the_weights() -> None:
    saved, _ = straight()
    tensors, scalars = saved[_CUT]
    for prefix in ("optim.D2.momentum_buffer", "optim.G2.exp_avg.", "optim.G2.step", "pool.", "feedback.", "measured."):
        spoiled = {
            name: torch.zeros_like(value) if name.startswith(prefix) else value for name, value in tensors.items()
        }
        loop, _ = go_on((spoiled, scalars), 3)
        weights = {name: value for name, value in loop.state.tensors().items() if name.startswith("net.")}
        assert any(not torch.equal(value, saved[_CUT + 3][0][name]) for name, value in weights.items()), prefix


@pytest.mark.parametrize(
    "name", ["step", "phase", "phase_step", "turns", "positions", "phase_positions", "averaged", "pools"]
)
def test_every_counter_of_the_state_matters(name: str) -> None:
    saved, lines = straight()
    initial, (tensors, scalars) = saved[0][1], saved[_CUT]
    spoiled = copy.deepcopy(scalars)
    source, target = (initial, spoiled) if name == "pools" else (initial["counters"], spoiled["counters"])
    assert target[name] != source[name]
    target[name] = source[name]
    try:
        loop, resumed = go_on((tensors, spoiled), 3)
    except CheckpointError:
        return
    now, then = save(loop), saved[_CUT + 3]
    assert resumed != lines[_CUT : _CUT + 4] or now[1] != then[1]
    if name not in ("averaged", "phase_positions"):  # These are read by no schedule of this game.
        assert any(not torch.equal(value, then[0][key]) for key, value in now[0].items() if key.startswith("net."))


def test_optimizer_states_find_their_parameters_when_one_name_ends_in_another() -> None:
    x = Points().batch().x

    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.B = nn.Linear(3, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.B(x)

    def game() -> gf.Game:
        # The parameters are called B.weight and A.B.weight.
        A, B = gf.module("A", Wrapped, shape=(3,)), gf.module("B", lambda: nn.Linear(3, 3), shape=(3,))
        return gf.Game(
            gf.Player("P", trains=[B, A], minimizes=distance(A(x), B(x)), optimizer=Adam()),
            batch_size=4,
            length=gf.steps(9),
        )

    loop = play(game(), 2)
    tensors, scalars = save(loop)
    again = play(game())
    again.state.load(tensors, scalars)
    loop.step()
    again.step()
    expect_same_saved(save(loop), save(again))


def test_a_state_of_another_game_is_refused() -> None:
    tensors, scalars = save(play(everything(), 1))
    fewer = {name: value for name, value in tensors.items() if name != "net.G.0.weight"}
    for spoiled in ({**tensors, "net.X.weight": torch.zeros(1)}, fewer):
        with pytest.raises(CheckpointError, match=r"net\.(X\.weight|G\.0\.weight)"):
            play(everything()).state.load(spoiled, scalars)
