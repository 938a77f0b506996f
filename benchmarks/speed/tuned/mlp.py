"""A GAN of two perceptrons tuned by hand."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from speed.setting import Setting

from .networks import mlp_discriminator, mlp_generator, real_and_fake
from .turns import adam, held


class Mlp:
    """The loop. Examples stay rows of pixels.

    Args:
        setting: Sizes ``latent``, ``shape``, ``dropout`` and ``batch``.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        units = torch.Size(setting["shape"]).numel()
        self.G = mlp_generator(setting["latent"], units).to(setting.device)
        self.D = mlp_discriminator(units, setting["dropout"]).to(setting.device)
        self.networks = {"G": self.G, "D": self.D}
        self.adam_d, self.adam_g = adam(self.D, betas=(0.9, 0.999)), adam(self.G, betas=(0.9, 0.999))

    def step(self) -> None:
        (real,) = next(self.setting.data)
        self.setting.begin("D", 0)
        with torch.no_grad():
            fake = self.fake()
        with self.setting.autocast():
            # Dropout is drawn for each value by itself, so that one call on both batches is the same mathematics.
            on_real, on_fake = real_and_fake(self.D, real.flatten(1), fake)
        loss = softplus(-on_real).mean() + softplus(on_fake).mean()
        self.adam_d.zero_grad(set_to_none=True)
        loss.backward()
        self.adam_d.step()

        self.setting.begin("G", 0)
        with held(self.D):
            fake = self.fake()
            with self.setting.autocast():
                loss = softplus(-self.D(fake).float()).mean()
            self.adam_g.zero_grad(set_to_none=True)
            loss.backward()
        self.adam_g.step()

    def fake(self) -> Tensor:
        noise = torch.randn(self.setting["batch"], self.setting["latent"], device=self.setting.device)
        with self.setting.autocast():
            rows: Tensor = self.G(noise)
        return rows.float()
