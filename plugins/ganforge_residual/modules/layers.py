"""Layers that the networks of this package share: convolutions with their initial weights and spectral norm."""

from __future__ import annotations

from typing import TypeVar

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

Weighted = TypeVar("Weighted", nn.Conv2d, nn.Linear)


def glorot(layer: Weighted, gain: float = 1.0, *, spectral: bool = False) -> Weighted:
    """Draw a layer's weights from Glorot's uniform distribution, set its bias to zero, and normalise it if asked.

    Args:
        layer: Changed in place.
        gain: Factor of the weights.
        spectral: Whether the weight is divided by its spectral norm, by one power iteration an evaluation.
    """
    nn.init.xavier_uniform_(layer.weight, gain)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    if spectral:
        normalise_spectrally(layer)
    return layer


def normalise_spectrally(layer: nn.Module) -> None:
    """Divide a layer's weight, from now on, by an estimate of its spectral norm that begins with this weight's."""
    spectral_norm(layer, n_power_iterations=1)


def convolution(before: int, after: int, kernel: int, gain: float = 1.0, *, spectral: bool = False) -> nn.Conv2d:
    """A convolution that keeps the sides; the kernel is odd."""
    return glorot(nn.Conv2d(before, after, kernel, padding=kernel // 2), gain, spectral=spectral)
