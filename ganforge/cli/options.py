"""Arguments and flags that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..errors import OverrideError

F = TypeVar("F", bound=Callable[..., Any])

PRECISIONS = ("fp32", "tf32", "bf16")
COMPILE = ("off", "on", "auto")
_ROOTS = "$GANFORGE_DATA, else ~/.cache/ganforge/data"
_COUNT = click.IntRange(min=1)
_FLAGS = (
    click.option("--steps", type=_COUNT, metavar="N", help="Steps to play in all, in place of the game's length."),
    click.option("--seed", type=click.IntRange(min=0), metavar="N", help="All randomness follows from it. [0]"),
    click.option("--device", metavar="DEVICE", help="auto, cpu, cuda or cuda:INDEX. [auto]"),
    click.option("--precision", type=click.Choice(PRECISIONS), help="Of matrix products and convolutions. [fp32]"),
    click.option("--data-root", metavar="DIR", help=f"Cache folder of data sets. [{_ROOTS}]"),
    click.option("--checkpoint-every", type=_COUNT, metavar="N", help="Steps between checkpoints."),
    click.option("--sample-every", type=_COUNT, metavar="N", help="Steps between sample grids."),
    click.option("--log-every", type=_COUNT, metavar="N", help="Steps between log lines."),
    click.option("--compile", type=click.Choice(COMPILE), help="Compile turns; auto: if it pays. [off]"),
    click.option(
        "--capture", is_flag=True, default=None, help="Record turns as CUDA graphs; not yet tried on a device."
    ),
    click.option("--accumulate", type=_COUNT, metavar="N", help="Evaluate each batch in N pieces, to save memory."),
    click.option("--recompute", is_flag=True, default=None, help="Keep no activations for backward passes."),
    click.option(
        "--without",
        multiple=True,
        metavar="NAME",
        callback=lambda _context, _option, names: names or None,  # None leaves what a run was begun with.
        help="Leave out an optimisation, to measure it.",
    ),
    click.option("--quiet", is_flag=True, help="Show no progress."),
)


class Parametrised(click.Command):
    """A command that takes parameters as ``name=value``, and says so to who writes them as flags."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            name = error.option_name.lstrip("-").replace("-", "_")
            hint = f"A recipe's parameter is written without dashes: {name}=VALUE."
            near = [f"Did you mean {each}?" for each in error.possibilities or () if each != "--help"]
            raise click.UsageError(" ".join([error.message, *near[:1], hint]), ctx) from None


def flags(command: F) -> F:
    """Add the flags that say where and how a run is played."""
    for option in reversed(_FLAGS):
        command = option(command)
    return command


def folder(help: str) -> Callable[[F], F]:
    """The flag ``--out``."""
    return click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help=help)


def read_overrides(words: tuple[str, ...]) -> dict[str, str]:
    """Arguments of the form ``name=value`` by name.

    Raises:
        OverrideError: One has another form, or a name is given twice.
    """
    found: dict[str, str] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name.isidentifier():
            hint = "parameters are written name=value, flags --name"
            raise OverrideError(f"'{word}' is not of the form name=value.", hint)
        if name in found:
            raise OverrideError(f"'{name}' is given twice: {name}={found[name]} and {word}.")
        found[name] = text
    return found
