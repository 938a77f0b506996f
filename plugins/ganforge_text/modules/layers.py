"""Layers that the networks of StackGAN share."""

from __future__ import annotations

from torch import Tensor, nn


def convolution(before: int, after: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A convolution without bias that keeps the sides, or halves them with a kernel of 4 and a stride of 2."""
    return nn.Conv2d(before, after, kernel, stride, padding=(kernel - 1) // 2, bias=False)


def normalised(before: int, after: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """A convolution and its batch norm."""
    return [convolution(before, after, kernel, stride), nn.BatchNorm2d(after)]


def activation(slope: float) -> nn.Module:
    """Leaky ReLU; ReLU where the slope is zero."""
    return nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True)


class Residual(nn.Module):
    """Layers whose result is added to their input, and the activation of the sum."""

    def __init__(self, *layers: nn.Module, slope: float) -> None:
        super().__init__()
        self.body = nn.Sequential(*layers)
        self.activation = activation(slope)

    def forward(self, maps: Tensor) -> Tensor:
        change: Tensor = self.body(maps)
        added: Tensor = self.activation(maps + change)
        return added


def bottleneck(channels: int, slope: float = 0.0) -> Residual:
    """A residual block through a quarter of the channels: 1x1, 3x3, and 3x3 back."""
    inner = max(channels // 4, 1)
    return Residual(
        *normalised(channels, inner, 1),
        activation(slope),
        *normalised(inner, inner, 3),
        activation(slope),
        *normalised(inner, channels, 3),
        slope=slope,
    )


def plain_residual(channels: int) -> Residual:
    """A residual block of two convolutions of 3x3 with ReLU."""
    layers = [*normalised(channels, channels, 3), activation(0.0), *normalised(channels, channels, 3)]
    return Residual(*layers, slope=0.0)


def enlarging(before: int, after: int, sides: tuple[int, int]) -> list[nn.Module]:
    """Nearest up-sampling to some sides, a convolution of 3x3 and its batch norm."""
    return [nn.Upsample(size=sides), *normalised(before, after, 3)]


def everywhere(vectors: Tensor, maps: Tensor) -> Tensor:
    """Vectors (batch, length) as maps that hold the same at every place of others."""
    return vectors[:, :, None, None].expand(-1, -1, *maps.shape[2:])
