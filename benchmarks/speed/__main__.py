"""Times games played by a textbook loop, a tuned loop, ganforge and peers, interleaved.

python benchmarks/speed [GAME …] [--out RESULTS.jsonl]      times; one JSON line for each game
python benchmarks/speed switches [GAME …]                   ganforge without one optimisation at a time
python benchmarks/speed verify [GAME …]                     that the loops are the same mathematics
python benchmarks/speed table RESULTS.jsonl                 the tables for the documentation
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from speed.games import GAMES, Game


def main() -> int:
    words = sys.argv[1:]
    commands = {"run": _run, "switches": _switches, "verify": _verify, "table": _table}
    command = words.pop(0) if words and words[0] in commands else "run"
    if not {"-h", "--help"}.isdisjoint(words) and command == "run":
        print(__doc__)
    return commands[command](words)


def _parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python benchmarks/speed {command}".strip())
    choices = ", ".join(GAMES)
    parser.add_argument("games", nargs="*", metavar="GAME", help=f"any of: {choices}; all if left out")
    return parser


def _timing(command: str) -> argparse.ArgumentParser:
    parser = _parser(command)
    parser.add_argument("--rounds", type=int, help="blocks of each contender; 9 if left out")
    parser.add_argument("--seconds", type=float, help="length of a block; 1.5 if left out")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--precision", choices=("fp32", "tf32", "bf16"), default="fp32")
    parser.add_argument("--threads", type=int, help="threads of each process; torch's choice if left out")
    parser.add_argument("--out", type=Path, help="append the JSON lines to this file")
    parser.add_argument("--quick", action="store_true", help="2 rounds of 0.3 s, for a trial")
    return parser


def _games(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> list[Game]:
    unknown = [name for name in asked.games if name not in GAMES]
    if unknown:
        parser.error(f"no game is called {', '.join(unknown)}; there are: {', '.join(GAMES)}")
    return [GAMES[name] for name in asked.games or GAMES]


def _plan(asked: argparse.Namespace) -> Any:
    from speed.rounds import Plan

    rounds, seconds = (2, 0.3) if asked.quick else (9, 1.5)
    return Plan(rounds=asked.rounds or rounds, seconds=asked.seconds or seconds)


def _write(record: dict[str, Any], path: Path | None) -> None:
    line = json.dumps(record)
    print(line, flush=True)
    if path is not None:
        with path.open("a") as file:
            file.write(line + "\n")


def _run(words: list[str]) -> int:
    parser = _timing("")
    parser.add_argument("--contenders", nargs="+", metavar="NAME", help="who plays; all if left out")
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="ganforge without this")
    parser.add_argument("--peer-python", default=sys.executable, help="the interpreter that has torchgan and mimicry")
    asked = parser.parse_args(words)
    from speed.rounds import measured
    from speed.workers import Conditions, WorkerError

    conditions = Conditions(
        device=asked.device,
        precision=asked.precision,
        without=tuple(asked.without),
        threads=asked.threads,
        peer_python=asked.peer_python,
    )
    for game in _games(parser, asked):
        names = [name for name in game.contenders if not asked.contenders or name in asked.contenders]
        if not names:
            parser.error(f"{game.name} is played by {', '.join(game.contenders)}; asked: {', '.join(asked.contenders)}")
        try:
            record = measured(game, names, conditions, _plan(asked))
        except WorkerError as error:
            print(error, file=sys.stderr)
            return 1
        _write(record, asked.out)
        for name, why in record["skipped"].items():
            print(f"{game.name}: {name} was skipped: {why}", file=sys.stderr)
    return 0


def _switches(words: list[str]) -> int:
    parser = _timing("switches")
    parser.add_argument("--only", action="append", metavar="NAME", help="leave out only this; all in turn if left out")
    asked = parser.parse_args(words)
    from ganforge.engine.tuning import Tuning
    from speed.rounds import switched
    from speed.workers import Conditions

    conditions = Conditions(device=asked.device, precision=asked.precision, threads=asked.threads)
    for game in _games(parser, asked):
        _write(switched(game, asked.only or Tuning.names(), conditions, _plan(asked)), asked.out)
    return 0


def _verify(words: list[str]) -> int:
    parser = _parser("verify")
    asked = parser.parse_args(words)
    from speed.verification import STEPS, TOLERANCE, moved, verified

    failed = False
    for game in _games(parser, asked):
        found = verified(game)
        for name, most in found.items():
            failed |= not most <= TOLERANCE
            print(f"{game.name}: {name} differs from ganforge by {most:.1e} after {STEPS} steps", flush=True)
        for name, other in game.exempt.items():
            print(f"{game.name}: {name} makes fakes of its own in each turn; see {other}")
        print(f"{game.name}: weights move by {moved(game):.1e}", flush=True)
    return int(failed)


def _table(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python benchmarks/speed table")
    parser.add_argument("results", type=Path, metavar="RESULTS.jsonl")
    from speed.table import tables

    print(tables(parser.parse_args(words).results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
