"""Networks: declared modules that are called on signals."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import attrs

from ..errors import RecipeError, Site
from .annotation import accepts, received
from .component import Component, component
from .number import Number
from .signal import Expression, Shape, Signal, only_signals
from .site import here, report

if TYPE_CHECKING:
    from torch import nn

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


@attrs.frozen(eq=False)
class Average:
    """An exponential moving average of a network's weights.

    Args:
        of: The network that is averaged.
        decay: Share of the average that each step keeps.
        warmup: Whether the n-th update keeps at most (1 + n) / (10 + n).
    """

    of: Network
    decay: Number
    warmup: bool = False
    site: Site | None = attrs.field(factory=here, repr=False)


@attrs.frozen(eq=False, kw_only=True)
class Evaluation(Expression):
    """One pass through a network, whose outputs have these shapes."""

    network: Network
    shapes: tuple[Shape, ...]

    def __str__(self) -> str:
        return f"{self.network.name}(…)"


@component(eq=False)
class Network(Component):
    """A declared network; calling it on signals records an evaluation.

    Authors give a typed ``__call__`` (which returns ``self.output(...)``) and ``build``, which imports torch
    and returns the module, told the shapes of the first evaluation's inputs.

    Args:
        name: Names the network in checkpoints, logs and errors.
        weights: Path of a safetensors file to start from; empty for fresh weights.
        frozen: Hold the network still, in evaluation mode, though no player trains it.
    """

    kind: ClassVar[str] = "network"
    equal_by_value: ClassVar[bool] = False
    any_size: ClassVar[bool] = False
    """Whether one module takes inputs of several heights and widths."""

    name: str = attrs.field(kw_only=False)
    weights: str = ""
    frozen: bool = False
    average: Average | None = attrs.field(init=False, default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        if isinstance(self.name, str) and not _NAME.fullmatch(self.name):
            report(f"a network's name is a letter, then letters, digits or '_'; received {received(self.name)}.")

    def output(self, *inputs: Signal, shape: Shape) -> Signal:
        """Record one evaluation that gives one signal."""
        return self.outputs(*inputs, shapes=[shape])[0]

    def outputs(self, *inputs: Signal, shapes: Sequence[Shape]) -> tuple[Signal, ...]:
        """Record one evaluation whose module returns a tuple of tensors, one for each shape."""
        for position, signal in enumerate(inputs, 1):
            if not isinstance(signal, Signal):
                report(f"network '{self.name}' is called on signals; argument {position} is {received(signal)}.")
        origin = Evaluation(inputs=only_signals(inputs), network=self, shapes=tuple(map(tuple, shapes)))
        return tuple(Signal(origin, index, shape) for index, shape in enumerate(origin.shapes))

    def build(self, *args: Any, **kwargs: Any) -> nn.Module:
        """Return the module; told the shape of each input, by position."""
        raise NotImplementedError(f"{type(self).__name__} has no build()")


@component(eq=False)
class Generator(Network):
    """A network that makes examples."""

    kind: ClassVar[str] = "generator"


@component(eq=False)
class Discriminator(Network):
    """A network that judges examples."""

    kind: ClassVar[str] = "discriminator"


@component(eq=False)
class TextEncoder(Network):
    """A network that turns captions into embeddings.

    Authors give ``__call__``, which takes captions (word numbers of shape (length,), or embeddings made before,
    of shape (dim,)) and returns one signal of shape (dim,).

    Args:
        name: Names the network in checkpoints, logs and errors.
    """

    kind: ClassVar[str] = "text-encoder"

    # A recipe takes its encoder as a parameter, which the command line gives by its component's name alone.
    name: str = attrs.field(kw_only=False, default="E")

    def __call__(self, captions: Signal) -> Signal:
        """The embeddings of captions."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__()")


@component(eq=False)
class Module(Network):
    """Any ``nn.Module`` factory as a network, without a plugin.

    Args:
        factory: Called without arguments to make the module.
        shape: Sizes of one example of its output.
    """

    factory: Callable[[], nn.Module]
    shape: Shape
    any_size: ClassVar[bool] = True

    def __call__(self, *inputs: Signal) -> Signal:
        return self.output(*inputs, shape=self.shape)

    def build(self, *inputs: Shape) -> nn.Module:
        return self.factory()


def module(name: str, factory: Callable[[], nn.Module], *, shape: Shape) -> Module:
    """Wrap any ``nn.Module`` factory as a network.

    Args:
        name: Names the network in checkpoints, logs and errors.
        factory: Called without arguments to make the module.
        shape: Sizes of one example of its output.
    """
    return Module(name, factory=factory, shape=shape)


N = TypeVar("N", bound=Network)


def ema(network: N, *, decay: Number = 0.999, warmup: bool = False) -> N:
    """The exponential moving average of a network's weights, to be called like the network itself.

    Updated after every step that updated the network: ``average = decay * average + (1 - decay) * weights``;
    buffers are copied.

    Args:
        network: The network to average.
        decay: Share of the average that each step keeps; may be a schedule.
        warmup: Keep at most (1 + n) / (10 + n) in the n-th update, n from 0, so that the first weights are soon
            forgotten; the rule of TensorFlow's ``ExponentialMovingAverage(num_updates=n)``.
    """
    if not isinstance(network, Network):
        raise RecipeError(f"ema averages a network; received {received(network)}.", site=here())
    if network.average is not None:
        report(f"network '{network.name}' is an average already.")
    if not accepts(decay, Number) or (isinstance(decay, int | float) and not 0 <= decay <= 1):
        report(f"the decay of an average is a number from 0 to 1 or a schedule; received {received(decay)}.")
    averaged = copy.copy(network)
    object.__setattr__(averaged, "average", Average(network, decay, warmup))
    return averaged
