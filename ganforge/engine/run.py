"""A run: a game played in a folder, saved and resumed."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import attrs
import torch

from ..errors import CheckpointError, GanforgeError, RecipeError, Stopped, StorageError
from ..language.component import Component
from ..language.data import Batch
from ..language.game import Game
from ..language.graph import game_batches, game_networks, player_quantities
from ..registry.catalogue import Catalogue
from . import checkpoint
from .batches import Batches
from .compiling import COMPILE, Choice, Compile, seconds_of
from .description import NotDescribable, describe_network, describe_signals
from .device import PRECISIONS, DeviceError, Machine, Precision, choose_device
from .folder import RunFolder
from .interrupt import Interrupt
from .loop import Loop
from .modules import input_shapes, trial, trial_place
from .observer import Observer
from .samples import Sampler
from .tuning import Tuning
from .watched import Watched

_SAMPLES = 64


@attrs.frozen(kw_only=True)
class Settings:
    """What changes the machine's work and not the result.

    Args:
        seed: All randomness follows from it. (It does change the result, and is recorded.)
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:INDEX``.
        precision: ``fp32``, ``tf32`` or ``bf16``.
        data_root: Cache folder of data sets.
        steps: Steps to play in all, in place of the game's length.
        log_every: Steps between log lines; None for about a hundred lines a run.
        sample_every: Steps between sample grids; None for about ten a run.
        checkpoint_every: Steps between checkpoints; None for about five a run.
        accumulate: Equal pieces of each batch that are evaluated one after the other, for batches that do not fit in
            memory. Batch statistics are those of a piece.
        recompute: Compute activations again in the backward pass instead of keeping them.
        compile: Compile turns with torch.compile: ``on``, ``off``, or ``auto`` to find out in the first steps whether
            it pays.
        capture: Record turns as CUDA graphs after the first steps.
        without: Optimisations to leave out, by name, so as to measure them.
    """

    seed: int = 0
    device: str = "auto"
    precision: Precision = attrs.field(default="fp32", validator=attrs.validators.in_(PRECISIONS))
    data_root: str = "data"
    steps: int | None = None
    log_every: int | None = None
    sample_every: int | None = None
    checkpoint_every: int | None = None
    accumulate: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    recompute: bool = False
    capture: bool = False
    compile: Compile = attrs.field(default="off", validator=attrs.validators.in_(COMPILE))
    without: tuple[str, ...] = attrs.field(default=(), converter=tuple)

    def resolved(self, total: int) -> Settings:
        """These settings with every interval decided."""
        return attrs.evolve(
            self,
            log_every=self.log_every or min(max(total // 100, 1), 100),
            sample_every=self.sample_every or min(max(total // 10, 1), 1000),
            checkpoint_every=self.checkpoint_every or min(max(total // 5, 1), 1000),
        )


class Run:
    """A game being played in a folder.

    Args:
        game: What is played.
        folder: Where the run is kept.
        settings: How it is played.
        registry: Names the components in records and weights files.
        observers: Those who watch.
    """

    def __init__(
        self, game: Game, folder: RunFolder, settings: Settings, registry: Catalogue, observers: Sequence[Observer] = ()
    ) -> None:
        self.game = game
        self.folder = folder
        self.registry = registry
        self.observers = observers
        _expect_pieces(game, settings.accumulate)
        self.machine = Machine(
            choose_device(settings.device),
            settings.precision,
            Tuning.without(settings.without),
            settings.accumulate,
            settings.recompute,
            compiled=settings.compile == "on",
            captured=settings.capture,
        )
        _expect_recordable(self.machine)
        self.machine.prepare()
        # Shapes that do not fit are told before any data is opened.
        trial(game, trial_place(game, self.machine.device))
        self.data = open_data(game_batches(game), game.batch_size, self.machine, settings, self._note, at_once=False)
        self.loop = Loop(game, self.machine, settings.seed, self.data, self._note)
        self.total = settings.steps or self.loop.estimate()
        self.settings = settings.resolved(self.total)
        self.choice: Choice | None = None
        self.is_compiling = settings.compile == "on"
        modules = self.loop.state.modules
        self.sampler = Sampler(game.samples, modules, self.machine, self.data, game.batch_size)
        self.watched = Watched(game, modules, self.machine, self.data)

    def train(self, record: Mapping[str, Any]) -> None:
        """Play until the game is over, from where the newest checkpoint stands.

        Args:
            record: What the run's record holds beside its settings: recipe, parameters, components.

        Raises:
            Stopped: A signal asked for it; the state is saved.
            DivergedError: A loss or gradient is not finite; nothing was updated since.
            StorageError: The disk or the memory is exhausted.
        """
        with ExitStack() as stack:
            stack.enter_context(self.folder.locked())
            self.folder.sweep()
            self._resume()
            # A run that is over already keeps its record: nothing is played by these settings.
            if not (self.folder.holds_run() and self._is_over()):
                self.folder.write_record(
                    {**record, "environment": self._environment(), "settings": attrs.asdict(self.settings)}
                )
            interrupt = stack.enter_context(Interrupt())
            stack.callback(self.close)
            stack.enter_context(_memory_errors(self.game.batch_size))
            self._watched(interrupt)

    def _watched(self, interrupt: Interrupt) -> None:
        """Play, and tell the observers how it ended."""
        try:
            self._play(interrupt)
        except BaseException as error:
            for observer in self.observers:
                observer.finished(error)
            raise
        for observer in self.observers:
            observer.finished(None)

    def _play(self, interrupt: Interrupt) -> None:
        counters = self.loop.state.counters
        for observer in self.observers:
            observer.started(self.folder.path, counters.step, self.total, self.game.batch_size)
        begun, first = time.monotonic(), counters.step
        if self.settings.compile == "auto":
            self.choice = Choice(self.total - counters.step, self.loop.play.compile, self._note)
        while not self._is_over():
            self._step()
            for observer in self.observers:
                observer.stepped(counters.step)
            last, first_step = self._is_over(), counters.step == 1
            looks = last or _due(counters.step, self.settings.sample_every)
            watches = bool(self.watched.monitors) and (looks or first_step)
            if last or watches or first_step or _due(counters.step, self.settings.log_every):
                self._log(watches)
            if looks:
                self._sample()
            if last or interrupt.asked or _due(counters.step, self.settings.checkpoint_every):
                self._save()
            if interrupt.asked:
                break
        if counters.step > first:
            self._record_session(first, time.monotonic() - begun)
        if interrupt.asked and not self._is_over():
            told = f"stopped at step {counters.step}; everything is saved."
            raise Stopped(told, interrupt.asked, f"ganforge resume {self.folder.path}")

    def _step(self) -> None:
        """Play a step; where turns are being compiled, with a look at the clock."""
        if self.choice is None and not self.is_compiling:
            self.loop.step()
            return
        seconds = seconds_of(self.loop.step, self.machine.device)
        if self.is_compiling:
            self._note(f"compiled, and played the first step, in {seconds:.0f} s")
            self.is_compiling = False
            return
        assert self.choice is not None
        chosen = self.choice.stepped(seconds)
        if chosen is not None:
            self.choice = None
            self.settings = attrs.evolve(self.settings, compile="on" if chosen else "off")
            self.folder.write_record({**self.folder.read_record(), "settings": attrs.asdict(self.settings)})

    def _is_over(self) -> bool:
        if self.settings.steps is not None:
            return self.loop.state.counters.step >= self.settings.steps
        return self.loop.is_over()

    # What is written.

    def _log(self, watches: bool) -> None:
        counters, now = self.loop.state.counters, self.loop.progress()
        scalars = self.loop.scalars()
        if watches:
            scalars |= self.watched.read(self.settings.seed, now, self.loop.state.feedbacks)
        line: dict[str, Any] = {"step": counters.step, "phase": self.loop.phase.name, "kimg": now.images / 1000}
        if now.epochs == now.epochs:  # Not nan: the game draws data.
            line["epoch"] = now.epochs
        self.folder.log(line | scalars)
        for observer in self.observers:
            observer.reached(counters.step, self.loop.phase.name, now.images / 1000, now.epochs)
            observer.logged(counters.step, scalars)

    def _sample(self) -> None:
        if not self.game.samples:
            return
        samples = self.sampler.draw(_SAMPLES, self.settings.seed)
        for observer in self.observers:
            observer.sampled(self.loop.state.counters.step, samples)

    def _save(self) -> None:
        self.loop.guard.read()
        state = self.loop.state
        path = checkpoint.step_path(self.folder.checkpoints, state.counters.step)
        metadata: dict[str, Any] = {
            "state": state.scalars(),
            "seed": self.settings.seed,
            "environment": self._environment(),
        }
        checkpoint.write(path, state.tensors(), metadata)
        self._save_weights()
        checkpoint.prune(self.folder.checkpoints, keep=2)
        for observer in self.observers:
            observer.saved(state.counters.step, path)

    def _save_weights(self) -> None:
        """Write each network, and each average, as a file that is useful without a run."""
        state, shapes = self.loop.state, input_shapes(self.game)
        for suffix, networks in (("", state.networks), ("-ema", state.averages)):
            for name, network in networks.items():
                metadata: dict[str, Any] = {"step": state.counters.step}
                try:
                    metadata["network"] = describe_network(network, shapes[name], self.registry)
                except NotDescribable as reason:
                    metadata["needs_recipe"] = str(reason)
                path = self.folder.weights / f"{name}{suffix}.safetensors"
                checkpoint.write(path, state.modules[network].state_dict(), metadata)

    def _record_session(self, first: int, seconds: float) -> None:
        record = self.folder.read_record()
        session = {"from_step": first, "to_step": self.loop.state.counters.step, "seconds": round(seconds, 1)}
        self.folder.write_record({**record, "sessions": [*record.get("sessions", []), session]})

    # Where it goes on.

    def _resume(self) -> None:
        folder, state = self.folder.checkpoints, self.loop.state
        if not checkpoint.steps(folder):
            self.folder.forget_lines_after(0)
            return
        saved, path, skipped = checkpoint.newest(folder)
        for reason in skipped:
            self._note(f"skipped a damaged checkpoint: {reason}")
        metadata: Any = saved.metadata
        if metadata.get("seed") != self.settings.seed:
            raise CheckpointError(f"{path} was made with seed {metadata.get('seed')}, not {self.settings.seed}.")
        here = self._environment()
        changed = [f"{k} {v} -> {here[k]}" for k, v in metadata["environment"].items() if here.get(k) != v]
        if changed:
            self._note(f"resuming, but not bit-exactly: {', '.join(changed)}")
        try:
            state.load(saved.tensors, metadata["state"])
        except CheckpointError as error:
            raise CheckpointError(f"{path} does not fit this game: {error.problems[0].message}") from None
        self.folder.forget_lines_after(state.counters.step)

    def _environment(self) -> dict[str, str]:
        data = {f"data {n}": batches.fingerprint for n, batches in enumerate(self.data.values())}
        return environment(self.machine) | data

    def close(self) -> None:
        """Stop the data's workers."""
        for batches in self.data.values():
            batches.close()

    def _note(self, text: str) -> None:
        for observer in self.observers:
            observer.note(text)


def _expect_pieces(game: Game, count: int) -> None:
    if game.batch_size % count:
        fact = f"batch_size={game.batch_size} cannot be divided into {count} equal pieces."
        raise RecipeError(fact, "--accumulate takes a divisor of the batch size", game.site)


def _expect_recordable(machine: Machine) -> None:
    if machine.captured and machine.device.type != "cuda":
        raise DeviceError(f"turns are recorded on CUDA devices; this one is {machine.device}.", "leave out --capture")
    if machine.captured and machine.accumulate > 1:
        raise DeviceError("turns are recorded whole; they cannot be in pieces.", "--capture or --accumulate, not both")


def _due(step: int, every: int | None) -> bool:
    return every is not None and step % every == 0


def open_data(
    origins: Sequence[Batch], batch_size: int, machine: Machine, settings: Settings, note: Any, *, at_once: bool = True
) -> dict[Batch, Batches]:
    """Open the data set of each batch in a game."""
    root = Path(settings.data_root).expanduser()
    return {
        origin: Batches(
            origin,
            origin.data.open(root),
            seed=settings.seed,
            stream=number,
            batch_size=batch_size,
            device=machine.device,
            keep_channels_last=machine.tuning.channels_last,
            at_once=at_once,
            note=note,
        )
        for number, origin in enumerate(origins)
    }


def environment(machine: Machine) -> dict[str, str]:
    """What a bit-exact resume needs to find unchanged."""
    kind = machine.device.type
    return {
        "torch": torch.__version__,
        "threads": str(torch.get_num_threads()) if kind == "cpu" else "-",
        "device": torch.cuda.get_device_name(machine.device) if kind == "cuda" else platform.machine(),
        "precision": machine.precision,
        "summation": _summation(machine),
        "ganforge": version("ganforge"),
    }


def _summation(machine: Machine) -> str:
    """What decides in which order numbers are added up, beside the machine itself."""
    left_out = ", ".join(name for name, is_on in attrs.asdict(machine.tuning).items() if not is_on)
    compiled = "compiled, " if machine.compiled else ""
    return f"{compiled}pieces {machine.accumulate}" + (f", without {left_out}" if left_out else "")


def describe_game(game: Game, registry: Catalogue) -> dict[str, Any]:
    """What a run's record says of its game: networks, samples and components.

    Samples that only the recipe can draw again say why.
    """
    shapes = input_shapes(game)
    record: dict[str, Any] = {"batch_size": game.batch_size, "networks": {}}
    for name, network in game_networks(game).items():
        try:
            record["networks"][name] = describe_network(network, shapes[name], registry)
        except NotDescribable as reason:
            record["networks"][name] = {"needs_recipe": str(reason)}
    record["samples"] = describe_signals(game.samples, registry)
    classes = {type(component) for component in game_components(game)}
    record["components"] = sorted([cls.kind, key] for cls in classes if (key := registry.key_of(cls)))
    record["value_range"] = value_range(game)
    return record


def game_components(game: Game) -> Iterator[Component]:
    """Every component a game names: data, networks, optimizers, constraints and schedules."""
    yield from (origin.data for origin in game_batches(game))
    yield from game_networks(game).values()
    for player in game.players:
        yield player.optimizer
        yield from player.constraints
        yield from (quantity for quantity in player_quantities(player) if isinstance(quantity, Component))


def value_range(game: Game) -> list[float]:
    """The least and greatest value of the game's images, as its data declares them."""
    for origin in game_batches(game):
        low, high = getattr(origin.data, "value_range", (-1.0, 1.0))
        return [low, high]
    return [-1.0, 1.0]


@contextmanager
def _memory_errors(batch_size: int) -> Iterator[None]:
    """Say what a memory error means; the batch is never changed silently, for that would change the result."""
    try:
        yield
    except GanforgeError:
        raise
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise StorageError(
            f"memory ran out with batch_size={batch_size}: {error}", "try a smaller batch_size"
        ) from error
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):
            raise
        raise StorageError(
            f"memory ran out with batch_size={batch_size}: {error}", "try a smaller batch_size"
        ) from error
