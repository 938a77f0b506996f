"""DCGAN tuned by hand, with the step's fakes made once or in each turn."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus

from speed.setting import Setting

from .networks import dcgan_discriminator, dcgan_generator
from .turns import adam, held, placed


class Dcgan:
    """The loop with fakes of its own in each turn.

    Args:
        setting: Sizes ``latent``, ``width``, ``size`` and ``batch``.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.G = placed(dcgan_generator(setting["latent"], setting["width"], setting["size"]), setting)
        self.D = placed(dcgan_discriminator(setting["width"], setting["size"]), setting)
        self.networks = {"G": self.G, "D": self.D}
        self.adam_d, self.adam_g = adam(self.D), adam(self.G)

    def step(self) -> None:
        (real,) = next(self.setting.data)
        self.setting.begin("D", 0)
        with torch.no_grad():
            fake = self.fake()
        self.judge(real, fake)
        self.setting.begin("G", 0)
        self.make(self.fake())

    def fake(self) -> Tensor:
        noise = torch.randn(self.setting["batch"], self.setting["latent"], device=self.setting.device)
        with self.setting.autocast():
            images: Tensor = self.G(noise)
        return images

    def scores(self, images: Tensor) -> Tensor:
        with self.setting.autocast():
            scores: Tensor = self.D(images)
        return scores.float()

    def judge(self, real: Tensor, fake: Tensor) -> None:
        # Batch norm sees real and fake examples apart, so two calls are the mathematics.
        loss = softplus(-self.scores(real)).mean() + softplus(self.scores(fake)).mean()
        self.adam_d.zero_grad(set_to_none=True)
        loss.backward()
        self.adam_d.step()

    def make(self, fake: Tensor) -> None:
        with held(self.D):
            loss = softplus(-self.scores(fake)).mean()
            self.adam_g.zero_grad(set_to_none=True)
            loss.backward()
        self.adam_g.step()


class SharedDcgan(Dcgan):
    """The loop with one batch of fakes a step."""

    def step(self) -> None:
        (real,) = next(self.setting.data)
        self.setting.begin("D", 0)
        fake = self.fake()
        self.judge(real, fake.detach())
        self.setting.begin("G", 0)
        self.make(fake)
