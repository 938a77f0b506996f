"""WGAN-GP tuned by hand."""

from __future__ import annotations

import torch
from torch import Tensor

from speed.setting import Setting

from .networks import real_and_fake, wgan_critic, wgan_generator
from .turns import adam, held, placed


class WganGp:
    """The loop.

    Args:
        setting: Sizes ``latent``, ``width``, ``size``, ``batch`` and ``critics``.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.G = placed(wgan_generator(setting["latent"], setting["width"], setting["size"]), setting)
        self.C = placed(wgan_critic(setting["width"], setting["size"]), setting)
        self.networks = {"G": self.G, "C": self.C}
        self.adam_c = adam(self.C, lr=1e-4, betas=(0.5, 0.9))
        self.adam_g = adam(self.G, lr=1e-4, betas=(0.5, 0.9))

    def step(self) -> None:
        for turn in range(self.setting["critics"]):
            self.critic(turn)
        self.generator()

    def fake(self) -> Tensor:
        noise = torch.randn(self.setting["batch"], self.setting["latent"], device=self.setting.device)
        with self.setting.autocast():
            images: Tensor = self.G(noise)
        return images.float()

    def critic(self, turn: int) -> None:
        (real,) = next(self.setting.data)
        self.setting.begin("C", turn)
        with torch.no_grad():
            fake = self.fake()
            between = fake.lerp(real, torch.rand(len(real), 1, 1, 1, device=real.device))
        with self.setting.autocast():
            on_real, on_fake = real_and_fake(self.C, real, fake)
            on_between = self.C(between.requires_grad_()).float()
        (gradient,) = torch.autograd.grad(on_between.sum(), between, create_graph=True)
        excess = torch.linalg.vector_norm(gradient, dim=(1, 2, 3)) - 1.0
        loss = on_fake.mean() - on_real.mean() + 10.0 * excess.square().mean()
        self.adam_c.zero_grad(set_to_none=True)
        torch.autograd.backward(loss, inputs=list(self.C.parameters()))
        self.adam_c.step()

    def generator(self) -> None:
        self.setting.begin("G", 0)
        with held(self.C):
            fake = self.fake()
            with self.setting.autocast():
                loss = -self.C(fake).float().mean()
            self.adam_g.zero_grad(set_to_none=True)
            loss.backward()
        self.adam_g.step()
