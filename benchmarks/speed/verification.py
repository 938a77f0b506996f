"""Proof that plain loops and recipes are the same mathematics: from the same weights, on the same batches and draws.

Everything is played in double precision, so that what differs in rounding only agrees to many digits: in single
precision Adam would blow rounding up wherever a gradient is zero in truth, such as that of a bias before
normalisation. Dropout draws from numbers that go by the layer and the example, whatever the layout of the map and
however many batches a call holds; all other draws come from torch's generator, seeded before each turn alike.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import torch
from torch import Tensor

from ganforge.engine.draw import derive, seed_turn
from ganforge.engine.loop import Loop

from . import engine
from .games import Game
from .setting import Batches, Played, Setting
from .weights import copy, difference

STEPS = 3
TOLERANCE = 1e-6


def verified(game: Game) -> dict[str, float]:
    """The greatest relative difference of each plain loop's weights from ganforge's after some steps."""
    small = game.smaller()
    with _doubled(), _numbered_dropout(small.sizes["batch"]):
        names = [name for name in game.loops if name not in game.exempt]
        loops = {name: _begun(name, small) for name in names}
        for _, loop in loops.values():
            for _ in range(STEPS):
                loop.step()
        found = {}
        for name, (plain, loop) in loops.items():
            for _ in range(STEPS):
                plain.step()
            found[name] = _difference(plain, loop)
    return found


def moved(game: Game) -> float:
    """How far ganforge's weights move in the same steps: differences mean nothing unless they are far below it."""
    small = game.smaller()
    with _doubled(), _numbered_dropout(small.sizes["batch"]):
        plain, loop = _begun("tuned", small)
        for _ in range(STEPS):
            loop.step()
        return _difference(plain, loop)


def _difference(plain: Played, loop: Loop) -> float:
    networks = loop.state.networks
    return max(difference(module, loop.state.modules[networks[name]]) for name, module in plain.networks.items())


def _begun(name: str, game: Game) -> tuple[Played, Loop]:
    """A plain loop with the weights of ganforge's, and that."""
    cpu = torch.device("cpu")
    loop = engine.loop(game, cpu)
    turns = _Turns(first=next(iter(loop.game.players)).name)
    path, _, kind = game.loops[name].partition(":")
    made: Any = getattr(importlib.import_module(f"speed.{path}"), kind)
    plain: Played = made(Setting(sizes=game.sizes, data=_batches(loop, game), device=cpu, begin=turns.begin))
    for network, module in plain.networks.items():
        copy(loop.state.modules[loop.state.networks[network]], module)
    return plain, loop


@attrs.define
class _Turns:
    """Seeds each turn of a plain loop as the engine does; the first player's first turn begins a step."""

    first: str
    step: int = -1

    def begin(self, player: str, turn: int) -> None:
        self.step += player == self.first and turn == 0
        seed_turn(0, self.step, player, turn)


def _batches(loop: Loop, game: Game) -> Batches:
    """The batches that the engine draws, in its order."""
    ((batch, source),) = loop.data.items()
    position = 0
    while True:
        fields = dict(zip(batch.fields, source.draw(position), strict=True))
        yield tuple(fields[name] for name in game.fields)
        position += 1


@contextmanager
def _doubled() -> Iterator[None]:
    """Let new tensors, and those that are made real, be of double precision."""
    kind, single = torch.get_default_dtype(), Tensor.float
    torch.set_default_dtype(torch.float64)
    Tensor.float = Tensor.double  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        torch.set_default_dtype(kind)
        Tensor.float = single  # type: ignore[method-assign]


@contextmanager
def _numbered_dropout(batch: int) -> Iterator[None]:
    """Let dropout depend on the turn, the shape of the layer and how often it was called in the turn."""
    real, seen, seeds = torch.nn.functional.dropout, Counter[tuple[int, ...]](), [0]

    def dropout(values: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not training:
            return values
        seed = torch.default_generator.initial_seed()
        if seeds[0] != seed:
            seeds[0] = seed
            seen.clear()
        rows = batch if len(values) % batch == 0 else len(values)
        kept = []
        for _ in range(len(values) // rows):
            shape = tuple(values.shape[1:])
            generator = torch.Generator().manual_seed(derive(seed, "dropout", *shape, "call", seen[shape]))
            seen[shape] += 1
            kept.append(torch.rand(rows, *shape, generator=generator) >= p)
        return values * torch.cat(kept) / (1 - p)

    torch.nn.functional.dropout = dropout
    try:
        yield
    finally:
        torch.nn.functional.dropout = real
