"""Signals: batches of tensors that will exist when a turn is played, and the expressions they come from."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import attrs

from ..errors import RecipeError, Site
from .annotation import accepts, received
from .refusal import Refuses
from .site import here, report

if TYPE_CHECKING:
    from torch import Tensor


Shape: TypeAlias = tuple[int, ...]
"""Sizes of one example, without the batch: (channels, height, width), (length,), or () for a single number."""

DType: TypeAlias = Literal["float", "int"]


@attrs.frozen(eq=False, repr=False)
class Signal(Refuses):
    """A batch of tensors that will exist when a turn is played.

    Args:
        origin: The expression that gives it.
        output: Which of that expression's outputs it is.
        shape: Sizes of one example, without the batch.
        dtype: Real numbers, or whole numbers such as labels.
    """

    _noun = "a signal"
    _hint = "put tensor arithmetic inside a loss or a @gf.op function, where it sees tensors"

    origin: Expression
    output: int
    shape: Shape
    dtype: DType = "float"

    def __str__(self) -> str:
        return f"{self.origin} {self.shape}"

    def __repr__(self) -> str:
        # attrs would write out everything behind the signal.
        return f"<signal {self}>"


@attrs.frozen(eq=False, kw_only=True)
class Expression:
    """Something evaluated once in each turn that needs it; written twice, it is evaluated twice."""

    inputs: tuple[Signal, ...] = ()
    site: Site | None = attrs.field(factory=here, repr=False)


@attrs.frozen(eq=False, kw_only=True)
class Noise(Expression):
    """Noise drawn anew in each turn."""

    shape: Shape
    prior: Literal["normal", "uniform"]
    low: float
    high: float

    def __str__(self) -> str:
        return "noise"


@attrs.frozen(eq=False, kw_only=True)
class RandomLabels(Expression):
    """Class labels drawn uniformly, anew in each turn."""

    num_classes: int

    def __str__(self) -> str:
        return "random labels"


@attrs.frozen(eq=False, kw_only=True)
class Operation(Expression):
    """A function of tensors that has no parameters to train; its options may be scheduled numbers."""

    function: Callable[..., Tensor]
    options: dict[str, Any] = attrs.field(factory=dict)

    def __str__(self) -> str:
        return self.function.__name__


@attrs.frozen(eq=False, kw_only=True)
class Barrier(Expression):
    """A signal taken as it is: nothing flows back through it to the networks behind."""

    def __str__(self) -> str:
        return f"held {_wrapped(self)}"


@attrs.frozen(eq=False, kw_only=True)
class ImagePool(Barrier):
    """A history of generated images."""

    size: int

    def __str__(self) -> str:
        return "image pool"


@attrs.frozen(eq=False, kw_only=True)
class PerStep(Expression):
    """A signal drawn or evaluated once in a step, by the first turn that needs it."""

    def __str__(self) -> str:
        return f"per-step {_wrapped(self)}"


@attrs.frozen(eq=False, kw_only=True)
class SamplingMode(Expression):
    """A signal whose networks keep a mode when samples are drawn."""

    mode: Literal["train", "eval"]

    def __str__(self) -> str:
        return str(_wrapped(self))


def _wrapped(origin: Expression) -> Expression:
    while type(origin) in (PerStep, SamplingMode, Barrier):
        origin = origin.inputs[0].origin
    return origin


def only_signals(values: tuple[Any, ...]) -> tuple[Signal, ...]:
    """What of some arguments is a signal; the rest has been reported, and reading goes on without it."""
    return tuple(value for value in values if isinstance(value, Signal))


def expect_signal(owner: str, value: object) -> None:
    """Raise a RecipeError unless a value is a signal."""
    if not isinstance(value, Signal):
        raise RecipeError(f"{owner} takes a signal; received {received(value)}.", site=here())


def is_whole(value: object, least: int) -> bool:
    """Whether a value is a whole number that is so large or larger."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def noise(*shape: int, prior: Literal["normal", "uniform"] = "normal", low: float = -1.0, high: float = 1.0) -> Signal:
    """Draw noise z anew in each turn.

    Args:
        shape: Sizes of one example, usually a single length (latent_dim).
        prior: ``"normal"`` for N(0, 1), ``"uniform"`` for U(low, high).
        low: Lower end of the uniform prior.
        high: Upper end of the uniform prior.
    """
    if not shape or not all(is_whole(size, 1) for size in shape):
        report(f"noise takes whole sizes of one or more, such as gf.noise(100); received {shape}.")
    if prior not in ("normal", "uniform"):
        report(f"the prior of noise is 'normal' or 'uniform'; received {received(prior)}.")
    if not (accepts(low, float) and accepts(high, float) and low < high):
        report(f"uniform noise lies between low and a greater high; received {received(low)} and {received(high)}.")
    return Signal(Noise(shape=shape, prior=prior, low=low, high=high), 0, shape)


def random_labels(num_classes: int) -> Signal:
    """Draw class labels y uniformly from 0 to num_classes - 1, anew in each turn."""
    if not is_whole(num_classes, 1):
        report(f"random_labels takes one class or more; received {received(num_classes)}.")
    return Signal(RandomLabels(num_classes=num_classes), 0, (), "int")


def per_step(signal: Signal) -> Signal:
    """Draw or evaluate a signal once in a step; later turns of that step see the same value.

    A later turn sees it with its graph where the networks behind it have not been updated since, so that
    two players share one pass (as in PyTorch's DCGAN example); without it where they have (as in CycleGAN,
    whose D judges the fakes that G's turn made).
    """
    expect_signal("per_step", signal)
    return Signal(PerStep(inputs=(signal,)), 0, signal.shape, signal.dtype)


def image_pool(fake: Signal, *, size: int) -> Signal:
    """Mix earlier images into a batch of fakes.

    Until the pool holds ``size`` images, each image is stored and returned. After that, with probability one
    half an image is returned as it is, and else a stored one is returned and replaced by it.
    Shrivastava et al. 2017 (arXiv:1612.07828), section 2.3, in the form of Zhu et al. 2017 (arXiv:1703.10593).

    Args:
        fake: Images of shape (channels, height, width).
        size: Images kept; 0 returns the input.
    """
    expect_signal("image_pool", fake)
    if not is_whole(size, 0):
        report(f"image_pool keeps zero images or more; received size={received(size)}.")
    return Signal(ImagePool(inputs=(fake,), size=size), 0, fake.shape, fake.dtype)


def stop_gradient(signal: Signal) -> Signal:
    """Take a signal as it is, so that nothing flows back through it to the networks behind.

    Seldom needed, for a player changes nothing but what it trains; but where one trains a network that stands
    both behind the signal and elsewhere in its loss (a text encoder that D trains and G reads), this says that
    only the other way counts.
    """
    expect_signal("stop_gradient", signal)
    return Signal(Barrier(inputs=(signal,)), 0, signal.shape, signal.dtype)


def sampling(signal: Signal, *, mode: Literal["train", "eval"] = "train") -> Signal:
    """Keep the networks of a sample in training mode: dropout and batch statistics on (pix2pix)."""
    expect_signal("sampling", signal)
    if mode not in ("train", "eval"):
        report(f"the mode of sampling is 'train' or 'eval'; received {received(mode)}.")
    return Signal(SamplingMode(inputs=(signal,), mode=mode), 0, signal.shape, signal.dtype)


@overload
def op(function: Callable[..., Tensor], /) -> Callable[..., Signal]: ...
@overload
def op(*, shape: Callable[..., Shape]) -> Callable[[Callable[..., Tensor]], Callable[..., Signal]]: ...
def op(function: Any = None, /, *, shape: Any = None) -> Any:
    """Make a function of tensors an operation on signals.

    Signals are given by position, constants and numbers that change (schedules, feedback) by keyword. The
    result has the first signal's shape unless ``shape`` (a function of the inputs' shapes) says otherwise.
    """

    def decorate(function: Callable[..., Tensor]) -> Callable[..., Signal]:
        def operation(*signals: Signal, **options: Any) -> Signal:
            for position, signal in enumerate(signals, 1):
                expect_signal(f"argument {position} of {function.__name__}", signal)
            expect_call(function.__name__, function, signals, options)
            for key, value in options.items():
                expect(
                    not isinstance(value, Signal),
                    f"{function.__name__} takes signals by position; '{key}' is a signal given by name.",
                )
            if not signals:
                raise RecipeError(f"{function.__name__} takes one signal or more.", site=here())
            out = shape(*(signal.shape for signal in signals)) if shape else signals[0].shape
            return Signal(Operation(inputs=signals, function=function, options=options), 0, out)

        operation.__name__, operation.__doc__ = function.__name__, function.__doc__
        return operation

    return decorate if function is None else decorate(function)


@functools.lru_cache(maxsize=256)
def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """A function's signature, remembered: a recipe may apply one loss many times."""
    return inspect.signature(function)


def expect_call(name: str, function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> None:
    """Report a problem unless a function of tensors can be called with these arguments.

    Args:
        name: What messages call the function.
        function: Takes tensors.
        args: Signals, given by position.
        options: Signals that the function takes by keyword, and constants.
    """
    plain = getattr(function, "__func__", function)
    owner = () if plain is function else (getattr(function, "__self__", None),)
    try:
        signature_of(plain).bind(*owner, *args, **options)
    except TypeError as error:
        report(f"{name} cannot be applied so: {error}.")
    except ValueError:  # Functions written in C may hide what they take.
        pass


def expect(condition: bool, message: str, hint: str = "") -> None:
    """Report a problem at the recipe's line unless a condition holds; for component authors."""
    if not condition:
        report(message, hint=hint)
