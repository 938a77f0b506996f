"""What a record says of the machine, the versions and the conditions."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import attrs
import torch
import torchvision

from .games import Game
from .workers import Conditions


def described(game: Game, conditions: Conditions, plan: Any) -> dict[str, Any]:
    """The head of a game's record."""
    cuda = conditions.device == "cuda"
    return {
        "benchmark": "speed",
        "game": game.name,
        "date": datetime.date.today().isoformat(),
        "commit": _commit(),
        "device": torch.cuda.get_device_name() if cuda else "CPU",
        "machine": f"{platform.machine()}, {_processor()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "threads": conditions.threads or torch.get_num_threads(),
        "precision": conditions.precision,
        "without": list(conditions.without),
        "batch": game.sizes["batch"],
        "sizes": dict(game.sizes),
        "plan": attrs.asdict(plan),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def _commit() -> str | None:
    command = ["git", "describe", "--always", "--dirty"]
    found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True)
    return found.stdout.strip() or None
