"""The recipes' networks as people write them in plain torch."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


def dcgan_generator(latent: int, width: int, size: int, *, channels: int = 3) -> nn.Module:
    """DCGAN's generator with kernels of 4; noise is (batch, latent, 1, 1)."""
    widths = widths_of(width, size)[::-1]
    layers: list[nn.Module] = [nn.ConvTranspose2d(latent, widths[0], 4, 1, 0, bias=False)]
    for before, after in pairwise(widths):
        layers += [nn.BatchNorm2d(before), nn.ReLU(True), nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False)]
    last = nn.ConvTranspose2d(widths[-1], channels, 4, 2, 1, bias=False)
    return nn.Sequential(*layers, nn.BatchNorm2d(widths[-1]), nn.ReLU(True), last, nn.Tanh())


def dcgan_discriminator(width: int, size: int) -> nn.Module:
    """DCGAN's discriminator with kernels of 4, to logits (batch, 1, 1, 1)."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for before, after in pairwise(widths_of(width, size)):
        layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(widths_of(width, size)[-1], 1, 4, 1, 0, bias=False))


def widths_of(width: int, size: int) -> list[int]:
    """Channels of the maps of a network whose smallest map has 4x4 pixels."""
    return [width * 2**stage for stage in range((size // 4).bit_length() - 1)]


class WganGenerator(nn.Module):
    """WGAN-GP's generator: a linear layer with batch norm of its units, then transposed convolutions of 5x5."""

    def __init__(self, latent: int, width: int, size: int) -> None:
        super().__init__()
        widths = widths_of(width, size)[::-1]
        units = widths[0] * 4 * 4
        self.preprocess = nn.Sequential(nn.Linear(latent, units, bias=False), nn.BatchNorm1d(units), nn.ReLU(True))
        self.start = (widths[0], 4, 4)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            up = nn.ConvTranspose2d(before, after, 5, 2, 2, 1, bias=False)
            layers += [up, nn.BatchNorm2d(after), nn.ReLU(True)]
        self.main = nn.Sequential(*layers, nn.ConvTranspose2d(widths[-1], 3, 5, 2, 2, 1), nn.Tanh())

    def forward(self, noise: Tensor) -> Tensor:
        made: Tensor = self.main(self.preprocess(noise).view(-1, *self.start))
        return made


class WganCritic(nn.Module):
    """WGAN-GP's critic: convolutions of 5x5 without normalisation, then a linear layer."""

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        widths = widths_of(width, size)
        layers: list[nn.Module] = []
        for before, after in pairwise([3, *widths]):
            layers += [nn.Conv2d(before, after, 5, 2, 2), nn.LeakyReLU(0.2, True)]
        self.main = nn.Sequential(*layers)
        self.linear = nn.Linear(widths[-1] * 4 * 4, 1)

    def forward(self, images: Tensor) -> Tensor:
        scores: Tensor = self.linear(self.main(images).flatten(1))
        return scores


class ResidualBlock(nn.Module):
    """Two convolutions of 3x3 whose result is added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
            nn.ReLU(True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, maps: Tensor) -> Tensor:
        added: Tensor = maps + self.block(maps)
        return added


def translator(width: int, blocks: int) -> nn.Module:
    """CycleGAN's residual translator."""
    layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), nn.InstanceNorm2d(width), nn.ReLU(True)]
    for channels in (width, 2 * width):
        down = nn.Conv2d(channels, 2 * channels, 3, 2, 1)
        layers += [down, nn.InstanceNorm2d(2 * channels), nn.ReLU(True)]
    layers += [ResidualBlock(4 * width) for _ in range(blocks)]
    for channels in (2 * width, width):
        up = nn.ConvTranspose2d(2 * channels, channels, 3, 2, 1, 1)
        layers += [up, nn.InstanceNorm2d(channels), nn.ReLU(True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh())


def patch_discriminator(width: int) -> nn.Module:
    """CycleGAN's discriminator of patches, with three convolutions of stride 2."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2, True)]
    for before, stride in ((width, 2), (2 * width, 2), (4 * width, 1)):
        after = 2 * before
        layers += [nn.Conv2d(before, after, 4, stride, 1), nn.InstanceNorm2d(after), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 4, 1, 1))


def mlp_generator(latent: int, shape: tuple[int, ...]) -> nn.Module:
    """Noise through three hidden layers to an image."""
    layers: list[nn.Module] = []
    for before, after in pairwise([latent, 256, 512, 1024]):
        layers += [nn.Linear(before, after), nn.LeakyReLU(0.2, True)]
    units = torch.Size(shape).numel()
    return nn.Sequential(*layers, nn.Linear(1024, units), nn.Tanh(), nn.Unflatten(1, shape))


def mlp_discriminator(shape: tuple[int, ...], dropout: float) -> nn.Module:
    """An image through three hidden layers with dropout to a logit."""
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in pairwise([torch.Size(shape).numel(), 1024, 512, 256]):
        layers += [nn.Linear(before, after), nn.LeakyReLU(0.2, True), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(256, 1))


def acgan_generator(latent: int, classes: int, width: int, size: int) -> nn.Module:
    """ACGAN's generator with kernels of 5; noise and the one-hot class are (batch, latent + classes, 1, 1)."""
    widths = widths_of(width, size)[::-1]
    layers: list[nn.Module] = [nn.ConvTranspose2d(latent + classes, widths[0], 4, 1, 0, bias=False)]
    for before, after in pairwise(widths):
        up = nn.ConvTranspose2d(before, after, 5, 2, 2, 1, bias=False)
        layers += [nn.BatchNorm2d(before), nn.ReLU(True), up]
    last = nn.ConvTranspose2d(widths[-1], 3, 5, 2, 2, 1, bias=False)
    return nn.Sequential(*layers, nn.BatchNorm2d(widths[-1]), nn.ReLU(True), last, nn.Tanh())


class AcganDiscriminator(nn.Module):
    """ACGAN's discriminator: convolutions of 3x3 with dropout, then a logit and the logits of the classes."""

    def __init__(self, classes: int, width: int, size: int, dropout: float) -> None:
        super().__init__()
        count = 2 * len(widths_of(width, size))
        widths = [min(width * 2**layer, 512) for layer in range(count)]
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 3, 2, 1), nn.LeakyReLU(0.2, True), nn.Dropout(dropout)]
        for number, (before, after) in enumerate(pairwise(widths), 1):
            convolution = nn.Conv2d(before, after, 3, 1 + (number + 1) % 2, 1, bias=False)
            layers += [convolution, nn.BatchNorm2d(after), nn.LeakyReLU(0.2, True), nn.Dropout(dropout)]
        self.trunk = nn.Sequential(*layers, nn.Flatten())
        units = widths[-1] * 4 * 4
        self.validity, self.classes = nn.Linear(units, 1), nn.Linear(units, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(images)
        return self.validity(features), self.classes(features)


def normal_weights(module: nn.Module) -> None:
    """Draw DCGAN's initial weights, to be applied to a network."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
