"""A GAN of two perceptrons as tutorials have it."""

from __future__ import annotations

import torch
from torch import nn

from speed.networks import mlp_discriminator, mlp_generator
from speed.setting import Setting


class Mlp:
    """The loop.

    Args:
        setting: Sizes ``latent``, ``shape``, ``dropout`` and ``batch``.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.G = mlp_generator(setting["latent"], setting["shape"]).to(setting.device)
        self.D = mlp_discriminator(setting["shape"], setting["dropout"]).to(setting.device)
        self.networks = {"G": self.G, "D": self.D}
        self.criterion = nn.BCEWithLogitsLoss()
        self.optimizer_d = torch.optim.Adam(self.D.parameters(), lr=2e-4)
        self.optimizer_g = torch.optim.Adam(self.G.parameters(), lr=2e-4)

    def step(self) -> None:
        setting = self.setting
        (real,) = next(setting.data)
        size = (len(real), setting["latent"])
        ones = torch.ones(len(real), 1, device=setting.device)
        zeros = torch.zeros(len(real), 1, device=setting.device)

        setting.begin("D", 0)
        self.D.zero_grad()
        fake = self.G(torch.randn(size, device=setting.device))
        loss_d = self.criterion(self.D(real), ones) + self.criterion(self.D(fake.detach()), zeros)
        loss_d.backward()
        self.optimizer_d.step()

        setting.begin("G", 0)
        self.G.zero_grad()
        fake = self.G(torch.randn(size, device=setting.device))
        loss_g = self.criterion(self.D(fake), ones)
        loss_g.backward()
        self.optimizer_g.step()
        self.losses = loss_d.item(), loss_g.item()
