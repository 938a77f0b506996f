"""The command ``ganforge completion``."""

from __future__ import annotations

import click

from ..report.stream import say

_VARIABLE = "_GANFORGE_COMPLETE"
_SHELLS = {
    "bash": ("~/.bashrc", 'eval "$(ganforge completion bash)"'),
    "zsh": ("~/.zshrc", 'eval "$(ganforge completion zsh)"'),
    "fish": ("~/.config/fish/config.fish", "ganforge completion fish | source"),
}


@click.command()
@click.argument("shell", required=False, type=click.Choice(tuple(_SHELLS)))
@click.pass_context
def completion(ctx: click.Context, shell: str | None) -> None:
    """Print the script that completes commands, recipes and parameters in SHELL, or how to set it up."""
    if shell is None:
        for name, (file, line) in _SHELLS.items():
            say(f"{name}: add this line to {file}\n    {line}")
        return
    from click.shell_completion import get_completion_class

    chosen = get_completion_class(shell)
    assert chosen is not None, "click knows every shell of the list"
    say(chosen(ctx.find_root().command, {}, "ganforge", _VARIABLE).source())
