"""Tests of the group of commands: what it imports, what it suggests, and what plugins add."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click.testing import Result

PROBE = """
import sys
from ganforge.cli.main import cli
try:
    cli(sys.argv[1:], prog_name="ganforge")
except SystemExit as end:
    assert not end.code, end.code
print(*(name for name in ("torch", "ganforge_classic") if name in sys.modules), file=sys.stderr)
"""


def imported(*words: str) -> str:
    done = subprocess.run([sys.executable, "-c", PROBE, *words], capture_output=True, text=True, check=True, timeout=30)
    return done.stderr.strip()


def test_help_and_version_import_neither_torch_nor_a_plugin(here: Path) -> None:
    assert imported("--help") == ""
    assert imported("--version") == ""
    assert imported("run", "--help") == ""


@pytest.mark.parametrize(
    "words", [["show", "components"], ["show", "recipes"], ["show", "plugins"], ["show", "toy.py"]]
)
def test_show_imports_no_torch(here: Path, words: list[str]) -> None:
    assert imported(*words) == "ganforge_classic"


def test_check_without_building_imports_no_torch(here: Path) -> None:
    assert imported("check", "toy.py", "--no-build") == "ganforge_classic"


def test_help_lists_every_command_with_its_own_short_help(ganforge) -> None:
    from ganforge.cli.main import COMMANDS, cli

    text = ganforge("--help").stdout
    seen = 0
    for name, help in COMMANDS.items():
        assert f"  {name} " in text and help in text
        ctx = cli.make_context("ganforge", [name, "--help"], resilient_parsing=True)
        command = cli.get_command(ctx, name)
        assert command is not None and command.name == name
        seen += 1
    assert seen == 6


def test_an_unknown_command_is_answered_with_the_nearest(ganforge) -> None:
    result: Result = ganforge("rnu", "toy.py")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == "Error: there is no command 'rnu'. Did you mean 'run'?"


def plugin(here: Path, text: str) -> list[str]:
    folder = here / "plugs"
    folder.mkdir()
    (folder / "greeter.py").write_text(textwrap.dedent(text))
    return ["--plugins-dir", str(folder)]


def test_a_plugin_adds_commands(ganforge, here: Path) -> None:
    options = plugin(
        here,
        """
        import click
        import ganforge as gf

        @gf.hookimpl
        def ganforge_commands(cli):
            @cli.command()
            def hello():
                click.echo("hello there")

            @cli.command()
            def show():
                click.echo("not this one")
        """,
    )
    from ganforge.cli.main import cli

    before = dict(cli.commands)
    try:
        assert ganforge(*options, "hello").stdout == "hello there\n"
        assert "not this one" not in ganforge(*options, "show", "plugins").stdout
    finally:
        cli.commands = before


def test_a_broken_plugin_is_a_warning(ganforge, here: Path) -> None:
    options = plugin(here, "raise ImportError('no such thing')\n")
    result = ganforge(*options, "show", "recipes")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: plugin 'greeter' (")
    assert "cannot be imported: ImportError: no such thing." in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_plugin_is_left_out_by_name(ganforge) -> None:
    assert "classic: blocked" in ganforge("--no-plugin", "classic", "show", "plugins").stdout
    assert ganforge("--no-plugin", "classic", "show", "components", "optimizer").stdout == "no components\n"


def test_leaving_out_a_plugin_that_is_not_there_is_an_error(ganforge) -> None:
    result = ganforge("--no-plugin", "clasic", "show", "recipes")
    assert result.exit_code == 3
    assert result.stderr.startswith("error: --no-plugin names 'clasic', which is not installed.")
    assert result.stderr.splitlines()[-1] == "hint: did you mean 'classic'?"


def test_a_plugin_that_exits_in_its_commands_is_a_warning(ganforge, here: Path) -> None:
    options = plugin(
        here,
        """
        import ganforge as gf

        @gf.hookimpl
        def ganforge_commands(cli):
            raise SystemExit(7)
        """,
    )
    result = ganforge(*options, "hello")
    assert result.exit_code == 2
    assert "warning: plugin 'greeter' raises in ganforge_commands" in result.stderr


def test_it_runs_as_a_module(here: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "ganforge", "--version"], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "ganforge 0.1.0\n")
