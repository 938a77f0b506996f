"""ACGAN tuned by hand."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, softplus

from speed.setting import Setting

from .networks import AcganDiscriminator, dcgan_generator
from .turns import adam, held, placed


class Acgan:
    """The loop.

    Args:
        setting: Sizes ``latent``, ``classes``, ``width_g``, ``width_d``, ``size``, ``dropout`` and ``batch``.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        latent, classes, size = setting["latent"], setting["classes"], setting["size"]
        self.G = placed(dcgan_generator(latent + classes, setting["width_g"], size, kernel=5), setting)
        self.D = placed(AcganDiscriminator(classes, setting["width_d"], size, setting["dropout"]), setting)
        self.networks = {"G": self.G, "D": self.D}
        self.adam_d, self.adam_g = adam(self.D), adam(self.G)
        self.numbers = torch.arange(classes, device=setting.device)

    def step(self) -> None:
        real, labels = next(self.setting.data)
        self.setting.begin("D", 0)
        with torch.no_grad():
            fake, wanted = self.made()
        # Batch norm sees real and fake examples apart, so two calls are the mathematics.
        validity, classes = self.verdict(real)
        loss = softplus(-validity).mean() + cross_entropy(classes, labels)
        validity, classes = self.verdict(fake)
        loss = loss + softplus(validity).mean() + cross_entropy(classes, wanted)
        self.adam_d.zero_grad(set_to_none=True)
        loss.backward()
        self.adam_d.step()

        self.setting.begin("G", 0)
        with held(self.D):
            fake, wanted = self.made()
            validity, classes = self.verdict(fake)
            loss = softplus(-validity).mean() + cross_entropy(classes, wanted)
            self.adam_g.zero_grad(set_to_none=True)
            loss.backward()
        self.adam_g.step()

    def made(self) -> tuple[Tensor, Tensor]:
        """Fakes, and the classes they should have."""
        setting = self.setting
        noise = torch.randn(setting["batch"], setting["latent"], device=setting.device)
        wanted = torch.randint(setting["classes"], (setting["batch"],), device=setting.device)
        code = (wanted[:, None] == self.numbers).float()
        with setting.autocast():
            return self.G(torch.cat([noise, code], dim=1)), wanted

    def verdict(self, images: Tensor) -> tuple[Tensor, Tensor]:
        with self.setting.autocast():
            validity, classes = self.D(images)
        return validity.float(), classes.float()
