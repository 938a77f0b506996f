"""Losses: plain functions of tensors that a recipe applies to signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, overload

import attrs

from .annotation import received
from .component import Component, component
from .signal import Signal, expect, expect_call, only_signals, signature_of
from .site import report
from .term import Measure, Part, Term

if TYPE_CHECKING:
    from torch import Tensor


def measured(measure: Measure) -> Term:
    """The term that holds one loss, with weight one."""
    clean = True
    for signal in measure.signals:
        if not isinstance(signal, Signal):
            report(f"{measure.name} is a loss of signals; received {received(signal)}.")
            clean = False
    if not clean:
        measure = attrs.evolve(
            measure,
            inputs=only_signals(measure.inputs),
            keywords={key: value for key, value in measure.keywords.items() if isinstance(value, Signal)},
            wrt=measure.wrt if isinstance(measure.wrt, Signal) else None,
        )
    return Term((Part(measure=measure, label=measure.name, site=measure.site),))


def _point(wrt: Signal | None) -> dict[str, Any]:
    return {} if wrt is None else {"wrt": wrt}


@component()
class Loss(Component):
    """A scalar loss of signals.

    Authors give a typed ``__call__`` (which returns ``self.term(...)``) and ``compute``, which sees tensors
    of shape (batch, …) and returns one number.
    """

    kind: ClassVar[str] = "loss"

    def term(self, *signals: Signal, wrt: Signal | None = None) -> Term:
        """The term of this loss on some signals.

        Args:
            signals: Given to ``compute`` by position.
            wrt: The gradient point, given to ``compute`` as ``wrt``; everything between it and the signals is
                recorded, so that ``torch.autograd.grad(..., create_graph=True)`` works.
        """
        name = type(self).component_name()
        expect_call(name, self.compute, signals, _point(wrt))
        return measured(Measure(name=name, function=self.compute, inputs=signals, wrt=wrt))

    def compute(self, *tensors: Any, **keywords: Any) -> Tensor:
        """Return the loss of tensors as one number."""
        raise NotImplementedError(f"{type(self).__name__} has no compute()")


def expect_same_shape(name: str, **signals: Signal) -> None:
    """Report a problem unless all signals have one shape; for authors of losses."""
    shapes = {key: signal.shape for key, signal in signals.items()}
    words = ", ".join(f"{key} is {shape}" for key, shape in shapes.items())
    expect(len(set(shapes.values())) <= 1, f"{name} compares signals of one shape; {words}.")


@component()
class AdversarialLoss(Component):
    """A pair of losses of scores: one for the discriminator, one for the generator.

    Authors give ``discriminator_loss(real, fake)`` and ``generator_loss(fake)``, or
    ``generator_loss(fake, real)`` where the generator's loss compares both (relativistic losses).
    """

    kind: ClassVar[str] = "adversarial-loss"

    def discriminator(self, *, real: Signal, fake: Signal) -> Term:
        """The discriminator's loss of its scores on real and fake examples."""
        return self._term(self.discriminator_loss, real=real, fake=fake)

    def generator(self, *, fake: Signal, real: Signal | None = None) -> Term:
        """The generator's loss of the scores of its examples; ``real`` for losses that compare both."""
        scores = {"fake": fake}
        if self._needs_real():
            if real is None:
                report(
                    f"{type(self).component_name()} compares fake with real scores; the generator needs both.",
                    hint="adv.generator(fake=D(fake), real=D(real))",
                )
            else:
                scores["real"] = real
        return self._term(self.generator_loss, **scores)

    @classmethod
    def _needs_real(cls) -> bool:
        return "real" in signature_of(cls.generator_loss).parameters

    def _term(self, function: Callable[..., Tensor], **scores: Signal) -> Term:
        name = type(self).component_name()
        expect_call(name, function, (), dict(scores))
        return measured(Measure(name=name, function=function, keywords=scores))

    def discriminator_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return the discriminator's loss of scores, called with ``real`` and ``fake``."""
        raise NotImplementedError(f"{type(self).__name__} has no discriminator_loss()")

    def generator_loss(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return the generator's loss of scores, called with ``fake`` and, if it takes it, ``real``."""
        raise NotImplementedError(f"{type(self).__name__} has no generator_loss()")


@overload
def loss(function: Callable[..., Tensor], /) -> Callable[..., Term]: ...
@overload
def loss(*, name: str) -> Callable[[Callable[..., Tensor]], Callable[..., Term]]: ...
def loss(function: Any = None, /, *, name: str = "") -> Any:
    """Make a function of tensors a loss, in the recipe itself and without a plugin.

    Signals are given by position; ``wrt=`` marks a gradient point and reaches the function as ``wrt``;
    other keywords are constants.

    Args:
        function: Takes tensors of shape (batch, …), returns one number.
        name: The term's label; the function's name if left out.
    """

    def decorate(function: Callable[..., Tensor]) -> Callable[..., Term]:
        label = name or function.__name__

        def apply(*signals: Signal, wrt: Signal | None = None, **options: Any) -> Term:
            expect_call(label, function, signals, _point(wrt) | options)
            for key, value in options.items():
                expect(
                    not isinstance(value, Signal),
                    f"{label} takes signals by position; '{key}' is a signal given by name.",
                )

            def bound(*tensors: Tensor, **keywords: Tensor) -> Tensor:
                return function(*tensors, **keywords, **options)

            bound.__name__ = function.__name__
            return measured(Measure(name=label, function=bound, inputs=signals, wrt=wrt))

        apply.__name__, apply.__doc__ = function.__name__, function.__doc__
        return apply

    return decorate if function is None else decorate(function)
