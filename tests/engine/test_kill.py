"""A run killed at any moment and resumed ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROUNDS = 4


def test_a_run_killed_again_and_again_ends_bit_equal(tmp_path: Path) -> None:
    program = Path(__file__).with_name("killing.py")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path), str(ROUNDS)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["kills"] >= 2 * ROUNDS
    assert seen["tensors"] > 20
    assert (seen["equal"], seen["lines"], seen["litter"]) == (ROUNDS, ROUNDS, [])
