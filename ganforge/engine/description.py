"""Describes networks and samples as JSON, and makes them again from registered components only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import CheckpointError, PluginError
from ..language.component import Component
from ..language.data import Batch
from ..language.graph import ordered
from ..language.length import Length
from ..language.network import Average, Evaluation, Network
from ..language.operation import Builtin
from ..language.signal import Barrier, Expression, Noise, PerStep, RandomLabels, SamplingMode, Shape, Signal
from ..registry.catalogue import Catalogue
from .operations import OPERATIONS


class NotDescribable(Exception):
    """Something that only the recipe can make again; the message says what."""


def describe_component(component: Component, registry: Catalogue) -> dict[str, Any]:
    """A component's key, version and parameters.

    Raises:
        NotDescribable: It, or a parameter of it, is not registered.
    """
    key = registry.key_of(type(component))
    if key is None:
        raise NotDescribable(f"{type(component).__name__} is defined in the recipe")
    parameters = {name: _describe(value, registry) for name, value in component.values().items()}
    version = component.declaration.version
    return {"component": key, "kind": component.kind, "version": version, "parameters": parameters}


def _describe(value: Any, registry: Catalogue) -> Any:
    if isinstance(value, Component):
        return describe_component(value, registry)
    if isinstance(value, Length):
        return {"length": [value.amount, value.unit]}
    if isinstance(value, tuple | list):
        return {"tuple" if isinstance(value, tuple) else "list": [_describe(item, registry) for item in value]}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise NotDescribable(f"a {type(value).__name__} has no description")


def make_component(description: Mapping[str, Any], registry: Catalogue) -> Any:
    """The component that a description names.

    Raises:
        PluginError: It is not installed, or its version differs.
    """
    key = str(description["component"])
    cls = _registered(description["kind"], key, registry)
    if cls.declaration.version != description["version"]:
        raise PluginError(
            f"this file was made with version {description['version']} of {key}; "
            f"version {cls.declaration.version} is installed."
        )
    return cls(**{name: _make(value, registry) for name, value in description["parameters"].items()})


def _registered(kind: str, key: str, registry: Catalogue) -> type[Component]:
    """The class of a full key; several kinds may share one, so the kind decides."""
    for entry in registry.entries():
        if (entry.kind, entry.key) == (kind, key):
            return entry.cls
    return registry.find(Component, key)


def _make(value: Any, registry: Catalogue) -> Any:
    if not isinstance(value, dict):
        return value
    if "component" in value:
        return make_component(value, registry)
    ((kind, content),) = value.items()
    if kind == "length":
        return Length(*content)
    if kind == "float":
        return float(content)
    items = [_make(item, registry) for item in content]
    return tuple(items) if kind == "tuple" else items


def describe_network(network: Network, shapes: Iterable[Shape], registry: Catalogue) -> dict[str, Any]:
    """A network's component and the shapes it was built for."""
    return describe_component(network, registry) | {"inputs": [list(shape) for shape in shapes]}


def describe_signals(signals: Mapping[str, Signal], registry: Catalogue) -> dict[str, Any]:
    """The expressions behind some signals, inputs first, each once, so that the signals share what they shared.

    Returns:
        ``nodes``, the expressions; ``signals``, which of their outputs each signal is, by name; and
        ``needs_recipe``, why only the recipe could make some of the signals again.
    """
    origins = ordered(signals.values())
    numbers = {origin: number for number, origin in enumerate(origins)}
    nodes: list[dict[str, Any]] = []
    reasons: dict[Expression, str] = {}
    for origin in origins:
        try:
            node = _describe_expression(origin, registry)
        except NotDescribable as reason:
            node, reasons[origin] = {"kind": "recipe"}, str(reason)
        nodes.append(node | {"inputs": [_describe_reference(i, numbers) for i in origin.inputs]})
    found = {name: [reasons[o] for o in ordered([signal]) if o in reasons] for name, signal in signals.items()}
    return {
        "nodes": nodes,
        "signals": {name: _describe_reference(signal, numbers) for name, signal in signals.items()},
        "needs_recipe": {name: why[0] for name, why in found.items() if why},
    }


def _describe_reference(signal: Signal, numbers: Mapping[Expression, int]) -> list[Any]:
    return [numbers[signal.origin], signal.output, list(signal.shape), signal.dtype]


def _describe_expression(origin: Expression, registry: Catalogue) -> dict[str, Any]:
    if isinstance(origin, Noise):
        values = {"shape": list(origin.shape), "prior": origin.prior, "low": origin.low, "high": origin.high}
        return {"kind": "noise", **values}
    if isinstance(origin, RandomLabels):
        return {"kind": "random-labels", "num_classes": origin.num_classes}
    if isinstance(origin, Batch):
        return {"kind": "batch", "data": describe_component(origin.data, registry), "fields": list(origin.fields)}
    if isinstance(origin, Evaluation):
        shapes = [list(shape) for shape in origin.shapes]
        average = origin.network.average is not None
        return {"kind": "network", "network": origin.network.name, "average": average, "shapes": shapes}
    if isinstance(origin, PerStep):
        return {"kind": "per-step"}
    if isinstance(origin, SamplingMode):
        return {"kind": "sampling", "mode": origin.mode}
    if type(origin) is Barrier:
        return {"kind": "stop-gradient"}
    if isinstance(origin, Builtin):
        options = {name: _describe(value, registry) for name, value in origin.options.items()}
        return {"kind": "operation", "name": origin.name, "options": options}
    raise NotDescribable(f"{origin} is an operation of the recipe")


def make_signals(
    description: Mapping[str, Any], networks: Mapping[tuple[str, bool], Network], registry: Catalogue
) -> dict[str, Signal]:
    """The signals that a description stands for, on networks given by (name, whether it is an average)."""
    made: list[Expression] = []

    def reference(entry: list[Any]) -> Signal:
        return Signal(made[entry[0]], entry[1], tuple(entry[2]), entry[3])

    for node in description["nodes"]:
        made.append(_make_expression(node, tuple(map(reference, node["inputs"])), networks, registry))
    return {name: reference(entry) for name, entry in description["signals"].items()}


def _make_expression(
    node: Mapping[str, Any],
    inputs: tuple[Signal, ...],
    networks: Mapping[tuple[str, bool], Network],
    registry: Catalogue,
) -> Expression:
    kind = node["kind"]
    if kind == "noise":
        return Noise(shape=tuple(node["shape"]), prior=node["prior"], low=node["low"], high=node["high"])
    if kind == "random-labels":
        return RandomLabels(num_classes=node["num_classes"])
    if kind == "batch":
        return Batch(data=make_component(node["data"], registry), fields=tuple(node["fields"]))
    if kind == "network":
        shapes = tuple(tuple(shape) for shape in node["shapes"])
        return Evaluation(inputs=inputs, network=networks[node["network"], node["average"]], shapes=shapes)
    if kind == "per-step":
        return PerStep(inputs=inputs)
    if kind == "sampling":
        return SamplingMode(inputs=inputs, mode=node["mode"])
    if kind == "stop-gradient":
        return Barrier(inputs=inputs)
    if kind == "operation" and node["name"] in OPERATIONS:
        options = {name: _make(value, registry) for name, value in node["options"].items()}
        return Builtin(inputs=inputs, name=node["name"], options=options)
    raise CheckpointError(f"the run describes a sample by {kind!r}, which this version does not know.")


def average_of(network: Network) -> Network:
    """A declaration that stands for a network's average when it is made from a description."""
    averaged: Network = network.with_values()
    object.__setattr__(averaged, "average", Average(network, 0.0))
    return averaged
