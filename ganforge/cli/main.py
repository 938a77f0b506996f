"""The command ``ganforge``: its global options and the names of its commands."""

from __future__ import annotations

from pathlib import Path

import click

from .group import Commands

COMMANDS = {
    "run": "Train a recipe.",
    "resume": "Go on with a run.",
    "check": "Tell what a recipe will do, or everything that is wrong with it.",
    "show": "List components, recipes and plugins, or describe one.",
    "sample": "Draw samples from a run.",
    "completion": "Set up completion in a shell.",
}


@click.group(cls=Commands, built_in=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ganforge", prog_name="ganforge", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show tracebacks of errors.")
@click.option("--no-plugin", multiple=True, metavar="NAME", help="Leave a plugin out; may be given several times.")
@click.option(
    "--plugins-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Add the single-file plugins of a folder.",
)
def cli(debug: bool, no_plugin: tuple[str, ...], plugins_dir: Path | None) -> None:
    """Declare a GAN as a game of players, and let one engine train it."""


def main() -> None:
    """Run the command line."""
    cli(prog_name="ganforge")
