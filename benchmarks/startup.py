"""Times the commands that answer without torch, and how long a run takes to finish its first step.

    python benchmarks/startup.py [--rounds 9] [--quick]

Every command is a process of its own, in turn with the others. The first step is that of DCGAN on the embedded shapes,
batch 64, from the start of the process to the observer that is told of the step's losses; beside it stands a process
that imports torch and does nothing else, up to the end of that import. ``beyond_import`` is the median over rounds of
the difference. All modules are compiled by a first round that does not count, as in an installation; their cache is a
folder of the benchmark's own. Prints one JSON line with the median and the least seconds of each.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = (
    "--help",
    "--version",
    "show components",
    "show recipes",
    "show plugins",
    "show dcgan_cifar",
    "check dcgan_cifar data=shapes --no-build",
)
RUN = "run dcgan_cifar data=shapes batch_size=64 --steps 1 --quiet"
OBSERVER = '''"""Tells when a step is done."""
import time

import ganforge as gf


@gf.hookimpl
def ganforge_scalars_logged(run, step, scalars):
    print("done at", time.monotonic(), flush=True)
'''
IMPORT = 'import torch, time; print("done at", time.monotonic(), flush=True)'


class Clock:
    """Times processes.

    Args:
        folder: Where compiled modules and the observer are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._observers = folder / "observers"
        self._observers.mkdir()
        (self._observers / "observer.py").write_text(OBSERVER, encoding="utf-8")
        self._environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self._environment["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")

    def seconds(self, *command: str) -> tuple[float, str]:
        """Seconds that a command takes, and what it says."""
        begun = time.monotonic()
        words = [sys.executable, *command]
        done = subprocess.run(words, check=True, capture_output=True, text=True, env=self._environment)
        return time.monotonic() - begun, done.stdout

    def seconds_until_done(self, *command: str) -> float:
        """Seconds from the start of a process to the moment that it tells; the clock is the whole machine's."""
        begun = time.monotonic()
        _, said = self.seconds(*command)
        return float(said.split("done at ")[1].split()[0]) - begun

    def first_step(self) -> float:
        """Seconds from the command to the end of its first step."""
        with tempfile.TemporaryDirectory() as out:
            words = ("--plugins-dir", str(self._observers), *RUN.split(), "--out", f"{out}/run")
            return self.seconds_until_done("-m", "ganforge", *words)

    def once(self, commands: tuple[str, ...]) -> dict[str, float]:
        """One round: every command, the import of torch alone and the first step."""
        taken = {command: self.seconds("-m", "ganforge", *command.split())[0] for command in commands}
        return taken | {"import torch": self.seconds_until_done("-c", IMPORT), "first step": self.first_step()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="one round of a few commands, to see that it runs")
    asked = parser.parse_args()
    rounds, commands = (1, COMMANDS[:1]) if asked.quick else (asked.rounds, COMMANDS)
    with tempfile.TemporaryDirectory() as folder:
        clock, load = Clock(Path(folder)), os.getloadavg()[0]
        if not asked.quick:
            clock.once(commands)
        taken = [clock.once(commands) for _ in range(rounds)]
    print(
        json.dumps(
            {
                "benchmark": "startup",
                "median": {name: round(statistics.median(times[name] for times in taken), 3) for name in taken[0]},
                "least": {name: round(min(times[name] for times in taken), 3) for name in taken[0]},
                "beyond_import": round(
                    statistics.median(times["first step"] - times["import torch"] for times in taken), 3
                ),
                "rounds": rounds,
                "load_before": round(load, 2),
                "date": datetime.date.today().isoformat(),
                "python": platform.python_version(),
                "torch": importlib.metadata.version("torch"),
                "machine": platform.machine(),
            }
        )
    )


if __name__ == "__main__":
    main()
