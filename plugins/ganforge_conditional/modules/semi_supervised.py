"""The networks of semi-supervised GANs as torch modules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class GaussianNoise(nn.Module):
    """Adds noise from N(0, std) in training.

    Args:
        std: Standard deviation.
    """

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std

    def forward(self, values: Tensor) -> Tensor:
        return values + self.std * torch.randn_like(values) if self.training and self.std else values

    def extra_repr(self) -> str:
        return f"std={self.std}"


class NormalisedLinear(nn.Module):
    """A linear layer whose weights have a direction and a scale: Salimans & Kingma 2016 (arXiv:1602.07868).

    Args:
        before: Length of the input.
        after: Length of the output.
        direction_std: Standard deviation of the directions before they are normalised.
        learns_scale: Whether the scales are parameters; else they keep what the first batch gave them.
        from_data: Whether the first batch seen in training sets scales and shifts so that every output has mean 0
            and variance 1.
    """

    direction: nn.Parameter
    scale: Tensor
    shift: nn.Parameter
    begun: Tensor

    def __init__(self, before: int, after: int, *, direction_std: float, learns_scale: bool, from_data: bool) -> None:
        super().__init__()
        self.direction = nn.Parameter(direction_std * torch.randn(after, before))
        self.shift = nn.Parameter(torch.zeros(after))
        if learns_scale:
            self.scale = nn.Parameter(torch.ones(after))
        else:
            self.register_buffer("scale", torch.ones(after))
        self.register_buffer("begun", torch.tensor(not from_data))
        self._may_begin = from_data

    def forward(self, values: Tensor) -> Tensor:
        out = F.linear(values, F.normalize(self.direction, dim=1))
        if self.training and self._may_begin and not out.is_meta:
            # Asked once in a process, because reading a tensor on the device would hold up every step.
            self._may_begin = False
            if not self.begun:
                self._begin(out.detach().float())
        return out * self.scale + self.shift

    @torch.no_grad()
    def _begin(self, out: Tensor) -> None:
        self.scale.copy_(out.var(0, correction=0).add(1e-8).rsqrt())
        self.shift.copy_(-out.mean(0) * self.scale)
        self.begun.fill_(True)


class NoisyPerceptron(nn.Module):
    """Examples, flattened, to logits (batch, num_classes) and the last hidden layer's values.

    Args:
        length: Length of an example.
        num_classes: Number of logits.
        widths: Units of each hidden layer.
        input_noise: Standard deviation of the noise added to examples.
        hidden_noise: Standard deviation of the noise added to hidden values.
    """

    def __init__(
        self, length: int, num_classes: int, *, widths: Sequence[int], input_noise: float, hidden_noise: float
    ) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Flatten(), GaussianNoise(input_noise))
        for number, (before, after) in enumerate(pairwise([length, *widths])):
            if number:
                self.trunk.append(GaussianNoise(hidden_noise))
            layer = NormalisedLinear(before, after, direction_std=0.1, learns_scale=False, from_data=True)
            self.trunk.extend([layer, nn.ReLU()])
        last = NormalisedLinear(widths[-1], num_classes, direction_std=0.1, learns_scale=True, from_data=True)
        self.classify = nn.Sequential(GaussianNoise(hidden_noise), last)

    def forward(self, examples: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(examples)
        return self.classify(features), features


class ShiftedNorm(nn.Module):
    """Batch normalisation with a shift and without a gain.

    Args:
        units: Length of the input.
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(units, eps=1e-6, affine=False)
        self.shift = nn.Parameter(torch.zeros(units))

    def forward(self, values: Tensor) -> Tensor:
        shifted: Tensor = self.norm(values) + self.shift
        return shifted


class SoftplusPerceptron(nn.Module):
    """Noise, flattened, to examples (batch, *shape) between 0 and 1.

    Args:
        length: Length of the noise.
        shape: Sizes of one example.
        widths: Units of each hidden layer.
    """

    def __init__(self, length: int, shape: tuple[int, ...], *, widths: Sequence[int]) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten())
        for before, after in pairwise([length, *widths]):
            # The shift of batch normalisation stands in for the bias.
            self.layers.extend([nn.Linear(before, after, bias=False), ShiftedNorm(after), nn.Softplus()])
        before, after = widths[-1], math.prod(shape)
        glorot = math.sqrt(2 / (before + after))
        last = NormalisedLinear(before, after, direction_std=glorot, learns_scale=True, from_data=False)
        self.layers.extend([last, nn.Sigmoid(), nn.Unflatten(1, shape)])

    def forward(self, z: Tensor) -> Tensor:
        made: Tensor = self.layers(z)
        return made
