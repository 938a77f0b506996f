"""Times the DCGAN 32x32 recipe against plain-torch loops of the same mathematics, interleaved in one process.

    python benchmarks/overhead.py [--batch 64] [--steps 4] [--rounds 7]

Prints one JSON line. ``ratio`` is ganforge's time over that of the loop as people write it (PyTorch's DCGAN example:
the step's fakes made once, D's gradients cleared in its own turn); ``ratio_tuned`` over the same loop tuned by hand
(channels last, D held still in G's turn). Ratios are medians over rounds; memory is the peak of a process of its own.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

RECIPE = Path(__file__).resolve().parent.parent / "recipes" / "dcgan_cifar.py"
LATENT, WIDTH, COUNT = 100, 64, 4096


def images() -> Tensor:
    """The embedded shapes as every contender sees them: uint8 in memory."""
    from ganforge_data import Shapes

    (examples,) = Shapes(count=COUNT).open(Path("."))
    return examples.read(torch.arange(COUNT))["images"]


def generator() -> nn.Module:
    """DCGAN's generator for 32x32 as a hand-written loop has it."""
    return nn.Sequential(
        nn.Unflatten(1, (LATENT, 1, 1)),
        nn.ConvTranspose2d(LATENT, 4 * WIDTH, 4, 1, 0, bias=False),
        nn.BatchNorm2d(4 * WIDTH),
        nn.ReLU(True),
        nn.ConvTranspose2d(4 * WIDTH, 2 * WIDTH, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * WIDTH),
        nn.ReLU(True),
        nn.ConvTranspose2d(2 * WIDTH, WIDTH, 4, 2, 1, bias=False),
        nn.BatchNorm2d(WIDTH),
        nn.ReLU(True),
        nn.ConvTranspose2d(WIDTH, 3, 4, 2, 1, bias=False),
        nn.Tanh(),
    )


def discriminator() -> nn.Module:
    """DCGAN's discriminator for 32x32 as a hand-written loop has it."""
    return nn.Sequential(
        nn.Conv2d(3, WIDTH, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2, True),
        nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * WIDTH),
        nn.LeakyReLU(0.2, True),
        nn.Conv2d(2 * WIDTH, 4 * WIDTH, 4, 2, 1, bias=False),
        nn.BatchNorm2d(4 * WIDTH),
        nn.LeakyReLU(0.2, True),
        nn.Conv2d(4 * WIDTH, 1, 4, 1, 0, bias=False),
        nn.Flatten(),
    )


def plain(batch: int, tuned: bool) -> Callable[[], None]:
    """One step of a hand-written loop."""
    torch.manual_seed(0)
    data, G, D = images(), generator(), discriminator()
    if tuned:
        G, D = G.to(memory_format=torch.channels_last), D.to(memory_format=torch.channels_last)
        data = data.contiguous(memory_format=torch.channels_last)
    adam_g = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    adam_d = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    order = iter(lambda: torch.randperm(COUNT), None)

    def batches():
        for permutation in order:
            for start in range(0, COUNT - batch + 1, batch):
                yield data[permutation[start : start + batch]].float().div_(127.5).sub_(1)

    stream = batches()

    def step() -> None:
        real = next(stream)
        fake = G(torch.randn(batch, LATENT))
        D.requires_grad_(True)
        adam_d.zero_grad()
        loss = functional.softplus(-D(real)).mean() + functional.softplus(D(fake.detach())).mean()
        loss.backward()
        adam_d.step()
        D.requires_grad_(not tuned)
        adam_g.zero_grad()
        functional.softplus(-D(fake)).mean().backward()
        adam_g.step()

    return step


def ganforge(batch: int) -> Callable[[], None]:
    """One step of the recipe."""
    from ganforge.engine.device import Machine
    from ganforge.engine.loop import Loop
    from ganforge.engine.run import Settings, open_data
    from ganforge.language.graph import game_batches
    from ganforge.language.recipe import load_recipe
    from ganforge.registry.catalogue import Catalogue
    from ganforge.registry.discovery import installed

    overrides = {"data": f"shapes(count={COUNT})", "batch_size": str(batch)}
    game = load_recipe(RECIPE).read(overrides, Catalogue(installed()))
    machine = Machine(torch.device("cpu"))
    data = open_data(game_batches(game), batch, machine, Settings(), lambda text: None)
    return Loop(game, machine, 0, data).step


CONTENDERS: dict[str, Callable[[int], Callable[[], None]]] = {
    "ganforge": ganforge,
    "plain": lambda batch: plain(batch, tuned=False),
    "tuned": lambda batch: plain(batch, tuned=True),
}


def timed(step: Callable[[], None], steps: int) -> float:
    begun = time.perf_counter()
    for _ in range(steps):
        step()
    return (time.perf_counter() - begun) / steps


def peak_megabytes(name: str, batch: int) -> float:
    """Peak memory of a process that plays a few steps of one contender."""
    command = [sys.executable, __file__, "--alone", name, "--batch", str(batch)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--alone", choices=CONTENDERS, help="play one contender and print its peak memory")
    asked = parser.parse_args()
    if asked.alone:
        step = CONTENDERS[asked.alone](asked.batch)
        # Linux forgets the peak so far, which was that of rendering the images.
        Path("/proc/self/clear_refs").write_text("5")
        timed(step, 5)
        status = Path("/proc/self/status").read_text()
        print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
        return

    steps = {name: make(asked.batch) for name, make in CONTENDERS.items()}
    for step in steps.values():
        timed(step, 2)
    rounds = [{name: timed(step, asked.steps) for name, step in steps.items()} for _ in range(asked.rounds)]
    memory = {name: round(peak_megabytes(name, asked.batch)) for name in CONTENDERS}

    def ratio(other: str) -> float:
        return round(statistics.median(times["ganforge"] / times[other] for times in rounds), 3)

    print(
        json.dumps(
            {
                "benchmark": "overhead",
                "ratio": ratio("plain"),
                "ratio_tuned": ratio("tuned"),
                "memory_ratio": round(memory["ganforge"] / memory["plain"], 3),
                "milliseconds": {
                    name: round(1000 * statistics.median(times[name] for times in rounds), 1) for name in CONTENDERS
                },
                "megabytes": memory,
                "batch": asked.batch,
                "rounds": asked.rounds,
                "date": datetime.date.today().isoformat(),
                "torch": torch.__version__,
                "threads": torch.get_num_threads(),
                "machine": platform.machine(),
            }
        )
    )


if __name__ == "__main__":
    main()
