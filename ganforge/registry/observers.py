"""Observers: what plugins are told about a run; each is guarded, so that none can end or steer it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pluggy

from .calls import call, implementations, module_name
from .fault import Fault, contained
from .plugin import Plugins


class Observers:
    """Calls the observing hooks of the loaded plugins; what raises once is not called again."""

    def __init__(self, plugins: Plugins) -> None:
        self._manager = plugins.manager
        self._disabled: set[int] = set()

    def started(self, run: Path) -> None:
        """Tell that a run begins or resumes."""
        self._tell("ganforge_run_started", run=run)

    def logged(self, run: Path, step: int, scalars: Mapping[str, float]) -> None:
        """Tell the scalars of a logging step."""
        self._tell("ganforge_scalars_logged", run=run, step=step, scalars=MappingProxyType(dict(scalars)))

    def finished(self, run: Path, error: BaseException | None) -> None:
        """Tell that a run ended, and what ended it early."""
        self._tell("ganforge_run_finished", run=run, error=error)

    def _tell(self, hook: str, **arguments: Any) -> None:
        for implementation in implementations(self._manager, hook):
            if id(implementation) not in self._disabled:
                self._guarded(implementation, hook, arguments)

    def _guarded(self, implementation: pluggy.HookImpl, hook: str, arguments: dict[str, Any]) -> None:
        try:
            with contained(f"raises in {hook}", module_name(implementation)):
                call(implementation, hook, **arguments)
        except Fault as fault:
            self._disabled.add(id(implementation))
            place = f" ({fault.file}:{fault.line})" if fault.file else ""
            text = f"plugin '{implementation.plugin_name}' {fault.text}; it is not called again.{place}"
            print(f"warning: {text}", file=sys.stderr)
