"""The documentation's tables, made of the records that the benchmark writes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_HEAD = ("game", "contender", "ms a step", "quartiles", "ganforge's time to it", "first step, s", "memory, MB")
_HEAD_REST = ("ganforge's memory to it", "GFLOP a step", "of the roof")


def tables(path: Path) -> str:
    """Markdown of every record in a file; of several of one game under one condition the last counts."""
    records: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for line in path.read_text().splitlines():
        record = json.loads(line)
        records[_place(record)] = record
    conditions: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for place, record in records.items():
        conditions.setdefault(place[:-1], []).append(record)
    return "\n\n".join(_section(group) for group in conditions.values())


def _place(record: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ("benchmark", "device", "machine", "torch", "threads", "precision")
    return (*(record[name] for name in names), tuple(record["without"]), record["game"])


def _section(records: Sequence[Mapping[str, Any]]) -> str:
    first, dates = records[0], sorted({record["date"] for record in records})
    where = f"{first['device']} ({first['machine']})" if first["device"] != "CPU" else f"CPU ({first['machine']})"
    threads = f"{first['threads']} thread{'s' if first['threads'] != 1 else ''}"
    said = f"{where}, {threads}, {first['precision']}; torch {first['torch']}, torchvision {first['torchvision']}, "
    said += f"Python {first['python']}; {' to '.join(dict.fromkeys((dates[0], dates[-1])))}."
    if first["without"]:
        said += f" Without {', '.join(first['without'])}."
    lines = _switches(records) if first["benchmark"] == "switches" else _contenders(records)
    return "\n".join([said, "", *lines])


def _contenders(records: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    yield _row([*_HEAD, *_HEAD_REST])
    yield _row(["---"] * (len(_HEAD) + len(_HEAD_REST)))
    for record in records:
        for name, fact in record["contenders"].items():
            low, high = fact["spread"][1:3]
            yield _row(
                [
                    record["game"],
                    name,
                    f"{fact['milliseconds']:.4g}",
                    f"{low:.4g}–{high:.4g}",
                    f"**{fact['ratio']:.2f}**" if "ratio" in fact and name != "ganforge" else "",
                    f"{fact['first_step']:.1f}",
                    str(fact["megabytes"]),
                    f"{fact['memory_ratio']:.2f}" if "memory_ratio" in fact and name != "ganforge" else "",
                    f"{fact['gflop']:.3g}" if fact["gflop"] else "",
                    f"{fact['share']:.0%}" if fact["share"] else "",
                ]
            )
        for name, why in record["skipped"].items():
            yield _row([record["game"], name, f"skipped: {why}", *[""] * 7])


def _switches(records: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    names = list(dict.fromkeys(name for record in records for name in record["switches"]))
    yield _row(["left out", *(record["game"] for record in records)])
    yield _row(["---"] * (1 + len(records)))
    for name in names:
        found = [record["switches"].get(name) for record in records]
        yield _row([name, *(_switch(each) if each else "" for each in found)])


def _switch(fact: Mapping[str, Any]) -> str:
    low, high = fact["ratio_spread"][1:3]
    return f"{fact['ratio']:.2f} ({low:.2f}–{high:.2f}), memory {fact['memory_ratio']:.2f}"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
