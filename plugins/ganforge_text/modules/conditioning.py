"""Conditioning augmentation as a torch module."""

from __future__ import annotations

from torch import Tensor, nn

from ganforge_classic.modules.layers import initialise


class NormalCondition(nn.Module):
    """Embeddings (batch, length) and noise (batch, dim) to samples, means and logarithms of deviations.

    Args:
        length: Length of the embedding.
        dim: Length of the condition.
        slope: Negative slope of the activation.
    """

    def __init__(self, length: int, dim: int, *, slope: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(length, 2 * dim), nn.LeakyReLU(slope))
        initialise(self, 0.02)

    def forward(self, embedding: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_std = self.layers(embedding).chunk(2, dim=1)
        return mean + log_std.exp() * noise, mean, log_std
