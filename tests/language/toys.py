"""Toy components for the tests of the language, in a file of their own as those of a plugin are."""

import attrs
import pytest

import ganforge as gf
from ganforge.errors import OverrideError, RecipeError
from ganforge.language.component import suggestion


@gf.component("adam")
class Adam(gf.Optimizer):
    """An optimizer whose rate must be positive."""

    lr: gf.Number = attrs.field(default=1e-3, validator=attrs.validators.gt(0))
    betas: tuple[gf.Number, gf.Number] = (0.9, 0.999)


@gf.component("ramp")
class Ramp(gf.Schedule):
    """A straight line to zero."""

    start: float = 1.0
    until: gf.Length = gf.steps(100)

    def at(self, now: gf.Progress) -> float:
        return self.start * max(0.0, 1.0 - now / self.until)


@gf.component("warm-up")
class WarmUp(gf.Schedule):
    """A schedule made of another."""

    to: gf.Number = 1.0

    def at(self, now: gf.Progress) -> float:
        raise AssertionError("no test plays")


@gf.component("pieces")
class Pieces(gf.Schedule):
    """A schedule with several lengths."""

    ends: tuple[gf.Length, ...] = ()

    def at(self, now: gf.Progress) -> float:
        raise AssertionError("no test plays")


@gf.component("clip")
class Clip(gf.Constraint):
    """A constraint with a number."""

    limit: gf.Number = 0.01


@gf.component("plain")
class Plain(gf.AdversarialLoss):
    """A pair of losses."""

    def discriminator_loss(self, real, fake):
        return fake.mean() - real.mean()

    def generator_loss(self, fake):
        return -fake.mean()


@gf.component("hinge")
class Hinge(Plain):
    """A pair with a parameter."""

    margin: float = 1.0


@gf.component("relative")
class Relative(gf.AdversarialLoss):
    """A pair whose second loss compares both sides."""

    def discriminator_loss(self, real, fake):
        return (fake - real).mean()

    def generator_loss(self, fake, real):
        return (real - fake).mean()


@gf.component("l1")
class Distance(gf.Loss):
    """A distance of two signals."""

    def __call__(self, a: gf.Signal, b: gf.Signal) -> gf.Term:
        gf.expect_same_shape("l1", a=a, b=b)
        return self.term(a, b)

    def compute(self, a, b):
        return (a - b).abs().mean()


@gf.component("penalty")
class Penalty(gf.Loss):
    """A penalty at a gradient point."""

    def __call__(self, scores: gf.Signal, *, wrt: gf.Signal) -> gf.Term:
        return self.term(scores, wrt=wrt)

    def compute(self, scores, wrt):
        return scores.mean()


l1, penalty = Distance(), Penalty()


@gf.component("gen")
class Gen(gf.Generator):
    """A generator of small images."""

    shape: gf.Shape = (1, 8, 8)

    def __call__(self, *z: gf.Signal) -> gf.Signal:
        return self.output(*z, shape=self.shape)


@gf.component("critic")
class Critic(gf.Discriminator):
    """A discriminator that wants images."""

    def __call__(self, x: gf.Signal) -> gf.Signal:
        gf.expect(len(getattr(x, "shape", ())) in (0, 3), f"critic '{self.name}' wants images.", "give it images")
        return self.output(x, shape=(1,))


@gf.component("translator")
class Translator(gf.Generator):
    """A network for images of any size."""

    any_size = True

    def __call__(self, x: gf.Signal) -> gf.Signal:
        return self.output(x, shape=x.shape)


@gf.component("images")
class Images(gf.ImageData):
    """Images of one size."""

    size: int = 8

    @property
    def shape(self) -> gf.Shape:
        return (1, self.size, self.size)


@gf.component("folder")
class Folder(Images):
    """Images with a place."""

    root: str
    flip: bool = False


@gf.component("classes")
class Classes(gf.LabelledData):
    """Images with labels."""

    shape = (3, 8, 8)
    num_classes = 10


@gf.component("pairs")
class Pairs(gf.PairedData):
    """Corresponding images."""

    source_shape = (1, 8, 8)
    target_shape = (3, 8, 8)


@gf.component("captions")
class Captions(gf.CaptionedData):
    """Images with captions."""

    shape = (3, 8, 8)
    vocabulary_size = 50
    caption_length = 7


@gf.component("domains")
class Domains(gf.UnpairedData):
    """Images of two domains."""

    a_shape = (1, 8, 8)
    b_shape = (3, 8, 8)


TOYS = (
    Adam, Ramp, WarmUp, Pieces, Clip, Plain, Hinge, Relative, Distance, Penalty,
    Gen, Critic, Translator, Images, Folder, Classes, Pairs, Captions, Domains,
)  # fmt: skip


class Shelf:
    """Finds the toys by name, as the registry finds components."""

    def find(self, kind: type[gf.Component], name: str) -> type[gf.Component]:
        found = {toy.declaration.name: toy for toy in TOYS if issubclass(toy, kind)}
        if name not in found:
            text = f"no {kind.__name__} is called '{name}'. Installed: {', '.join(sorted(found))}."
            raise OverrideError(text, suggestion(name, found))
        return found[name]


def told(make) -> tuple[str, str]:
    """What a mistake is told outside of a recipe file: one message and its hint."""
    with pytest.raises(RecipeError) as caught:
        make()
    (problem,) = caught.value.problems
    return problem.message, problem.hint


def score(name: str = "D") -> gf.Signal:
    """A score of noise."""
    return Critic(name)(Gen("G")(gf.noise(3)))


def term(label: str = "plain") -> gf.Term:
    """A term of one loss."""
    return Plain().generator(fake=score()).named(label)


def play(*players: gf.Player, **options) -> gf.Game:
    """A game of some length."""
    return gf.Game(*players, **({"batch_size": 2, "length": gf.steps(10)} | options))
