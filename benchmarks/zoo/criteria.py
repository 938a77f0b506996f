"""Criteria: numbers that tell whether a recipe has learned, read from a run's samples or its log."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod

import attrs
import torch
from ganforge_data.rendering import COLOURS, SHAPES, VOCABULARY
from torch import Tensor
from torch.nn import functional

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

    better: str = attrs.field(init=False, default="higher")
    """Whether ``lower`` or ``higher`` numbers are better."""

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
    return (means + first.var(0).sum() + second.var(0).sum() - 2 * roots).item()


def information(first: Tensor, second: Tensor, classes: int) -> float:
    """Mutual information of two rows of whole numbers, as a share of the entropy of ``classes`` equal ones."""
    joint = torch.bincount(first * classes + second, minlength=classes * classes).double().reshape(classes, classes)
    joint /= joint.sum()
    apart = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    return ((joint / apart).log().nan_to_num(0.0, 0.0, 0.0) * joint).sum().item() / math.log(classes)


@attrs.frozen(kw_only=True)
class Modes(Criterion):
    """Do samples look like real images, and are all classes among them?

    The distance is Fréchet's in the judge's features, to held-out real images. A mode is caught when it has a fifth
    of its fair share of samples of which the judge is sure (0.9).

    Args:
        kind: Which judge.
        sample: The sample's name.
    """

    kind: str = "shapes"
    sample: str = "samples"
    better: str = attrs.field(init=False, default="lower")

    def reads(self) -> tuple[str, ...]:
        return (self.sample,)

    def measure(self, played: Played) -> Numbers:
        (images,) = played.draw(*self.reads(), count=self.count)
        judge = played.judges.judge(self.kind, images)
        opinion = judge(images)
        mode, count = opinion.modes()
        sure = opinion.confidence() > _CONFIDENT
        caught = torch.bincount(mode[sure], minlength=count) >= max(1.0, _CAUGHT * len(images) / count)
        return {
            "Fréchet distance": frechet(opinion.features, judge.real.features),
            f"modes of {count}": caught.sum().item(),
            "judge is sure": sure.double().mean().item(),
        }


@attrs.frozen(kw_only=True)
class ClassAccuracy(Criterion):
    """Do samples show the class that was asked for? Labels of samples cycle: 0, 1, …, k - 1, 0, …

    Args:
        kind: Which judge.
        head: Which of its heads knows the classes.
        sample: The sample's name.
    """

    kind: str = "shapes"
    head: int = 0
    sample: str = "samples"

    def reads(self) -> tuple[str, ...]:
        return (self.sample,)

    def measure(self, played: Played) -> Numbers:
        (images,) = played.draw(*self.reads(), count=self.count)
        opinion = played.judges.judge(self.kind, images)(images)
        asked = torch.arange(self.count) % opinion.probabilities[self.head].shape[1]
        return {"class accuracy": (opinion.classes(self.head) == asked).double().mean().item()}


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
    better: str = attrs.field(init=False, default="lower")

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

    small: str = "source"
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
    better: str = attrs.field(init=False, default="lower")

    def measure(self, played: Played) -> Numbers:
        lines = map(json.loads, played.run.folder.metrics.read_text(encoding="utf-8").splitlines())
        return {self.words: [line[self.monitor] for line in lines if self.monitor in line][-1]}


@attrs.frozen(kw_only=True)
class Captions(Criterion):
    """Do images show the shape and the colour that their captions name?

    Args:
        sample: The images' name.
    """

    sample: str = "image"
    count: int = 512

    def reads(self) -> tuple[str, ...]:
        return (self.sample, "captions")

    def measure(self, played: Played) -> Numbers:
        images, captions = played.draw(*self.reads(), count=self.count)
        opinion = played.judges.judge("shapes", images)(images)
        right = torch.stack([opinion.classes(0), opinion.classes(1)], 1) == spoken(captions)
        shape, colour = right.double().mean(0).tolist()
        both = right.all(1).double().mean().item()
        return {"shape and colour as said": both, "shape": shape, "colour": colour}


def spoken(captions: Tensor) -> Tensor:
    """Shape and colour that captions name, shape (count, 2); the colour is the word before the shape."""
    words = [[VOCABULARY[number] for number in row] for row in captions.long().tolist()]
    places = [next(n for n, word in enumerate(row) if word in SHAPES) for row in words]
    named = [(SHAPES.index(row[n]), COLOURS.index(row[n - 1])) for row, n in zip(words, places, strict=True)]
    return torch.tensor(named)


@attrs.frozen(kw_only=True)
class Codes(Criterion):
    """Does a categorical code choose the class? Mutual information, and the purity of the codes.

    Args:
        kind: Which judge.
        sample: The name of samples whose codes cycle as labels do.
    """

    kind: str = "digits"
    sample: str = "samples"

    def reads(self) -> tuple[str, ...]:
        return (self.sample,)

    def measure(self, played: Played) -> Numbers:
        (images,) = played.draw(*self.reads(), count=self.count)
        opinion = played.judges.judge(self.kind, images)(images)
        classes = opinion.probabilities[0].shape[1]
        code, seen = torch.arange(self.count) % classes, opinion.classes(0)
        table = torch.bincount(code * classes + seen, minlength=classes * classes).reshape(classes, classes)
        return {
            "information between code and class": information(code, seen, classes),
            "purity of codes": table.amax(1).sum().item() / self.count,
        }


@attrs.frozen(kw_only=True)
class Translation(Criterion):
    """Do translated images look like the other domain of ``shapes``, and is the shape still the source's?

    Args:
        ways: For each direction the source's name, the translation's and the look that is wanted: 0 plain, 1 striped.
    """

    ways: tuple[tuple[str, str, int], ...] = (("a", "fake_b", 1), ("b", "fake_a", 0))
    count: int = 256

    def reads(self) -> tuple[str, ...]:
        return tuple(name for source, fake, _ in self.ways for name in (source, fake))

    def measure(self, played: Played) -> Numbers:
        looks, kept = [], []
        for source, fake, look in self.ways:
            before, after = played.draw(source, fake, count=self.count)
            judge = played.judges.judge("looks", before)
            seen = judge(after)
            looks.append(seen.classes(2) == look)
            kept.append(seen.classes(0) == judge(before).classes(0))
        look, shape = torch.cat(looks), torch.cat(kept)
        shares = [share.double().mean().item() for share in (look & shape, look, shape)]
        return dict(zip(("other look, same shape", "other look", "same shape"), shares, strict=True))
