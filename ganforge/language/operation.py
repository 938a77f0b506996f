"""Operations that the language itself offers; a run's record can name them, so samples may pass through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import attrs

from ..errors import RecipeError
from .annotation import received
from .signal import Expression, Shape, Signal, expect, expect_signal, is_whole
from .site import here, report

_Out = TypeVar("_Out")


@attrs.frozen(eq=False, kw_only=True)
class Builtin(Expression):
    """One of the language's own operations; the engine knows its function by name."""

    name: str
    options: dict[str, Any]

    def __str__(self) -> str:
        return self.name


def _apply(name: str, inputs: tuple[Signal, ...], shape: Shape, **options: Any) -> Signal:
    return Signal(Builtin(inputs=inputs, name=name, options=options), 0, shape)


def one_hot(labels: Signal, num_classes: int) -> Signal:
    """Write class labels as vectors that hold a one at the class's place.

    Args:
        labels: Whole numbers from 0 to num_classes - 1, shape ().
        num_classes: Length of the vectors.
    """
    expect_signal("one_hot", labels)
    expect(
        labels.shape == () and labels.dtype == "int",
        f"one_hot takes one whole number per example; received {labels}, {labels.dtype}.",
    )
    if not is_whole(num_classes, 1):
        report(f"one_hot takes one class or more; received {received(num_classes)}.")
    return _apply("one_hot", (labels,), (num_classes,), num_classes=num_classes)


def resize(images: Signal, size: int | tuple[int, int]) -> Signal:
    """Scale images, bilinear and antialiased.

    Args:
        images: Images of shape (channels, height, width).
        size: Height and width to give, or one number for both.
    """
    expect_signal("resize", images)
    sides = size if isinstance(size, tuple) else (size, size)
    if len(sides) != 2 or not all(is_whole(side, 1) for side in sides):
        raise RecipeError(f"resize gives sides of one pixel or more; received {received(size)}.", site=here())
    expect(len(images.shape) == 3, f"resize takes images of shape (channels, height, width); received {images}.")
    return _apply("resize", (images,), (*images.shape[:1], *sides), size=sides)


def interpolate(real: Signal, fake: Signal) -> Signal:
    """Draw a point on the line between each real and fake example.

    The point is a x + (1 - a) G(z), with a from U(0, 1) for each example:
    Gulrajani et al. 2017 (arXiv:1704.00028), algorithm 1.
    """
    expect_signal("interpolate", real)
    expect_signal("interpolate", fake)
    expect(real.shape == fake.shape, f"interpolate takes two signals of one shape; {real.shape} is not {fake.shape}.")
    return _apply("interpolate", (real, fake), real.shape)


def together(network: Callable[..., _Out], *batches: Signal | tuple[Signal, ...]) -> tuple[_Out, ...]:
    """Evaluate a network once on several batches joined into one, so that they share its batch statistics.

    ``on_real, on_fake = gf.together(D, real, fake)`` is D on one batch half real and half fake. A network of
    several inputs is given a tuple for each batch: ``gf.together(D, (real, y), (fake, y))``.

    Args:
        network: A declared network, or any function of signals.
        batches: The signals of each batch.

    Returns:
        What the network gives for each batch: a signal, or a tuple of signals.
    """
    groups = [batch if isinstance(batch, tuple) else (batch,) for batch in batches]
    for group in groups:
        for signal in group:
            expect_signal("together", signal)
    if not groups or len({len(group) for group in groups}) != 1:
        raise RecipeError("together takes one batch or more, each of as many signals as the network.", site=here())
    joined = []
    for column in zip(*groups, strict=True):
        shapes = {signal.shape for signal in column}
        expect(len(shapes) == 1, f"together joins signals of one shape; received {' and '.join(map(str, shapes))}.")
        whole = _apply("join", column, column[0].shape)
        joined.append(Signal(whole.origin, 0, whole.shape, column[0].dtype))
    out = network(*joined)
    return tuple(_shares(out, index, len(groups)) for index in range(len(groups)))


def _shares(out: _Out, index: int, count: int) -> _Out:
    """One batch's part of what a network gave for all."""
    if isinstance(out, Signal):
        return cast("_Out", _apply("share", (out,), out.shape, index=index, count=count))
    if isinstance(out, tuple):
        parts = [_shares(part, index, count) for part in out]
        # A named tuple takes its fields one by one.
        return cast("_Out", type(out)(*parts) if hasattr(out, "_fields") else tuple(parts))
    raise RecipeError(f"together takes a network that gives signals; it gave {received(out)}.", site=here())
