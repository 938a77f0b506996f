"""The classic recipes match their sources: layers, counts of weights, losses, optimizers, schedules, order of turns."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from recipes_settings import SMALL
from torch import Tensor, nn
from torch.nn import functional as F

import ganforge as gf
from ganforge.engine.checkpoint import newest
from ganforge.engine.modules import trial
from ganforge.language.data import Batch
from ganforge.language.graph import game_networks, ordered, term_signals
from ganforge.language.network import Evaluation
from ganforge.language.operation import Builtin
from ganforge.language.recipe import load_recipe
from ganforge.language.signal import Noise, PerStep
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed
from ganforge_classic import Adam, RMSprop

RECIPES = Path(__file__).resolve().parents[2] / "recipes"


def game_of(name: str, **overrides: str) -> gf.Game:
    return load_recipe(RECIPES / f"{name}.py").read(overrides, Catalogue(installed()))


def table(game: gf.Game, name: str) -> list[int]:
    """The weights of each layer of a network, as a Keras summary counts those that are trained."""
    found: list[int] = []
    network = game_networks(game)[name]
    origin = next(e for e in ordered(all_signals(game)) if isinstance(e, Evaluation) and e.network is network)
    with torch.device("meta"):
        module = network.build(*(signal.shape for signal in origin.inputs))
    for layer in module.modules():
        own = [values.numel() for values in layer.parameters(recurse=False)]
        found += [sum(own)] if own else []
    return found


def maps(game: gf.Game, name: str) -> list[tuple[int, ...]]:
    """The shape of each stage's output."""
    network = game_networks(game)[name]
    origin = next(e for e in ordered(all_signals(game)) if isinstance(e, Evaluation) and e.network is network)
    seen: list[tuple[int, ...]] = []
    with torch.device("meta"):
        module = network.build(*(signal.shape for signal in origin.inputs))
        for stage in [module.project] if hasattr(module, "project") else []:
            stage.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape[1:])))
        for stage in module.stages:
            stage.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape[1:])))
        module(*(torch.empty(2, *signal.shape) for signal in origin.inputs))
    return seen


def all_signals(game: gf.Game) -> list[gf.Signal]:
    return [signal for player in game.players for signal in term_signals(player.minimizes)]


def loss(player: gf.Player, **scores: Tensor) -> float:
    """The player's only loss of some scores, with its weight."""
    (part,) = player.minimizes.parts
    assert not part.quantities and part.interval == 1
    return part.factor * part.measure.function(**scores).item()


def evaluations(player: gf.Player, network: str) -> int:
    behind = ordered(term_signals(player.minimizes))
    return sum(isinstance(origin, Evaluation) and origin.network.name == network for origin in behind)


def noises(player: gf.Player) -> set[Any]:
    return {origin for origin in ordered(term_signals(player.minimizes)) if isinstance(origin, Noise)}


def data_of(game: gf.Game) -> Any:
    return next(origin.data for origin in ordered(all_signals(game)) if isinstance(origin, Batch))


def told(game: gf.Game) -> list[tuple[str, tuple[str, ...], Any]]:
    """Who takes how many turns, in which order, and what each trains."""
    return [(player.name, tuple(network.name for network in player.trains), player.updates) for player in game.players]


ONE_EACH = [("D", ("D",), 1), ("G", ("G",), 1)]
REAL, FAKE = torch.tensor([[0.3], [-1.2], [2.0]]), torch.tensor([[-0.7], [0.4], [1.5]])


def binary_cross_entropy(scores: Tensor, target: float) -> Tensor:
    """By the definition, with probabilities."""
    probability = 1 / (1 + torch.exp(-scores))
    return -(target * probability.log() + (1 - target) * (1 - probability).log())


# Source 001: the smallest GAN


def test_the_minimal_gan_has_the_variables_of_its_source() -> None:
    game = game_of("vanilla_mnist_minimal")
    assert table(game, "G") == [128 * 256 + 256, 256 * 784 + 784]
    assert table(game, "D") == [784 * 256 + 256, 256 * 1 + 1]
    modules = {name: network.build(shape) for (name, network), shape in zip(
        game_networks(game).items(), [(1, 28, 28), (128,)], strict=True
    )}  # fmt: skip
    assert [type(layer) for layer in modules["G"].layers][:4] == [nn.Linear, nn.ReLU, nn.Linear, nn.Sigmoid]
    assert [type(layer) for layer in modules["D"].layers] == [nn.Linear, nn.ReLU, nn.Linear]
    for module in modules.values():
        for layer in module.modules():
            if isinstance(layer, nn.Linear):
                assert layer.weight.std().item() == pytest.approx(0.01, rel=4 / layer.weight.numel() ** 0.5)
                assert not layer.bias.any()


def test_the_minimal_gan_has_the_losses_optimizers_and_batches_of_its_source() -> None:
    game = game_of("vanilla_mnist_minimal")
    assert told(game) == ONE_EACH and game.batch_size == 100 and game.phases[0].length == gf.epochs(100)
    assert data_of(game).value_range == (0.0, 1.0)
    D, G = game.players
    assert D.optimizer == G.optimizer == Adam(lr=2e-4, betas=(0.9, 0.999), eps=1e-8)
    real, fake = 1 / (1 + (-REAL).exp()), 1 / (1 + (-FAKE).exp())
    assert loss(D, real=REAL, fake=FAKE) == pytest.approx(-(real.log() + (1 - fake).log()).mean().item(), rel=1e-5)
    assert loss(G, fake=FAKE) == pytest.approx(-fake.log().mean().item(), rel=1e-5)


def test_the_minimal_gan_shows_one_noise_to_both_turns() -> None:
    D, G = game_of("vanilla_mnist_minimal").players
    assert noises(D) == noises(G) and len(noises(D)) == 1
    shared = [{o for o in ordered(term_signals(p.minimizes)) if isinstance(o, PerStep)} for p in (D, G)]
    assert shared[0] == shared[1] and len(shared[0]) == 1


# The authors' setting of 2014


def test_goodfellows_gan_has_the_networks_of_the_authors_code() -> None:
    game = game_of("goodfellow_mnist")
    assert table(game, "G") == [100 * 1200 + 1200, 1200 * 1200 + 1200, 1200 * 784 + 784]
    assert table(game, "D") == [784 * 240 * 5 + 240 * 5, 240 * 240 * 5 + 240 * 5, 240 + 1]
    G = game_networks(game)["G"].build((100,))
    assert 0.0499 < G.layers[2].weight.abs().max() <= 0.05
    assert [type(layer) for layer in G.layers][1:6:2] == [nn.ReLU, nn.ReLU, nn.Sigmoid]
    assert data_of(game).value_range == (0.0, 1.0)


def test_goodfellows_gan_has_the_schedules_of_the_authors_code() -> None:
    game = game_of("goodfellow_mnist")
    assert told(game) == ONE_EACH and game.batch_size == 100
    assert told(game_of("goodfellow_mnist", k="3"))[0][2] == 3
    D, G = game.players
    assert D.optimizer == G.optimizer
    values = D.optimizer.values()
    assert (values["dampening"], values["nesterov"], values["weight_decay"]) == (0.0, False, 0.0)
    steps = (0, 1, 1000, 100_000, 2_000_000, 4_000_000)
    rates = [values["lr"].at(gf.Progress(step)) for step in steps]
    assert rates == pytest.approx([max(0.1 / 1.000004**step, 1e-6) for step in steps], rel=1e-9)
    assert rates[-2:] == pytest.approx([0.1 * math.exp(-8), 1e-6], rel=1e-3)
    momenta = [values["momentum"].at(gf.Progress(0, 0, epoch)) for epoch in (0, 1, 125.5, 250, 400)]
    assert momenta == pytest.approx([0.5, 0.5, 0.6, 0.7, 0.7])


def test_goodfellows_gan_halves_the_discriminators_loss_and_may_saturate() -> None:
    D, G = game_of("goodfellow_mnist").players
    entropies = binary_cross_entropy(REAL, 1).mean() + binary_cross_entropy(FAKE, 0).mean()
    assert loss(D, real=REAL, fake=FAKE) == pytest.approx(0.5 * entropies.item(), rel=1e-5)
    assert loss(G, fake=FAKE) == pytest.approx(binary_cross_entropy(FAKE, 1).mean().item(), rel=1e-5)
    _, minimax = game_of("goodfellow_mnist", adv="minimax").players
    assert loss(minimax, fake=FAKE) == pytest.approx(-binary_cross_entropy(FAKE, 0).mean().item(), rel=1e-5)


def test_goodfellows_gan_makes_its_fakes_once_a_step() -> None:
    D, G = game_of("goodfellow_mnist").players
    for player in (D, G):
        (shared,) = (origin for origin in ordered(term_signals(player.minimizes)) if isinstance(origin, PerStep))
        assert isinstance(shared.inputs[0].origin, Evaluation) and shared.inputs[0].origin.network.name == "G"


# Source 000: DCGAN for CIFAR-10 in Keras


def test_dcgan_keras_has_the_layers_of_its_sources_tables() -> None:
    game = game_of("dcgan_cifar_keras")
    # The counts that the tables print, and those of the rows that the document has lost, by arithmetic.
    tail = [256 * 256 * 25 + 256, 256 * 256 * 25 + 256, 256 * 3 * 49 + 3]
    assert table(game, "G") == [1_081_344, 819_456, 1_048_832, *tail]
    assert table(game, "D") == [3_584, 262_272, 262_272, 4_609]
    assert maps(game, "G") == [(128, 16, 16), (256, 16, 16), (256, 32, 32), (256, 32, 32), (256, 32, 32)]
    assert maps(game, "D") == [(128, 30, 30), (128, 14, 14), (128, 6, 6)]
    assert trial(game) == {"G": 6_264_579, "D": 532_737}
    modules = [game_networks(game)[name].build(shape) for name, shape in [("G", (32,)), ("D", (3, 32, 32))]]
    slopes = [layer.negative_slope for m in modules for layer in m.modules() if isinstance(layer, nn.LeakyReLU)]
    assert slopes == [0.3] * 8 and isinstance(modules[0].paint[-1], nn.Tanh)
    assert [layer.p for m in modules for layer in m.modules() if isinstance(layer, nn.Dropout)] == [0.4]


def test_dcgan_keras_has_the_optimizers_of_its_source() -> None:
    game = game_of("dcgan_cifar_keras")
    assert told(game) == ONE_EACH and game.batch_size == 20 and game.phases[0].length == gf.steps(10_000)
    for player, lr in zip(game.players, (8e-4, 4e-4), strict=True):
        values = player.optimizer.values()
        assert isinstance(player.optimizer, RMSprop)
        assert (values["alpha"], values["eps"], values["momentum"], values["clip_value"]) == (0.9, 1e-7, 0.0, 1.0)
        # Keras: lr / (1 + decay * iterations).
        rates = [values["lr"].at(gf.Progress(step)) for step in (0, 10_000, 10**8)]
        assert rates == pytest.approx([lr, lr / 1.0001, lr / 2], rel=1e-9)
    (noise,) = noises(game.players[1])
    assert (noise.shape, noise.prior) == ((32,), "normal")


@pytest.mark.parametrize("name", ["dcgan_cifar_keras", "dcgan_mnist_keras"])
def test_a_keras_discriminator_sees_one_batch_half_real_and_half_fake(name: str) -> None:
    D, G = game_of(name, adv="non-saturating").players
    assert (evaluations(D, "D"), evaluations(G, "D")) == (1, 1)
    both = torch.cat([binary_cross_entropy(REAL, 1), binary_cross_entropy(FAKE, 0)])
    assert loss(D, real=REAL, fake=FAKE) == pytest.approx(both.mean().item(), rel=1e-5)
    assert loss(G, fake=FAKE) == pytest.approx(binary_cross_entropy(FAKE, 1).mean().item(), rel=1e-5)
    assert not any(isinstance(o, PerStep) for p in (D, G) for o in ordered(term_signals(p.minimizes)))


def test_dcgan_keras_disturbs_the_discriminators_labels_only() -> None:
    torch.manual_seed(0)
    D, G = game_of("dcgan_cifar_keras").players
    scores = torch.full((20_000, 1), 1.0)
    # Mean targets are 1 - 0.025 and 0.025.
    real, fake = binary_cross_entropy(scores[:1], 1).item(), binary_cross_entropy(scores[:1], 0).item()
    expected = 0.5 * (0.975 * real + 0.025 * fake + 0.975 * fake + 0.025 * real)
    assert loss(D, real=scores, fake=scores) == pytest.approx(expected, rel=1e-3)
    assert loss(G, fake=scores) == pytest.approx(real, rel=1e-5)


# Source 002: DCGAN with upsampling in Keras


def test_upsampling_dcgan_has_the_layers_of_its_source_at_32_pixels() -> None:
    game = game_of("dcgan_mnist_keras", data="mnist(size=32)")
    norms = [2 * 8 * 8 * 256, 2 * 128, 2 * 64, 2 * 32]
    layers = [100 * 16384 + 16384, 256 * 128 * 25 + 128, 128 * 64 * 25 + 64, 64 * 32 * 25 + 32, 32 * 25 + 1]
    expected = [layers[0], norms[0], layers[1], norms[1], layers[2], norms[2], layers[3], norms[3], layers[4]]
    assert table(game, "G") == expected
    stages = [25 * 64 + 64, 64 * 128 * 25 + 128, 128 * 256 * 25 + 256, 256 * 512 * 25 + 512]
    assert table(game, "D") == [*stages, 4 * 4 * 512 + 1]
    assert maps(game, "G") == [(256, 8, 8), (128, 16, 16), (64, 32, 32), (32, 32, 32)]
    assert maps(game, "D") == [(64, 16, 16), (128, 8, 8), (256, 4, 4), (512, 4, 4)]
    assert maps(game_of("dcgan_mnist_keras"), "G") == [(256, 7, 7), (128, 14, 14), (64, 28, 28), (32, 28, 28)]
    coloured = game_of("dcgan_mnist_keras", data="cifar10")
    assert table(coloured, "G")[-1] == 32 * 3 * 25 + 3


def test_upsampling_dcgan_has_the_order_and_the_numbers_of_its_source() -> None:
    game = game_of("dcgan_mnist_keras")
    G, D = (game_networks(game)[name].build(shape) for name, shape in [("G", (100,)), ("D", (1, 28, 28))])
    order = [nn.Linear, nn.BatchNorm1d, nn.Unflatten, nn.ReLU, nn.Dropout]
    assert [type(layer) for layer in G.project] == order
    enlarging = [nn.Upsample, nn.ConvTranspose2d, nn.BatchNorm2d, nn.ReLU]
    assert [[type(layer) for layer in stage] for stage in G.stages] == [enlarging, enlarging, enlarging[1:]]
    assert [type(layer) for layer in G.paint] == [nn.ConvTranspose2d, nn.Sigmoid]
    norms = [layer for layer in G.modules() if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert [(norm.momentum, norm.eps) for norm in norms] == [(0.1, 1e-3)] * 4
    assert [type(layer) for layer in D.stages[-1]] == [nn.Conv2d, nn.LeakyReLU, nn.Dropout]
    assert [layer.p for m in (G, D) for layer in m.modules() if isinstance(layer, nn.Dropout)] == [0.4] * 5
    assert {layer.negative_slope for layer in D.modules() if isinstance(layer, nn.LeakyReLU)} == {0.2}

    assert told(game) == ONE_EACH and data_of(game).value_range == (0.0, 1.0)
    rates = [Adam(lr=8e-4, eps=1e-7), Adam(lr=4e-4, eps=1e-7)]
    assert [player.optimizer for player in game.players] == rates
    (noise,) = noises(game.players[0])
    assert (noise.shape, noise.prior, noise.low, noise.high) == ((100,), "uniform", -1.0, 1.0)


# Source 003: WGAN


def test_wgan_has_the_layers_of_its_sources_table() -> None:
    game = game_of("wgan_mnist")
    # The first two counts are the table's; the sum is the book's.
    assert table(game, "C") == [832, 51_264, 64 * 128 * 25 + 128, 128 * 256 * 25 + 256, 4 * 4 * 256 + 1]
    assert maps(game, "C") == [(32, 14, 14), (64, 7, 7), (128, 4, 4), (256, 4, 4)]
    layers = [100 * 6272 + 6272, 128 * 128 * 25 + 128, 128 * 64 * 25 + 64, 64 * 32 * 25 + 32, 32 * 25 + 1]
    norms = [2 * 128, 2 * 128, 2 * 64, 2 * 32]
    assert table(game, "G") == [
        layers[0], norms[0], layers[1], norms[1], layers[2], norms[2], layers[3], norms[3], layers[4]
    ]  # fmt: skip
    assert maps(game, "G") == [(128, 7, 7), (128, 14, 14), (64, 28, 28), (32, 28, 28)]
    G, C = (game_networks(game)[name].build(shape) for name, shape in [("G", (100,)), ("C", (1, 28, 28))])
    assert [type(layer) for layer in C.stages[3]] == [nn.LeakyReLU, nn.Conv2d]
    assert [type(layer) for layer in C.judge] == [nn.Flatten, nn.Linear]
    assert isinstance(G.paint[-1], nn.Sigmoid)
    norm = G.project[2]
    assert isinstance(norm, nn.BatchNorm2d) and (norm.momentum, norm.eps) == (0.01, 1e-3)


def test_wgan_has_the_losses_and_numbers_of_its_source() -> None:
    game = game_of("wgan_mnist")
    assert told(game) == [("C", ("C",), 5), ("G", ("G",), 1)]
    assert game.batch_size == 64 and game.phases[0].length == gf.steps(40_000)
    C, G = game.players
    assert C.optimizer == G.optimizer == RMSprop(lr=5e-5, alpha=0.9, eps=1e-7)
    assert [constraint.values() for constraint in C.constraints] == [{"limit": 0.01}] and not G.constraints
    # -mean(label * score), of real examples labelled 1 and of fake ones labelled -1: two evaluations.
    assert evaluations(C, "C") == 2
    assert loss(C, real=REAL, fake=FAKE) == pytest.approx((-(1 * REAL).mean() - (-1 * FAKE).mean()).item(), rel=1e-5)
    assert loss(G, fake=FAKE) == pytest.approx(-(1 * FAKE).mean().item(), rel=1e-5)
    (noise,) = noises(C)
    assert (noise.shape, noise.prior, noise.low, noise.high) == ((100,), "uniform", -1.0, 1.0)
    assert data_of(game).value_range == (0.0, 1.0)


def test_wgan_may_take_the_papers_bursts_of_critic_turns() -> None:
    C, _ = game_of("wgan_mnist", n_critic="bursts").players
    turns = [C.updates.at(gf.Progress(step)) for step in (0, 24, 25, 499, 500, 501, 1000)]
    assert turns == [100, 100, 5, 5, 100, 5, 100]


def test_wgan_clips_every_weight_of_the_critic_after_its_turns(tmp_path: Path) -> None:
    game = game_of("wgan_mnist", **(SMALL["wgan_mnist"] | {"lr": "1e-3"}))
    gf.train(game, out=tmp_path / "run", steps=3, device="cpu", quiet=True)
    tensors = newest(tmp_path / "run" / "checkpoints")[0].tensors
    critic = {name: values for name, values in tensors.items() if name.startswith("net.C.")}
    assert len(critic) == 10
    assert all(values.abs().max() <= 0.01 for values in critic.values())
    assert max(values.abs().max() for values in critic.values()) == pytest.approx(0.01)
    generator = [values for name, values in tensors.items() if name.startswith("net.G.") and "weight" in name]
    assert max(values.abs().max() for values in generator) > 0.1


# LSGAN


def test_lsgan_has_the_layers_of_the_authors_code_at_112_pixels() -> None:
    game = game_of("lsgan", data="cifar10(size=112)")
    widths = [(256, 256), (256, 256), (256, 256), (256, 256), (256, 128), (128, 64), (64, 3)]
    norm = [2 * 256] * 5 + [2 * 128, 2 * 64]
    convolutions = [before * after * 9 + after for before, after in widths]
    project = 1024 * 7 * 7 * 256 + 7 * 7 * 256
    expected = [project, norm[0]]
    for count, following in zip(convolutions, [*norm[1:], None], strict=True):
        expected += [count, following] if following else [count]
    assert table(game, "G") == expected
    sides = [(256, 7), (256, 14), (256, 14), (256, 28), (256, 28), (128, 56), (64, 112)]
    assert maps(game, "G") == [(channels, side, side) for channels, side in sides]
    pairs = [(3, 64), (64, 128), (128, 256), (256, 512)]
    first, *others = [before * after * 25 + after for before, after in pairs]
    norms = [2 * 128, 2 * 256, 2 * 512]
    pairs_of_counts = [count for pair in zip(others, norms, strict=True) for count in pair]
    assert table(game, "D") == [first, *pairs_of_counts, 7 * 7 * 512 + 1]
    assert maps(game, "D") == [(64, 56, 56), (128, 28, 28), (256, 14, 14), (512, 7, 7)]


@pytest.mark.parametrize(
    ("size", "generator", "discriminator"),
    [
        (8, [(256, 4), (64, 8)], [(64, 4)]),
        (28, [(256, 7), (128, 14), (64, 28)], [(64, 14), (128, 7)]),
        (32, [(256, 4), (256, 8), (256, 8), (128, 16), (64, 32)], [(64, 16), (128, 8), (256, 4)]),
        (
            128,
            [(256, 4), (256, 8), (256, 8), (256, 16), (256, 16), (256, 32), (256, 32), (128, 64), (64, 128)],
            [(64, 64), (128, 32), (256, 16), (512, 8), (512, 4)],
        ),
    ],
)
def test_lsgan_keeps_the_layers_next_to_the_image_at_other_sizes(
    size: int, generator: list[tuple[int, int]], discriminator: list[tuple[int, int]]
) -> None:
    game = game_of("lsgan", data=f"cifar10(size={size})")
    assert maps(game, "G") == [(channels, side, side) for channels, side in generator]
    assert maps(game, "D") == [(channels, side, side) for channels, side in discriminator]


def test_lsgan_has_the_papers_losses_and_numbers() -> None:
    game = game_of("lsgan")
    assert told(game) == ONE_EACH and game.batch_size == 64
    D, G = game.players
    assert D.optimizer == G.optimizer == Adam(lr=1e-3, betas=(0.5, 0.999))
    expected = 0.5 * ((REAL - 1) ** 2).mean() + 0.5 * ((FAKE - 0) ** 2).mean()
    assert loss(D, real=REAL, fake=FAKE) == pytest.approx(expected.item(), rel=1e-5)
    assert loss(G, fake=FAKE) == pytest.approx((0.5 * ((FAKE - 1) ** 2).mean()).item(), rel=1e-5)
    D, G = game_of("lsgan", a="-1", b="1", c="0").players
    expected = 0.5 * ((REAL - 1) ** 2).mean() + 0.5 * ((FAKE + 1) ** 2).mean()
    assert loss(D, real=REAL, fake=FAKE) == pytest.approx(expected.item(), rel=1e-5)
    assert loss(G, fake=FAKE) == pytest.approx((0.5 * (FAKE**2).mean()).item(), rel=1e-5)
    (noise,) = noises(D) | noises(G)
    assert (noise.shape, noise.prior) == ((1024,), "uniform")


# DRAGAN


def test_dragan_has_the_numbers_of_the_authors_code_and_networks_without_norm_in_d() -> None:
    game = game_of("dragan")
    assert told(game) == ONE_EACH and game.batch_size == 128
    D, G = game.players
    assert D.optimizer == G.optimizer == Adam(lr=1e-4, betas=(0.5, 0.9))
    kernels = [3 * 64 * 16 + 64, 64 * 128 * 16 + 128, 128 * 256 * 16 + 256]
    assert table(game, "D") == [*kernels, 256 * 16 + 1]
    assert [part.factor for part in D.minimizes.parts] == [1.0, 10.0]
    assert [part.label for part in D.minimizes.parts] == ["non-saturating", "gradient-penalty"]
    (noise,) = noises(D)
    assert (noise.shape, noise.prior) == ((100,), "uniform")


def test_dragan_penalises_the_gradient_at_points_near_real_images() -> None:
    torch.manual_seed(0)
    D, _ = game_of("dragan", k="2", c="0.25").players
    measure = D.minimizes.parts[1].measure
    point = torch.randn(4, 3, 32, 32, requires_grad=True)
    weights = torch.randn(3, 32, 32)
    penalty = measure.function((point.square() * weights).sum((1, 2, 3)), wrt=point)
    norms = (2 * point * weights).square().sum((1, 2, 3)).sqrt()
    assert penalty.item() == pytest.approx(((norms - 2) ** 2).mean().item(), rel=1e-5)

    # The point: between an image and the image moved up by a share of the batch's deviation.
    assert measure.wrt is not None
    line, moved = measure.wrt.origin, measure.wrt.origin.inputs[1].origin
    assert line.inputs[0] is moved.inputs[0]
    assert isinstance(line.inputs[0].origin, Batch)
    images = torch.randn(64, 3, 8, 8)
    steps = moved.function(images, **moved.options) - images
    deviation = ((images - images.mean()) ** 2).mean().sqrt().item()
    assert steps.min() + 1e-6 >= 0 and 0.24 * deviation < steps.max() <= 0.25 * deviation + 1e-6
    assert isinstance(line, Builtin) and line.name == "interpolate"


# Source 004 and the DCGAN paper


def test_vanilla_gan_has_the_layers_of_its_source() -> None:
    game = game_of("vanilla_mnist")
    G, D = (game_networks(game)[name].build(shape) for name, shape in [("G", (128,)), ("D", (1, 28, 28))])
    widths = [layer.out_features for layer in G.layers if isinstance(layer, nn.Linear)]
    assert widths == [256, 512, 1024, 784] and isinstance(G.layers[-2], nn.Tanh)
    assert [layer.out_features for layer in D.layers if isinstance(layer, nn.Linear)] == [1024, 512, 256, 1]
    assert [type(layer) for layer in D.layers] == [nn.Linear, nn.LeakyReLU, nn.Dropout] * 3 + [nn.Linear]
    assert [layer.p for layer in D.layers if isinstance(layer, nn.Dropout)] == [0.3] * 3
    slopes = [layer.negative_slope for m in (G, D) for layer in m.modules() if isinstance(layer, nn.LeakyReLU)]
    assert slopes == [0.2] * 6
    # torch's own initial weights: U(-1, 1) / sqrt(fan_in), biases too.
    assert 0.99 / 784**0.5 < D.layers[0].weight.abs().max() <= 1 / 784**0.5 + 1e-7
    assert D.layers[0].bias.any()
    assert data_of(game).value_range == (-1.0, 1.0) and game.phases[0].length == gf.epochs(200)
    player, _ = game.players
    expected = binary_cross_entropy(REAL, 1).mean() + binary_cross_entropy(FAKE, 0).mean()
    assert loss(player, real=REAL, fake=FAKE) == pytest.approx(expected.item(), rel=1e-5)
    assert told(game_of("vanilla_mnist", k="2")) == [("D", ("D",), 2), ("G", ("G",), 1)]


def test_dcgan_has_the_papers_networks_at_64_pixels_by_parameter() -> None:
    game = game_of("dcgan_cifar", data="cifar10(size=64)", base_channels="128", kernel="5", uniform_noise="true")
    grown = [
        count for before, after in [(1024, 512), (512, 256), (256, 128)] for count in (before * after * 25, 2 * after)
    ]
    assert table(game, "G") == [100 * 4 * 4 * 1024, 2 * 1024, *grown, 128 * 3 * 25]
    sides = [(1024, 4), (512, 8), (256, 16), (128, 32)]
    assert maps(game, "G") == [(channels, side, side) for channels, side in sides]
    shrunk = [
        count for before, after in [(128, 256), (256, 512), (512, 1024)] for count in (before * after * 25, 2 * after)
    ]
    assert table(game, "D") == [3 * 128 * 25, *shrunk, 4 * 4 * 1024]
    assert maps(game, "D") == [(128, 32, 32), (256, 16, 16), (512, 8, 8), (1024, 4, 4)]
    (noise,) = noises(game.players[1])
    assert (noise.shape, noise.prior, noise.low, noise.high) == ((100,), "uniform", -1.0, 1.0)


def test_dcgan_at_64_pixels_has_the_sizes_of_pytorchs_example_and_one_stage_less_at_32() -> None:
    assert trial(game_of("dcgan_cifar", data="cifar10(size=64)")) == {"G": 3_576_704, "D": 2_765_568}
    assert maps(game_of("dcgan_cifar"), "G") == [(256, 4, 4), (128, 8, 8), (64, 16, 16)]
    assert maps(game_of("dcgan_cifar", kernel="5"), "D") == [(64, 16, 16), (128, 8, 8), (256, 4, 4)]


def test_dcgan_has_the_papers_start_losses_and_rates() -> None:
    torch.manual_seed(0)
    game = game_of("dcgan_cifar")
    assert told(game) == ONE_EACH and game.batch_size == 128
    D, G = game.players
    assert D.optimizer == G.optimizer == Adam(lr=2e-4, betas=(0.5, 0.999))
    module = game_networks(game)["G"].build((100,))
    for layer in module.modules():
        mean = 1.0 if isinstance(layer, nn.BatchNorm2d) else 0.0
        if isinstance(layer, nn.BatchNorm2d | nn.Linear | nn.ConvTranspose2d):
            assert layer.weight.mean().item() == pytest.approx(mean, abs=0.01)
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.3)
    expected = binary_cross_entropy(REAL, 1).mean() + binary_cross_entropy(FAKE, 0).mean()
    assert loss(D, real=REAL, fake=FAKE) == pytest.approx(expected.item(), rel=1e-5)
    assert loss(G, fake=FAKE) == pytest.approx(F.softplus(-FAKE).mean().item(), rel=1e-5)


# All of them: what their penalties and schedules do when they are played


@pytest.mark.parametrize("name", ["dcgan_cifar_keras", "goodfellow_mnist"])
def test_a_scheduled_rate_reaches_the_log(name: str, tmp_path: Path) -> None:
    gf.train(game_of(name, **SMALL[name]), out=tmp_path / "run", steps=2, device="cpu", log_every=1, quiet=True)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert len(lines) == 2 and all('"D/lr"' in line and '"G/lr"' in line for line in lines)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("vanilla_mnist_minimal", (8, 32)),
        ("goodfellow_mnist", (8, 32)),
        ("dcgan_cifar_keras", (12, 32)),
        ("dcgan_mnist_keras", (8, 32)),
        ("wgan_mnist", (8, 32)),
        ("lsgan", (8, 32)),
        ("dragan", (8, 32)),
    ],
)
def test_a_classic_recipe_takes_shapes_of_every_size(name: str, sizes: tuple[int, int]) -> None:
    for size in sizes:
        for channels in (1, 3):
            game = game_of(name, data=f"shapes(size={size}, channels={channels})")
            assert trial(game).keys() == game_networks(game).keys()
            assert game.samples["samples"].shape == (channels, size, size)
