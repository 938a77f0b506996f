"""Times a step of DCGAN as its work grows: batch, image size, width, data set, and number of players.

    python benchmarks/growth.py [--rounds 9] [--device auto] [--quick]

The contenders of one axis play a step each, round after round, in one process. Work is what grows: images,
discriminators, or the floating-point operations of convolutions and matrix products that a step really computes, as
torch counts them; for the data set it is nothing, so that a step should take one time whatever the number of examples.
A straight line is fitted to the medians: ``fixed`` milliseconds and ``each`` unit of work, and ``off`` is the farthest
that a median lies from it, as a share. Prints one JSON line, then tables.
"""

from __future__ import annotations

import argparse
import datetime
import functools
import json
import operator
import os
import platform
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

import ganforge as gf
from ganforge.engine.batches import Batches
from ganforge.engine.device import Machine, choose_device
from ganforge.engine.loop import Loop
from ganforge.language.graph import game_batches
from ganforge.language.recipe import load_recipe
from ganforge_classic import Adam, DCGANDiscriminator, DCGANGenerator, NonSaturating

RECIPE = Path(__file__).resolve().parent.parent / "recipes" / "dcgan_cifar.py"
BATCH, SIZE, WIDTH, COUNT = 64, 32, 64, 1000
NOTES = {
    "batch": "Each step also updates every weight, whatever the batch: that is the fixed part.",
    "size": "Operations grow with the number of pixels and, as each doubling of the side adds a stage of twice the "
    "channels, somewhat faster; the thinnest layers, which read much memory for few operations, weigh more in small "
    "images.",
    "width": "Operations grow with the square of the width. Convolutions of few channels do not fill the machine's "
    "vectors, so that narrow networks take longer for each operation.",
    "examples": "A batch is chosen by its numbers, so that a step does not depend on how many examples there are.",
    "players": "One generator, which is the fixed part, and more and more discriminators; each adds its own turn and "
    "its share of the generator's.",
}


@gf.component("bytes")
class Bytes(gf.ImageData):
    """Images of random bytes, made at once, of any number.

    Args:
        count: Number of images.
        size: Height and width in pixels.
    """

    count: int = COUNT
    size: int = SIZE

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width."""
        return (3, self.size, self.size)

    def open(self, root: Path) -> Sequence[gf.Examples]:
        """Make them; ``root`` is not used."""
        return [_Random(self.count, self.shape)]


class _Random(gf.Examples):
    """Random bytes that are made when they are read."""

    def __init__(self, count: int, shape: tuple[int, ...]) -> None:
        self._count, self._shape = count, shape

    def __len__(self) -> int:
        return self._count

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        return {"images": torch.randint(0, 256, (len(indices), *self._shape), dtype=torch.uint8)}


def dcgan(batch: int = BATCH, size: int = SIZE, width: int = WIDTH, count: int = COUNT) -> gf.Game:
    """The bundled recipe."""
    data = Bytes(count=count, size=size)
    return load_recipe(RECIPE)(data=data, base_channels=width, batch_size=batch)


@gf.recipe
def crowd(discriminators: int = 1, width: int = WIDTH, batch_size: int = BATCH) -> gf.Game:
    """One generator against several discriminators, each a player."""
    real = Bytes().batch().images
    G = DCGANGenerator("G", shape=real.shape, base_channels=width)
    fake = gf.per_step(G(gf.noise(100)))
    adv, adam = NonSaturating(), Adam(lr=2e-4, betas=(0.5, 0.999))
    critics = [DCGANDiscriminator(f"D{number}", base_channels=width) for number in range(discriminators)]
    opponents = [
        gf.Player(D.name, trains=D, minimizes=adv.discriminator(real=D(real), fake=D(fake)), optimizer=adam)
        for D in critics
    ]
    total = functools.reduce(operator.add, [adv.generator(fake=D(fake)).named(D.name) for D in critics])
    maker = gf.Player("G", trains=G, minimizes=total, optimizer=adam)
    return gf.Game(*opponents, maker, batch_size=batch_size, length=gf.steps(10**6))


@attrs.frozen
class Axis:
    """What grows.

    Args:
        unit: What work is counted in; ``GFLOP`` is measured, ``step`` is always one, of the players all but one are
            a ``discriminator``, and of images there are as many as the size says.
        games: The games by size.
    """

    unit: str
    games: dict[int, Any]


def axes(quick: bool) -> dict[str, Axis]:
    """Every axis with functions that make its games."""
    small: dict[str, Any] = {"batch": 4, "width": 8} if quick else {}
    crowds = functools.partial(crowd, **({"batch_size": 4, "width": 8} if quick else {}))
    base = functools.partial(dcgan, **small)

    def sizes(*all_of_them: int) -> tuple[int, ...]:
        return all_of_them[:3] if quick else all_of_them

    return {
        "batch": Axis("image", {n: functools.partial(base, batch=n) for n in sizes(16, 32, 64, 128, 256)}),
        "size": Axis("GFLOP", {n: functools.partial(base, size=n) for n in sizes(16, 32, 64)}),
        "width": Axis("GFLOP", {n: functools.partial(base, width=n) for n in sizes(16, 32, 64, 128)}),
        "examples": Axis("step", {n: functools.partial(base, count=n) for n in sizes(1000, 10_000, 100_000)}),
        "players": Axis("discriminator", {n: functools.partial(crowds, discriminators=n - 1) for n in sizes(2, 4, 8)}),
    }


def opened(game: gf.Game, machine: Machine) -> Loop:
    """The loop of a game, its data decoded."""
    data = {
        origin: Batches(
            origin,
            origin.data.open(Path(".")),
            seed=0,
            stream=number,
            batch_size=game.batch_size,
            device=machine.device,
            keep_channels_last=machine.tuning.channels_last,
        )
        for number, origin in enumerate(game_batches(game))
    }
    return Loop(game, machine, 0, data)


def operations(loop: Loop) -> float:
    """Floating-point operations, in units of 10**9, of the convolutions and matrix products of one step."""
    with FlopCounterMode(display=False) as counter:
        loop.step()
    return float(counter.get_total_flops()) / 1e9


def seconds(loop: Loop, machine: Machine) -> float:
    begun = time.perf_counter()
    loop.step()
    if machine.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begun


def measured(axis: Axis, machine: Machine, rounds: int) -> list[dict[str, float]]:
    """A row for each size: its work and the median milliseconds of its step."""
    loops = {size: opened(make(), machine) for size, make in axis.games.items()}
    work = {size: _work(axis, size, loop) for size, loop in loops.items()}
    for loop in loops.values():
        seconds(loop, machine)
    times = [{size: seconds(loop, machine) for size, loop in loops.items()} for _ in range(rounds)]
    rows = []
    for size in loops:
        taken = 1000 * statistics.median(one[size] for one in times)
        rows.append({"of": size, "work": round(work[size], 3), "ms": taken, "ms_per_unit": taken / work[size]})
    return rows


def _work(axis: Axis, size: int, loop: Loop) -> float:
    if axis.unit == "GFLOP":
        return operations(loop)
    return {"step": 1.0, "discriminator": size - 1.0}.get(axis.unit, float(size))


def line(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """The straight line nearest to the medians, as shares of them, and how far they lie from it."""
    work = [row["work"] for row in rows]
    taken = [row["ms"] for row in rows]
    if len(set(work)) == 1:
        fixed, each = statistics.mean(taken), 0.0
    else:
        # Every point counts by its share, or the largest alone would decide.
        weights = [1 / one**2 for one in taken]
        total = sum(weights)
        x, y = (sum(w * v for w, v in zip(weights, values, strict=True)) / total for values in (work, taken))
        each = sum(w * (a - x) * (b - y) for w, a, b in zip(weights, work, taken, strict=True)) / sum(
            w * (a - x) ** 2 for w, a in zip(weights, work, strict=True)
        )
        fixed = y - each * x
    off = max(abs(fixed + each * a - b) / b for a, b in zip(work, taken, strict=True))
    return {"fixed": round(fixed, 2), "each": round(each, 4), "off": round(off, 3)}


def table(name: str, axis: Axis, rows: Sequence[dict[str, float]], fitted: dict[str, float]) -> str:
    """One axis in Markdown."""
    lines = [
        f"| {name} | {axis.unit}s | ms a step | ms per {axis.unit} |",
        "|---|---|---|---|",
        *(f"| {row['of']:,} | {row['work']:,.4g} | {row['ms']:.1f} | {row['ms_per_unit']:.3f} |" for row in rows),
        "",
        f"Line: {fitted['fixed']:.1f} ms and {fitted['each']:.3f} ms per {axis.unit}, off by at most "
        f"{fitted['off']:.0%}. {NOTES[name]}",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--quick", action="store_true", help="small networks and few sizes, to see that it runs")
    asked = parser.parse_args()
    machine, load = Machine(choose_device(asked.device)), os.getloadavg()[0]
    found, lines, shown = {}, {}, []
    for name, axis in axes(asked.quick).items():
        rows = measured(axis, machine, 2 if asked.quick else asked.rounds)
        found[name], lines[name] = rows, line(rows)
        shown.append(table(name, axis, rows, lines[name]))
    for rows in found.values():
        for row in rows:
            row.update(ms=round(row["ms"], 2), ms_per_unit=round(row["ms_per_unit"], 4))
    record = {
        "benchmark": "growth",
        "axes": found,
        "lines": lines,
        "batch": BATCH,
        "size": SIZE,
        "width": WIDTH,
        "rounds": asked.rounds,
        "quick": asked.quick,
        "load_before": round(load, 2),
        "date": datetime.date.today().isoformat(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if machine.device.type == "cuda" else platform.machine(),
    }
    print(json.dumps(record))
    print("\n" + "\n\n".join(shown))


if __name__ == "__main__":
    main()
