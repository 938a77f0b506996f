"""ACGAN as the well-known collections have it, with the recipe's networks."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from speed.networks import AcganDiscriminator, acgan_generator, normal_weights
from speed.setting import Setting


class Acgan:
    """The loop.

    Args:
        setting: Sizes ``latent``, ``classes``, ``width_g``, ``width_d``, ``size``, ``dropout`` and ``batch``.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        latent, classes, size = setting["latent"], setting["classes"], setting["size"]
        self.G = acgan_generator(latent, classes, setting["width_g"], size).apply(normal_weights).to(setting.device)
        judge = AcganDiscriminator(classes, setting["width_d"], size, setting["dropout"])
        self.D = judge.apply(normal_weights).to(setting.device)
        self.networks = {"G": self.G, "D": self.D}
        self.validity, self.classes = nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss()
        self.optimizer_d = torch.optim.Adam(self.D.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.optimizer_g = torch.optim.Adam(self.G.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def step(self) -> None:
        setting = self.setting
        real, labels = next(setting.data)
        ones = torch.ones(len(real), 1, device=setting.device)
        zeros = torch.zeros(len(real), 1, device=setting.device)

        setting.begin("D", 0)
        self.D.zero_grad()
        fake, wanted = self.made(len(real))
        validity, classes = self.D(real)
        loss_real = self.validity(validity, ones) + self.classes(classes, labels)
        validity, classes = self.D(fake.detach())
        loss_fake = self.validity(validity, zeros) + self.classes(classes, wanted)
        loss_d = loss_real + loss_fake
        loss_d.backward()
        self.optimizer_d.step()

        setting.begin("G", 0)
        self.G.zero_grad()
        fake, wanted = self.made(len(real))
        validity, classes = self.D(fake)
        loss_g = self.validity(validity, ones) + self.classes(classes, wanted)
        loss_g.backward()
        self.optimizer_g.step()
        self.losses = loss_d.item(), loss_g.item()

    def made(self, count: int) -> tuple[Tensor, Tensor]:
        """Fakes, and the classes they should have."""
        setting = self.setting
        noise = torch.randn(count, setting["latent"], device=setting.device)
        wanted = torch.randint(setting["classes"], (count,), device=setting.device)
        code = functional.one_hot(wanted, setting["classes"]).float()
        return self.G(torch.cat([noise, code], dim=1)[:, :, None, None]), wanted
