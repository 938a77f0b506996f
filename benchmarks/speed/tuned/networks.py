"""The recipes' networks as an expert writes them for speed."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from speed.networks import widths_of

from .layers import Bend, End, Start


def dcgan_generator(length: int, width: int, size: int, kernel: int = 4) -> nn.Module:
    """The generator of DCGAN, with kernels of 4, and of ACGAN, with kernels of 5."""
    widths, sides = widths_of(width, size)[::-1], {4: (2, 1, 0), 5: (2, 2, 1)}[kernel]
    layers: list[nn.Module] = [Start(length, widths[0])]
    for before, after in pairwise(widths):
        up = nn.ConvTranspose2d(before, after, kernel, *sides, bias=False)
        layers += [nn.BatchNorm2d(before), nn.ReLU(True), up]
    last = nn.ConvTranspose2d(widths[-1], 3, kernel, *sides, bias=False)
    return nn.Sequential(*layers, nn.BatchNorm2d(widths[-1]), nn.ReLU(True), last, nn.Tanh())


def dcgan_discriminator(width: int, size: int) -> nn.Module:
    """DCGAN's discriminator."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for before, after in pairwise(widths_of(width, size)):
        layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, End(widths_of(width, size)[-1]))


def wgan_generator(length: int, width: int, size: int) -> nn.Module:
    """WGAN-GP's generator."""
    widths = widths_of(width, size)[::-1]
    layers: list[nn.Module] = [Start(length, widths[0], norm=True), nn.ReLU(True)]
    for before, after in pairwise(widths):
        layers += [nn.ConvTranspose2d(before, after, 5, 2, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], 3, 5, 2, 2, 1), nn.Tanh())


def wgan_critic(width: int, size: int) -> nn.Module:
    """WGAN-GP's critic, whose activations have no second derivative."""
    layers: list[nn.Module] = []
    for before, after in pairwise([3, *widths_of(width, size)]):
        layers += [nn.Conv2d(before, after, 5, 2, 2), Bend()]
    return nn.Sequential(*layers, End(widths_of(width, size)[-1], bias=True))


def _instance_norm(channels: int) -> nn.Module:
    """Instance norm as a group for each channel, which keeps channels_last where InstanceNorm2d copies."""
    return nn.GroupNorm(channels, channels, affine=False)


class ResidualBlock(nn.Module):
    """Two convolutions of 3x3 whose result is added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            _instance_norm(channels),
            nn.ReLU(True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            _instance_norm(channels),
        )

    def forward(self, maps: Tensor) -> Tensor:
        added: Tensor = maps + self.block(maps)
        return added


def translator(width: int, blocks: int) -> nn.Module:
    """CycleGAN's residual translator."""
    layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), _instance_norm(width), nn.ReLU(True)]
    for channels in (width, 2 * width):
        down = nn.Conv2d(channels, 2 * channels, 3, 2, 1)
        layers += [down, _instance_norm(2 * channels), nn.ReLU(True)]
    layers += [ResidualBlock(4 * width) for _ in range(blocks)]
    for channels in (2 * width, width):
        up = nn.ConvTranspose2d(2 * channels, channels, 3, 2, 1, 1)
        layers += [up, _instance_norm(channels), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())


def patch_discriminator(width: int) -> nn.Module:
    """CycleGAN's discriminator of patches."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for before, stride in ((width, 2), (2 * width, 2), (4 * width, 1)):
        after = 2 * before
        layers += [nn.Conv2d(before, after, 4, stride, 1), _instance_norm(after), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))


class AcganDiscriminator(nn.Module):
    """ACGAN's discriminator, whose heads read the map as it lies."""

    def __init__(self, classes: int, width: int, size: int, dropout: float) -> None:
        super().__init__()
        widths = [min(width * 2**layer, 512) for layer in range(2 * len(widths_of(width, size)))]
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 3, 2, 1), nn.LeakyReLU(0.2, True), nn.Dropout(dropout)]
        for number, (before, after) in enumerate(pairwise(widths), 1):
            convolution = nn.Conv2d(before, after, 3, 1 + (number + 1) % 2, 1, bias=False)
            layers += [convolution, nn.BatchNorm2d(after), nn.LeakyReLU(0.2, True), nn.Dropout(dropout)]
        self.trunk = nn.Sequential(*layers)
        self.validity, self.classes = End(widths[-1], 1, bias=True), End(widths[-1], classes, bias=True)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(images)
        return self.validity(features), self.classes(features)


def mlp_generator(length: int, units: int) -> nn.Module:
    """Noise through three hidden layers to rows of pixels."""
    layers: list[nn.Module] = []
    for before, after in pairwise([length, 256, 512, 1024]):
        layers += [nn.Linear(before, after), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Linear(1024, units), nn.Tanh())


def mlp_discriminator(units: int, dropout: float) -> nn.Module:
    """Rows of pixels through three hidden layers with dropout to a logit."""
    layers: list[nn.Module] = []
    for before, after in pairwise([units, 1024, 512, 256]):
        layers += [nn.Linear(before, after), nn.LeakyReLU(0.2, True), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(256, 1))


def real_and_fake(judge: nn.Module, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """The scores of two batches from one call, of a network that gives each example the same in any batch."""
    scores = judge(torch.cat([real, fake])).float()
    return scores[: len(real)], scores[len(real) :]
