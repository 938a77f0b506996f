"""Normalisation and initial weights that the image-to-image networks share."""

from __future__ import annotations

from torch import nn

INIT_STD = 0.02


def instance_norm(channels: int) -> nn.Module:
    """Instance normalisation without gain and shift.

    A group for each channel computes the same as InstanceNorm2d, and keeps the channels_last layout that
    InstanceNorm2d undoes.
    """
    return nn.GroupNorm(channels, channels, affine=False)


def normalisation(kind: str, channels: int) -> list[nn.Module]:
    """The normalisation of a feature map: "instance", "batch" (with gain and shift), or "none"."""
    if kind == "instance":
        return [instance_norm(channels)]
    return [nn.BatchNorm2d(channels)] if kind == "batch" else []


def initialise(module: nn.Module) -> None:
    """Draw weights from N(0, 0.02) and batch norm gains from N(1, 0.02); biases and shifts are zero."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, INIT_STD)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, INIT_STD)
            nn.init.zeros_(layer.bias)
