"""Builds the modules of a game's networks, and tries them out without memory or data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import GanforgeError, Problem, RecipeError
from ..language.game import Game
from ..language.graph import game_measures, game_networks, game_signals, ordered
from ..language.network import Evaluation, Network
from ..language.signal import Shape, Signal
from ..language.term import Measure
from .checkpoint import read
from .device import Machine
from .draw import derive, seed_generators
from .plan import rehearse
from .tensors import copy_tensors

_TRIAL_BATCH = 2
_NOWHERE = torch.device("meta")
_SMALL = 3 * 64 * 64


def input_shapes(game: Game) -> dict[str, list[Shape]]:
    """The shapes of the inputs of each network's first evaluation."""
    found: dict[str, list[Shape]] = {}
    for origin in ordered(game_signals(game)):
        if isinstance(origin, Evaluation):
            found.setdefault(origin.network.name, [signal.shape for signal in origin.inputs])
    return found


def build_modules(game: Game, machine: Machine, seed: int) -> dict[Network, nn.Module]:
    """Build every network on the host, so that its weights do not depend on the device, and move it there."""
    shapes = input_shapes(game)
    return {network: _build(network, shapes[name], machine, seed) for name, network in game_networks(game).items()}


def build_module(network: Network, shapes: list[Shape], machine: Machine, seed: int) -> nn.Module:
    """Build one network, held still; its initial weights follow from the seed and its name."""
    return _build(network, shapes, machine, seed).requires_grad_(False)


def _build(network: Network, shapes: list[Shape], machine: Machine, seed: int) -> nn.Module:
    seed_generators(derive(seed, "init", network.name))
    try:
        module = network.build(*shapes)
    except Exception as error:
        if network.site is not None:
            error.add_note(f"recipe line: {network.site}  {network.site.text}\nwhile building '{network.name}'")
        raise
    if network.weights:
        load_weights(module, Path(network.weights).expanduser())
    # Held networks see train mode too, as in every published loop; frozen ones are finished.
    return machine.place(module.train(not network.frozen))


def load_weights(module: nn.Module, path: Path) -> None:
    """Fill a module with the weights of a safetensors file, every one of which must fit."""
    given = dict(read(path).tensors)
    copy_tensors(module.state_dict(), given)


def trial(game: Game, device: torch.device = _NOWHERE) -> dict[str, int]:
    """Plan a step, build every network, and pass a batch of two through every evaluation and loss.

    Args:
        game: What is tried.
        device: Where; without memory by default, for which torch imports its compiler, which takes a second or more.

    Returns:
        The parameter count of each network.

    Raises:
        RecipeError: Where a real shape is not the declared one, or a loss is not one number; all at once.
    """
    rehearse(game)
    shapes, modules = input_shapes(game), {}
    for name, network in game_networks(game).items():
        modules[name] = _build_trial(network, shapes[name], device)
    with torch.no_grad():
        problems = [problem for origin in ordered(game_signals(game)) for problem in _try(origin, modules, device)]
        problems += [problem for measure in game_measures(game) for problem in _try_loss(measure, device)]
    if problems:
        raise RecipeError(problems)
    return {name: sum(p.numel() for p in module.parameters()) for name, module in modules.items()}


def trial_place(game: Game, device: torch.device) -> torch.device:
    """Where a trial takes least time: on the device that plays, or, of large images on a CPU, without memory."""
    found = [origin for origin in ordered(game_signals(game)) if isinstance(origin, Evaluation)]
    largest = max((math.prod(signal.shape) for origin in found for signal in origin.inputs), default=0)
    return device if device.type != "cpu" or largest <= _SMALL else _NOWHERE


def _build_trial(network: Network, shapes: list[Shape], device: torch.device) -> nn.Module:
    if device.type != "meta":
        return network.build(*shapes).to(device)
    try:
        with device:
            return network.build(*shapes).to(device)
    except NotImplementedError:
        raise
    except Exception:
        # Some modules read values while they are built; then memory it is.
        return network.build(*shapes).to("meta")


def _try(origin: object, modules: Mapping[str, nn.Module], device: torch.device) -> list[Problem]:
    if not isinstance(origin, Evaluation):
        return []
    name = origin.network.name
    try:
        out = modules[name](*(_empty(signal, device) for signal in origin.inputs))
    except NotImplementedError:  # An operator that torch cannot try without memory.
        return []
    except Exception as error:
        shapes = " and ".join(str(signal.shape) for signal in origin.inputs)
        return [Problem(f"network '{name}' cannot take {shapes}: {error}", origin.site)]
    found = [tuple(value.shape[1:]) for value in (out if isinstance(out, tuple | list) else (out,))]
    wrong = {index: shape for index, shape in enumerate(origin.shapes) if index >= len(found) or found[index] != shape}
    return [
        Problem(
            f"network '{name}' declares output {shape}, but its module gives "
            f"{found[index] if index < len(found) else 'nothing'}.",
            origin.site,
        )
        for index, shape in wrong.items()
    ]


def _try_loss(measure: Measure, device: torch.device) -> list[Problem]:
    if measure.wrt is not None:  # Differentiates by itself, which needs the graph between.
        return []
    try:
        keywords = {name: _empty(signal, device) for name, signal in measure.keywords.items()}
        value = measure.function(*(_empty(signal, device) for signal in measure.inputs), **keywords)
    except NotImplementedError:
        return []
    except GanforgeError:  # It says itself what it lacks, such as weights.
        raise
    except Exception as error:
        shapes = ", ".join(str(signal.shape) for signal in measure.signals)
        return [Problem(f"loss '{measure.name}' cannot take {shapes}: {error}", measure.site)]
    if not isinstance(value, Tensor) or value.numel() != 1:
        shown = tuple(value.shape) if isinstance(value, Tensor) else repr(value)
        return [Problem(f"loss '{measure.name}' returns one number; it gave {shown}.", measure.site)]
    return []


def _empty(signal: Signal, device: torch.device) -> Tensor:
    dtype = torch.float32 if signal.dtype == "float" else torch.int64
    return torch.zeros((_TRIAL_BATCH, *signal.shape), dtype=dtype, device=device)
