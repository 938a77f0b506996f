"""The training loop: steps of turns, and what follows each step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import torch
from torch import Tensor

from ..errors import RecipeError
from ..language.data import Batch
from ..language.feedback import Readable, Reading, terms_of
from ..language.game import Game
from ..language.graph import batches_behind, ordered, term_signals
from ..language.length import Progress
from ..language.network import Evaluation, Network
from ..language.optimizer import Constraint
from ..language.player import Phase, Player
from ..language.signal import Expression
from ..language.term import Measure, Part, Term
from .batches import Batches, silent
from .capture import Capture, CudaRecorder, Recorder
from .compiling import Note
from .device import Machine
from .draw import seed_turn
from .guard import Guard
from .joining import independent_networks
from .numbers import Weights, now_number, plain_number, read, scheduled_fields, weighted, weights_of
from .pieces import mean_of, pieces
from .plan import TurnPlan, plan_step
from .play import Play
from .state import State
from .tape import Values
from .updates import update


class Loop:
    """Plays a game step by step.

    Args:
        game: What is played.
        machine: Device and precision.
        seed: The run's seed.
        data: The opened data of each batch in the game.
        note: Told in words what is worth a line.
    """

    def __init__(
        self, game: Game, machine: Machine, seed: int, data: Mapping[Batch, Batches], note: Note = silent
    ) -> None:
        self.game = game
        self.machine = machine
        self.seed = seed
        self.data = data
        self.state = State(game, machine, seed)
        self.play = Play(machine, self.state.modules, self.state.pools, game.batch_size, note)
        self.guard = Guard()
        self.recorder: Callable[[], Recorder] | None = CudaRecorder if machine.captured else None
        self._captures: dict[tuple[TurnPlan, ...], Capture] = {}
        self._note = note
        self._counted = {phase: _counted(phase) for phase in game.phases}
        self._plans: dict[object, tuple[TurnPlan, ...]] = {}
        self._live: frozenset[Network] = frozenset()
        self._independent = self._independent_networks()
        self._updated: set[Network] = set()

    # A step is every player's turns in the order written; then averages and feedbacks follow.

    def step(self) -> None:
        """Play one step, entering the next phase first if this one is over."""
        self.enter_phase()
        state, now = self.state, self.progress()
        self.play.forget()
        self._updated.clear()
        plans = self._plan(now)
        capture = self._capture(plans)
        for plan in plans:
            self._turn(plan, now, capture)
        self.play.forget()
        self._average(now)
        self._feed_back(now)
        state.counters.step += 1
        state.counters.phase_step += 1

    def _turn(self, plan: TurnPlan, now: Progress, capture: Capture | None = None) -> None:
        """One update of one player."""
        state, player, tuning = self.state, plan.player, self.machine.tuning
        number = state.counters.turns[player.name]
        state.counters.turns[player.name] = number + 1
        if not plan.parts:  # Every term is lazy and none is due.
            return

        # Draw, with everything but this player's networks held still.
        seed_turn(self.seed, state.counters.step, player.name, plan.turn)
        self._hold_all_but(plan.live if tuning.held_networks else frozenset(state.trainable))
        drawn = self.play.draw(plan, lambda batch: self._batch(batch, plan.turn))

        # Evaluate, and differentiate with respect to this player's weights only.
        optimizer, named = state.optimizers[player.name], state.parameters(player)
        optimizer.zero_grad(set_to_none=tuning.fresh_gradients)
        weights = weights_of(plan.parts, now, state.feedbacks)
        if capture is not None:
            parameters = [parameter for _, parameter in named]
            measured = capture.differentiate(plan, drawn, weights, parameters, partial(self._differentiate, plan, now))
        else:
            parts = enumerate(pieces(drawn, self.machine.accumulate))
            measured = mean_of([self._differentiate(plan, now, part, weights, number) for number, part in parts])
        self.guard.check(plan, state.counters.step, measured, named, optimizer)

        # Update.
        self._set_numbers(player, optimizer, now)
        _clip(player, [parameter for _, parameter in named])
        update(optimizer)
        self._updated |= set(player.trains)
        with torch.no_grad():
            for constraint in self._constraints(player, now):
                for network in player.trains:
                    constraint.apply(state.modules[network])
        state.measured |= measured

    def _differentiate(
        self, plan: TurnPlan, now: Progress, drawn: Mapping[Expression, Values], weights: Weights, piece: int = 0
    ) -> dict[Measure, Tensor]:
        """Add the gradients of a batch, or of one piece of it, and give its losses."""
        feedbacks, count = self.state.feedbacks, self.machine.accumulate
        measured = self.play.measure(plan, drawn, lambda number: now_number(number, now, feedbacks), piece)
        total = weighted(plan.parts, measured, weights)
        trained = [parameter for _, parameter in self.state.parameters(plan.player)]
        torch.autograd.backward(
            total if count == 1 else total / count,
            inputs=trained if self.machine.tuning.held_networks else None,
            retain_graph=plan.retain,
        )
        return {measure: value.detach() for measure, value in measured.items()}

    # Phases and progress.

    @property
    def phase(self) -> Phase:
        """The phase being played."""
        return self.game.phases[self.state.counters.phase]

    def progress(self) -> Progress:
        """How far the phase has come."""
        counters, batch = self.state.counters, self._counted[self.phase]
        if batch is None:
            return Progress(counters.phase_step, counters.phase_step * self.game.batch_size)
        index = self.state.batches.index(batch)
        drawn = counters.positions[index] - counters.phase_positions[index]
        return Progress(counters.phase_step, drawn * self.game.batch_size, self.data[batch].epochs(drawn))

    def phase_is_over(self) -> bool:
        """Whether the phase has reached its length."""
        return self.progress() / self.phase.length >= 1.0

    def is_over(self) -> bool:
        """Whether the last phase has reached its length."""
        return self.phase is self.game.phases[-1] and self.phase_is_over()

    def enter_phase(self) -> None:
        """Begin the next phase if this one is over and another follows."""
        while self.phase is not self.game.phases[-1] and self.phase_is_over():
            self.state.begin_phase(self.state.counters.phase + 1)

    def estimate(self) -> int:
        """Steps of the whole game, estimated where lengths are in epochs or images."""
        return sum(self._estimate_phase(phase) for phase in self.game.phases)

    def _estimate_phase(self, phase: Phase) -> int:
        if phase.length.unit == "steps":
            return math.ceil(phase.length.amount)
        start, batch = Progress(0, 0, 0.0), self._counted[phase]
        turns = [self._updates(player, start) for player in phase.players if batch in _batches(player)]
        drawn = 1 + sum(turn - 1 for turn in turns)
        images = phase.length.amount * 1000
        if phase.length.unit == "epochs" and batch is not None:
            images = phase.length.amount * len(self.data[batch])
        return math.ceil(images / (self.game.batch_size * drawn))

    # What a turn needs.

    def _plan(self, now: Progress) -> tuple[TurnPlan, ...]:
        turns: list[tuple[Player, int, tuple[Part, ...]]] = []
        for player in self.phase.players:
            taken = self.state.counters.turns[player.name]
            for turn in range(self._updates(player, now)):
                due = tuple(part for part in player.minimizes.parts if (taken + turn) % part.interval == 0)
                turns.append((player, turn, due))
        key = tuple((player.name, turn, tuple(part.label for part in due)) for player, turn, due in turns)
        if key not in self._plans:
            self._plans[key] = plan_step(turns, self._independent)
        return self._plans[key]

    def _capture(self, plans: tuple[TurnPlan, ...]) -> Capture | None:
        """What records the turns of such a step, where that is asked for."""
        if self.recorder is None:
            return None
        if plans not in self._captures:
            self._captures[plans] = Capture(plans, self.recorder(), self._note)
        self._captures[plans].begin()
        return self._captures[plans]

    def _independent_networks(self) -> frozenset[Network]:
        if not self.machine.tuning.merged_calls:
            return frozenset()
        measures = self.state.measures
        origins = ordered(signal for measure in measures for signal in measure.signals)
        calls = [origin for origin in origins if isinstance(origin, Evaluation)]
        return independent_networks(calls, self.state.modules)

    def _updates(self, player: Player, now: Progress) -> int:
        value = plain_number(player.updates, now, self.state.feedbacks)
        if value != int(value) or value < 0:
            raise RecipeError(
                f"player '{player.name}' takes a whole number of turns a step; its schedule gives {value} "
                f"at step {now.steps}.",
                site=player.site,
            )
        return int(value)

    def _batch(self, origin: Batch, turn: int) -> Values:
        """All first turns of a step share one batch; each extra turn draws another."""
        if turn == 0 and origin in self.play.batches:
            return self.play.batches[origin]
        index = self.state.batches.index(origin)
        values = self.data[origin].draw(self.state.counters.positions[index])
        self.state.counters.positions[index] += 1
        if turn == 0:
            self.play.batches[origin] = values
        return values

    def _hold_all_but(self, live: frozenset[Network]) -> None:
        for network in self._live ^ live:
            for _, parameter in self.state.trainable[network]:
                parameter.requires_grad_(network in live)
        self._live = live

    def _set_numbers(self, player: Player, optimizer: torch.optim.Optimizer, now: Progress) -> None:
        for name, value in scheduled_fields(player.optimizer).items():
            for group in optimizer.param_groups:
                group[name] = plain_number(value, now, self.state.feedbacks)

    def _constraints(self, player: Player, now: Progress) -> list[Constraint]:
        """A player's constraints with the numbers of this step."""
        found = []
        for constraint in player.constraints:
            fields = scheduled_fields(constraint)
            numbers = {name: plain_number(value, now, self.state.feedbacks) for name, value in fields.items()}
            found.append(constraint.with_values(**numbers) if numbers else constraint)
        return found

    # What follows a step.

    def _average(self, now: Progress) -> None:
        for name, network in self.state.averages.items():
            if network.average is None or network.average.of not in self._updated:
                continue
            decay = plain_number(network.average.decay, now, self.state.feedbacks)
            if network.average.warmup:
                done = self.state.counters.averaged[name]
                decay = min(decay, (1 + done) / (10 + done))
            follower, leader = self.state.modules[network], self.state.modules[network.average.of]
            _follow(follower, leader, decay, at_once=self.machine.tuning.fused_updates)
            self.state.counters.averaged[name] += 1

    def _feed_back(self, now: Progress) -> None:
        state = self.state
        # All are read before the first moves, for one may weigh what another reads.
        read_now = {
            feedback: read(feedback.balance, state.measured, now, state.feedbacks).double()
            for feedback in state.feedbacks
            if self._is_measured(feedback.balance)
        }
        changed = {
            feedback: feedback.advance(
                state.feedbacks[feedback], value, lambda number: now_number(number, now, state.feedbacks)
            )
            for feedback, value in read_now.items()
        }
        for feedback, value in changed.items():
            state.feedbacks[feedback].copy_(value)

    def _is_measured(self, value: Readable) -> bool:
        return all(part.measure in self.state.measured for term in terms_of(value) for part in term.parts)

    # What a run tells the world.

    def scalars(self) -> dict[str, float]:
        """The last measured losses, the monitors and the scheduled rates, read from the device at once.

        Raises:
            DivergedError: A loss or gradient has not been finite since the last reading.
        """
        self.guard.read()
        state, now = self.state, self.progress()
        tensors: dict[str, Tensor] = {}
        for player in self.phase.players:
            for part in player.minimizes.parts:
                if part.measure in state.measured:
                    tensors[f"{player.name}/{part.label}"] = state.measured[part.measure]
        for name, value in self.game.monitors.items():
            if isinstance(value, Term | Reading):
                if self._is_measured(value):  # Watched ones are not.
                    tensors[name] = read(value, state.measured, now, state.feedbacks)
            else:
                tensors[name] = torch.as_tensor(now_number(value, now, state.feedbacks), device=self.machine.device)
        numbers = torch.stack([value.double() for value in tensors.values()]).tolist() if tensors else []
        rates = {
            f"{player.name}/{name}": plain_number(value, now, state.feedbacks)
            for player in self.phase.players
            for name, value in scheduled_fields(player.optimizer).items()
            if not isinstance(value, tuple)
        }
        return dict(zip(tensors, numbers, strict=True)) | rates


def _counted(phase: Phase) -> Batch | None:
    """The batch of data that a phase counts its epochs and images by: the first that a player draws."""
    return next((batch for player in phase.players for batch in _batches(player)), None)


def _batches(player: Player) -> list[Batch]:
    return batches_behind(term_signals(player.minimizes))


def _clip(player: Player, parameters: Iterable[torch.nn.Parameter]) -> None:
    optimizer = player.optimizer
    if optimizer.clip_value is not None:
        torch.nn.utils.clip_grad_value_(parameters, optimizer.clip_value)
    if optimizer.clip_norm is not None:
        torch.nn.utils.clip_grad_norm_(parameters, optimizer.clip_norm)


@torch.no_grad()
def _follow(average: torch.nn.Module, module: torch.nn.Module, decay: float, at_once: bool) -> None:
    """Move an average towards the weights; buffers are copied."""
    followers: list[Tensor] = list(average.parameters())
    leaders: list[Tensor] = list(module.parameters())
    if not at_once:
        for mine, theirs in zip(followers, leaders, strict=True):
            mine.lerp_(theirs, 1.0 - decay)
    elif followers:
        torch._foreach_lerp_(followers, leaders, 1.0 - decay)  # pyright: ignore[reportPrivateImportUsage]
    for mine, theirs in zip(average.buffers(), module.buffers(), strict=True):
        mine.copy_(theirs)
