"""Times a step of the DCGAN 32x32 recipe with its real data against the same step on one fixed batch, in one process.

    python benchmarks/data.py [--batch 64] [--rounds 40] [--device auto] [--quick]

The data sets: the embedded shapes; a folder of PNG and JPEG files of 64x64 pixels scaled to 32; the same folder with
random crops from 36x36 and flips; the shapes and the folder while they are still being decoded, batch by batch, which
is what the first epoch costs on the host; and the folder streamed through one and two worker processes, as if it did
not fit in memory.

Prints one JSON line. ``ratio`` is the median over rounds of the step's time over that of the step on a fixed batch in
the same round. What is in memory plays a step each round, in changing order; what is streamed plays blocks of steps,
its workers at rest while the fixed batch plays. ``draw_microseconds`` is what drawing one batch takes by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ganforge.engine.batches import Batches
from ganforge.engine.device import Machine, choose_device
from ganforge.engine.loop import Loop
from ganforge.language.graph import game_batches
from ganforge.language.recipe import load_recipe
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed

RECIPE = Path(__file__).resolve().parent.parent / "recipes" / "dcgan_cifar.py"
SIZE, FILE_SIZE, LOAD_SIZE = 32, 64, 36
BLOCK = 10
STREAMED = "folder streamed by {} workers"


class Fixed:
    """Data whose every batch is the same one.

    Args:
        batches: Where that batch comes from.
    """

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self._drawn = batches.draw(0)

    def __len__(self) -> int:
        return len(self._batches)

    def epochs(self, position: int) -> float:
        return self._batches.epochs(position)

    def draw(self, position: int) -> tuple[Tensor, ...]:
        return self._drawn


class Contender:
    """The recipe with one kind of data.

    Args:
        data: The data set as a recipe's parameter.
        machine: Where it is played.
        batch: Examples in a batch.
        at_once: Whether all examples are decoded beforehand.
        fixed: Whether every batch is the first one.
        workers: Worker processes that stream the data; None keeps it in memory.
    """

    def __init__(
        self,
        data: str,
        machine: Machine,
        batch: int,
        *,
        at_once: bool = True,
        fixed: bool = False,
        workers: int | None = None,
    ) -> None:
        overrides = {"data": data, "batch_size": str(batch)}
        game = load_recipe(RECIPE).read(overrides, Catalogue(installed()))
        (origin,) = game_batches(game)
        self.batches = Batches(
            origin,
            origin.data.open(Path(".")),
            seed=0,
            stream=0,
            batch_size=batch,
            device=machine.device,
            memory=None if workers is None else 0,
            workers=workers,
            keep_channels_last=machine.tuning.channels_last,
            at_once=at_once,
        )
        given = Fixed(self.batches) if fixed else self.batches
        self.step = Loop(game, machine, 0, {origin: given}).step  # type: ignore[dict-item]


def save_files(folder: Path, count: int) -> None:
    """Write the embedded shapes as files, half of them PNG, half JPEG."""
    from ganforge_data import Shapes

    (examples,) = Shapes(size=FILE_SIZE, count=count).open(folder)
    for start in range(0, count, 256):
        numbers = torch.arange(start, min(start + 256, count))
        for number, image in zip(numbers.tolist(), examples.read(numbers)["images"], strict=True):
            picture = Image.fromarray(image.permute(1, 2, 0).numpy())
            picture.save(folder / f"{number:06d}.{'png' if number % 2 else 'jpg'}")


def in_memory(folder: Path, machine: Machine, batch: int, count: int) -> dict[str, Contender]:
    """The contenders that play in turn; the first is the fixed batch."""
    shapes, files = f"shapes(count={count})", f'folder(root="{folder}", size={SIZE})'
    augmented = f'folder(root="{folder}", size={SIZE}, load_size={LOAD_SIZE}, flip=true)'
    return {
        "fixed": Contender(shapes, machine, batch, fixed=True),
        "shapes": Contender(shapes, machine, batch),
        "folder": Contender(files, machine, batch),
        "folder cropped and flipped": Contender(augmented, machine, batch),
        "shapes, first epoch": Contender(shapes, machine, batch, at_once=False),
        "folder, first epoch": Contender(files, machine, batch, at_once=False),
    }


def seconds(step: Callable[[], None], machine: Machine, steps: int = 1) -> float:
    """Seconds of one step, the mean of several."""
    begun = time.perf_counter()
    for _ in range(steps):
        step()
    if machine.device.type == "cuda":
        torch.cuda.synchronize()
    return (time.perf_counter() - begun) / steps


def in_turn(contenders: dict[str, Contender], machine: Machine, rounds: int) -> list[dict[str, float]]:
    """One step of each, round after round, in another order each time; the first two rounds do not count."""
    names, found = list(contenders), []
    for number in range(rounds + 2):
        turn = number % len(names)
        times = {name: seconds(contenders[name].step, machine) for name in names[turn:] + names[:turn]}
        found.append(times)
    return found[2:]


def in_blocks(streamed: Contender, fixed: Contender, machine: Machine, rounds: int) -> list[dict[str, float]]:
    """Blocks of steps of a streamed contender, each followed by one of the fixed batch while no worker runs."""
    found = []
    for _ in range(rounds):
        seconds(streamed.step, machine, 4)  # Workers start, and what they have read ahead is used up.
        times = {"streamed": seconds(streamed.step, machine, BLOCK)}
        streamed.batches.close()
        found.append(times | {"fixed": seconds(fixed.step, machine, BLOCK)})
    return found


def median_ratio(rounds: list[dict[str, float]], name: str) -> float:
    return round(statistics.median(times[name] / times["fixed"] for times in rounds), 3)


def spread(rounds: list[dict[str, float]], name: str) -> list[float]:
    """The quartiles of a ratio."""
    ratios = sorted(times[name] / times["fixed"] for times in rounds)
    return [round(ratios[len(ratios) * part // 4], 3) for part in (1, 3)]


def draw_microseconds(batches: Batches, machine: Machine) -> float:
    """What drawing one batch takes by itself."""
    positions = iter(range(10**6))
    taken = [seconds(lambda: batches.draw(next(positions)), machine, 20) for _ in range(5)]  # type: ignore[arg-type]
    return round(1e6 * statistics.median(taken), 1)


@contextlib.contextmanager
def files(count: int) -> Iterator[Path]:
    """A folder of image files that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        save_files(Path(folder), count)
        yield Path(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--quick", action="store_true", help="a few small steps, to see that it runs")
    asked = parser.parse_args()
    batch, rounds = (8, 3) if asked.quick else (asked.batch, asked.rounds)
    # What is played while it is being decoded must not come round to its second epoch.
    count, blocks = batch * (rounds + 4), 1 if asked.quick else max(rounds // 8, 1)
    machine = Machine(choose_device(asked.device))
    load = os.getloadavg()[0]
    with files(count) as folder:
        contenders = in_memory(folder, machine, batch, count)
        played = in_turn(contenders, machine, rounds)
        names = [name for name in contenders if name != "fixed"]
        ratio = {name: median_ratio(played, name) for name in names}
        quartiles = {name: spread(played, name) for name in names}
        for workers in (1, 2):
            streamed = Contender(f'folder(root="{folder}", size={SIZE})', machine, batch, workers=workers)
            played_apart = in_blocks(streamed, contenders["fixed"], machine, blocks)
            ratio[STREAMED.format(workers)] = median_ratio(played_apart, "streamed")
            quartiles[STREAMED.format(workers)] = spread(played_apart, "streamed")
        draws = {name: draw_microseconds(contenders[name].batches, machine) for name in names[:3]}
    print(
        json.dumps(
            {
                "benchmark": "data",
                "ratio": ratio,
                "quartiles": quartiles,
                "fixed_milliseconds": round(1000 * statistics.median(times["fixed"] for times in played), 1),
                "draw_microseconds": draws,
                "batch": batch,
                "examples": count,
                "rounds": rounds,
                "load_before": round(load, 2),
                "date": datetime.date.today().isoformat(),
                "torch": torch.__version__,
                "threads": torch.get_num_threads(),
                "device": torch.cuda.get_device_name() if machine.device.type == "cuda" else platform.machine(),
            }
        )
    )


if __name__ == "__main__":
    main()
