"""Tests that nothing is updated once a loss or a gradient is not finite."""

from __future__ import annotations

import math

import pytest
import torch
from engine_toys import Listed, Points, Sgd, mean, mlp, module_of, play
from torch import Tensor

import ganforge as gf
from ganforge.engine.loop import Loop
from ganforge.errors import DivergedError


def game(spoiled: str, at: int) -> gf.Game:
    """B plays first and well; A meets something that is not finite in step ``at``, counted from 0."""
    x = Points().batch().x
    A, B = mlp("A", 3, 3), mlp("B", 3, 1)
    lr: gf.Number = 0.1
    if spoiled == "loss":
        bad = spoiled_after(A(x), at)
    else:
        bad, lr = mean(A(x)).named("more"), Listed(values_at=(*[0.1] * (at - 1), math.inf))
    return gf.Game(
        gf.Player("B", trains=B, minimizes=mean(B(x)), optimizer=Sgd()),
        gf.Player("A", trains=A, minimizes=mean(A(x)) + bad, optimizer=Sgd(lr=lr)),
        batch_size=4,
        length=gf.steps(9),
    )


def spoiled_after(scores: gf.Signal, at: int) -> gf.Term:
    """A loss that is nan when it is computed for the (at + 1)th time."""
    calls: list[int] = []

    @gf.loss
    def spoils(scores: Tensor) -> Tensor:
        calls.append(1)
        return scores.mean() * (math.nan if len(calls) > at else 1.0)

    return spoils(scores)


def until_diverged(loop: Loop, at: int) -> str:
    for _ in range(at):
        loop.step()
    before = {key: value.clone() for key, value in module_of(loop, "A").state_dict().items()}
    with pytest.raises(DivergedError) as caught:
        loop.step()
    for key, value in module_of(loop, "A").state_dict().items():
        assert torch.equal(value.nan_to_num(), before[key].nan_to_num()), key
    assert caught.value.exit_code == 6
    assert caught.value.problems[0].site == loop.phase.players[1].site
    return caught.value.problems[0].message


def test_a_loss_that_is_not_finite_stops_before_the_update() -> None:
    loop = play(game("loss", 2))
    message = until_diverged(loop, 2)
    assert message == "the term 'spoils' of player 'A' at step 3 (turn 1) is nan; nothing was updated."
    assert all(value.isfinite().all() for value in module_of(loop, "A").state_dict().values())


def test_a_gradient_that_is_not_finite_stops_before_the_update() -> None:
    x = Points().batch().x
    A = gf.module("A", lambda: torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3)), shape=(3,))
    B = mlp("B", 3, 1)
    calls: list[int] = []

    @gf.loss
    def sharp(out: Tensor) -> Tensor:
        calls.append(1)
        return (out * 0.0).square().sum().sqrt() if len(calls) > 1 else out.sum() * 0.0

    loop = play(
        gf.Game(
            gf.Player("B", trains=B, minimizes=mean(B(x)), optimizer=Sgd()),
            gf.Player("A", trains=A, minimizes=mean(A(x)) + sharp(A(x)), optimizer=Sgd()),
            batch_size=4,
            length=gf.steps(9),
        )
    )
    message = until_diverged(loop, 1)
    where = "of player 'A' at step 2 (turn 1)"
    assert message == f"the gradient of A.0.weight {where} is not finite, though every term is; nothing was updated."
    assert all(value.isfinite().all() for value in module_of(loop, "A").state_dict().values())


def test_an_infinite_rate_is_noticed_by_the_next_loss() -> None:
    loop = play(game("rate", 2))
    message = until_diverged(loop, 2)
    assert message == "the term 'mean_loss' of player 'A' at step 3 (turn 1) is nan; nothing was updated."


def test_an_infinite_gradient_of_one_parameter_alone_is_noticed() -> None:
    x = Points().batch().x

    class Spiked(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.calm = torch.nn.Parameter(torch.ones(3))
            self.sharp = torch.nn.Parameter(torch.zeros(()))

        def forward(self, x: Tensor) -> Tensor:
            return x * self.calm + self.sharp.abs().sqrt()

    A = gf.module("A", Spiked, shape=(3,))
    player = gf.Player("A", trains=A, minimizes=mean(A(x)), optimizer=Sgd())
    loop = play(gf.Game(player, batch_size=4, length=gf.steps(9)))
    with pytest.raises(DivergedError, match=r"the gradient of A\.sharp of player 'A' at step 1"):
        loop.step()
    assert torch.equal(module_of(loop, "A").state_dict()["calm"], torch.ones(3))


def test_extra_turns_are_named() -> None:
    x = Points().batch().x
    A = mlp("A", 3, 3)
    loop = play(
        gf.Game(
            gf.Player("A", trains=A, minimizes=spoiled_after(A(x), 4), optimizer=Sgd(), updates=3),
            batch_size=4,
            length=gf.steps(9),
        )
    )
    loop.step()
    with pytest.raises(DivergedError, match=r"'spoils' of player 'A' at step 2 \(turn 2\) is nan"):
        loop.step()
