"""The residual translator as a torch module."""

from __future__ import annotations

from torch import Tensor, nn

from .layers import initialise, instance_norm


def _convolution(before: int, after: int, kernel: int) -> list[nn.Module]:
    """A convolution that keeps the sides, with the image reflected at its borders."""
    return [nn.ReflectionPad2d(kernel // 2), nn.Conv2d(before, after, kernel)]


class Residual(nn.Module):
    """Two convolutions of 3x3 whose result is added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(channels, channels, 3),
            instance_norm(channels),
            nn.ReLU(inplace=True),
            *_convolution(channels, channels, 3),
            instance_norm(channels),
        )

    def forward(self, maps: Tensor) -> Tensor:
        change: Tensor = self.body(maps)
        return maps + change


class ResidualTranslator(nn.Module):
    """Images (batch, C, H, W) to images of the same sides, which are multiples of 4.

    Args:
        before: Channels of the input.
        after: Channels of the output.
        base: Channels of the first map.
        blocks: Number of residual blocks.
    """

    def __init__(self, before: int, after: int, *, base: int, blocks: int) -> None:
        super().__init__()
        self.encode = nn.Sequential(*_convolution(before, base, 7), instance_norm(base), nn.ReLU(inplace=True))
        for width in (base, 2 * base):
            down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
            self.encode.extend([down, instance_norm(2 * width), nn.ReLU(inplace=True)])

        self.blocks = nn.Sequential(*(Residual(4 * base) for _ in range(blocks)))

        self.decode = nn.Sequential()
        for width in (2 * base, base):
            up = nn.ConvTranspose2d(2 * width, width, 3, stride=2, padding=1, output_padding=1)
            self.decode.extend([up, instance_norm(width), nn.ReLU(inplace=True)])
        self.decode.extend([*_convolution(base, after, 7), nn.Tanh()])
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        translated: Tensor = self.decode(self.blocks(self.encode(images)))
        return translated
