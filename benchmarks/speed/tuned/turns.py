"""What tuned loops share: placement, optimizers and holding networks still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn import Parameter

from speed.setting import Setting


def placed(network: nn.Module, setting: Setting) -> nn.Module:
    """A network on the device in channels_last, which its vectors and matrices pass over."""
    return network.to(setting.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def adam(*networks: nn.Module, lr: float = 2e-4, betas: tuple[float, float] = (0.5, 0.999)) -> torch.optim.Adam:
    """One kernel for all weights of some networks."""
    parameters: list[Parameter] = [parameter for network in networks for parameter in network.parameters()]
    return torch.optim.Adam(parameters, lr=lr, betas=betas, fused=True)


@contextmanager
def held(*networks: nn.Module) -> Iterator[None]:
    """Networks whose weights need no gradients for a while."""
    for network in networks:
        network.requires_grad_(False)
    yield
    for network in networks:
        network.requires_grad_(True)
