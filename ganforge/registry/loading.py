"""Loading: from a claimed entry point to a plugin's record, with every fault contained."""

from __future__ import annotations

import inspect
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pluggy

from ..language.component import Component, suggestion
from . import hooks
from .calls import call, implementations
from .fault import Fault, contained, line_of
from .kinds import KINDS, kind_base
from .plugin import Plugin

HEAVY = ("torch", "torchvision", "numpy", "scipy", "pandas", "matplotlib", "sklearn", "tensorflow", "jax")
RULE = "names are lower-case letters, digits and single hyphens, begin with a letter and have at most 64 characters"
_NAME = re.compile(r"(?=.{1,64}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SPECS = {name: value for name, value in vars(hooks).items() if name.startswith("ganforge_")}


@attrs.frozen(eq=False)
class Claim:
    """A plugin that was found and not yet loaded.

    Args:
        plugin: Its record so far.
        module: The module it will import.
        load: Imports it.
        requires: The distribution's requirements, read when they are needed.
    """

    plugin: Plugin
    module: str
    load: Callable[[], object]
    requires: Callable[[], list[str]] = list


def fits(name: str) -> bool:
    """Whether a name of a plugin or a component keeps the rule."""
    return _NAME.fullmatch(name) is not None


def load(claim: Claim, manager: pluggy.PluginManager) -> Plugin:
    """Import a plugin and register it whole, or not at all."""
    before = {name for name in HEAVY if name in sys.modules}
    began = time.perf_counter()
    try:
        with contained("cannot be registered", claim.module):
            record = _registered(claim, manager)
    except Fault as fault:
        if manager.has_plugin(claim.plugin.name):
            manager.unregister(name=claim.plugin.name)
        cause = f"{claim.plugin} {fault.text}."
        record = attrs.evolve(claim.plugin, state="failed", cause=cause, file=fault.file, line=fault.line)
    heavy = tuple(name for name in HEAVY if name in sys.modules and name not in before)
    return attrs.evolve(record, milliseconds=(time.perf_counter() - began) * 1000, heavy=heavy)


def _registered(claim: Claim, manager: pluggy.PluginManager) -> Plugin:
    module = _imported(claim)
    names = _check_hooks(module, claim.module, manager)
    other = manager.get_name(module)
    if other is not None:
        raise Fault(f"is the module of plugin '{other}' once more: {claim.module}")
    manager.register(module, name=claim.plugin.name)
    classes = _offered("ganforge_components", claim, manager)
    for cls in classes:
        _check_component(cls)
    _check_repeats(classes)
    folders = _offered("ganforge_recipes", claim, manager)
    return attrs.evolve(claim.plugin, hooks=names, classes=classes, recipes=tuple(map(_folder, folders)))


def _imported(claim: Claim) -> object:
    with contained("cannot be imported", claim.module):
        try:
            return claim.load()
        except ModuleNotFoundError as error:
            if error.name and f"{claim.module}.".startswith(f"{error.name}."):
                raise Fault(f"names a module that does not exist: {claim.module}") from None
            raise


def _check_hooks(module: object, shown: str, manager: pluggy.PluginManager) -> tuple[str, ...]:
    found: dict[str, Any] = {}
    for name in dir(module):
        options = manager.parse_hookimpl_opts(module, name)
        if options is not None:
            hook = options["specname"] or name
            found[hook] = getattr(module, name)
            _check_hook(hook, found[hook], dict(options))
    unmarked = [name for name in _SPECS if name not in found and callable(getattr(module, name, None))]
    if unmarked:
        place = line_of(getattr(module, unmarked[0]))
        raise Fault(f"has a function {unmarked[0]} that is not marked with @ganforge.hookimpl", *place)
    if not found:
        raise Fault(f"has no ganforge hooks in {shown}; hooks are functions marked with @ganforge.hookimpl")
    return tuple(sorted(found))


def _check_hook(hook: str, function: Callable[..., Any], options: dict[str, Any]) -> None:
    if hook not in _SPECS:
        if options["optionalhook"]:
            return
        hint = suggestion(hook, _SPECS)
        raise Fault(f"implements an unknown hook {hook}{_aside(hint)}", *line_of(function))
    if options["wrapper"] or options["hookwrapper"]:
        raise Fault(f"wraps {hook}; ganforge calls every implementation by itself", *line_of(function))
    known = list(inspect.signature(_SPECS[hook]).parameters)
    for parameter in inspect.signature(function).parameters.values():
        if parameter.default is parameter.empty and parameter.name not in known:
            offered = ", ".join(known) or "none"
            hint = suggestion(parameter.name, known)
            text = f"takes an unknown argument '{parameter.name}' in {hook}, whose arguments are: {offered}"
            raise Fault(f"{text}{_aside(hint)}", *line_of(function))


def _aside(hint: str) -> str:
    return f" ({hint})" if hint else ""


def _offered(hook: str, claim: Claim, manager: pluggy.PluginManager) -> tuple[Any, ...]:
    offered: list[Any] = []
    for implementation in implementations(manager, hook):
        if implementation.plugin_name != claim.plugin.name:
            continue
        with contained(f"raises in {hook}", claim.module):
            result = call(implementation, hook)
            if result is None or isinstance(result, str) or not hasattr(result, "__iter__"):
                place = line_of(implementation.function)
                raise Fault(f"returns {result!r} from {hook}, which must return a sequence", *place)
            offered += result
    return tuple(offered)


def _check_component(cls: Any) -> None:
    if not (isinstance(cls, type) and issubclass(cls, Component)):
        raise Fault(f"offers {_shown(cls)}, which is not a component class", *line_of(cls))
    if "declaration" not in vars(cls):
        raise Fault(f"offers {cls.__name__}, which is not marked with @ganforge.component", *line_of(cls))
    name = cls.declaration.name
    if not fits(name):
        raise Fault(f"names {cls.__name__} {name!r}; {RULE}", *line_of(cls))
    if cls.kind not in KINDS:
        hint = suggestion(cls.kind, KINDS)
        known = ", ".join(KINDS)
        raise Fault(f"offers {name}, whose kind {cls.kind!r} is none of: {known}{_aside(hint)}", *line_of(cls))
    if kind_base(cls) is None:
        raise Fault(f"offers {name} as a {cls.kind}, which does not inherit from ganforge's own", *line_of(cls))


def _shown(value: object) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"an object of {type(value).__name__}" if isinstance(value, Component) else repr(value)[:80]


def _check_repeats(classes: tuple[type[Component], ...]) -> None:
    for (kind, name), count in Counter((cls.kind, cls.declaration.name) for cls in classes).items():
        if count > 1:
            raise Fault(f"offers {count} components of kind {kind} called '{name}'")


def _folder(value: Any) -> Path:
    if not isinstance(value, str | Path):
        raise Fault(f"returns {value!r} from ganforge_recipes, which must return paths of folders")
    if not Path(value).is_dir():
        raise Fault(f"returns {value} from ganforge_recipes, which is not a folder")
    return Path(value)
