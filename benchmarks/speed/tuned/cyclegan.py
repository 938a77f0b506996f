"""CycleGAN tuned by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from speed.setting import Setting

from .networks import patch_discriminator, real_and_fake, translator
from .turns import adam, held, placed


class Pool:
    """Earlier fakes in one tensor.

    Args:
        size: Images kept.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def query(self, images: Tensor) -> Tensor:
        """A batch, some of whose images are exchanged for earlier ones."""
        keep, slots = (torch.rand(len(images)) < 0.5).tolist(), torch.randint(self.size, (len(images),)).tolist()
        returned = list(images.split(1))
        for number, image in enumerate(returned):
            if len(self.images) < self.size:
                self.images.append(image)
            elif not keep[number]:
                returned[number], self.images[slots[number]] = self.images[slots[number]], image
        return returned[0] if len(returned) == 1 else torch.cat(returned)


class CycleGan:
    """The loop: each network is called on two batches at once wherever both are known.

    Args:
        setting: Sizes ``width``, ``blocks``, ``batch`` and ``pool``.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting, width = setting, setting["width"]
        self.G_AB, self.G_BA = (placed(translator(width, setting["blocks"]), setting) for _ in range(2))
        self.D_A, self.D_B = (placed(patch_discriminator(width), setting) for _ in range(2))
        self.networks = {"G_AB": self.G_AB, "G_BA": self.G_BA, "D_A": self.D_A, "D_B": self.D_B}
        self.adam_g, self.adam_d = adam(self.G_AB, self.G_BA), adam(self.D_A, self.D_B)
        self.pool_a, self.pool_b = Pool(setting["pool"]), Pool(setting["pool"])

    def step(self) -> None:
        a, b = next(self.setting.data)
        self.setting.begin("G", 0)
        fake_a, fake_b = self.translate(a, b)
        self.setting.begin("D", 0)
        self.judge(a, b, self.pool_a.query(fake_a), self.pool_b.query(fake_b))

    def translate(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """The translators' turn; the fakes of the step."""
        with held(self.D_A, self.D_B):
            with self.setting.autocast():
                fake_b, identity_b = self.both(self.G_AB, a, b)
                fake_a, identity_a = self.both(self.G_BA, b, a)
                cycle_a, cycle_b = self.G_BA(fake_b).float(), self.G_AB(fake_a).float()
                on_a, on_b = self.D_A(fake_a).float(), self.D_B(fake_b).float()
            loss = (on_a - 1.0).square().mean() + (on_b - 1.0).square().mean()
            loss = loss + 10.0 * (l1_loss(cycle_a, a) + l1_loss(cycle_b, b))
            loss = loss + 5.0 * (l1_loss(identity_a, a) + l1_loss(identity_b, b))
            self.adam_g.zero_grad(set_to_none=True)
            loss.backward()
        self.adam_g.step()
        return fake_a.detach(), fake_b.detach()

    def both(self, network: nn.Module, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        return real_and_fake(network, one, other)

    def judge(self, a: Tensor, b: Tensor, fake_a: Tensor, fake_b: Tensor) -> None:
        """The critics' turn."""
        with self.setting.autocast():
            scores = [*self.both(self.D_A, a, fake_a), *self.both(self.D_B, b, fake_b)]
        losses = [(score - target).square().mean() for score, target in zip(scores, (1.0, 0.0) * 2, strict=True)]
        self.adam_d.zero_grad(set_to_none=True)
        (0.5 * torch.stack(losses).sum()).backward()
        self.adam_d.step()


class ApartCycleGan(CycleGan):
    """The same with one call for each batch."""

    def both(self, network: nn.Module, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        return network(one).float(), network(other).float()
