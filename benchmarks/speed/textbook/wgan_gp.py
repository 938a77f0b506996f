"""WGAN-GP as the well-known ports of the authors' code have it."""

from __future__ import annotations

import torch
from torch import Tensor

from speed.networks import WganCritic, WganGenerator
from speed.setting import Setting


class WganGp:
    """The loop.

    Args:
        setting: Sizes ``latent``, ``width``, ``size``, ``batch`` and ``critics``.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.G = WganGenerator(setting["latent"], setting["width"], setting["size"]).to(setting.device)
        self.C = WganCritic(setting["width"], setting["size"]).to(setting.device)
        self.networks = {"G": self.G, "C": self.C}
        self.optimizer_c = torch.optim.Adam(self.C.parameters(), lr=1e-4, betas=(0.5, 0.9))
        self.optimizer_g = torch.optim.Adam(self.G.parameters(), lr=1e-4, betas=(0.5, 0.9))

    def step(self) -> None:
        for turn in range(self.setting["critics"]):
            self.critic(turn)
        self.generator()

    def noise(self) -> Tensor:
        return torch.randn(self.setting["batch"], self.setting["latent"], device=self.setting.device)

    def critic(self, turn: int) -> None:
        (real,) = next(self.setting.data)
        self.setting.begin("C", turn)
        self.C.zero_grad()
        fake = self.G(self.noise()).detach()
        penalty = self.penalty(real, fake)
        loss = self.C(fake).mean() - self.C(real).mean() + 10.0 * penalty
        loss.backward()
        self.optimizer_c.step()
        self.losses = loss.item(), penalty.item()

    def penalty(self, real: Tensor, fake: Tensor) -> Tensor:
        alpha = torch.rand(len(real), 1, 1, 1, device=real.device)
        between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
        scores = self.C(between)
        gradients = torch.autograd.grad(
            outputs=scores,
            inputs=between,
            grad_outputs=torch.ones_like(scores),
            create_graph=True,
            retain_graph=True,
            only_inputs=True,
        )[0]
        return ((gradients.reshape(len(real), -1).norm(2, dim=1) - 1) ** 2).mean()

    def generator(self) -> None:
        self.setting.begin("G", 0)
        self.G.zero_grad()
        loss = -self.C(self.G(self.noise())).mean()
        loss.backward()
        self.optimizer_g.step()
        self.cost = loss.item()
