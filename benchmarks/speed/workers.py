"""Contenders' processes as the benchmark sees them."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

from .games import PEERS, Game

_PROCESS = Path(__file__).resolve().parent / "process.py"
_PATIENCE = 600.0


class WorkerError(Exception):
    """A contender's process ended, or cannot be imported."""


@attrs.frozen(kw_only=True)
class Conditions:
    """How every contender of a run is played.

    Args:
        device: ``cpu`` or ``cuda``.
        precision: ``fp32``, ``tf32`` or ``bf16``.
        without: Optimisations that ganforge leaves out.
        threads: Threads of each process; None for torch's choice.
        peer_python: The interpreter that has the peers.
    """

    device: str = "cpu"
    precision: str = "fp32"
    without: tuple[str, ...] = ()
    threads: int | None = None
    peer_python: str = sys.executable


class Worker:
    """One contender's process; it has played a first step when this is made.

    Args:
        contender: Who plays, or ``peak``.
        game: What is played.
        conditions: How.
        data: The file of the game's data.

    Raises:
        WorkerError: It ended before its first step.
    """

    def __init__(self, contender: str, game: Game, conditions: Conditions, data: Path) -> None:
        self.contender = contender
        order: dict[str, Any] = {
            "contender": contender,
            "game": game.name,
            "sizes": dict(game.sizes),
            "device": conditions.device,
            "precision": conditions.precision,
            "without": list(conditions.without),
            "threads": conditions.threads,
            "data": str(data),
            "spawned": time.time(),
        }
        python = conditions.peer_python if contender in PEERS else sys.executable
        self._log = tempfile.TemporaryFile(mode="w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [python, str(_PROCESS), json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self.begun: Mapping[str, float] = self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.quit()

    def play(self, steps: int) -> float:
        """Seconds of each of some steps."""
        return float(self.ask(f"play {steps}")["seconds"]) / steps

    def ask(self, command: str) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _PATIENCE)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            self._process.kill()
            self._process.wait()
            raise WorkerError(self._last_words() or f"no answer within {_PATIENCE:.0f} s")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = [line for line in self._log.read().splitlines() if line.strip()]
        hinted = len(lines) > 1 and lines[-1].startswith("hint:")
        return " ".join(lines[-2:] if hinted else lines[-1:])

    def quit(self) -> None:
        """End the process."""
        if self._process.poll() is None and self._process.stdin is not None:
            self._process.stdin.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()


def started(
    contenders: Sequence[str], game: Game, conditions: Conditions, data: Path
) -> tuple[dict[str, Worker], dict[str, str]]:
    """The contenders' processes, started one after another, and why those of peers are not there.

    Raises:
        WorkerError: A contender that is no peer ended before its first step.
    """
    workers: dict[str, Worker] = {}
    skipped: dict[str, str] = {}
    for contender in contenders:
        try:
            workers[contender] = Worker(contender, game, conditions, data)
        except WorkerError as error:
            if contender not in PEERS:
                stop(workers.values())
                raise WorkerError(f"{contender} of {game.name}: {error}") from None
            skipped[contender] = str(error)
    return workers, skipped


def stop(workers: Any) -> None:
    """End some processes."""
    for worker in workers:
        worker.quit()
