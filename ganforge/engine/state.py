"""Everything a run changes: what a checkpoint must hold so that a resumed run is bit-equal."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import attrs
import torch
from torch import Tensor, nn
from torch.nn import Parameter

from ..language.data import Batch
from ..language.feedback import Feedback
from ..language.game import Game
from ..language.graph import (
    game_averages,
    game_batches,
    game_feedbacks,
    game_measures,
    game_networks,
    game_pools,
)
from ..language.length import Progress
from ..language.network import Network
from ..language.player import Player
from ..language.signal import ImagePool
from ..language.term import Measure
from .device import Machine
from .modules import build_modules
from .numbers import plain_number, scheduled_fields
from .pool import Pool
from .tensors import copy_tensors, refuse
from .updates import put_off_compiler


@attrs.define
class Counters:
    """Where a run stands.

    Args:
        step: Steps played.
        phase: The phase being played, from 0.
        phase_step: Steps played in it.
        turns: Turns each player has taken.
        positions: Batches drawn from each data set.
        phase_positions: The same when the phase began.
        averaged: Updates of each average.
    """

    step: int = 0
    phase: int = 0
    phase_step: int = 0
    turns: dict[str, int] = attrs.field(factory=dict)
    positions: list[int] = attrs.field(factory=list)
    phase_positions: list[int] = attrs.field(factory=list)
    averaged: dict[str, int] = attrs.field(factory=dict)


class State:
    """The networks, averages, optimizers, pools, feedbacks and counters of a game being played.

    Args:
        game: What is played.
        machine: Where it is played.
        seed: The run's seed; initial weights follow from it and the networks' names.
    """

    def __init__(self, game: Game, machine: Machine, seed: int) -> None:
        self.game = game
        self.machine = machine
        self.networks = game_networks(game)
        self.averages = game_averages(game)
        self.batches: list[Batch] = game_batches(game)
        self.modules: dict[Network, nn.Module] = build_modules(game, machine, seed)
        # What a module's author holds still stays so; all else waits for its player's turn.
        self.trainable: dict[Network, list[tuple[str, Parameter]]] = {
            network: [(name, p) for name, p in module.named_parameters() if p.requires_grad]
            for network, module in self.modules.items()
        }
        for module in self.modules.values():
            module.requires_grad_(False)
        for network in self.averages.values():
            assert network.average is not None
            self.modules[network] = copy.deepcopy(self.modules[network.average.of]).requires_grad_(False)
        self.pools: dict[ImagePool, Pool] = {pool: Pool(pool.size) for pool in game_pools(game)}
        self.feedbacks: dict[Feedback, Tensor] = {
            feedback: torch.tensor(feedback.initial(), dtype=torch.float64, device=machine.device)
            for feedback in game_feedbacks(game)
        }
        self.measures = game_measures(game)
        self.measured: dict[Measure, Tensor] = {}
        self.counters = Counters(
            turns={player.name: 0 for player in game.players},
            positions=[0] * len(self.batches),
            phase_positions=[0] * len(self.batches),
            averaged=dict.fromkeys(self.averages, 0),
        )
        self.optimizers: dict[str, torch.optim.Optimizer] = {}
        put_off_compiler()
        self.begin_phase(0)

    def begin_phase(self, number: int) -> None:
        """Enter a phase: count its progress from here and give its players fresh optimizers."""
        self.counters.phase, self.counters.phase_step = number, 0
        self.counters.phase_positions = list(self.counters.positions)
        self.optimizers = {player.name: self._build_optimizer(player) for player in self.game.phases[number].players}

    def _build_optimizer(self, player: Player) -> torch.optim.Optimizer:
        start = Progress(0, 0, 0.0)
        fields = scheduled_fields(player.optimizer)
        changed = {name: plain_number(value, start, self.feedbacks) for name, value in fields.items()}
        optimizer = player.optimizer.with_values(**changed).build([p for _, p in self.parameters(player)])
        if not self.machine.tuning.fused_updates:
            _update_one_by_one(optimizer)
        return optimizer

    def parameters(self, player: Player) -> list[tuple[str, Parameter]]:
        """The parameters that a player trains, named by network and module."""
        return [
            (f"{network.name}.{name}", parameter)
            for network in player.trains
            for name, parameter in self.trainable[network]
        ]

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor of the state by name."""
        found: dict[str, Tensor] = {}
        for kind, networks in (("net", self.networks), ("ema", self.averages)):
            for name, network in networks.items():
                for key, value in self.modules[network].state_dict().items():
                    found[f"{kind}.{name}.{key}"] = value
        for player in self.game.phases[self.counters.phase].players:
            found |= self._optimizer_tensors(player)
        for index, pool in enumerate(self.pools.values()):
            if pool.images is not None:
                found[f"pool.{index}.images"] = pool.images
        for index, value in enumerate(self.feedbacks.values()):
            found[f"feedback.{index}"] = value
        for index, measure in enumerate(self.measures):
            if measure in self.measured:
                found[f"measured.{index}"] = self.measured[measure]
        return found

    def _optimizer_tensors(self, player: Player) -> dict[str, Tensor]:
        state = self.optimizers[player.name].state
        return {
            f"optim.{player.name}.{key}.{name}": value
            for name, parameter in self.parameters(player)
            for key, value in state.get(parameter, {}).items()
            if isinstance(value, Tensor)
        }

    def scalars(self) -> dict[str, Any]:
        """Every number of the state that is not a tensor, as JSON."""
        optimizers = {
            player.name: {
                f"{key}.{name}": value
                for name, parameter in self.parameters(player)
                for key, value in self.optimizers[player.name].state.get(parameter, {}).items()
                if isinstance(value, int | float)
            }
            for player in self.game.phases[self.counters.phase].players
        }
        return {
            "counters": attrs.asdict(self.counters),
            "pools": [pool.count for pool in self.pools.values()],
            "optimizers": {name: values for name, values in optimizers.items() if values},
        }

    def load(self, tensors: Mapping[str, Tensor], scalars: Mapping[str, Any]) -> None:
        """Take over a saved state.

        Raises:
            CheckpointError: A tensor is missing, unknown, or of another shape or type; the first of each are named.
        """
        counters = Counters(**copy.deepcopy(scalars["counters"]))
        self._expect_same_game(counters, tensors, scalars)
        self.begin_phase(counters.phase)
        self.counters = counters
        remaining = dict(tensors)
        self._load_modules(remaining)
        for player in self.game.phases[counters.phase].players:
            self._load_optimizer(player, remaining, scalars["optimizers"].get(player.name, {}))
        for index, (pool, count) in enumerate(zip(self.pools.values(), scalars["pools"], strict=True)):
            images = remaining.pop(f"pool.{index}.images", None)
            pool.count, pool.images = count, None if images is None else images.to(self.machine.device, copy=True)
        for index, feedback in enumerate(self.feedbacks):
            self.feedbacks[feedback].copy_(remaining.pop(f"feedback.{index}"))
        for index, measure in enumerate(self.measures):
            if f"measured.{index}" in remaining:
                self.measured[measure] = remaining.pop(f"measured.{index}").to(self.machine.device)
        refuse("the checkpoint holds what this game does not have", remaining)

    def _expect_same_game(self, counters: Counters, tensors: Mapping[str, Tensor], scalars: Mapping[str, Any]) -> None:
        """Refuse the state of a game with other phases, players, data sets, pools or feedbacks."""
        mine, phases, pools = self.counters, len(self.game.phases), len(self.pools)
        if counters.phase >= phases or counters.turns.keys() != mine.turns.keys():
            refuse("the checkpoint is of other players", [", ".join(counters.turns) or "none"])
        if len(counters.positions) != len(mine.positions) or counters.averaged.keys() != mine.averaged.keys():
            refuse("the checkpoint is of other data sets or averages", [", ".join(counters.averaged) or "none"])
        if len(scalars["pools"]) != pools:
            refuse("the checkpoint is of another number of image pools", [f"{len(scalars['pools'])}, not {pools}"])
        feedbacks = [f"feedback.{index}" for index in range(len(self.feedbacks))]
        refuse("these tensors are missing", [name for name in feedbacks if name not in tensors])

    def _load_modules(self, remaining: dict[str, Tensor]) -> None:
        targets = {
            f"{kind}.{name}.{key}": value
            for kind, networks in (("net", self.networks), ("ema", self.averages))
            for name, network in networks.items()
            for key, value in self.modules[network].state_dict().items()
        }
        copy_tensors(targets, remaining)

    def _load_optimizer(self, player: Player, remaining: dict[str, Tensor], numbers: Mapping[str, Any]) -> None:
        optimizer, prefix = self.optimizers[player.name], f"optim.{player.name}."
        parameters = dict(self.parameters(player))
        for full in [full for full in remaining if full.startswith(prefix)]:
            # Names of parameters hold dots, and one may end in another; an optimizer's keys hold none.
            key, _, name = full.removeprefix(prefix).partition(".")
            if name in parameters:
                value = remaining.pop(full)
                optimizer.state[parameters[name]][key] = _beside(parameters[name], key, value, optimizer)
        for full, number in numbers.items():
            key, _, name = full.partition(".")
            optimizer.state[parameters[name]][key] = number


def _update_one_by_one(optimizer: torch.optim.Optimizer) -> None:
    for options in (optimizer.defaults, *optimizer.param_groups):
        options |= {kind: False for kind in ("fused", "foreach") if kind in options}


def _beside(parameter: Parameter, key: str, value: Tensor, optimizer: torch.optim.Optimizer) -> Tensor:
    """An optimizer's tensor on the device and in the layout that torch would have given it."""
    if value.shape == parameter.shape and value.dim():
        return torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)
    on_host = key == "step" and not (optimizer.defaults.get("fused") or optimizer.defaults.get("capturable"))
    return value.clone() if on_host else value.to(parameter.device, copy=True)
