"""Tests of the command line as a real process: signals, closed pipes, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

COMMAND = [sys.executable, "-m", "ganforge"]


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def stop(process: subprocess.Popen[str], number: signal.Signals, run: Path, beyond: int) -> int:
    """Send a signal once a run is beyond a step; return the step it stopped at."""
    deadline = time.monotonic() + 60
    while last_step(run) <= beyond:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, err
    assert out == "" and "Traceback" not in err
    message, hint = err.splitlines()[-2:]
    assert hint == "go on with: ganforge resume mine"
    step = int(message.removeprefix("stopped at step ").removesuffix("; everything is saved."))
    assert (run / f"checkpoints/step-{step:08d}.safetensors").exists()
    return step


def last_step(run: Path) -> int:
    """The last logged step; 0 before the first. A line may be half written."""
    metrics = run / "metrics.jsonl"
    lines = metrics.read_text().split("\n")[:-1] if metrics.exists() else []
    return int(json.loads(lines[-1])["step"]) if lines else 0


def test_a_signal_saves_and_the_run_goes_on(here: Path) -> None:
    process = start("run", "toy.py", "--steps", "1000000", "--log-every", "5", "--out", "mine")
    first = stop(process, signal.SIGINT, here / "mine", 10)
    second = stop(start("resume", "mine"), signal.SIGTERM, here / "mine", first + 5)
    assert second > first + 5
    lines = (here / "mine/metrics.jsonl").read_text().splitlines()
    steps = [json.loads(line)["step"] for line in lines]
    assert steps == sorted(set(steps)) and steps[:2] == [1, 5]


def test_closed_pipes_do_not_disturb_a_run(here: Path) -> None:
    words = ["run", "toy.py", "--steps", "20", "--log-every", "1", "--out", "mine"]
    read, write = os.pipe()
    process = subprocess.Popen([*COMMAND, *words], stdout=write, stderr=write)
    os.close(write)
    # The reader leaves after the first bytes, as head does.
    os.read(read, 1)
    os.close(read)
    assert process.wait(timeout=60) == 0
    steps = [json.loads(line)["step"] for line in (here / "mine/metrics.jsonl").read_text().splitlines()]
    assert steps == list(range(1, 21))


def test_a_listing_cut_short_by_its_reader_is_no_error(here: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COMMAND, "show", "components"], stdout=write, stderr=subprocess.PIPE, timeout=30)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")
