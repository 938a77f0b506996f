"""Judges: small classifiers, trained on the spot on real data, that say what samples show."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from ganforge_data import MNIST
from ganforge_data.rendering import Scene, render, render_domain, scene

HELD_OUT = 9_001
_TRAINING = 9_000
_LARGEST = 32

Size = tuple[int, int]
Real = tuple[Tensor, Tensor]
"""Images from -1 to 1 of shape (count, channels, height, width) and classes of shape (count, heads)."""


def digits(channels: int, size: Size, held_out: bool, root: Path) -> Real:
    """MNIST's training images, or its test images."""
    (examples,) = MNIST(size=size, split="test" if held_out else "train").open(root)
    read = examples.read(torch.arange(len(examples)))
    return read["images"].float() / 127.5 - 1, read["labels"][:, None]


def shapes(channels: int, size: Size, held_out: bool, root: Path) -> Real:
    """The embedded shapes, of seeds that no row trains on: shape and colour."""
    seen = _scenes(held_out)
    return render(seen, size, channels).float() / 127.5 - 1, torch.stack([seen.shape, seen.colour], 1)


def looks(channels: int, size: Size, held_out: bool, root: Path) -> Real:
    """The embedded shapes, half of them plain and half striped: shape, colour and look."""
    seen = _scenes(held_out)
    half = len(seen) // 2
    plain, striped = seen.part(slice(half)), seen.part(slice(half, None))
    images = torch.cat([render_domain(plain, size, "a", channels), render_domain(striped, size, "b", channels)])
    look = (torch.arange(len(seen)) >= half).long()
    return images.float() / 127.5 - 1, torch.stack([seen.shape, seen.colour, look], 1)


def _scenes(held_out: bool) -> Scene:
    return scene(HELD_OUT, torch.arange(4_000)) if held_out else scene(_TRAINING, torch.arange(16_000))


KINDS: dict[str, tuple[dict[str, int], Callable[[int, Size, bool, Path], Real]]] = {
    "digits": ({"digit": 10}, digits),
    "shapes": ({"shape": 8, "colour": 8}, shapes),
    "looks": ({"shape": 8, "colour": 8, "look": 2}, looks),
}
"""What each kind of judge tells and of how many classes, and who reads the real images."""


class _Net(nn.Module):
    def __init__(self, channels: int, heads: Iterable[int]) -> None:
        super().__init__()
        widths = (channels, 24, 48, 96)
        blocks = [
            layer
            for before, after in pairwise(widths)
            for layer in (nn.Conv2d(before, after, 3, 1, 1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2))
        ]
        self.body = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(384, 64), nn.ReLU())
        self.heads = nn.ModuleList(nn.Linear(64, classes) for classes in heads)

    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        features = self.body(images)
        return features, [head(features) for head in self.heads]


@attrs.frozen(eq=False)
class Opinion:
    """What a judge says of images.

    Args:
        features: Shape (count, 64).
        probabilities: Of each thing that it tells, shape (count, classes).
    """

    features: Tensor
    probabilities: Mapping[str, Tensor]

    def __getitem__(self, head: str) -> Tensor:
        """The likeliest class of each image."""
        return self.probabilities[head].argmax(1)

    def confidence(self) -> Tensor:
        """The probability of the likeliest classes together."""
        return torch.stack([p.amax(1) for p in self.probabilities.values()]).prod(0)

    def modes(self) -> tuple[Tensor, int]:
        """The classes of everything in one number, and how many there are."""
        mode, count = torch.zeros(len(self.features), dtype=torch.int64), 1
        for p in self.probabilities.values():
            mode, count = mode * p.shape[1] + p.argmax(1), count * p.shape[1]
        return mode, count


class Judge:
    """A trained classifier.

    Args:
        net: Its network.
        heads: What it tells.
        held_out: Real images that it has not seen.
    """

    def __init__(self, net: nn.Module, heads: Iterable[str], held_out: Real) -> None:
        self.net, self.heads = net.eval(), tuple(heads)
        images, classes = held_out
        self.real = self(images)
        """What it says of held-out real images."""
        right = torch.stack([self.real[head] for head in self.heads], 1) == classes
        self.accuracy = right.all(1).double().mean().item()
        """Its share of right answers on them, of everything at once."""

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Opinion:
        """Judge images from -1 to 1."""
        told = [self.net(part) for part in torch.split(_view(images.nan_to_num()), 256)]
        answers = zip(*(logits for _, logits in told), strict=True)
        probabilities = [torch.cat(logits).softmax(1) for logits in answers]
        features = torch.cat([features for features, _ in told])
        return Opinion(features, dict(zip(self.heads, probabilities, strict=True)))


@attrs.frozen
class Judges:
    """Finds the judge of some images: one that was asked before, in the cache, or by training one.

    Args:
        cache: Folder of trained judges.
        data_root: Cache folder of data sets.
        known: The judges that were asked, by name.
    """

    cache: Path
    data_root: Path
    known: dict[str, Judge] = attrs.field(factory=dict)

    def judge(self, kind: str, images: Tensor) -> Judge:
        """The judge of images of one kind and of this shape."""
        channels, height, width = images.shape[1:]
        name = f"{kind}-{channels}x{height}x{width}"
        if name not in self.known:
            self.known[name] = self._made(name, kind, channels, (height, width))
        return self.known[name]

    def _made(self, name: str, kind: str, channels: int, size: Size) -> Judge:
        heads, real = KINDS[kind]
        torch.manual_seed(0)
        net, path = _Net(channels, heads.values()), self.cache / f"{name}.safetensors"
        if path.exists():
            net.load_state_dict(load_file(path))
        else:
            _train(net, *real(channels, size, False, self.data_root))
            self.cache.mkdir(parents=True, exist_ok=True)
            # Another row may be making the same judge.
            temporary = path.with_suffix(f".{os.getpid()}")
            save_file(net.state_dict(), temporary)
            temporary.replace(path)
        return Judge(net, heads, real(channels, size, True, self.data_root))


def _view(images: Tensor) -> Tensor:
    """Large images at a size at which they are judged as well."""
    factor = _LARGEST / max(images.shape[2:])
    options: dict[str, Any] = {"mode": "bilinear", "antialias": True}
    return images if factor >= 1 else functional.interpolate(images, scale_factor=factor, **options)


def _train(net: _Net, images: Tensor, classes: Tensor, steps: int = 1_000, batch: int = 64) -> None:
    images = _view(images)
    adam = torch.optim.Adam(net.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 3e-3, total_steps=steps)
    for _ in range(steps):
        rows = torch.randint(len(images), (batch,))
        _, logits = net(images[rows])
        losses = [functional.cross_entropy(head, classes[rows, n]) for n, head in enumerate(logits)]
        adam.zero_grad()
        torch.autograd.backward(torch.stack(losses).sum())
        adam.step()
        schedule.step()
