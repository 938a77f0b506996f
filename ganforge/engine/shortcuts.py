"""Torch functions computed in less time than torch's own way, with the same result, while a network is evaluated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import Function
from torch.nn import functional
from torch.overrides import TorchFunctionMode

Replacement = Callable[..., Tensor]


class _Shortcuts(TorchFunctionMode):
    """Calls a replacement wherever there is one for a torch function."""

    def __init__(self, table: Mapping[Any, Replacement]) -> None:
        super().__init__()
        self._table = table

    def __torch_function__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return self._table.get(func, func)(*args, **(kwargs or {}))


def shortcuts(*, pixels: bool, twice: bool) -> AbstractContextManager[object]:
    """The context in which a network is evaluated.

    Args:
        pixels: Whether to compute convolutions from or to a single pixel as matrix products.
        twice: Whether the result will be differentiated twice, so that second derivatives that are zero matter.
    """
    table = (_PIXELS if pixels else {}) | (_PIECEWISE if twice else {})
    return _Shortcuts(table) if table else nullcontext()


# --- piecewise linear activations -----------------------------------------------------------------------------

# Torch gives the second derivative of a ReLU as a tensor of zeros, and the double backward pass of a gradient penalty
# then runs two convolutions a layer on zeros. Here it is absent.


class _Bend(Function):
    """max(x, 0) + slope min(x, 0), whose derivative knows that it does not depend on x."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, slope: float, inplace: bool) -> Tensor:
        ctx.set_materialize_grads(False)  # An absent gradient stays absent.
        ctx.slope = slope
        if inplace:
            out = functional.leaky_relu_(values, slope)
            ctx.mark_dirty(out)
        else:
            out = functional.leaky_relu(values, slope)
        # What torch's own activations keep, so that the same may be overwritten afterwards as there.
        ctx.is_result = inplace or slope == 0.0
        ctx.save_for_backward(out if ctx.is_result else values)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor | None) -> tuple[Tensor | None, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        if gradient is None:
            return None, None, None
        (kept,) = ctx.saved_tensors
        return _Slope.apply(gradient, kept, ctx.slope, ctx.is_result), None, None


class _Slope(Function):
    """A gradient times one or the slope, by the sign of what the activation kept: linear in the gradient alone."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, kept: Tensor, slope: float, is_result: bool) -> Tensor:
        ctx.set_materialize_grads(False)
        ctx.slope, ctx.is_result = slope, is_result
        ctx.save_for_backward(kept)
        scaled: Tensor = torch.ops.aten.leaky_relu_backward(gradient, kept, slope, is_result)
        return scaled

    @staticmethod
    def backward(ctx: Any, gradient: Tensor | None) -> tuple[Tensor | None, None, None, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        if gradient is None:
            return None, None, None, None
        (kept,) = ctx.saved_tensors
        return _Slope.apply(gradient, kept, ctx.slope, ctx.is_result), None, None, None


def _leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    if not torch.is_grad_enabled():
        return functional.leaky_relu(input, negative_slope, inplace)
    bent: Tensor = _Bend.apply(input, negative_slope, inplace)
    return bent


def _leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    return _leaky_relu(input, negative_slope, inplace=True)


def _relu(input: Tensor, inplace: bool = False) -> Tensor:
    return _leaky_relu(input, 0.0, inplace)


def _relu_(input: Tensor) -> Tensor:
    return _leaky_relu(input, 0.0, inplace=True)


_PIECEWISE: dict[Any, Replacement] = {
    functional.leaky_relu: _leaky_relu,
    functional.leaky_relu_: _leaky_relu_,
    functional.relu: _relu,
    torch.relu: _relu,
    torch.relu_: _relu_,
    Tensor.relu: _relu,
    Tensor.relu_: _relu_,
}


# --- convolutions of single pixels ----------------------------------------------------------------------------


def meets_pixels(module: nn.Module) -> bool:
    """Whether a module may have a convolution from or to a single pixel: one without padding, as in many a GAN."""
    found = [part for part in module.modules() if isinstance(part, nn.Conv2d | nn.ConvTranspose2d)]
    return any(part.padding == (0, 0) and max(part.kernel_size) > 1 for part in found)


def _conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    plain = _is(padding, 0) and _is(output_padding, 0) and groups == 1 and _is(dilation, 1)
    if not plain or input.dim() != 4 or input.shape[2:] != (1, 1):
        return functional.conv_transpose2d(input, weight, bias, stride, padding, output_padding, groups, dilation)
    before, after, height, width = weight.shape
    # The product's columns lie as the weights do, so that neither is copied.
    if weight.is_contiguous(memory_format=torch.channels_last):
        shift = None if bias is None else bias.repeat(height * width)
        flat = _product(input.flatten(1), weight.permute(0, 2, 3, 1).reshape(before, -1), shift)
        return flat.view(-1, height, width, after).permute(0, 3, 1, 2)
    shift = None if bias is None else bias.repeat_interleave(height * width)
    return _product(input.flatten(1), weight.flatten(1), shift).view(-1, after, height, width)


def _conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    plain = (padding == "valid" or _is(padding, 0)) and groups == 1 and _is(dilation, 1)
    if not plain or input.dim() != 4 or input.shape[2:] != weight.shape[2:]:
        return functional.conv2d(input, weight, bias, stride, padding, dilation, groups)
    if weight.is_contiguous(memory_format=torch.channels_last):
        input, weight = input.permute(0, 2, 3, 1), weight.permute(0, 2, 3, 1)
    return _product(input.flatten(1), weight.flatten(1).t(), bias)[:, :, None, None]


def _is(sizes: Any, number: int) -> bool:
    return sizes == number or (isinstance(sizes, tuple | list) and all(size == number for size in sizes))


def _product(rows: Tensor, columns: Tensor, shift: Tensor | None) -> Tensor:
    return rows @ columns if shift is None else torch.addmm(shift, rows, columns)


_PIXELS: dict[Any, Replacement] = {torch.conv_transpose2d: _conv_transpose2d, torch.conv2d: _conv2d}
