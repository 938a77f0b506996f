"""The machine's roof: a convolution of 3x3 with 256 channels, in channels_last."""

from __future__ import annotations

import torch
from torch.nn import functional

_CHANNELS = 256


class Convolution:
    """One convolution a step.

    Args:
        device: Where.
        precision: ``fp32``, ``tf32`` or ``bf16``.
    """

    def __init__(self, device: torch.device, precision: str) -> None:
        batch, side = (64, 64) if device.type == "cuda" else (16, 32)
        kind = torch.bfloat16 if precision == "bf16" else torch.float32
        images = torch.randn(batch, _CHANNELS, side, side, device=device, dtype=kind)
        weights = torch.randn(_CHANNELS, _CHANNELS, 3, 3, device=device, dtype=kind)
        self.images = images.to(memory_format=torch.channels_last)
        self.weights = weights.to(memory_format=torch.channels_last)

    @torch.no_grad()
    def step(self) -> None:
        functional.conv2d(self.images, self.weights, padding=1)
