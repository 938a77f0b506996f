"""Tests of exponential moving averages."""

from __future__ import annotations

import pytest
import torch
from engine_toys import Listed, Points, Sgd, distance, expect_bits, fool, mean, mlp, module_of, play
from torch import Tensor, nn

import ganforge as gf
from ganforge.engine.loop import Loop


def averaged(decay: gf.Number, updates: gf.Number = 1, warmup: bool = False) -> gf.Game:
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 4, 3, norm=True), mlp("D", 3, 1)
    return gf.Game(
        gf.Player("D", trains=D, minimizes=distance(D(real), D(G(z))), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=fool(D(G(z))), optimizer=Sgd(), updates=updates),
        batch_size=6,
        length=gf.steps(9),
        samples=gf.ema(G, decay=decay, warmup=warmup)(z),
    )


def average_of(loop: Loop, name: str) -> nn.Module:
    return loop.state.modules[loop.state.averages[name]]


def snapshot(module: nn.Module) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in module.state_dict().items()}


@pytest.mark.parametrize("decay", [0.9, 0.0, 1.0, Listed(values_at=(0.5, 0.9, 0.25, 0.0))])
@pytest.mark.parametrize("updates", [1, 3])
def test_an_average_follows_once_after_each_step(decay: gf.Number, updates: int) -> None:
    loop = play(averaged(decay, updates))
    expected = snapshot(module_of(loop, "G"))
    trained = {key for key, _ in module_of(loop, "G").named_parameters()}
    for step in range(4):
        loop.step()
        share = decay.at(gf.Progress(step)) if isinstance(decay, Listed) else decay
        weights = module_of(loop, "G").state_dict()
        for key in expected:
            # Buffers are copied.
            share_of_old = share if key in trained else 0
            expected[key] = (share_of_old * expected[key] + (1 - share_of_old) * weights[key]).to(weights[key].dtype)
        for key, value in average_of(loop, "G").state_dict().items():
            torch.testing.assert_close(value, expected[key], rtol=1e-6, atol=1e-7, msg=key)
    # Steps are counted, not turns.
    assert loop.state.counters.averaged == {"G": 4}
    assert not any(weight.requires_grad for weight in average_of(loop, "G").parameters())


def test_an_average_warms_up_by_its_own_updates() -> None:
    # No update in the second step, so that steps and updates differ.
    loop = play(averaged(0.3, Listed(values_at=(1.0, 0.0, 1.0)), warmup=True))
    expected = snapshot(module_of(loop, "G"))["0.weight"]
    for share in (1 / 10, None, 2 / 11, 3 / 12, 0.3, 0.3):
        loop.step()
        if share is not None:
            expected = share * expected + (1 - share) * module_of(loop, "G").state_dict()["0.weight"]
        torch.testing.assert_close(average_of(loop, "G").state_dict()["0.weight"], expected, rtol=1e-6, atol=1e-7)


def test_an_average_stands_still_in_steps_that_do_not_update_its_network() -> None:
    loop = play(averaged(0.5, Listed(values_at=(1.0, 0.0, 0.0, 2.0))))
    seen = []
    for _ in range(4):
        loop.step()
        seen.append(snapshot(average_of(loop, "G")))
    for key in seen[0]:
        expect_bits(seen[0][key], seen[1][key])
        expect_bits(seen[1][key], seen[2][key])
    assert not torch.equal(seen[2]["0.weight"], seen[3]["0.weight"])
    assert loop.state.counters.averaged == {"G": 2}


def test_an_average_does_not_disturb_training() -> None:
    loop = play(averaged(0.9), 3)
    real, z = Points().batch().x, gf.noise(2)
    G, D = mlp("G", 2, 4, 3, norm=True), mlp("D", 3, 1)
    other = play(
        gf.Game(
            gf.Player("D", trains=D, minimizes=distance(D(real), D(G(z))), optimizer=Sgd()),
            gf.Player("G", trains=G, minimizes=fool(D(G(z))), optimizer=Sgd()),
            batch_size=6,
            length=gf.steps(9),
        ),
        3,
    )
    for name in "GD":
        for key, value in module_of(loop, name).state_dict().items():
            expect_bits(value, module_of(other, name).state_dict()[key])


def test_an_average_may_teach() -> None:
    x = Points().batch().x
    A = mlp("A", 3, 3)
    teacher = gf.ema(A, decay=0.5)
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=distance(A(x), teacher(x)) + mean(A(x)), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )
    loop = play(game)
    weight = [p.detach().clone().requires_grad_() for p in module_of(loop, "A").parameters()]
    slow = [p.detach().clone() for p in weight]
    for step in range(4):
        x_now = loop.data[loop.state.batches[0]].draw(step)[0]
        out = nn.functional.linear(x_now, *weight)
        taught = nn.functional.linear(x_now, *slow)
        gradients = torch.autograd.grad((out - taught).square().mean() + out.square().mean(), weight)
        weight = [(w - 0.1 * g).detach().requires_grad_() for w, g in zip(weight, gradients, strict=True)]
        slow = [0.5 * s + 0.5 * w.detach() for s, w in zip(slow, weight, strict=True)]
        loop.step()
    for one, other in zip(module_of(loop, "A").parameters(), weight, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
    for one, other in zip(average_of(loop, "A").parameters(), slow, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)
