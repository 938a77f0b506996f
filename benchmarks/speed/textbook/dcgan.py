"""DCGAN as PyTorch's tutorial has it, with noise of its own in each turn."""

from __future__ import annotations

import torch
from torch import nn

from speed.networks import dcgan_discriminator, dcgan_generator, normal_weights
from speed.setting import Setting


class Dcgan:
    """The loop.

    Args:
        setting: Sizes ``latent``, ``width``, ``size`` and ``batch``.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        latent, width, size = setting["latent"], setting["width"], setting["size"]
        self.G = dcgan_generator(latent, width, size).apply(normal_weights).to(setting.device)
        self.D = dcgan_discriminator(width, size).apply(normal_weights).to(setting.device)
        self.networks = {"G": self.G, "D": self.D}
        self.criterion = nn.BCEWithLogitsLoss()
        self.optimizer_d = torch.optim.Adam(self.D.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.optimizer_g = torch.optim.Adam(self.G.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def step(self) -> None:
        setting, criterion = self.setting, self.criterion
        (real,) = next(setting.data)
        size = (len(real), setting["latent"], 1, 1)
        ones = torch.ones(len(real), device=setting.device)
        zeros = torch.zeros(len(real), device=setting.device)

        setting.begin("D", 0)
        self.D.zero_grad()
        loss_real = criterion(self.D(real).view(-1), ones)
        loss_real.backward()
        fake = self.G(torch.randn(size, device=setting.device))
        loss_fake = criterion(self.D(fake.detach()).view(-1), zeros)
        loss_fake.backward()
        self.optimizer_d.step()

        setting.begin("G", 0)
        self.G.zero_grad()
        fake = self.G(torch.randn(size, device=setting.device))
        loss_g = criterion(self.D(fake).view(-1), ones)
        loss_g.backward()
        self.optimizer_g.step()
        self.losses = loss_real.item() + loss_fake.item(), loss_g.item()
