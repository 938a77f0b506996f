"""Google-style docstrings, read for help texts and listings."""

from __future__ import annotations

import inspect
import re

_SECTION = re.compile(r"^(Args|Returns|Raises|Yields|Attributes|Example|Examples|Note|Notes):\s*$")
_ENTRY = re.compile(r"^(\w+)(?:\s*\([^)]*\))?:\s*(.*)$")


def summary(value: object) -> str:
    """The first sentence line of a docstring; empty without one."""
    return (inspect.getdoc(value) or "").split("\n\n")[0].replace("\n", " ").strip()


def body(value: object) -> str:
    """A docstring up to its first section."""
    lines = []
    for line in (inspect.getdoc(value) or "").splitlines():
        if _SECTION.match(line):
            break
        lines.append(line)
    return "\n".join(lines).strip()


def arguments(value: object) -> dict[str, str]:
    """The entries of a docstring's ``Args:`` section by name."""
    found: dict[str, str] = {}
    inside, current = False, ""
    for line in (inspect.getdoc(value) or "").splitlines():
        if _SECTION.match(line):
            inside = line.startswith("Args")
            continue
        inside = inside and (line.startswith(" ") or not line)
        if not inside or not line:
            continue
        entry = _ENTRY.match(line.strip())
        if entry and len(line) - len(line.lstrip()) <= 4:
            current = entry[1]
            found[current] = entry[2]
        elif current:
            found[current] += " " + line.strip()
    return found
