"""Weights of one network in three spellings, brought to one order."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

_LEAST = 1e-2


def views(module: nn.Module) -> Iterator[Tensor]:
    """A network's parameters in the order written, each as a view with outputs first and pixels last.

    A vector's way to a map is a matrix product in one spelling and a transposed convolution in another; flattened,
    their views hold the same numbers in the same order. Modules that keep their weights in an order of their own
    have a method ``views``.
    """
    own = getattr(module, "views", None)
    if own is not None:
        yield from own()
        return
    for name, parameter in module.named_parameters(recurse=False):
        turned = isinstance(module, nn.ConvTranspose2d) and name == "weight"
        yield parameter.permute(1, 2, 3, 0) if turned else parameter
    for child in module.children():
        yield from views(child)


@torch.no_grad()
def copy(source: nn.Module, target: nn.Module) -> None:
    """Give one network the weights of another that may be spelt otherwise."""
    for one, other in zip(views(source), views(target), strict=True):
        other.copy_(one.reshape(other.shape))


@torch.no_grad()
def difference(one: nn.Module, other: nn.Module) -> float:
    """The greatest difference of two networks' parameters, relative to each parameter's greatest number.

    A parameter below a hundredth counts as a hundredth, which is some fifty of Adam's steps: a bias before
    normalisation stays at zero but for rounding.
    """
    pairs = zip(views(one), views(other), strict=True)
    return max(
        float((mine.reshape(theirs.shape) - theirs).abs().max() / theirs.abs().max().clamp_min(_LEAST))
        for mine, theirs in pairs
    )
