"""Criteria: numbers that tell whether a recipe has learned, read from a run's samples or its log."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import attrs
import torch
from torch import Tensor
from torch.nn import functional

from ganforge_data.rendering import COLOURS, SHAPES, VOCABULARY

from .judges import KINDS
from .played import Played

Numbers = dict[str, float]

_CONFIDENT = 0.9
_CAUGHT = 0.2


@attrs.frozen(kw_only=True)
class Criterion(ABC):
    """A number, its direction, and whatever else is worth saying beside it.

    Args:
        count: Samples that it reads.
    """

    count: int = 2048

    better: ClassVar[Literal["lower", "higher"]] = "higher"

    def reads(self) -> tuple[str, ...]:
        """The samples of the game that it needs, by name."""
        return ()

    @abstractmethod
    def measure(self, played: Played) -> Numbers:
        """The numbers by what they are called, the criterion itself first."""


def frechet(first: Tensor, second: Tensor) -> float:
    """Squared Wasserstein distance of two normal distributions with the features' means and covariances.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), Heusel et al. 2017 (arXiv:1706.08500), equation 6.
    """
    first, second = first.double(), second.double()
    product = first.T.cov() @ second.T.cov()
    roots = torch.linalg.eigvals(product).real.clamp(min=0).sqrt().sum()
    means = (first.mean(0) - second.mean(0)).square().sum()
    return float(means + first.var(0).sum() + second.var(0).sum() - 2 * roots)


def joint(first: Tensor, second: Tensor, classes: int) -> Tensor:
    """How often two classes come together, as shares of all."""
    counts = torch.bincount(first * classes + second, minlength=classes * classes).double()
    return (counts / counts.sum()).reshape(classes, classes)


def information(first: Tensor, second: Tensor, classes: int) -> float:
    """Mutual information of two classes, as a share of the most that it can be."""
    both = joint(first, second, classes)
    apart = both.sum(1, keepdim=True) * both.sum(0, keepdim=True)
    return ((both / apart).log().nan_to_num(0.0, 0.0, 0.0) * both).sum().item() / math.log(classes)


def share(right: Tensor) -> float:
    """The share of what is true."""
    return right.double().mean().item()


@attrs.frozen(kw_only=True)
class Modes(Criterion):
    """Do samples look like real images, and are all classes among them?

    The distance is Fréchet's in the judge's features, to held-out real images. A mode is caught when the judge takes a
    fifth of its fair share of samples for it; the judge is sure of a sample from 0.9 on.

    Args:
        kind: Which judge.
        sample: The sample's name.
    """

    kind: str = "shapes"
    sample: str = "samples"
    better: ClassVar[Literal["lower", "higher"]] = "lower"

    def reads(self) -> tuple[str, ...]:
        return (self.sample,)

    def measure(self, played: Played) -> Numbers:
        (images,) = played.draw(*self.reads(), count=self.count)
        judge = played.judges.judge(self.kind, images)
        opinion = judge(images)
        mode, count = opinion.modes()
        sure = opinion.confidence() > _CONFIDENT
        caught = torch.bincount(mode, minlength=count) >= max(1.0, _CAUGHT * len(images) / count)
        return {
            "Fréchet distance": frechet(opinion.features, judge.real.features),
            f"modes of {count}": caught.sum().item(),
            "judge is sure": share(sure),
        }


@attrs.frozen(kw_only=True)
class Asked(Criterion):
    """Do samples show what was asked for, all of it at once? Each thing by itself is told beside it.

    Args:
        kind: Which judge.
    """

    kind: str = "shapes"

    @abstractmethod
    def asked(self, played: Played) -> tuple[Tensor, dict[str, Tensor]]:
        """Images, and the class of each by what the judge tells."""

    def measure(self, played: Played) -> Numbers:
        images, asked = self.asked(played)
        opinion = played.judges.judge(self.kind, images)(images)
        right = {head: opinion[head] == classes for head, classes in asked.items()}
        numbers = {f"{' and '.join(right)} as asked": share(torch.stack(list(right.values())).all(0))}
        return numbers | ({head: share(one) for head, one in right.items()} if len(right) > 1 else {})


@attrs.frozen(kw_only=True)
class Labels(Asked):
    """Do samples show the class of their label, or still what their source shows? Labels cycle: 0, 1, …, k - 1, 0.

    Args:
        head: Which of the things that the judge tells is the class; none where only what is kept counts.
        sample: The sample's name.
        source: The name of the image that was changed, where there is one.
        kept: What is to stay as it was in the source.
    """

    head: str = ""
    sample: str = "samples"
    source: str = ""
    kept: tuple[str, ...] = ()

    def reads(self) -> tuple[str, ...]:
        return (self.sample, self.source) if self.source else (self.sample,)

    def asked(self, played: Played) -> tuple[Tensor, dict[str, Tensor]]:
        images, *before = played.draw(*self.reads(), count=self.count)
        judge = played.judges.judge(self.kind, images)
        classes = KINDS[self.kind][0]
        wanted = {self.head: torch.arange(len(images)) % classes[self.head]} if self.head else {}
        return images, wanted | {head: judge(source)[head] for source in before for head in self.kept}


@attrs.frozen(kw_only=True)
class Captions(Asked):
    """Do images show the shape and the colour that their captions name?

    Args:
        sample: The images' name.
    """

    sample: str = "image"
    count: int = 512

    def reads(self) -> tuple[str, ...]:
        return (self.sample, "captions")

    def asked(self, played: Played) -> tuple[Tensor, dict[str, Tensor]]:
        images, captions = played.draw(*self.reads(), count=self.count)
        shape, colour = spoken(captions).T
        return images, {"shape": shape, "colour": colour}


def spoken(captions: Tensor) -> Tensor:
    """Shape and colour that captions name, shape (count, 2); the colour is the word before the shape."""
    words = [[VOCABULARY[number] for number in row] for row in captions.tolist()]
    places = [next(n for n, word in enumerate(row) if word in SHAPES) for row in words]
    named = [(SHAPES.index(row[n]), COLOURS.index(row[n - 1])) for row, n in zip(words, places, strict=True)]
    return torch.tensor(named)


@attrs.frozen(kw_only=True)
class Translation(Asked):
    """Do translated images have the look of the other domain of ``shapes``, and is the shape the source's?

    Args:
        ways: For each direction the source's name, the translation's and the look that is wanted: 0 plain, 1 striped.
    """

    kind: str = "looks"
    ways: tuple[tuple[str, str, int], ...] = (("a", "fake_b", 1), ("b", "fake_a", 0))
    count: int = 256

    def reads(self) -> tuple[str, ...]:
        return tuple(name for source, fake, _ in self.ways for name in (source, fake))

    def asked(self, played: Played) -> tuple[Tensor, dict[str, Tensor]]:
        drawn = dict(zip(self.reads(), played.draw(*self.reads(), count=self.count), strict=True))
        images = torch.cat([drawn[fake] for _, fake, _ in self.ways])
        before = torch.cat([drawn[source] for source, _, _ in self.ways])
        look = torch.cat([torch.full((self.count,), look) for _, _, look in self.ways])
        return images, {"look": look, "shape": played.judges.judge(self.kind, before)(before)["shape"]}


@attrs.frozen(kw_only=True)
class Difference(Criterion):
    """How far apart are two samples? The mean absolute difference, of values from -1 to 1.

    Args:
        first: A sample's name.
        second: Another's.
        words: What the number is called.
    """

    first: str
    second: str
    words: str = "mean absolute error"
    count: int = 256
    better: ClassVar[Literal["lower", "higher"]] = "lower"

    def reads(self) -> tuple[str, ...]:
        return (self.first, self.second)

    def measure(self, played: Played) -> Numbers:
        first, second = played.draw(*self.reads(), count=self.count)
        return {self.words: (first - second).abs().mean().item()}


@attrs.frozen(kw_only=True)
class Sharpness(Criterion):
    """Are enlarged images nearer to the large ones than bilinear interpolation comes? Mean PSNR in decibels.

    Args:
        small: The sample that was enlarged.
        fake: What it became.
        large: What it should have become.
    """

    small: str = "low"
    fake: str = "fake"
    large: str = "target"
    count: int = 256

    def reads(self) -> tuple[str, ...]:
        return (self.small, self.fake, self.large)

    def measure(self, played: Played) -> Numbers:
        small, fake, large = played.draw(*self.reads(), count=self.count)
        smooth = functional.interpolate(small, large.shape[2:], mode="bilinear").clamp(-1, 1)
        return {"PSNR in dB": psnr(fake, large), "bilinear PSNR in dB": psnr(smooth, large)}


def psnr(images: Tensor, wanted: Tensor) -> float:
    """Mean peak signal-to-noise ratio of images from -1 to 1, in decibels."""
    errors = ((images - wanted) / 2).square().mean((1, 2, 3)).clamp(min=1e-10)
    return (-10 * errors.log10()).mean().item()


@attrs.frozen(kw_only=True)
class Monitor(Criterion):
    """The last value of a monitor of the game.

    Args:
        monitor: Its name.
        words: What the number is called.
    """

    monitor: str
    words: str
    better: ClassVar[Literal["lower", "higher"]] = "lower"

    def measure(self, played: Played) -> Numbers:
        lines = map(json.loads, played.run.folder.metrics.read_text(encoding="utf-8").splitlines())
        return {self.words: [line[self.monitor] for line in lines if self.monitor in line][-1]}


@attrs.frozen(kw_only=True)
class Codes(Criterion):
    """Does a categorical code choose the digit? Codes of samples cycle as labels do."""

    sample: str = "samples"

    def reads(self) -> tuple[str, ...]:
        return (self.sample,)

    def measure(self, played: Played) -> Numbers:
        (images,) = played.draw(*self.reads(), count=self.count)
        digit = played.judges.judge("digits", images)(images)["digit"]
        code = torch.arange(len(images)) % 10
        purity = joint(code, digit, 10).amax(1).sum().item()
        return {"information of code and digit": information(code, digit, 10), "purity of codes": purity}


@attrs.frozen(kw_only=True)
class Pairs(Criterion):
    """Do both images of a pair, a digit and a negative, show the same digit? One digit for all would tell nothing."""

    def reads(self) -> tuple[str, ...]:
        return ("a", "b")

    def measure(self, played: Played) -> Numbers:
        a, b = played.draw(*self.reads(), count=self.count)
        first, second = (played.judges.judge("digits", x)(x)["digit"] for x in (a, -b))
        return {"information of a and b": information(first, second, 10), "same digit": share(first == second)}
