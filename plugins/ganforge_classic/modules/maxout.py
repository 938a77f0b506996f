"""Maxout units and a perceptron of them, as torch modules."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from .layers import dropout as dropout_layers
from .layers import initialise_uniform


class Maxout(nn.Module):
    """Units each of which is the greatest of several linear functions of the input.

    Args:
        length: Length of the input.
        units: Number of units.
        pieces: Linear functions of each unit.
    """

    def __init__(self, length: int, units: int, pieces: int) -> None:
        super().__init__()
        self.units = units
        self.linear = nn.Linear(length, units * pieces)

    def forward(self, values: Tensor) -> Tensor:
        pieces: Tensor = self.linear(values)
        return pieces.reshape(len(values), self.units, -1).amax(2)


class MaxoutPerceptron(nn.Module):
    """Inputs of any shape, flattened, through layers of maxout units to logits (batch, 1).

    Args:
        length: Values of one input.
        units: Maxout units of each hidden layer.
        pieces: Linear functions of each unit.
        input_dropout: Share of the input's values dropped.
        dropout: Share of each hidden layer's values dropped.
        init_range: Weights start from U(-init_range, init_range), biases from zero.
    """

    def __init__(
        self,
        length: int,
        *,
        units: Sequence[int],
        pieces: int,
        input_dropout: float,
        dropout: float,
        init_range: float,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten(), *dropout_layers(input_dropout)]
        for before, after in pairwise([length, *units]):
            layers += [Maxout(before, after, pieces), *dropout_layers(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear([length, *units][-1], 1))
        initialise_uniform(self, init_range)

    def forward(self, examples: Tensor) -> Tensor:
        logits: Tensor = self.layers(examples)
        return logits
