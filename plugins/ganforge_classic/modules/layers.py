"""Layers and initial weights that the classic networks share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

_OUTPUTS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "none": nn.Identity}
_NORMALISED = (nn.BatchNorm1d, nn.BatchNorm2d, nn.GroupNorm)


def joined(inputs: tuple[Tensor, ...]) -> Tensor:
    """Flatten each input to (batch, length) and concatenate them."""
    flat = [values.reshape(values.shape[0], -1) for values in inputs]
    return flat[0] if len(flat) == 1 else torch.cat(flat, dim=1)


def output_activation(kind: str) -> nn.Module:
    """The last layer of a generator: tanh, sigmoid or none."""
    return _OUTPUTS[kind]()


def normalisation(kind: str, channels: int) -> list[nn.Module]:
    """The normalisation of a feature map, with a gain and a shift for each channel; empty for none."""
    if kind == "batch":
        return [nn.BatchNorm2d(channels)]
    # One group is layer normalisation over (C, H, W); a group for each channel is instance normalisation,
    # faster than InstanceNorm2d and without its loss of the channels_last layout.
    groups = {"layer": 1, "instance": channels}
    return [nn.GroupNorm(groups[kind], channels)] if kind in groups else []


def dropout(rate: float) -> list[nn.Module]:
    """Dropout of single values; empty at a rate of zero."""
    return [nn.Dropout(rate)] if rate else []


def initialise(module: nn.Module, weight_std: float | None, gain_std: float = 0.0) -> None:
    """Draw weights from N(0, weight_std) and normalisation gains from N(1, gain_std); biases and shifts are zero.

    Args:
        module: Changed in place.
        weight_std: Standard deviation; None leaves torch's own initial weights.
        gain_std: Standard deviation of the gains.
    """
    if weight_std is None:
        return
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, weight_std)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, _NORMALISED) and layer.weight is not None:
            nn.init.normal_(layer.weight, 1.0, gain_std)
            nn.init.zeros_(layer.bias)


def initialise_uniform(module: nn.Module, limit: float | None) -> None:
    """Draw the weights of each layer from U(-limit, limit); biases are zero.

    Args:
        module: Changed in place.
        limit: The greatest weight; None for each layer's sqrt(6 / (fan_in + fan_out)), Glorot & Bengio 2010.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            if limit is None:
                nn.init.xavier_uniform_(layer.weight)
            else:
                nn.init.uniform_(layer.weight, -limit, limit)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


def initialise_by_fans(module: nn.Module) -> None:
    """Draw convolutions from uniform distributions of variance 4 / (fan_in + fan_out), matrices of half of it.

    Biases are zero. Gulrajani et al. 2017's code calls this He's; a fan that a stride thins out is divided by its
    square.

    Args:
        module: Changed in place.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            transposed = isinstance(layer, nn.ConvTranspose2d)
            area, thinned = math.prod(layer.kernel_size), math.prod(layer.stride)
            fans = layer.in_channels * area, layer.out_channels * area
            total = fans[0] / thinned + fans[1] if transposed else fans[0] + fans[1] / thinned
            limit = math.sqrt(3 * 4 / total)
            nn.init.uniform_(layer.weight, -limit, limit)
        elif isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
