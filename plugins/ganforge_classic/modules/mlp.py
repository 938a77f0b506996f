"""Multilayer perceptrons as torch modules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from .layers import dropout as dropout_layers
from .layers import initialise, initialise_uniform, joined, output_activation


def _hidden(widths: Sequence[int], slope: float, norm: str, dropout: float) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        # The shift of batch normalisation stands in for the bias.
        layers.append(nn.Linear(before, after, bias=norm == "none"))
        if norm == "batch":
            layers.append(nn.BatchNorm1d(after))
        layers += [nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True), *dropout_layers(dropout)]
    return layers


class DenseGenerator(nn.Module):
    """Vectors, joined, through linear layers to (batch, *shape).

    Args:
        length: Sum of the inputs' lengths.
        shape: Sizes of one example.
        widths: Units of each hidden layer.
        slope: Negative slope of the hidden activations; 0 is ReLU.
        norm: "batch" or "none".
        output: "tanh", "sigmoid" or "none".
        dropout: Share of hidden values dropped.
        init_std: Standard deviation of the initial weights; None for torch's own.
        init_range: Greatest initial weight, uniform from its negative, in place of init_std; or None.
    """

    def __init__(
        self,
        length: int,
        shape: tuple[int, ...],
        *,
        widths: Sequence[int],
        slope: float,
        norm: str,
        output: str,
        dropout: float,
        init_std: float | None,
        init_range: float | None,
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_hidden([length, *widths], slope, norm, dropout),
            nn.Linear([length, *widths][-1], math.prod(shape)),
            output_activation(output),
            nn.Unflatten(1, shape),
        )
        if init_range is None:
            initialise(self, init_std)
        else:
            initialise_uniform(self, init_range)

    def forward(self, *inputs: Tensor) -> Tensor:
        made: Tensor = self.layers(joined(inputs))
        return made


class DenseDiscriminator(nn.Module):
    """Inputs of any shape, flattened and joined, through linear layers to logits (batch, 1).

    Args:
        length: Sum of the inputs' lengths.
        widths: Units of each hidden layer.
        slope: Negative slope of the hidden activations; 0 is ReLU.
        dropout: Share of hidden values dropped.
        init_std: Standard deviation of the initial weights; None for torch's own.
    """

    def __init__(
        self, length: int, *, widths: Sequence[int], slope: float, dropout: float, init_std: float | None
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *_hidden([length, *widths], slope, "none", dropout), nn.Linear([length, *widths][-1], 1)
        )
        initialise(self, init_std)

    def forward(self, *inputs: Tensor) -> Tensor:
        logits: Tensor = self.layers(joined(inputs))
        return logits
