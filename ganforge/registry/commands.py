"""Commands of plugins: added to the command line one plugin at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .calls import call, implementations, module_name
from .fault import Fault, contained
from .plugin import Plugins

if TYPE_CHECKING:
    import click


def add_commands(plugins: Plugins, cli: click.Group) -> list[str]:
    """Let every plugin add its commands to a click group.

    Args:
        plugins: The loaded plugins.
        cli: The group.

    Returns:
        One sentence for each plugin whose hook raised.
    """
    warnings = []
    for implementation in implementations(plugins.manager, "ganforge_commands"):
        try:
            with contained("raises in ganforge_commands", module_name(implementation)):
                call(implementation, "ganforge_commands", cli=cli)
        except Fault as fault:
            place = f" ({fault.file}:{fault.line})" if fault.file else ""
            warnings.append(f"plugin '{implementation.plugin_name}' {fault.text}.{place}")
    return warnings
