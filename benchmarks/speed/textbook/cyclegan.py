"""CycleGAN in the order of calls of its authors' PyTorch code."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from speed.networks import normal_weights, patch_discriminator, translator
from speed.setting import Setting


class ImagePool:
    """Earlier fakes, of which a batch may get some back.

    Args:
        size: Images kept.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def query(self, images: Tensor) -> Tensor:
        # The numbers are drawn at once, from torch's generator, so that they can be the recipe's.
        keep, slots = torch.rand(len(images)) < 0.5, torch.randint(self.size, (len(images),))
        returned = []
        for number, image in enumerate(images):
            image = image.unsqueeze(0)
            if len(self.images) < self.size:
                self.images.append(image.clone())
            elif not keep[number].item():
                slot = int(slots[number].item())
                self.images[slot], image = image.clone(), self.images[slot]
            returned.append(image)
        return torch.cat(returned)


class CycleGan:
    """The loop.

    Args:
        setting: Sizes ``width``, ``blocks``, ``batch`` and ``pool``.
        holds: Whether D is held in the translators' turn, as by the authors and in few other collections.
    """

    def __init__(self, setting: Setting, *, holds: bool = True) -> None:
        self.setting, self.holds, width = setting, holds, setting["width"]

        def made(network: nn.Module) -> nn.Module:
            return network.apply(normal_weights).to(setting.device)

        self.G_AB, self.G_BA = (made(translator(width, setting["blocks"])) for _ in range(2))
        self.D_A, self.D_B = (made(patch_discriminator(width)) for _ in range(2))
        self.networks = {"G_AB": self.G_AB, "G_BA": self.G_BA, "D_A": self.D_A, "D_B": self.D_B}
        self.adversarial, self.l1 = nn.MSELoss(), nn.L1Loss()
        translators = itertools.chain(self.G_AB.parameters(), self.G_BA.parameters())
        judges = itertools.chain(self.D_A.parameters(), self.D_B.parameters())
        self.optimizer_g = torch.optim.Adam(translators, lr=2e-4, betas=(0.5, 0.999))
        self.optimizer_d = torch.optim.Adam(judges, lr=2e-4, betas=(0.5, 0.999))
        self.pool_a, self.pool_b = ImagePool(setting["pool"]), ImagePool(setting["pool"])

    def step(self) -> None:
        a, b = next(self.setting.data)
        self.setting.begin("G", 0)
        fake_b, fake_a = self.G_AB(a), self.G_BA(b)
        cycle_a, cycle_b = self.G_BA(fake_b), self.G_AB(fake_a)

        self.hold(True)
        self.optimizer_g.zero_grad()
        identity_b, identity_a = self.G_AB(b), self.G_BA(a)
        losses_g = [
            5.0 * self.l1(identity_b, b),
            5.0 * self.l1(identity_a, a),
            self.judged(self.D_B(fake_b), 1.0),
            self.judged(self.D_A(fake_a), 1.0),
            10.0 * self.l1(cycle_a, a),
            10.0 * self.l1(cycle_b, b),
        ]
        sum(losses_g, torch.zeros((), device=a.device)).backward()
        self.optimizer_g.step()

        self.setting.begin("D", 0)
        self.hold(False)
        self.optimizer_d.zero_grad()
        losses_d = [
            self.judge(self.D_A, a, self.pool_a.query(fake_a.detach())),
            self.judge(self.D_B, b, self.pool_b.query(fake_b.detach())),
        ]
        self.optimizer_d.step()
        self.losses = [loss.item() for loss in losses_g + losses_d]

    def judged(self, scores: Tensor, target: float) -> Tensor:
        loss: Tensor = self.adversarial(scores, torch.full_like(scores, target))
        return loss

    def judge(self, judge: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        loss = 0.5 * (self.judged(judge(real), 1.0) + self.judged(judge(fake), 0.0))
        loss.backward()
        return loss

    def hold(self, held: bool) -> None:
        if self.holds:
            for judge in (self.D_A, self.D_B):
                for parameter in judge.parameters():
                    parameter.requires_grad = not held


class NaiveCycleGan(CycleGan):
    """The same without holding D, so that its weight gradients are computed in vain."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting, holds=False)
