"""Variants of a game, made with the public language: untrained, broken, and shorter."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import attrs

import ganforge as gf
from ganforge_classic import SGD


def untrained(game: gf.Game) -> gf.Game:
    """The game with players that change no weight."""
    return _changed(game, lambda player: attrs.evolve(player, optimizer=SGD(lr=0.0), constraints=()))


def broken(game: gf.Game, names: Sequence[str]) -> gf.Game:
    """The game with some players that maximise what they should minimise."""

    def change(player: gf.Player) -> gf.Player:
        return attrs.evolve(player, minimizes=-player.minimizes) if player.name in names else player

    return _changed(game, change)


def shorter(game: gf.Game, share: float) -> gf.Game:
    """The game with phases of a share of their lengths."""
    return _rebuilt(game, [_phase(phase, phase.players, share) for phase in game.phases])


def _changed(game: gf.Game, change: Callable[[gf.Player], gf.Player]) -> gf.Game:
    return _rebuilt(game, [_phase(phase, tuple(map(change, phase.players))) for phase in game.phases])


def _phase(phase: gf.Phase, players: Sequence[gf.Player], share: float = 1.0) -> gf.Phase:
    amount = phase.length.amount * share
    whole = float(math.ceil(amount)) if phase.length.unit == "steps" and math.isfinite(amount) else amount
    return gf.Phase(phase.name, *players, length=gf.Length(whole, phase.length.unit))


def _rebuilt(game: gf.Game, phases: Sequence[gf.Phase]) -> gf.Game:
    return gf.Game(*phases, batch_size=game.batch_size, samples=game.samples, monitors=game.monitors)
