"""The conditional perceptrons as torch modules."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ganforge_classic.modules.layers import dropout as dropout_layers
from ganforge_classic.modules.layers import initialise_uniform, output_activation
from ganforge_classic.modules.maxout import Maxout


class TwoStreamGenerator(nn.Module):
    """Noise and a condition through layers of their own, then joined, to (batch, *shape).

    Args:
        lengths: Lengths of the noise and of the condition.
        shape: Sizes of one example.
        widths: Units that see the noise, the condition, and both.
        dropout: Share of hidden values dropped.
        output: "sigmoid", "tanh" or "none".
    """

    def __init__(
        self,
        lengths: tuple[int, int],
        shape: tuple[int, ...],
        *,
        widths: tuple[int, int, int],
        dropout: float,
        output: str,
    ) -> None:
        super().__init__()
        noise, condition, both = widths

        def hidden(before: int, after: int) -> nn.Sequential:
            return nn.Sequential(nn.Linear(before, after), nn.ReLU(inplace=True), *dropout_layers(dropout))

        self.noise = hidden(lengths[0], noise)
        self.condition = hidden(lengths[1], condition)
        self.both = hidden(noise + condition, both)
        self.paint = nn.Sequential(nn.Linear(both, math.prod(shape)), output_activation(output), nn.Unflatten(1, shape))

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        joined = torch.cat([self.noise(z.flatten(1)), self.condition(condition.flatten(1))], dim=1)
        made: Tensor = self.paint(self.both(joined))
        return made


class TwoStreamMaxout(nn.Module):
    """An example and a condition through maxout layers of their own, then joined, to logits (batch, 1).

    Args:
        lengths: Lengths of the example and of the condition.
        widths: Units that see the example, the condition, and both.
        pieces: Pieces of each of these layers' units.
        dropout: Share of hidden values dropped.
        init_range: Weights on the example start from U(-init_range, init_range), their biases from zero; None for
            torch's own.
    """

    def __init__(
        self,
        lengths: tuple[int, int],
        *,
        widths: tuple[int, int, int],
        pieces: tuple[int, int, int],
        dropout: float,
        init_range: float | None,
    ) -> None:
        super().__init__()
        befores = (*lengths, widths[0] + widths[1])
        self.example, self.condition, self.both = (
            nn.Sequential(Maxout(before, after, count), *dropout_layers(dropout))
            for before, after, count in zip(befores, widths, pieces, strict=True)
        )
        self.judge = nn.Linear(widths[2], 1)
        if init_range is not None:
            initialise_uniform(self.example, init_range)

    def forward(self, example: Tensor, condition: Tensor) -> Tensor:
        joined = torch.cat([self.example(example.flatten(1)), self.condition(condition.flatten(1))], dim=1)
        logits: Tensor = self.judge(self.both(joined))
        return logits
