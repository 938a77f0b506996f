"""The worker's side of the conversation: commands over stdin, one JSON line back for each."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any


class Channel:
    """Answers "memory", "flops" and "quit", and leaves "play N" to who plays.

    Whatever else is printed goes to stderr, for some trainers print at every step.

    Args:
        cuda: Whether the work is done on a CUDA device.
        spawned: When the process was asked for, in seconds of ``time.time``.
    """

    def __init__(self, cuda: bool, spawned: float) -> None:
        self.cuda, self.spawned = cuda, spawned
        self.flops: Callable[[], int | None] = lambda: None
        self._out = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def answer(self, **fields: Any) -> None:
        self._out.write(json.dumps(fields) + "\n")
        self._out.flush()

    def age(self) -> float:
        """Seconds since the process was asked for."""
        self.synchronise()
        return time.time() - self.spawned

    def synchronise(self) -> None:
        """Wait until the device has done what it was given."""
        if self.cuda:
            import torch

            torch.cuda.synchronize()

    def plays(self) -> Iterator[int]:
        """How many steps to play next; asking for the next number answers with the seconds that these took."""
        for line in sys.stdin:
            word, _, number = line.strip().partition(" ")
            if word == "play":
                self.synchronise()
                begun = time.perf_counter()
                yield int(number)
                self.synchronise()
                self.answer(seconds=time.perf_counter() - begun)
            elif word == "memory":
                self.answer(megabytes=self.peak())
            elif word == "flops":
                self.answer(flops=self.flops())
            elif word == "quit":
                return

    def forget_peak(self) -> None:
        """Measure the peak of memory from here on."""
        if self.cuda:
            import torch

            torch.cuda.reset_peak_memory_stats()
        else:
            Path("/proc/self/clear_refs").write_text("5")

    def peak(self) -> float:
        """The peak of memory in megabytes: of the process, or on the CUDA device what torch has given out."""
        if self.cuda:
            import torch

            return torch.cuda.max_memory_allocated() / 2**20
        return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
