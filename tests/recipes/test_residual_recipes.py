"""The residual recipes match their papers: networks, losses, rates and other schedules, order and number of updates.

Three steps of each small game are played beside a loop written by hand.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from recipes_settings import SMALL
from torch import Tensor, nn
from torch.nn import functional as F

import ganforge as gf
from ganforge.engine.batches import Batches
from ganforge.engine.device import Machine
from ganforge.engine.draw import seed_turn
from ganforge.engine.loop import Loop
from ganforge.engine.modules import trial
from ganforge.language.graph import game_batches, ordered, term_signals
from ganforge.language.recipe import load_recipe
from ganforge.language.signal import Operation
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
CPU = Machine(torch.device("cpu"))
SEED = 5


def game_of(name: str, **changes: str) -> gf.Game:
    """A recipe's game with its own settings but for some."""
    return load_recipe(RECIPES / f"{name}.py").read(changes, Catalogue(installed()))


def rates(optimizer: gf.Optimizer, *moments: gf.Progress) -> list[float]:
    schedule = optimizer.values()["lr"]
    return [schedule.at(now) for now in moments]


class Hand:
    """What a hand-written loop needs: the initial networks, the same batches and the same random numbers."""

    def __init__(self, name: str, **changes: str) -> None:
        game = game_of(name, **{**SMALL[name], "data": "shapes(size=8, count=40)", **changes})
        data = {
            origin: Batches(
                origin,
                origin.data.open(Path()),
                seed=SEED,
                stream=stream,
                batch_size=game.batch_size,
                device=CPU.device,
                keep_channels_last=False,
            )
            for stream, origin in enumerate(game_batches(game))
        }
        self.size = game.batch_size
        self.loop = Loop(game, CPU, SEED, data)
        state = self.loop.state
        self.nets = {
            name: copy.deepcopy(state.modules[network]).requires_grad_(True) for name, network in state.networks.items()
        }

    def __getitem__(self, name: str) -> nn.Module:
        return self.nets[name]

    def batch(self, number: int, position: int) -> Tensor:
        return list(self.loop.data.values())[number].draw(position)[0]

    def noise(self, length: int = 128) -> Tensor:
        return torch.randn(self.size, length)

    def adam(self, name: str, **options: Any) -> torch.optim.Adam:
        return torch.optim.Adam(self.nets[name].parameters(), **options)

    def steps(self, count: int) -> Iterator[int]:
        """Let a step be played by hand, play it by the engine, and compare what the networks then say."""
        for step in range(count):
            yield step
            self.loop.step()
            self.expect_same()

    def expect_same(self) -> None:
        # Weights without effect, such as biases before batch norm, follow rounding errors; outputs do not.
        modules = {name: self.loop.state.modules[network] for name, network in self.loop.state.networks.items()}
        generator = torch.Generator().manual_seed(0)
        inputs = {"G": torch.randn(16, LATENT[type(self["G"]).__name__], generator=generator)}
        judge = next(name for name in modules if name != "G")
        inputs[judge] = torch.randn(16, 3, 8, 8, generator=generator)
        for name, tensor in inputs.items():
            with torch.no_grad():
                theirs = copy.deepcopy(modules[name])(tensor)
                mine = copy.deepcopy(self[name])(tensor)
            torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-5)


LATENT = {"ResidualGenerator": 128, "PlainGenerator": 128, "ModernGenerator": 64}


def update(optimizer: torch.optim.Optimizer, loss: Tensor, **numbers: Any) -> None:
    optimizer.param_groups[0].update(numbers)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def slopes(scores: Tensor, at: Tensor) -> Tensor:
    """The squared norm of each example's gradient."""
    return torch.autograd.grad(scores.sum(), at, create_graph=True)[0].square().sum((1, 2, 3))


# WGAN-GP


def test_wgan_gp_has_the_residual_networks_of_its_authors() -> None:
    conv, point = 128 * 128 * 9 + 128, 128 * 128 + 128
    up = 2 * 2 * 128 + 2 * conv + point
    G = 128 * 2048 + 2048 + 3 * up + 2 * 128 + 128 * 3 * 9 + 3
    first = 3 * 128 * 9 + 128 + conv + 3 * 128 + 128
    C = first + (2 * conv + point) + 2 * (2 * conv) + 128 + 1
    assert trial(game_of("wgan_gp_resnet")) == {"C": C, "G": G} == {"C": 1_053_825, "G": 1_204_483}


def test_wgan_gp_with_residual_networks_has_the_numbers_of_its_authors() -> None:
    game = game_of("wgan_gp_resnet")
    assert game.batch_size == 64 and str(game.phases[0].length) == "100,000 steps"
    assert [(player.name, player.updates) for player in game.players] == [("C", 5), ("G", 1)]
    critic, generator = game.players
    assert {part.label: part.factor for part in critic.minimizes.parts} == {"wasserstein": 1, "gradient-penalty": 10}
    assert critic.optimizer == generator.optimizer
    assert critic.optimizer.values()["betas"] == (0.0, 0.9)
    moments = [gf.Progress(step) for step in (0, 25_000, 50_000, 99_999, 100_000)]
    assert rates(critic.optimizer, *moments) == pytest.approx([2e-4, 1.5e-4, 1e-4, 2e-9, 0.0])


def test_wgan_gp_with_residual_networks_plays_as_a_hand_written_loop() -> None:
    hand = Hand("wgan_gp_resnet", steps="4", lr="0.01")
    C, G = hand["C"], hand["G"]
    for_c, for_g = (hand.adam(name, betas=(0.0, 0.9)) for name in "CG")
    for step in hand.steps(3):
        lr = 0.01 * (1 - step / 4)
        for turn in range(2):
            seed_turn(SEED, step, "C", turn)
            z = hand.noise()
            # Shades of 0 to 255 become 0 to 255/256 and as much more as fits below the next one.
            shades = ((hand.batch(0, 2 * step + turn) + 1) * 127.5).round()
            real = 2 * (shades / 256 - 0.5) + torch.rand_like(shades) / 128
            fake = G(z).detach()
            share = torch.rand(hand.size, 1, 1, 1)
            between = (share * real + (1 - share) * fake).requires_grad_()
            distance = C(fake).mean() - C(real).mean()
            penalty = (slopes(C(between), between).sqrt() - 1).square().mean()
            update(for_c, distance + 10 * penalty, lr=lr)
        seed_turn(SEED, step, "G", 0)
        first, second = hand.noise(), hand.noise()
        # Two passes: the batch statistics of the two halves are their own.
        update(for_g, -torch.cat([C(G(first)), C(G(second))]).mean(), lr=lr)


# SNGAN


def test_sngan_has_the_residual_networks_of_its_paper() -> None:
    conv, point = 256 * 256 * 9 + 256, 256 * 256 + 256
    up = 2 * 2 * 256 + 2 * conv + point
    G = 128 * 4096 + 4096 + 3 * up + 2 * 256 + 256 * 3 * 9 + 3
    conv, point = 128 * 128 * 9 + 128, 128 * 128 + 128
    first = 3 * 128 * 9 + 128 + conv + 3 * 128 + 128
    D = first + (2 * conv + point) + 2 * (2 * conv) + 128
    assert trial(game_of("sngan_cifar")) == {"D": D, "G": G} == {"D": 1_053_824, "G": 4_276_739}


def test_sngan_has_the_plain_networks_of_its_paper() -> None:
    G = 128 * 8192 + 8192 + sum(a * b * 16 + b + 2 * b for a, b in [(512, 256), (256, 128), (128, 64)]) + 64 * 27 + 3
    threes, fours = [(3, 64), (64, 128), (128, 256), (256, 512)], [64, 128, 256]
    D = sum(a * b * 9 + b for a, b in threes) + sum(a * a * 16 + a for a in fours) + 8192 + 1
    assert trial(game_of("sngan_cifar", networks="cnn")) == {"D": D, "G": G}


def test_sngan_has_the_numbers_of_its_paper() -> None:
    game = game_of("sngan_cifar")
    assert game.batch_size == 64 and str(game.phases[0].length) == "100,000 steps"
    assert [(player.name, player.updates) for player in game.players] == [("D", 5), ("G", 1)]
    D, G = game.players
    assert [part.label for part in D.minimizes.parts] == ["hinge"]
    assert D.optimizer == G.optimizer and D.optimizer.values()["betas"] == (0.0, 0.9)
    moments = [gf.Progress(step) for step in (0, 50_000, 90_000, 100_000)]
    assert rates(D.optimizer, *moments) == pytest.approx([2e-4, 1e-4, 2e-5, 0.0])


@pytest.mark.parametrize("networks", ["resnet", "cnn"])
def test_sngan_plays_as_a_hand_written_loop(networks: str) -> None:
    hand = Hand("sngan_cifar", networks=networks, steps="4", lr="0.01")
    D, G = hand["D"], hand["G"]
    for_d, for_g = (hand.adam(name, betas=(0.0, 0.9)) for name in "DG")
    for step in hand.steps(3):
        lr = 0.01 * (1 - step / 4)
        for turn in range(2):
            seed_turn(SEED, step, "D", turn)
            z = hand.noise()
            real = hand.batch(0, 2 * step + turn)
            # The real batch goes first: each pass is one power iteration.
            on_real, on_fake = D(real), D(G(z).detach())
            update(for_d, F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean(), lr=lr)
        seed_turn(SEED, step, "G", 0)
        z = torch.cat([hand.noise(), hand.noise()])
        update(for_g, -D(G(z)).mean(), lr=lr)


def test_sngan_looks_at_its_generators_two_batches_at_once() -> None:
    hand = Hand("sngan_cifar")
    seen: dict[str, list[int]] = {"G": [], "D": []}
    for name, network in hand.loop.state.networks.items():
        hand.loop.state.modules[network].register_forward_hook(
            lambda _, inputs, __, name=name: seen[name].append(len(inputs[0]))
        )
    hand.loop.step()
    assert seen == {"G": [4, 4, 8], "D": [4, 4, 4, 4, 8]}


# R3GAN


def test_r3gan_has_the_networks_of_its_authors() -> None:
    block = 768 * 1536 + 1536 + 1536 * 16 * 9 + 1536 + 1536 * 768
    G = 64 * 768 + 768 * 4 * 4 + 4 * 2 * block + 768 * 3
    D = 3 * 768 + 4 * 2 * block + 768 * 4 * 4 + 768
    assert trial(game_of("r3gan")) == {"D": D, "G": G} == {"D": 20_683_776, "G": 20_732_160}


def half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * share))


def test_r3gan_has_the_schedules_of_its_authors() -> None:
    game = game_of("r3gan")
    D, G = game.players
    assert game.batch_size == 512 and [(p.name, p.updates) for p in (D, G)] == [("D", 1), ("G", 1)]
    assert D.optimizer == G.optimizer
    first, second = D.optimizer.values()["betas"]
    assert first == 0.0
    weights = {part.label: part.quantities for part in D.minimizes.parts if part.factor == 0.5}
    assert weights.keys() == {"r1", "r2"} and weights["r1"] == weights["r2"]
    (gamma,) = weights["r1"]
    average = game.samples["samples"].origin.network.average
    read = [signal for player in (D, G) for signal in term_signals(player.minimizes)]
    operations = [origin for origin in ordered(read) if isinstance(origin, Operation)]
    assert [operation.function.__name__ for operation in operations] == ["augmented"] * 3
    for share in (0.0, 0.25, 0.5, 1.0, 1.5):
        now, done = gf.Progress(0, int(share * 20_000_000), 0.0), min(share, 1.0)
        assert D.optimizer.values()["lr"].at(now) == pytest.approx(half_cosine(2e-4, 5e-5, done))
        assert gamma.at(now) == pytest.approx(half_cosine(0.05, 0.005, done))
        assert second.at(now) == pytest.approx(half_cosine(0.9, 0.99, done))
        for operation in operations:
            assert operation.options["chance"].at(now) == pytest.approx(half_cosine(0.0, 0.55, done))
        images = half_cosine(0.0, 5_000_000, done)
        assert average.decay.at(now) == pytest.approx(0.5 ** (512 / max(images, 1e-8)))


def test_r3gan_plays_as_a_hand_written_loop() -> None:
    # Four images a step: the schedules end after four steps.
    hand = Hand("r3gan", lr="0.01", gamma="0.5", burn_in="0.016", ema_kimg="0.01", augmentation="0")
    D, G = hand["D"], hand["G"]
    average = copy.deepcopy(G)
    for_d, for_g = (hand.adam(name, betas=(0.0, 0.9)) for name in "DG")
    for step in hand.steps(3):
        share = step / 4
        gamma, beta = half_cosine(0.5, 0.05, share), half_cosine(0.9, 0.99, share)
        numbers = {"lr": half_cosine(0.01, 0.0025, share), "betas": (0.0, beta)}

        seed_turn(SEED, step, "D", 0)
        real, fake = hand.batch(0, step).requires_grad_(), G(hand.noise(64)).detach().requires_grad_()
        on_real, on_fake = D(real), D(fake)
        penalties = slopes(on_real, real) + slopes(on_fake, fake)
        update(for_d, F.softplus(on_fake - on_real).mean() + gamma / 2 * penalties.mean(), **numbers)

        seed_turn(SEED, step, "G", 0)
        on_real, on_fake = D(hand.batch(1, step)), D(G(hand.noise(64)))
        update(for_g, F.softplus(on_real - on_fake).mean(), **numbers)

        decay = 0.5 ** (4 / max(half_cosine(0, 10, share), 1e-8))
        with torch.no_grad():
            for mine, now in zip(average.parameters(), G.parameters(), strict=True):
                mine.copy_(decay * mine + (1 - decay) * now)
    (network,) = hand.loop.state.averages.values()
    z = torch.randn(8, 64)
    torch.testing.assert_close(hand.loop.state.modules[network](z), average(z), rtol=1e-3, atol=1e-5)


def test_r3gan_shows_each_player_real_images_of_its_own() -> None:
    hand = Hand("r3gan")
    assert len(hand.loop.data) == 2
    assert not torch.equal(hand.batch(0, 0), hand.batch(1, 0))
    hand.loop.step()
    assert hand.loop.progress().images == hand.size


# All three


@pytest.mark.parametrize("name", ["wgan_gp_resnet", "sngan_cifar", "r3gan"])
@pytest.mark.parametrize("data", ["mnist", "shapes(size=48)", "shapes(size=64, channels=1)", "shapes(size=128)"])
def test_a_residual_recipe_takes_images_of_other_sizes(name: str, data: str) -> None:
    assert all(count > 0 for count in trial(game_of(name, data=data)).values())
