"""Toy data, networks, losses and optimizers for tests of the engine, and a hand-written loop's bookkeeping."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

import ganforge as gf
from ganforge.engine.batches import Batches
from ganforge.engine.device import Machine
from ganforge.engine.draw import seed_turn
from ganforge.engine.loop import Loop
from ganforge.engine.tuning import Tuning
from ganforge.language.graph import game_batches

# These two take sums in another order; bits can be compared with a plain loop's where they are left out.
CPU = Machine(torch.device("cpu"), tuning=Tuning(merged_calls=False, vector_convolutions=False))


class Rows(gf.Examples):
    """Fields kept as tensors."""

    def __init__(self, **fields: Tensor) -> None:
        self.fields = fields

    def __len__(self) -> int:
        return len(next(iter(self.fields.values())))

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        return {name: field[indices] for name, field in self.fields.items()}


@gf.component("points")
class Points(gf.Data):
    """Normal points."""

    length: int = 20
    size: int = 3
    salt: int = 0

    def batch(self) -> SimpleNamespace:
        (x,) = self.draw(x=((self.size,), "float"))
        return SimpleNamespace(x=x)

    def open(self, root: Path) -> Sequence[gf.Examples]:
        generator = torch.Generator().manual_seed(self.salt)
        return [Rows(x=torch.randn(self.length, self.size, generator=generator))]


@gf.component("pictures")
class Pictures(gf.ImageData):
    """Random pictures."""

    length: int = 20
    salt: int = 0

    @property
    def shape(self) -> gf.Shape:
        return (1, 4, 4)

    def open(self, root: Path) -> Sequence[gf.Examples]:
        generator = torch.Generator().manual_seed(self.salt)
        pictures = torch.randint(256, (self.length, *self.shape), generator=generator, dtype=torch.uint8)
        return [Rows(images=pictures)]


@gf.component("toy-sgd")
class Sgd(gf.Optimizer):
    """Torch's stochastic gradient descent."""

    lr: gf.Number = 0.1
    momentum: gf.Number = 0.0

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=self.lr, momentum=self.momentum)  # type: ignore[arg-type]


@gf.component("toy-adam")
class Adam(gf.Optimizer):
    """Torch's Adam."""

    lr: gf.Number = 0.01
    betas: tuple[gf.Number, gf.Number] = (0.5, 0.9)

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, lr=self.lr, betas=self.betas)  # type: ignore[arg-type]


@gf.component("listed")
class Listed(gf.Schedule):
    """One value for each step, the last one ever after."""

    values_at: tuple[float, ...]

    def at(self, now: gf.Progress) -> float:
        return self.values_at[min(now.steps, len(self.values_at) - 1)]


def mlp(name: str, *sizes: int, norm: bool = False, dropout: float = 0.0, frozen: bool = False) -> gf.Network:
    """A small network of tanh layers, with batch norm and dropout where asked for."""
    layers = list(itertools.pairwise(sizes))

    def build() -> nn.Module:
        made: list[nn.Module] = []
        for index, (before, after) in enumerate(layers):
            last = index == len(layers) - 1
            # A bias before batch norm has no gradient but rounding.
            made.append(nn.Linear(before, after, bias=last or not norm))
            if not last:
                made += [nn.BatchNorm1d(after)] if norm else []
                made.append(nn.Tanh())
                made += [nn.Dropout(dropout)] if dropout else []
        return nn.Sequential(*made)

    network = gf.module(name, build, shape=(sizes[-1],))
    return network.with_values(frozen=True) if frozen else network


def conv(name: str, *channels: int, norm: bool = False, dropout: float = 0.0) -> gf.Network:
    """A small network of 3x3 convolutions that keeps the size of 4x4 pictures."""
    layers = list(itertools.pairwise(channels))

    def build() -> nn.Module:
        made: list[nn.Module] = []
        for index, (before, after) in enumerate(layers):
            last = index == len(layers) - 1
            made.append(nn.Conv2d(before, after, 3, padding=1, bias=last or not norm))
            if not last:
                made += [nn.BatchNorm2d(after)] if norm else []
                made.append(nn.Tanh())
                made += [nn.Dropout(dropout)] if dropout else []
        return nn.Sequential(*made)

    return gf.module(name, build, shape=(channels[-1], 4, 4))


def critic_loss(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-real).mean() + softplus(fake).mean()


def fool_loss(fake: Tensor) -> Tensor:
    return softplus(-fake).mean()


def distance_loss(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).square().mean()


def mean_loss(a: Tensor) -> Tensor:
    return a.square().mean()


def slope_loss(scores: Tensor, wrt: Tensor) -> Tensor:
    (gradient,) = torch.autograd.grad(scores.sum(), wrt, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()


critic = gf.loss(critic_loss)
fool = gf.loss(fool_loss)
distance = gf.loss(distance_loss)
mean = gf.loss(mean_loss)
slope = gf.loss(slope_loss)


def play(game: gf.Game, steps: int = 0, seed: int = 7, machine: Machine = CPU) -> Loop:
    """A loop of a game on the CPU, some steps played."""
    data = {
        origin: Batches(
            origin,
            origin.data.open(Path()),
            seed=seed,
            stream=number,
            batch_size=game.batch_size,
            device=machine.device,
        )
        for number, origin in enumerate(game_batches(game))
    }
    loop = Loop(game, machine, seed, data)
    for _ in range(steps):
        loop.step()
    return loop


class Hand:
    """What a hand-written loop needs: copies of the initial networks, the same noise and the same batches."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.nets = {
            name: copy.deepcopy(loop.state.modules[network]).requires_grad_(True)
            for name, network in loop.state.networks.items()
        }

    def __getitem__(self, name: str) -> nn.Module:
        return self.nets[name]

    def sgd(self, *names: str, lr: float = 0.1, momentum: float = 0.0) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.weights(*names), lr=lr, momentum=momentum)

    def adam(self, *names: str, lr: float = 0.01) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.weights(*names), lr=lr, betas=(0.5, 0.9))

    def weights(self, *names: str) -> list[nn.Parameter]:
        return [parameter for name in names for parameter in self.nets[name].parameters()]

    def turn(self, step: int, player: str, turn: int = 0) -> None:
        seed_turn(self.loop.seed, step, player, turn)

    def batch(self, position: int, which: int = 0) -> Tensor:
        return self.loop.data[self.loop.state.batches[which]].draw(position)[0]

    def update(self, optimizer: torch.optim.Optimizer, loss: Tensor, retain: bool = False) -> None:
        """One update by the gradients of the optimizer's own weights and of nothing else."""
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        gradients = torch.autograd.grad(loss, weights, retain_graph=retain, allow_unused=True)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient
        optimizer.step()

    def expect_same(self, equal: Callable[[Tensor, Tensor], None] | None = None) -> None:
        """The engine's gradients, weights and buffers are the hand-written loop's, bit by bit by default."""
        for name, network in self.loop.state.networks.items():
            theirs, mine = self.loop.state.modules[network], self.nets[name]
            expect_equal_states(theirs, mine, name, equal)
            for (key, one), (_, other) in zip(theirs.named_parameters(), mine.named_parameters(), strict=True):
                assert (one.grad is None) == (other.grad is None), f"gradient of {name}.{key}"
                if one.grad is not None and other.grad is not None:
                    (equal or expect_bits)(one.grad, other.grad)


def expect_bits(one: Tensor, other: Tensor) -> None:
    assert one.shape == other.shape
    assert one.dtype == other.dtype
    assert torch.equal(one, other), f"differs by {(one.double() - other.double()).abs().max():.3g}"


def expect_equal_states(
    one: nn.Module, other: nn.Module, name: str = "", equal: Callable[[Tensor, Tensor], None] | None = None
) -> None:
    mine, theirs = one.state_dict(), other.state_dict()
    assert list(mine) == list(theirs)
    for key, value in mine.items():
        try:
            (equal or expect_bits)(value, theirs[key])
        except AssertionError as error:
            raise AssertionError(f"{name}.{key}: {error}") from None


def module_of(loop: Loop, name: str) -> nn.Module:
    """The engine's module of a network, by name."""
    return loop.state.modules[loop.state.networks[name]]
