"""The networks of BiGAN as torch modules; none has a bias, and batch norm has neither gain nor shift."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional

from ganforge_classic.modules.layers import initialise, output_activation

SLOPE = 0.2


def _linear(before: int, after: int) -> nn.Linear:
    return nn.Linear(before, after, bias=False)


def _norm(units: int) -> nn.BatchNorm1d:
    return nn.BatchNorm1d(units, affine=False)


class Generator(nn.Module):
    """Codes (batch, …) to examples (batch, *shape).

    Args:
        length: Length of the code.
        shape: Sizes of one example.
        units: Units of each hidden layer.
        output: "sigmoid", "tanh" or "none".
        init_std: Standard deviation of the initial weights; None for torch's own.
    """

    def __init__(self, length: int, shape: tuple[int, ...], units: int, output: str, init_std: float | None) -> None:
        super().__init__()
        self.first, self.first_norm = _linear(length, units), _norm(units)
        self.second, self.again, self.second_norm = _linear(units, units), _linear(length, units), _norm(units)
        self.paint = nn.Sequential(_linear(units, math.prod(shape)), output_activation(output), nn.Unflatten(1, shape))
        initialise(self, init_std)

    def forward(self, codes: Tensor) -> Tensor:
        codes = codes.flatten(1)
        hidden = functional.relu(self.first_norm(self.first(codes)))
        hidden = functional.relu(self.second_norm(self.second(hidden) + self.again(codes)))
        made: Tensor = self.paint(hidden)
        return made


class Encoder(nn.Module):
    """Examples (batch, …) to codes (batch, length).

    Args:
        size: Elements of one example.
        length: Length of the code.
        units: Units of each hidden layer.
        bounded: Whether codes lie in (-1, 1).
        init_std: Standard deviation of the initial weights; None for torch's own.
    """

    def __init__(self, size: int, length: int, units: int, bounded: bool, init_std: float | None) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            _linear(size, units),
            nn.LeakyReLU(SLOPE, inplace=True),
            _linear(units, units),
            _norm(units),
            nn.LeakyReLU(SLOPE, inplace=True),
            _linear(units, length),
        )
        self.bounded = bounded
        initialise(self, init_std)

    def forward(self, examples: Tensor) -> Tensor:
        codes: Tensor = self.layers(examples)
        return 2 * codes.sigmoid() - 1 if self.bounded else codes


class Discriminator(nn.Module):
    """Examples (batch, …) and codes (batch, …) to logits (batch, 1).

    Args:
        size: Elements of one example.
        length: Length of the code.
        units: Units of each hidden layer.
        init_std: Standard deviation of the initial weights; None for torch's own.
    """

    def __init__(self, size: int, length: int, units: int, init_std: float | None) -> None:
        super().__init__()
        self.first, self.second, self.code = _linear(size, units), _linear(units, units), _linear(length, units)
        self.norm, self.judge = _norm(units), _linear(units, 1)
        initialise(self, init_std)

    def forward(self, examples: Tensor, codes: Tensor) -> Tensor:
        hidden = functional.leaky_relu(self.first(examples.flatten(1)), SLOPE)
        hidden = self.second(hidden) + self.code(codes.flatten(1))
        logits: Tensor = self.judge(functional.leaky_relu(self.norm(hidden), SLOPE))
        return logits
