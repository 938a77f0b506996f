"""Tests of updates: constraints, clipping of gradients and scheduled numbers of optimizers."""

from __future__ import annotations

import pytest
import torch
from engine_toys import Adam, Hand, Listed, Points, Sgd, mean, mean_loss, mlp, module_of, play
from torch import nn

import ganforge as gf


@gf.component("toy-clip")
class Clip(gf.Constraint):
    """Clamp weights."""

    limit: gf.Number = 0.05

    def apply(self, module: nn.Module) -> None:
        for weight in module.parameters():
            weight.clamp_(-self.limit, self.limit)  # type: ignore[operator]


def alone(optimizer: gf.Optimizer, updates: int = 1, constraints: tuple[gf.Constraint, ...] = ()) -> gf.Game:
    x = Points().batch().x
    A, B = mlp("A", 3, 4, 3), mlp("B", 3, 1)
    return gf.Game(
        gf.Player(
            "A", trains=A, minimizes=5.0 * mean(B(A(x))), optimizer=optimizer, updates=updates, constraints=constraints
        ),
        gf.Player("B", trains=B, minimizes=mean(B(A(x))), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(9),
    )


@pytest.mark.parametrize("limit", [0.05, Listed(values_at=(0.5, 0.2, 0.1))])
def test_constraints_follow_each_update_of_their_player(limit: gf.Number) -> None:
    loop = play(alone(Sgd(), updates=2, constraints=(Clip(limit=limit),)))
    hand = Hand(loop)
    a, b = hand.sgd("A"), hand.sgd("B")
    for step in range(3):
        now = limit if isinstance(limit, float) else [0.5, 0.2, 0.1][step]
        for turn in range(2):
            hand.update(a, mean_loss(hand["B"](hand["A"](hand.batch(2 * step + turn)))) * 5)
            with torch.no_grad():
                for weight in hand["A"].parameters():
                    weight.clamp_(-now, now)
        hand.update(b, mean_loss(hand["B"](hand["A"](hand.batch(2 * step)).detach())))
        loop.step()
    hand.expect_same()
    assert max(weight.abs().max().item() for weight in module_of(loop, "A").parameters()) == pytest.approx(now)
    assert max(weight.abs().max().item() for weight in module_of(loop, "B").parameters()) > now


@pytest.mark.parametrize("kind", ["value", "norm"])
def test_gradients_are_clipped_before_the_update(kind: str) -> None:
    bound = 0.02
    optimizer = Sgd(clip_value=bound) if kind == "value" else Sgd(clip_norm=bound)
    loop = play(alone(optimizer))
    hand = Hand(loop)
    b = hand.sgd("B")
    for step in range(3):
        x = hand.batch(step)
        weights = hand.weights("A")
        gradients = torch.autograd.grad(5 * mean_loss(hand["B"](hand["A"](x))), weights)
        if kind == "value":
            clipped = [gradient.clamp(-bound, bound) for gradient in gradients]
        else:
            total = sum(gradient.double().square().sum() for gradient in gradients).sqrt().item()
            assert total > bound
            clipped = [gradient * (bound / (total + 1e-6)) for gradient in gradients]
        with torch.no_grad():
            for weight, gradient in zip(weights, clipped, strict=True):
                weight -= 0.1 * gradient
                weight.grad = gradient
        hand.update(b, mean_loss(hand["B"](hand["A"](x).detach())))
        loop.step()
    # The norm is summed here in another precision.
    hand.expect_same(lambda one, other: torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7))


def test_scheduled_numbers_reach_the_optimizer() -> None:
    rates, first = (0.01, 0.02, 0.005), (0.5, 0.6, 0.7)
    optimizer = Adam(lr=2.0 * Listed(values_at=rates), betas=(Listed(values_at=first), 0.9))
    loop = play(alone(optimizer))
    hand = Hand(loop)
    a, b = hand.adam("A"), hand.sgd("B")
    for step in range(3):
        a.param_groups[0]["lr"], a.param_groups[0]["betas"] = 2 * rates[step], (first[step], 0.9)
        hand.update(a, mean_loss(hand["B"](hand["A"](hand.batch(step)))) * 5)
        hand.update(b, mean_loss(hand["B"](hand["A"](hand.batch(step)).detach())))
        assert loop.scalars()["A/lr"] == 2 * rates[step]
        loop.step()
        assert loop.state.optimizers["A"].param_groups[0]["betas"] == (first[step], 0.9)
    hand.expect_same()


def test_an_optimizer_is_built_with_the_numbers_of_its_first_step() -> None:
    loop = play(alone(Sgd(lr=Listed(values_at=(0.3, 0.1)), momentum=0.5)))
    (group,) = loop.state.optimizers["A"].param_groups
    assert (group["lr"], group["momentum"]) == (0.3, 0.5)


def test_a_loss_may_keep_dimensions_of_size_one() -> None:
    x = Points().batch().x
    A = mlp("A", 3, 1)

    @gf.loss
    def kept(scores: torch.Tensor) -> torch.Tensor:
        return scores.square().mean(dim=0)

    loop = play(
        gf.Game(gf.Player("A", trains=A, minimizes=kept(A(x)), optimizer=Sgd()), batch_size=6, length=gf.steps(9))
    )
    hand = Hand(loop)
    optimizer = hand.sgd("A")
    for step in range(2):
        hand.update(optimizer, mean_loss(hand["A"](hand.batch(step))))
        loop.step()
    hand.expect_same(lambda one, other: torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7))
    assert loop.scalars().keys() == {"A/kept"}
