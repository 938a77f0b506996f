"""The gallery: rows and their results as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .rows import Row

_HEAD = """# The zoo

Every bundled recipe, shown to learn on a small budget: one thread of a CPU, small images, narrow networks. These are no
results to compare models by; the last column says where those are.

The numbers of a row are those of its criterion, first of its untrained networks, then trained, then in brackets of a
variant that was broken on purpose: the loss of the player that makes the samples (for `sgan_mnist` that of the
classifier) has its sign turned round, for a third of the steps. Judges are small classifiers of real images: MNIST's
training images, or shapes that no row trains on. What rows are measured on, test images or yet other shapes, neither
they nor their judges have seen. A mode is caught when the judge takes a fifth of its fair share of samples for it, and
the judge is sure of a sample from a confidence of 0.9 on. The Fréchet distance is in the judge's features, so it
compares rows of one kind and size only.

`python benchmarks/zoo ROW` plays a row again and writes this page.

| | recipe | what it shows | command | lines | CPU time | untrained → trained (broken) | published, where to compare |
|---|---|---|---|---|---|---|---|
"""


def command(row: Row) -> str:
    """What to type to play the shown run."""
    words = ["ganforge run", f"recipes/{row.name}.py", row.typed, f"--steps {row.steps}" if row.steps else ""]
    return " ".join(filter(None, words))


def learned(row: Row, result: Mapping[str, Any]) -> bool:
    """Whether the trained networks do better than the untrained and than the broken ones."""
    name = next(iter(result["trained"]))
    sign = 1 if row.criteria[0].better == "higher" else -1
    trained, *others = (sign * result[v][name] for v in ("trained", "untrained", "broken") if name in result[v])
    return all(trained > other for other in others)


def numbers(result: Mapping[str, Any]) -> list[str]:
    """One line for each number: untrained → trained (broken)."""
    before, trained, broken = (
        {name: _short(value) for name, value in result[variant].items()}
        for variant in ("untrained", "trained", "broken")
    )
    return [f"{n}: {before[n]} → **{trained[n]}** ({broken.get(n, 'diverged')})" for n in trained]


def _short(number: float) -> str:
    return f"{number:.0f}" if 100 <= abs(number) < 1e6 else f"{number:.3g}"


def judged(result: Mapping[str, Any]) -> str:
    """How often the row's judges are right on held-out real images."""
    return "; ".join(f"judge of {name}: {accuracy:.1%} right" for name, accuracy in result["judges"].items())


def remarks(row: Row, result: Mapping[str, Any]) -> list[str]:
    """What has to be said against a row: that it did not learn, or collapsed."""
    told = [] if learned(row, result) else ["**did not learn**"]
    for name, caught in result["trained"].items():
        if name.startswith("modes of ") and caught < 0.5 * int(name.split()[-1]):
            # Blurred samples are taken for few modes too; only where the judge is sure has the generator collapsed.
            collapsed = result["trained"]["judge is sure"] >= 0.5
            told.append(f"**collapsed to {caught:.0f} modes**" if collapsed else "few modes are told apart yet")
    return told


def page(rows: Mapping[str, Row], results: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole page, with the rows that have results."""
    return _HEAD + "".join(_line(row, results[name]) for name, row in rows.items() if name in results)


def _line(row: Row, result: Mapping[str, Any]) -> str:
    cells = (
        f'<img src="pictures/zoo/{row.name}.png" alt="samples of {row.name}" width="200">',
        f"[{row.name}](../recipes/{row.name}.py)",
        row.shows,
        f"`{command(row)}`",
        str(result["lines"]),
        f"{result['cpu_seconds'] / 60:.1f} min",
        "<br>".join(filter(None, [*numbers(result), judged(result), *remarks(row, result)])),
        row.published,
    )
    return f"| {' | '.join(cells)} |\n"
