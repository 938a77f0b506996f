"""Plays rows of the gallery again: ``python benchmarks/zoo [--jobs 2] [ROW…]``.

Writes benchmarks/zoo/results.json, docs/pictures/zoo/ and docs/zoo.md, or with --steps-scale, which is for trials,
prints only.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
# Before torch is imported, here and in the processes that play.
os.environ["OMP_NUM_THREADS"] = "1"

from ganforge.api import default_data_root  # noqa: E402
from zoo.play import Options, play  # noqa: E402
from zoo.rows import ROWS  # noqa: E402
from zoo.table import numbers, page, remarks  # noqa: E402

RESULTS, DOCS = HERE / "results.json", HERE.parents[1] / "docs"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python benchmarks/zoo", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"any of: {', '.join(ROWS)}; all if left out")
    parser.add_argument("--jobs", type=int, default=1, help="rows to play at once, one thread each")
    parser.add_argument("--steps-scale", type=float, default=1.0, help="share of the steps to play, for a trial")
    parser.add_argument("--data-root", default=default_data_root(), help="cache folder of data sets")
    parser.add_argument("--cache", default="~/.cache/ganforge/zoo", help="folder of trained judges")
    parser.add_argument("--runs", type=Path, help="keep the run folders here")
    asked = parser.parse_args()
    unknown = set(asked.rows) - set(ROWS)
    if unknown:
        parser.error(f"no row is called {', '.join(sorted(unknown))}; there are: {', '.join(ROWS)}")
    trial = asked.steps_scale != 1
    options = Options(
        data_root=Path(asked.data_root).expanduser(),
        cache=Path(asked.cache).expanduser(),
        pictures=Path(tempfile.mkdtemp()) if trial else DOCS / "pictures" / "zoo",
        runs=asked.runs,
        scale=asked.steps_scale,
    )
    failed = False
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.jobs, mp_context=spawn, max_tasks_per_child=1) as pool:
        futures = {pool.submit(play, ROWS[name], options): name for name in asked.rows or ROWS}
        for future in as_completed(futures):
            name = futures[future]
            try:
                result = future.result()
            except Exception as error:
                failed = True
                print(f"{name}: {type(error).__name__}: {error}", flush=True)
                continue
            told = "; ".join([*numbers(result), *remarks(ROWS[name], result)])
            print(f"{name}: {told}; {result['cpu_seconds']} s", flush=True)
            if not trial:
                save(name, result)
    if trial:
        print(f"pictures: {options.pictures}")
    return int(failed)


def save(name: str, result: dict[str, object]) -> None:
    """Add a row's results to those that are known, and write the page."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    results[name] = result
    ordered = {row: results[row] for row in ROWS if row in results}
    RESULTS.write_text(json.dumps(ordered, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (DOCS / "zoo.md").write_text(page(ROWS, ordered), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
