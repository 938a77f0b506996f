"""Compiles turns with torch.compile: piece by piece, where they can be, and where it pays."""

from __future__ import annotations

import itertools
import os
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Literal, TypeAlias

import attrs
import torch
from torch import Tensor

from ..language.feedback import Resolve
from .tape import Instruction, Part, Slots, Tape

Note: TypeAlias = Callable[[str], None]
Compile: TypeAlias = Literal["off", "on", "auto"]
COMPILE: tuple[Compile, ...] = ("off", "on", "auto")

_NUMBERS = itertools.count()
# Random numbers are drawn by torch's own kernels, as without a compiler.
_BACKEND: dict[str, Any] = {"backend": "inductor", "options": {"fallback_random": True}}


class Compiler:
    """Compiles tapes.

    What is differentiated twice, keeps a history or takes numbers that change is left as it is; the instructions
    between are compiled together. Random numbers are those of the plain engine, as long as no network draws some that
    nothing is computed from, for a compiler leaves them out. Compiled kernels are kept on disk, where the next run
    finds them.

    Args:
        note: Told, once, what could not be compiled.
    """

    def __init__(self, note: Note) -> None:
        self._note = note
        self._told: set[str] = set()
        # Torch's own place for them is cleared when the machine starts.
        os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(Path("~/.cache/ganforge/compiled").expanduser()))

    def compile(self, tape: Tape) -> None:
        """Let a tape be played by compiled functions; each is compiled when it is first called."""
        kept = {slot for slots in tape.shares.values() for slot in slots} | set(tape.losses.values())
        # What a later turn differentiates through has a backward pass of its own.
        kinds = itertools.groupby(tape.instructions, lambda each: (_stays(each), each.kept))
        groups = [list(group) for _, group in kinds]
        parts: list[Part] = []
        for number, group in enumerate(groups):
            if _stays(group[0]):
                parts += [instruction.play for instruction in group]
                self._tell_of(group)
            else:
                later = {slot for other in groups[number + 1 :] for each in other for slot, _ in each.reads}
                parts.append(_Compiled(group, kept | later, self._tell))
        tape.parts = parts

    def _tell_of(self, group: Iterable[Instruction]) -> None:
        for instruction in group:
            if instruction.doing:
                self._tell(f"not compiled: {instruction.doing}, which {_reason(instruction)}")

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._note(text)


def _stays(instruction: Instruction) -> bool:
    return instruction.apart or bool(instruction.options)


def _reason(instruction: Instruction) -> str:
    return "is differentiated twice or keeps a history" if instruction.apart else "takes numbers that change"


class _Compiled:
    """Several instructions as one compiled function.

    Args:
        instructions: What to execute, in order.
        wanted: The slots that are read afterwards.
        tell: Told if it cannot be compiled, in which case the instructions are executed one by one.
    """

    def __init__(self, instructions: Sequence[Instruction], wanted: set[int], tell: Note) -> None:
        self._instructions, self._tell = instructions, tell
        written: set[int] = set()
        reads: dict[int, None] = {}
        for instruction in instructions:
            reads |= {slot: None for slot, _ in instruction.reads if slot not in written}
            written |= set(instruction.writes)
        self._reads, self._writes = tuple(reads), tuple(sorted(written & wanted))
        self._function: Callable[..., tuple[Tensor, ...]] | None = _compiled(instructions, self._reads, self._writes)
        self._is_proved = False

    def __call__(self, slots: Slots, resolve: Resolve) -> None:
        if self._function is not None:
            try:
                with _quiet():
                    values = self._function(*(slots[slot] for slot in self._reads))
            except Exception as error:
                if not self._is_the_compilers(error):
                    raise
                self._function = None
                self._tell(f"not compiled: {self._named()}: {type(error).__name__}: {_begin_of(error)}")
            else:
                self._is_proved = True
                for slot, value in zip(self._writes, values, strict=True):
                    slots[slot] = value
                return
        for instruction in self._instructions:
            instruction.play(slots, resolve)

    def _is_the_compilers(self, error: Exception) -> bool:
        # What has run before may be compiled again, for another mode or shape; lack of memory is not to be tried again.
        if self._is_proved:
            return type(error).__module__.startswith("torch._dynamo")
        return not isinstance(error, torch.OutOfMemoryError | MemoryError)

    def _named(self) -> str:
        return ", ".join(instruction.doing for instruction in self._instructions if instruction.doing)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the compiler's own warnings, which are not of the user's doing, to itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _begin_of(error: Exception) -> str:
    """The first two lines of what may be pages."""
    return " ".join([line.strip() for line in str(error).splitlines() if line.strip()][:2])


def _compiled(
    instructions: Sequence[Instruction], reads: tuple[int, ...], writes: tuple[int, ...]
) -> Callable[..., tuple[Tensor, ...]]:
    length = 1 + max(slot for each in instructions for slot in (*each.writes, *(index for index, _ in each.reads)))

    def play(*tensors: Tensor) -> tuple[Tensor, ...]:
        slots: list[Any] = [None] * length
        for slot, value in zip(reads, tensors, strict=True):
            slots[slot] = value
        for instruction in instructions:
            instruction.execute(slots, {})
        return tuple(slots[slot] for slot in writes)

    # Torch keeps what it compiled with a function's code, a few versions of each; every group has a code of its own.
    code: CodeType = play.__code__.replace(co_name=f"turn_{next(_NUMBERS)}")
    own = FunctionType(code, play.__globals__, code.co_name, play.__defaults__, play.__closure__)
    compiled: Callable[..., tuple[Tensor, ...]] = torch.compile(own, dynamic=False, **_BACKEND)
    return compiled


# --- where it pays ------------------------------------------------------------------------------------------

_WARM, _TIMED = 3, 5
_WORTHWHILE = 300.0


@attrs.define
class Choice:
    """Finds out, in a run's first steps, whether it will be over sooner if it is compiled.

    Compiling takes half a minute to some minutes and saves a third of a step at the very most, so that a run of less
    than five minutes is not worth the trial.

    Args:
        remaining: Steps that the run still has.
        compile: Switches to compiled turns, or back.
        note: Told what was measured.
    """

    remaining: int
    compile: Callable[[bool], None]
    note: Note
    _played: int = 0
    _plain: list[float] = attrs.field(factory=list)
    _compiled: list[float] = attrs.field(factory=list)
    _cost: float = 0.0

    def stepped(self, seconds: float) -> bool | None:
        """Learn how long a step took; the answer, once it is known."""
        self._played += 1
        self.remaining -= 1
        if self._played <= _WARM:
            return None
        if len(self._plain) < _TIMED:
            self._plain.append(seconds)
            return self._try() if len(self._plain) == _TIMED else None
        if self._played <= 2 * _WARM + _TIMED:
            self._cost += seconds
            return None
        self._compiled.append(seconds)
        return self._decide() if len(self._compiled) == _TIMED else None

    def _try(self) -> bool | None:
        left = self.remaining * min(self._plain)
        if left < _WORTHWHILE:
            self.note(f"not compiled: the run will be over in {left:.0f} s")
            return False
        self.compile(True)
        return None

    def _decide(self) -> bool:
        plain, compiled = min(self._plain), min(self._compiled)
        pays = compiled < plain
        times = f"{compiled * 1000:.1f} ms in place of {plain * 1000:.1f} ms"
        told = f"compiled in {self._cost:.0f} s; a step takes {times}"
        self.note(told if pays else f"{told}, so the plain engine goes on")
        if not pays:
            self.compile(False)
        return pays


def seconds_of(step: Callable[[], None], device: torch.device) -> float:
    """How long a step takes, with all that the device does for it."""
    begun = time.perf_counter()
    step()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - begun
