"""Interleaved timing: every round plays a block of each contender, in rotating order, while the others wait."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from .data import render
from .games import Game
from .machine import described
from .workers import Conditions, Worker, started, stop

Times = list[dict[str, float]]


@attrs.frozen(kw_only=True)
class Plan:
    """How long to measure.

    Args:
        rounds: Blocks of each contender.
        seconds: Length of a block.
    """

    rounds: int = 9
    seconds: float = 1.5


@contextmanager
def rendered(game: Game) -> Any:
    """The file of a game's data, for a while."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.pt"
        render(game, path)
        yield path


def interleaved(workers: Mapping[str, Worker], plan: Plan) -> Times:
    """Seconds of a step of each contender in each round."""
    counts = {name: _count(worker, plan.seconds) for name, worker in workers.items()}
    names, times = list(workers), Times()
    for number in range(plan.rounds):
        turned = names[number % len(names) :] + names[: number % len(names)]
        times.append({name: _block(workers[name], counts[name]) for name in turned})
    return times


def _count(worker: Worker, seconds: float) -> int:
    """Steps of a block, found while the worker warms up."""
    worker.play(1)
    found = min(worker.play(1), worker.play(2))
    return max(1, round(seconds / found))


def _block(worker: Worker, steps: int) -> float:
    time.sleep(0.05)  # Threads that spin for more work go to sleep.
    return worker.play(steps)


def ratio(times: Times, one: str, other: str) -> float:
    """The median over rounds of one contender's time over another's in the same round."""
    return statistics.median(seconds[one] / seconds[other] for seconds in times)


def measured(game: Game, contenders: Sequence[str], conditions: Conditions, plan: Plan) -> dict[str, Any]:
    """One game's record: times, ratios, memory, start and floating-point operations of each contender."""
    about = described(game, conditions, plan)
    with rendered(game) as data:
        roof = _roof(game, conditions, data)
        workers, skipped = started(contenders, game, conditions, data)
        try:
            times = interleaved(workers, plan)
            facts = {name: _facts(worker, [seconds[name] for seconds in times]) for name, worker in workers.items()}
        finally:
            stop(workers.values())
        roof = max(roof, _roof(game, conditions, data))
    for name, fact in facts.items():
        fact["share"] = _share(fact, roof)
        if "ganforge" in facts:
            own = facts["ganforge"]
            fact["ratio"] = round(ratio(times, "ganforge", name), 3)
            fact["ratio_spread"] = _spread([seconds["ganforge"] / seconds[name] for seconds in times])
            fact["memory_ratio"] = round(own["megabytes"] / fact["megabytes"], 3)
    return about | {"peak_gflops": round(roof), "contenders": facts, "skipped": skipped}


def _facts(worker: Worker, seconds: Sequence[float]) -> dict[str, Any]:
    # Memory before operations are counted, for counting takes memory of its own.
    megabytes, flops = worker.ask("memory")["megabytes"], worker.ask("flops")["flops"]
    return {
        "milliseconds": round(1000 * statistics.median(seconds), 2),
        "spread": _spread([1000 * value for value in seconds]),
        "import": round(worker.begun["import"], 2),
        "first_step": round(worker.begun["first_step"], 2),
        "megabytes": round(megabytes),
        "gflop": round(flops / 1e9, 2) if flops else None,
    }


def _spread(values: Sequence[float]) -> list[float]:
    """Least, first quartile, third quartile and greatest."""
    low, _, high = statistics.quantiles(values, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return [round(value, 3) for value in (min(values), low, high, max(values))]


def _share(fact: Mapping[str, Any], roof: float) -> float | None:
    if not fact["gflop"]:
        return None
    return round(fact["gflop"] / (fact["milliseconds"] / 1000) / roof, 3)


def _roof(game: Game, conditions: Conditions, data: Path) -> float:
    """The most GFLOP/s of a large convolution."""
    with Worker("peak", game, conditions, data) as worker:
        operations = worker.ask("flops")["flops"]
        return float(operations / min(worker.play(1) for _ in range(25)) / 1e9)


def switched(game: Game, names: Sequence[str], conditions: Conditions, plan: Plan) -> dict[str, Any]:
    """One game's record of what each optimisation gives: ganforge without it against ganforge."""
    about = described(game, conditions, plan) | {"benchmark": "switches"}
    found: dict[str, Any] = {}
    with rendered(game) as data, Worker("ganforge", game, conditions, data) as whole:
        for name in names:
            less = attrs.evolve(conditions, without=(*conditions.without, name))
            with Worker("ganforge", game, less, data) as lacking:
                times = interleaved({"with": whole, "without": lacking}, plan)
                ratios = [seconds["without"] / seconds["with"] for seconds in times]
                found[name] = {
                    "ratio": round(statistics.median(ratios), 3),
                    "ratio_spread": _spread(ratios),
                    "milliseconds": round(1000 * statistics.median(seconds["with"] for seconds in times), 2),
                    "memory_ratio": round(_megabytes(lacking) / _megabytes(whole), 3),
                }
    return about | {"switches": found}


def _megabytes(worker: Worker) -> float:
    return float(worker.ask("memory")["megabytes"])
