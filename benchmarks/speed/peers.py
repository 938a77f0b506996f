"""Peers' own trainers on the plain networks, each run as its documentation shows.

A trainer takes its batches from a loader that waits for "play N" and then hands out the batches of N steps, so that
what is timed is the trainer's own loop, loading included. Its epoch never ends, so that neither samples nor
checkpoints are part of the time. Mimicry's measures import TensorFlow, and its data sets a part of torch that has
gone; where they are missing stand-ins take their place, for training uses neither, and mimicry's time to import comes
out too short.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from .channel import Channel
from .networks import WganCritic, WganGenerator, dcgan_discriminator, dcgan_generator, normal_weights

Order = dict[str, Any]


class Metered:
    """A loader whose batches are those of the steps that were asked for.

    Args:
        loader: Gives the batches.
        turns: Batches of one step.
        channel: Where steps are asked for.
        imported: How old the process was when everything was imported, in seconds.
    """

    def __init__(self, loader: DataLoader[Any], turns: int, channel: Channel, imported: float) -> None:
        self.loader, self.turns, self.channel, self.imported = loader, turns, channel, imported
        self.batch_size = loader.batch_size

    def __len__(self) -> int:
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        batches = self._endless()
        self.channel.forget_peak()
        for _ in range(self.turns):
            yield next(batches)
        self.channel.answer(**{"import": self.imported, "first_step": self.channel.age()})
        for count in self.channel.plays():
            for _ in range(count * self.turns):
                yield next(batches)
        raise SystemExit(0)

    def _endless(self) -> Iterator[Any]:
        while True:
            yield from self.loader


class Reshaped(nn.Module):
    """DCGAN's networks with vectors as vectors and logits as (batch, 1)."""

    def __init__(self, network: nn.Module, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.network, self.shape = network, shape

    def forward(self, values: Tensor) -> Tensor:
        if values.dim() == 2:
            values = values[:, :, None, None]
        out: Tensor = self.network(values)
        return out.reshape(-1, *self.shape)


class _StandIn(types.ModuleType):
    """A module that has every public name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__spec__ = importlib.machinery.ModuleSpec(name, None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _StandIn(f"{self.__name__}.{name}")


def serve(order: Order, channel: Channel) -> None:
    """Play a game with a peer's trainer until told to quit."""
    serves: dict[str, Callable[[Order, Channel], None]] = {"torchgan": _torchgan, "mimicry": _mimicry}
    serves[order["contender"]](order, channel)


def _networks(order: Order) -> tuple[nn.Module, nn.Module]:
    sizes = order["sizes"]
    latent, width, size = sizes["latent"], sizes["width"], sizes["size"]
    if "critics" in sizes:
        return WganGenerator(latent, width, size), WganCritic(width, size)
    made = Reshaped(dcgan_generator(latent, width, size), (3, size, size))
    judge = Reshaped(dcgan_discriminator(width, size), (1,))
    return made.apply(normal_weights), judge.apply(normal_weights)


def _metered(order: Order, channel: Channel, imported: float) -> Metered:
    (images,) = torch.load(Path(order["data"])).values()
    real = images.float().div_(127.5).sub_(1.0)
    data = TensorDataset(real, torch.zeros(len(real), dtype=torch.int64))
    pinned = order["device"] == "cuda"
    loader = DataLoader(data, order["sizes"]["batch"], shuffle=True, drop_last=True, pin_memory=pinned)
    return Metered(loader, order["sizes"].get("critics", 1), channel, imported)


def _adam(order: Order) -> dict[str, Any]:
    return {"lr": 1e-4, "betas": (0.5, 0.9)} if "critics" in order["sizes"] else {"lr": 2e-4, "betas": (0.5, 0.999)}


def _torchgan(order: Order, channel: Channel) -> None:
    from torchgan import losses
    from torchgan.models import Discriminator, Generator
    from torchgan.trainer import Trainer

    imported = time.time() - order["spawned"]
    made, judge = _networks(order)

    class G(Generator):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(order["sizes"]["latent"])
            self.network = made

        def forward(self, noise: Tensor) -> Tensor:
            images: Tensor = self.network(noise)
            return images

    class D(Discriminator):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(3)
            self.network = judge

        def forward(self, images: Tensor) -> Tensor:
            scores: Tensor = self.network(images)
            return scores

    def player(kind: type) -> dict[str, Any]:
        return {"name": kind, "optimizer": {"name": torch.optim.Adam, "args": _adam(order)}}

    critics = order["sizes"].get("critics")
    minimized = [losses.MinimaxGeneratorLoss(), losses.MinimaxDiscriminatorLoss()]
    if critics:
        minimized = [
            losses.WassersteinGeneratorLoss(),
            losses.WassersteinDiscriminatorLoss(),
            losses.WassersteinGradientPenalty(),
        ]
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            {"generator": player(G), "discriminator": player(D)},
            minimized,
            device=torch.device(order["device"]),
            ncritic=critics or 1,
            epochs=1,
            checkpoints=f"{folder}/model/gan",
            recon=f"{folder}/images",
        )
        trainer(_metered(order, channel, imported))


def _mimicry(order: Order, channel: Channel) -> None:
    for missing in ("tensorflow", "torch._six"):
        if importlib.util.find_spec(missing) is None:
            sys.modules[missing] = _StandIn(missing)
    from torch_mimicry.nets.gan import gan
    from torch_mimicry.nets.wgan_gp import wgan_gp_base
    from torch_mimicry.training import Trainer

    imported = time.time() - order["spawned"]
    sizes, critics = order["sizes"], order["sizes"].get("critics")
    made, judge = _networks(order)
    bases: tuple[Any, Any] = gan.BaseGenerator, gan.BaseDiscriminator
    if critics:
        bases = wgan_gp_base.WGANGPBaseGenerator, wgan_gp_base.WGANGPBaseDiscriminator
    loss = "wasserstein" if critics else "gan"

    class G(bases[0]):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(nz=sizes["latent"], ngf=sizes["width"], bottom_width=4, loss_type=loss)
            self.network = made

        def forward(self, noise: Tensor) -> Tensor:
            images: Tensor = self.network(noise)
            return images

    class D(bases[1]):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(ndf=sizes["width"], loss_type=loss)
            self.network = judge

        def forward(self, images: Tensor) -> Tensor:
            scores: Tensor = self.network(images)
            return scores

    device = torch.device(order["device"])
    netG, netD = G().to(device), D().to(device)
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            netD=netD,
            netG=netG,
            optD=torch.optim.Adam(netD.parameters(), **_adam(order)),
            optG=torch.optim.Adam(netG.parameters(), **_adam(order)),
            n_dis=critics or 1,
            num_steps=100_000,
            log_steps=100_000,  # To TensorBoard, which would ask the stand-in for files.
            vis_steps=100_000,
            lr_decay="linear",
            dataloader=_metered(order, channel, imported),
            log_dir=folder,
            device=device,
        ).train()
