"""The group of commands: knows their names, imports one when it is asked for, and tells every error."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from ..language.component import suggestion
from .failure import told
from .session import Session


class Commands(click.Group):
    """Commands imported when they are asked for; those of plugins follow where ganforge has none of that name.

    Args:
        built_in: Each command's help in one line, by name; it lives in the module of that name beside this file.
    """

    def __init__(self, *args: Any, built_in: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.built_in = built_in

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.built_in, *sorted(self.commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.built_in:
            command: click.Command = getattr(import_module(f".{cmd_name}", __package__), cmd_name)
            return command
        if cmd_name not in self.commands and not ctx.resilient_parsing:
            with told(debug=ctx.params.get("debug", False)):
                Session.of(ctx).add_commands(self)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            hint = suggestion(args[0], self.list_commands(ctx))
            ctx.fail(f"there is no command '{args[0]}'.{f' {hint[0].upper()}{hint[1:]}' if hint else ''}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self.built_in.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [name for name in self.built_in if name.startswith(incomplete)]
        items = [CompletionItem(name, help=self.built_in[name]) for name in names]
        return items + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        with told(debug=ctx.params["debug"]):
            return super().invoke(ctx)
