"""A second, naive engine: it evaluates a game's semantics literally, one expression after another.

It shares no code with the engine but the seeds and the data. Every network always requires gradients, every
graph is kept until the step is over, and gradients are taken with respect to the trained weights only.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn

from ganforge.engine.draw import seed_turn
from ganforge.engine.loop import Loop
from ganforge.language.data import Batch
from ganforge.language.feedback import Integral
from ganforge.language.length import Progress
from ganforge.language.network import Evaluation, Network
from ganforge.language.number import Product
from ganforge.language.player import Player
from ganforge.language.signal import (
    Expression,
    ImagePool,
    Noise,
    Operation,
    PerStep,
    RandomLabels,
    SamplingMode,
    Signal,
)
from ganforge.language.term import Measure, Part, Term


class LiteralPool:
    """The image pool of the CycleGAN authors' code, one image after another."""

    def __init__(self, size: int) -> None:
        self.size, self.images = size, []  # type: ignore[var-annotated]

    def query(self, batch: Tensor) -> Tensor:
        if self.size == 0:
            return batch
        keep, slots = torch.rand(len(batch)) < 0.5, torch.randint(self.size, (len(batch),))
        returned = []
        for number, image in enumerate(batch):
            if len(self.images) < self.size:
                self.images.append(image.clone())
                returned.append(image)
            elif keep[number]:
                returned.append(image)
            else:
                old = self.images[int(slots[number])]
                self.images[int(slots[number])] = image.clone()
                returned.append(old)
        return torch.stack(returned)


class Reference:
    """Plays the game of a loop from the loop's initial weights."""

    def __init__(self, loop: Loop) -> None:
        self.loop, self.game, self.seed = loop, loop.game, loop.seed
        self.nets: dict[Network, nn.Module] = {}
        for network, module in loop.state.modules.items():
            copied = copy.deepcopy(module).requires_grad_(network.average is None)
            self.nets[network] = copied
        self.pools: dict[Expression, LiteralPool] = {}
        self.integrals: dict[Integral, float] = {integral: integral.start for integral in loop.state.feedbacks}
        self.measured: dict[Measure, Tensor] = {}
        self.positions = [0 for _ in loop.state.batches]
        self.turns = {player.name: 0 for player in self.game.players}
        self.steps = 0
        self.optimizers: dict[str, torch.optim.Optimizer] = {}
        self.begin_phase(0)

    def begin_phase(self, number: int) -> None:
        self.phase, self.phase_steps, self.phase_starts = self.game.phases[number], 0, list(self.positions)
        for player in self.phase.players:
            start, fields = Progress(0, 0, 0.0), player.optimizer.values()
            values = {name: self.number(value, start) for name, value in fields.items()}
            self.optimizers[player.name] = player.optimizer.with_values(**values).build(self.weights(player))

    def weights(self, player: Player) -> list[nn.Parameter]:
        return [weight for network in player.trains for weight in self.nets[network].parameters()]

    def number(self, value: Any, now: Progress) -> Any:
        if isinstance(value, tuple):
            return tuple(self.number(item, now) for item in value)
        if isinstance(value, Product):
            result = value.factor
            for quantity in value.quantities:
                result = result * self.number(quantity, now)
            return result
        if isinstance(value, Integral):
            return self.integrals[value]
        return value.at(now) if hasattr(value, "at") else value

    def progress(self) -> Progress:
        return Progress(self.phase_steps, self.phase_steps * self.game.batch_size, math.nan)

    # One step.

    def step(self) -> None:
        number = self.game.phases.index(self.phase)
        if number < len(self.game.phases) - 1 and self.phase_steps >= self.phase.length.amount:
            self.begin_phase(number + 1)
        now = self.progress()
        self.shared: dict[Expression, tuple[tuple[Tensor, ...], dict[Network, int]]] = {}
        self.first_batches: dict[Expression, tuple[Tensor, ...]] = {}
        self.updated: dict[Network, int] = dict.fromkeys(self.nets, 0)
        for player in self.phase.players:
            for turn in range(int(self.number(player.updates, now))):
                count = self.turns[player.name]
                self.turns[player.name] += 1
                due = [part for part in player.minimizes.parts if count % part.interval == 0]
                if due:
                    self.take_turn(player, turn, due, now)
        for network in self.nets:
            if network.average is not None and self.updated[network.average.of]:
                self.follow(network, now)
        grown = {
            integral: self.grown(integral, now)
            for integral in self.integrals
            if all(part.measure in self.measured for part in integral.balance.parts)
        }
        self.integrals |= grown
        self.steps += 1
        self.phase_steps += 1

    @torch.no_grad()
    def follow(self, network: Network, now: Progress) -> None:
        assert network.average is not None
        decay = self.number(network.average.decay, now)
        mine, theirs = self.nets[network], self.nets[network.average.of]
        for one, other in zip(mine.parameters(), theirs.parameters(), strict=True):
            one.copy_(decay * one + (1 - decay) * other)
        for one, other in zip(mine.buffers(), theirs.buffers(), strict=True):
            one.copy_(other)

    def grown(self, integral: Integral, now: Progress) -> float:
        low, high = integral.bounds
        gain = self.number(integral.gain, now)
        return min(max(self.integrals[integral] + gain * self.read(integral.balance, now), low), high)

    def read(self, term: Term, now: Progress) -> float:
        return sum(
            part.factor * self.measured[part.measure].item() * self.number(Product(1.0, part.quantities), now)
            for part in term.parts
        )

    # One turn.

    def take_turn(self, player: Player, turn: int, due: list[Part], now: Progress) -> None:
        seed_turn(self.seed, self.steps, player.name, turn)
        self.turn, self.values = turn, {}  # type: ignore[var-annotated]
        measures = list(dict.fromkeys(part.measure for part in due))
        self.points = {(m.wrt.origin, m.wrt.output) for m in measures if m.wrt is not None}
        signals = [signal for measure in measures for signal in measure.signals]
        order = self.needed(signals)
        for origin in order:
            if isinstance(origin, Noise | RandomLabels | Batch):
                self.evaluate(origin)
        for origin in order:
            self.evaluate(origin)
        values = {measure: self.loss(measure) for measure in measures}
        total = sum(
            values[part.measure] * self.number(Product(part.factor * part.interval, part.quantities), now)
            for part in due
        )
        weights, optimizer = self.weights(player), self.optimizers[player.name]
        gradients = torch.autograd.grad(total, weights, retain_graph=True, allow_unused=True)
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient
        for name, value in player.optimizer.values().items():
            for group in optimizer.param_groups:
                if name in group:
                    group[name] = self.number(value, now)
        optimizer.step()
        for network in player.trains:
            self.updated[network] += 1
        self.measured |= {measure: value.detach() for measure, value in values.items()}

    def needed(self, signals: list[Signal]) -> list[Expression]:
        """What this turn evaluates: inputs before what reads them, in the order written."""
        everything: list[Expression] = []

        def visit(origin: Expression) -> None:
            if origin not in everything:
                for signal in origin.inputs:
                    visit(signal.origin)
                everything.append(origin)

        reached: set[Expression] = set()

        def reach(origin: Expression) -> None:
            # A value that an earlier turn shared needs nothing behind it.
            if origin not in reached and origin not in self.shared:
                reached.add(origin)
                for signal in origin.inputs:
                    reach(signal.origin)

        for signal in signals:
            visit(signal.origin)
            reach(signal.origin)
        return [origin for origin in everything if origin in reached]

    def evaluate(self, origin: Expression) -> tuple[Tensor, ...]:
        if origin in self.values:
            return self.values[origin]
        if origin in self.shared:
            out = self.from_earlier_turn(origin)
        else:
            out = self.compute(origin)
            if isinstance(origin, PerStep):
                self.shared[origin] = (out, {net: self.updated[net] for net in self.behind(origin)})
        pointed = [
            value.detach().requires_grad_() if (origin, index) in self.points and not value.requires_grad else value
            for index, value in enumerate(out)
        ]
        self.values[origin] = tuple(pointed)
        return self.values[origin]

    def from_earlier_turn(self, origin: Expression) -> tuple[Tensor, ...]:
        out, versions = self.shared[origin]
        if all(self.updated[network] == count for network, count in versions.items()):
            return out
        return tuple(value.detach() for value in out)

    def behind(self, origin: Expression) -> set[Network]:
        found = {origin.network} if isinstance(origin, Evaluation) else set()
        return found.union(*(self.behind(signal.origin) for signal in origin.inputs))

    def compute(self, origin: Expression) -> tuple[Tensor, ...]:
        inputs = [self.evaluate(signal.origin)[signal.output] for signal in origin.inputs]
        if isinstance(origin, Noise):
            size = (self.game.batch_size, *origin.shape)
            if origin.prior == "normal":
                return (torch.randn(size),)
            return (torch.empty(size).uniform_(origin.low, origin.high),)
        if isinstance(origin, RandomLabels):
            return (torch.randint(origin.num_classes, (self.game.batch_size,)),)
        if isinstance(origin, Batch):
            return self.batch(origin)
        if isinstance(origin, Evaluation):
            out = self.nets[origin.network](*inputs)
            return out if isinstance(out, tuple) else (out,)
        if isinstance(origin, Operation):
            return (origin.function(*inputs, **origin.options),)
        if isinstance(origin, ImagePool):
            return (self.pools.setdefault(origin, LiteralPool(origin.size)).query(inputs[0].detach()),)
        assert isinstance(origin, PerStep | SamplingMode)
        return (inputs[0],)

    def batch(self, origin: Batch) -> tuple[Tensor, ...]:
        if self.turn == 0 and origin in self.first_batches:
            return self.first_batches[origin]
        which = self.loop.state.batches.index(origin)
        out = self.loop.data[origin].draw(self.positions[which])
        self.positions[which] += 1
        if self.turn == 0:
            self.first_batches[origin] = out
        return out

    def loss(self, measure: Measure) -> Tensor:
        def tensor(signal: Signal) -> Tensor:
            return self.evaluate(signal.origin)[signal.output]

        keywords = {name: tensor(signal) for name, signal in measure.keywords.items()}
        if measure.wrt is not None:
            keywords["wrt"] = tensor(measure.wrt)
        return measure.function(*[tensor(signal) for signal in measure.inputs], **keywords)
