"""Tests that networks held still cost no weight gradient, keep no graph and keep the mode they should be in."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from engine_toys import (
    Hand,
    Pictures,
    Sgd,
    conv,
    critic,
    critic_loss,
    expect_equal_states,
    fool,
    fool_loss,
    mean,
    mean_loss,
    mlp,
    module_of,
    play,
)
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

import ganforge as gf


class Backward(TorchDispatchMode):
    """Counts the gradients that convolutions compute: for their inputs and for their weights."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs = self.weights = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten.convolution_backward.default:
            mask = args[-1]
            self.inputs += mask[0]
            self.weights += mask[1]
        return func(*args, **(kwargs or {}))


def adversaries(share: bool = False) -> gf.Game:
    real = Pictures().batch().images
    z = gf.noise(1, 4, 4)
    G, D = conv("G", 1, 2, 1, norm=True), conv("D", 1, 2, 1, norm=True)
    fake = gf.per_step(G(z)) if share else G(z)
    return gf.Game(
        gf.Player("D", trains=D, minimizes=critic(D(real), D(fake)), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Sgd()),
        batch_size=4,
        length=gf.steps(9),
    )


def play_turn(loop: Any, name: str) -> Backward:
    """Count what one turn computes, by playing a step up to it."""
    now = loop.progress()
    loop.play.forget()
    for plan in loop._plan(now):
        with Backward() as counted:
            loop._turn(plan, now)
        if plan.player.name == name:
            return counted
    raise AssertionError(name)


def test_weight_gradients_of_held_networks_are_never_computed() -> None:
    # D's turn: two passes through two convolutions; nothing before D needs a gradient, so neither does the first
    # convolution's input. G's turn: D's two convolutions give gradients of their inputs alone, then G's two.
    counted = play_turn(play(adversaries()), "D")
    assert (counted.weights, counted.inputs) == (4, 2)
    counted = play_turn(play(adversaries()), "G")
    assert (counted.weights, counted.inputs) == (2, 3)


def test_a_graph_kept_for_a_later_turn_costs_the_earlier_one_no_gradients() -> None:
    counted = play_turn(play(adversaries(share=True)), "D")
    assert (counted.weights, counted.inputs) == (4, 2)
    counted = play_turn(play(adversaries(share=True)), "G")
    assert (counted.weights, counted.inputs) == (2, 3)


@pytest.mark.parametrize("share", [False, True])
def test_only_what_leads_to_trained_weights_has_a_graph(share: bool) -> None:
    loop = play(adversaries(share))
    seen: dict[str, list[Tensor]] = {"G": [], "D": []}
    for name, outputs in seen.items():
        module_of(loop, name).register_forward_hook(lambda _, i, out, outputs=outputs: outputs.append(out))
    loop.step()
    in_d_turn = seen["G"][0]
    # Shared, the pass is kept with its graph for G's turn; else it has none.
    assert (in_d_turn.grad_fn is not None) == share
    assert all(out.grad_fn is not None for out in seen["D"])
    assert len(seen["G"]) == (1 if share else 2)


def test_a_critic_of_real_examples_has_no_graph_in_the_generators_turn() -> None:
    real, z = Pictures().batch().images, gf.noise(1, 4, 4)
    G, D = conv("G", 1, 1), conv("D", 1, 2, 1)
    on_fake, on_real = D(G(z)), D(real)
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=critic(on_real, on_fake), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=critic(on_fake, on_real), optimizer=Sgd()),
        batch_size=4,
        length=gf.steps(9),
    )
    loop = play(game)
    graphs: list[tuple[bool, bool]] = []
    module_of(loop, "D").register_forward_hook(
        lambda _, inputs, out: graphs.append((inputs[0].grad_fn is not None, out.grad_fn is not None))
    )
    loop.step()
    # D's turn on real and fake; G's turn on fake (which leads to G) and on real (which leads to nothing).
    assert graphs == [(False, True), (False, True), (True, True), (False, False)]


def test_weights_ask_for_gradients_only_in_their_own_turn() -> None:
    loop = play(adversaries())
    asked: list[tuple[str, bool, bool]] = []
    for name in "GD":

        def note(module: nn.Module, inputs: Any, name: str = name) -> None:
            flags = {weight.requires_grad for weight in module.parameters()}
            assert len(flags) == 1
            asked.append((name, *flags, torch.is_grad_enabled()))

        module_of(loop, name).register_forward_pre_hook(note)
    assert not any(w.requires_grad for name in "GD" for w in module_of(loop, name).parameters())
    loop.step()
    d_turn = [("D", True, True), ("G", False, False), ("D", True, True)]
    assert asked == [*d_turn, ("G", True, True), ("D", False, True)]
    loop.step()
    assert asked[5:] == asked[:5]


def test_held_networks_stay_in_training_mode() -> None:
    loop = play(adversaries())
    hand = Hand(loop)
    d, g = hand.sgd("D"), hand.sgd("G")
    for step in range(3):
        hand.turn(step, "D")
        real, z = hand.batch(step), torch.randn(4, 1, 4, 4)
        on_real = hand["D"](real)
        with torch.no_grad():
            fake = hand["G"](z)
        hand.update(d, critic_loss(on_real, hand["D"](fake)))
        hand.turn(step, "G")
        hand.update(g, fool_loss(hand["D"](hand["G"](torch.randn(4, 1, 4, 4)))))
        loop.step()
    # Three passes of D in a step, two of G, in each of which its statistics moved.
    assert module_of(loop, "D").state_dict()["1.num_batches_tracked"] == 9
    assert module_of(loop, "G").state_dict()["1.num_batches_tracked"] == 6
    hand.expect_same()


def test_a_frozen_network_is_left_as_it_is() -> None:
    x = Pictures().batch().images
    G = conv("G", 1, 2, 1)
    judge = gf.module(
        "judge",
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5), nn.Conv2d(2, 1, 2)),
        shape=(1, 1, 1),
    ).with_values(frozen=True)
    game = gf.Game(
        gf.Player("G", trains=G, minimizes=mean(judge(G(x))), optimizer=Sgd()), batch_size=4, length=gf.steps(9)
    )
    loop = play(game)
    hand = Hand(loop)
    optimizer = hand.sgd("G")
    hand["judge"].eval()
    for step in range(3):
        hand.update(optimizer, mean_loss(hand["judge"](hand["G"](hand.batch(step)))))
        loop.step()
    expect_equal_states(module_of(loop, "judge"), hand["judge"])
    assert not module_of(loop, "judge").training
    assert module_of(loop, "judge").state_dict()["1.num_batches_tracked"] == 0
    assert all(weight.grad is None and not weight.requires_grad for weight in module_of(loop, "judge").parameters())
    expect_equal_states(module_of(loop, "G"), hand["G"])


def test_weights_that_a_modules_author_holds_stay_held() -> None:
    def build() -> nn.Module:
        made = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
        made[0].requires_grad_(False)
        return made

    A, B = gf.module("A", build, shape=(1,)), mlp("B", 3, 1)
    z = gf.noise(3)
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=mean(A(z)), optimizer=Sgd()),
        gf.Player("B", trains=B, minimizes=mean(B(z)), optimizer=Sgd()),
        batch_size=4,
        length=gf.steps(9),
    )
    loop = play(game)
    before = {key: value.clone() for key, value in module_of(loop, "A").state_dict().items()}
    loop.step()
    loop.step()
    after = module_of(loop, "A").state_dict()
    moved = [key for key, value in after.items() if not torch.equal(value, before[key])]
    assert moved == ["1.weight", "1.bias"]
