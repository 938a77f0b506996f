"""A process that plays a game in forked children, kills them at random moments, and says what became of it.

It is a program of its own because only a process that has never used threads may fork torch safely.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch
import torch._dynamo  # The first optimizer would import it in every child.

import ganforge as gf
import ganforge.api
import ganforge.engine.checkpoint  # Imported before forking, so that a child's time is spent on training.
from ganforge_classic import Adam, LeastSquares, MLPDiscriminator, MLPGenerator
from ganforge_data import Shapes

STEPS = 40


def game() -> gf.Game:
    """Small, with everything in it that a checkpoint must hold."""
    data = Shapes(size=8, count=24)
    real, z = data.batch().images, gf.noise(4)
    G = MLPGenerator("G", shape=real.shape, widths=(16,), norm="batch")
    D = MLPDiscriminator("D", widths=(16,), dropout=0.3)
    fake, adv, adam = gf.per_step(G(z)), LeastSquares(), Adam(lr=1e-3, betas=(0.5, 0.9))
    shown = gf.image_pool(fake, size=6)
    on_real = adv.discriminator(real=D(real), fake=D(shown))
    k = gf.integral(on_real, gain=0.1, start=1.0, bounds=(0.5, 2.0))
    return gf.Game(
        gf.Player("D", trains=D, minimizes=k * on_real, optimizer=adam, updates=2),
        gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=adam),
        batch_size=5,
        length=gf.steps(STEPS),
        samples=gf.ema(G, decay=0.9)(z),
        monitors={"k": k},
    )


def play(out: Path) -> None:
    gf.train(game(), out=out, resume=True, device="cpu", checkpoint_every=3, log_every=1, sample_every=10, quiet=True)


def child(out: Path) -> int:
    """Fork a process that plays; its exit code is 0 when the game is over."""
    process = os.fork()
    if process == 0:
        try:
            play(out)
            os._exit(0)
        except BaseException as error:
            print(f"child: {error!r}", file=sys.stderr)
            os._exit(1)
    return process


def undisturbed(out: Path) -> float:
    begun = time.monotonic()
    assert os.waitpid(child(out), 0)[1] == 0
    return time.monotonic() - begun


def disturbed(out: Path, length: float, chance: random.Random) -> int:
    """Kill until one child comes through; returns the kills that hit a child at work."""
    kills = 0
    while True:
        process = child(out)
        time.sleep(chance.uniform(0.05, 0.5) * length)
        finished, status = os.waitpid(process, os.WNOHANG)
        if not finished:
            os.kill(process, signal.SIGKILL)
            _, status = os.waitpid(process, 0)
        if os.WIFSIGNALED(status):
            kills += 1
            # Where the disk is slow for a while, no child might live to save; each next one lives longer.
            length *= 1.1
        elif os.WEXITSTATUS(status) == 0:
            return kills
        else:
            raise SystemExit("a resumed run failed")


def state(out: Path) -> dict[str, torch.Tensor]:
    return ganforge.engine.checkpoint.newest(out / "checkpoints")[0].tensors


def main(folder: Path, rounds: int) -> None:
    torch.set_num_threads(1)
    undisturbed(folder / "warm-up")
    length, kills, equal, lines = undisturbed(folder / "whole"), 0, 0, 0
    expected = state(folder / "whole")
    for number in range(rounds):
        out = folder / f"cut-{number}"
        kills += disturbed(out, length, random.Random(number))
        found = state(out)
        assert found.keys() == expected.keys()
        equal += all(torch.equal(found[name], expected[name]) for name in expected)
        lines += (out / "metrics.jsonl").read_bytes() == (folder / "whole" / "metrics.jsonl").read_bytes()
    litter = [str(path) for path in folder.rglob("*.tmp")]
    result = {"kills": kills, "equal": equal, "lines": lines, "litter": litter, "tensors": len(expected)}
    print(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
