"""Times the commands that answer without torch, each as a process of its own, in turn.

    python benchmarks/startup.py [--rounds 9]

Prints one JSON line with the median and the least seconds of each command.
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

COMMANDS = (
    "--help",
    "--version",
    "show components",
    "show recipes",
    "show plugins",
    "check dcgan_cifar data=shapes --no-build",
)


def seconds(command: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-m", "ganforge", *command.split()], check=True, capture_output=True)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    for command in COMMANDS:
        seconds(command)
    taken = [{command: seconds(command) for command in COMMANDS} for _ in range(rounds)]
    print(
        json.dumps(
            {
                "benchmark": "startup",
                "median": {c: round(statistics.median(times[c] for times in taken), 3) for c in COMMANDS},
                "least": {c: round(min(times[c] for times in taken), 3) for c in COMMANDS},
                "rounds": rounds,
                "date": datetime.date.today().isoformat(),
                "python": platform.python_version(),
                "machine": platform.machine(),
            }
        )
    )


if __name__ == "__main__":
    main()
