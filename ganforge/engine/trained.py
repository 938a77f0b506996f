"""A run read back from its folder: its networks and samples, without executing its recipe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from torch import Tensor, nn

from ..errors import CheckpointError, PluginError, RecipeError
from ..language.graph import batches_behind, networks_behind
from ..language.network import Network
from ..language.signal import Signal
from ..registry.catalogue import Catalogue
from .checkpoint import read
from .description import average_of, make_component, make_signals
from .device import Machine, choose_device
from .folder import RunFolder
from .modules import build_module
from .run import Settings, open_data
from .samples import Sampler
from .tensors import copy_tensors


class TrainedRun:
    """The networks of a run, ready to use.

    Args:
        path: The run folder.
        registry: Finds the components that the run names.
        device: Where to evaluate.
        data_root: Cache folder of data sets, for samples that read real examples; the run's own if left out.
    """

    def __init__(self, path: Path, registry: Catalogue, device: str = "auto", data_root: str | None = None) -> None:
        self.folder = RunFolder(path)
        self.record = self.folder.read_record()
        self.registry = registry
        self.machine = Machine(choose_device(device))
        self.settings = Settings(**self.record["settings"])
        if data_root is not None:
            self.settings = attrs.evolve(self.settings, data_root=data_root)

    @property
    def value_range(self) -> tuple[float, float]:
        """The least and greatest value of images."""
        low, high = self.record["value_range"]
        return low, high

    def network(self, name: str, *, average: bool = False) -> nn.Module:
        """One network in evaluation mode, with the newest weights.

        Args:
            name: As in the recipe.
            average: Its exponential moving average in place of its own weights.
        """
        module = self._build(self._declared(name), name, average)
        return module.eval()

    def sample(self, count: int = 64, seed: int = 0, label: int | None = None) -> dict[str, Tensor]:
        """Draw the game's samples.

        Args:
            count: Examples of each.
            seed: Seed of the noise.
            label: The class of every example, where the game draws random labels; None takes one after the other.

        Returns:
            Tensors of shape (count, …) on the host by the samples' names.

        Raises:
            CheckpointError: There are no weights yet, or only the recipe could draw these samples.
            RecipeError: The samples have no such class.
        """
        description = self.record["samples"]
        for name, reason in description["needs_recipe"].items():
            raise CheckpointError(
                f"sample '{name}' of {self.folder.path} needs its recipe: {reason}.",
                "offer that component by a plugin, or draw samples while training",
            )
        if not description["signals"]:
            raise CheckpointError(f"the game of {self.folder.path} names no samples.")
        signals, modules = self._signals(description)
        data = open_data(
            batches_behind(signals.values()),
            self.record["batch_size"],
            self.machine,
            self.settings,
            lambda text: None,
            at_once=False,
        )
        sampler = Sampler(signals, modules, self.machine, data, self.record["batch_size"])
        if label is not None:
            self._expect_class(label, sampler.classes())
        return sampler.draw(count, seed, label)

    def _expect_class(self, label: int, classes: list[int]) -> None:
        if not classes:
            raise RecipeError(
                f"the samples of {self.folder.path} are not drawn from labels; label={label} says nothing."
            )
        if not 0 <= label < min(classes):
            raise RecipeError(
                f"the samples of {self.folder.path} have the classes 0 to {min(classes) - 1}; received label={label}."
            )

    def _signals(self, description: Mapping[str, Any]) -> tuple[dict[str, Signal], dict[Network, nn.Module]]:
        declared: dict[tuple[str, bool], Network] = {}
        for node in description["nodes"]:
            if node["kind"] == "network":
                name, average = node["network"], node["average"]
                network = declared.get((name, False)) or self._declared(name)
                declared[name, False] = network
                if average:
                    declared.setdefault((name, True), average_of(network))
        signals = make_signals(description, declared, self.registry)
        modules = {
            network: self._build(network, network.name, network.average is not None)
            for network in networks_behind(signals.values())
        }
        return signals, modules

    def _declared(self, name: str) -> Network:
        networks = self.record["networks"]
        if name not in networks:
            raise CheckpointError(f"{self.folder.path} has no network '{name}'; it has {', '.join(networks)}.")
        if "needs_recipe" in networks[name]:
            raise CheckpointError(f"network '{name}' needs the recipe: {networks[name]['needs_recipe']}.")
        try:
            made: Network = make_component(networks[name], self.registry)
        except PluginError as error:
            raise PluginError(f"network '{name}' of {self.folder.path}: {error.problems[0].message}") from None
        # The weights are the run's; what the recipe started from does not matter any more.
        return made.with_values(weights="")

    def _build(self, network: Network, name: str, average: bool) -> nn.Module:
        path = self.folder.weights / f"{name}{'-ema' if average else ''}.safetensors"
        if not path.exists():
            raise CheckpointError(f"{path} does not exist; the run has saved no such weights yet.")
        shapes = [tuple(shape) for shape in self.record["networks"][name]["inputs"]]
        module = build_module(network, shapes, self.machine, seed=0)
        copy_tensors(module.state_dict(), dict(read(path).tensors))
        return module.eval()
