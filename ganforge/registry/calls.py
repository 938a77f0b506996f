"""Calls of hooks: one implementation at a time, so that one plugin's exception is its own."""

from __future__ import annotations

import os
import sys
from typing import Any

import pluggy

TRACE = "GANFORGE_TRACE_PLUGINS"
_LONGEST = 80


def implementations(manager: pluggy.PluginManager, hook: str) -> list[pluggy.HookImpl]:
    """The implementations of a hook in the order that pluggy would call them."""
    caller: pluggy.HookCaller = getattr(manager.hook, hook)
    return list(reversed(caller.get_hookimpls()))


def call(implementation: pluggy.HookImpl, hook: str, **arguments: Any) -> Any:
    """Call one implementation with those arguments that it takes; traced where GANFORGE_TRACE_PLUGINS is 1."""
    if os.environ.get(TRACE) == "1":
        shown = ", ".join(f"{name}={repr(value)[:_LONGEST]}" for name, value in arguments.items())
        print(f"ganforge: plugin '{implementation.plugin_name}': {hook}({shown})", file=sys.stderr)
    return implementation.function(*(arguments[name] for name in implementation.argnames))


def module_name(implementation: pluggy.HookImpl) -> str:
    """The module of the plugin that offers an implementation."""
    plugin: Any = implementation.plugin
    return getattr(plugin, "__name__", None) or type(plugin).__module__
