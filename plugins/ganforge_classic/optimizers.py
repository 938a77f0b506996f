"""Optimizers: torch's own, declared with torch's spelling, numbers of which may be schedules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import attrs

import ganforge as gf

from .ranges import within

if TYPE_CHECKING:
    from torch.nn import Parameter
    from torch.optim import Optimizer as TorchOptimizer


def _now(number: gf.Number) -> float:
    """The number that ``build`` sees, in place of a schedule that the recipe may have given."""
    if isinstance(number, int | float):
        return float(number)
    raise TypeError(f"build() takes the numbers of the first step; received {number}")


def _fusable(parameters: list[Parameter]) -> bool:
    """Whether one kernel can update them, as on CUDA and the CPU; elsewhere torch's multi-tensor form is used."""
    return all(parameter.device.type in ("cuda", "cpu") and parameter.is_floating_point() for parameter in parameters)


@gf.component()
class Moments(gf.Optimizer):
    """Base of the optimizers that follow the mean gradient over the root of the mean squared gradient.

    Args:
        lr: Learning rate; may be a schedule.
        betas: Decay of the mean gradient and of the mean squared gradient; each may be a schedule.
        eps: Added to the denominator; may be a schedule.
        amsgrad: Divide by the greatest mean squared gradient so far.
    """

    lr: gf.Number = attrs.field(default=1e-3, validator=within("[0, inf)"))
    betas: tuple[gf.Number, gf.Number] = attrs.field(default=(0.9, 0.999), validator=within("[0, 1)"))
    eps: gf.Number = attrs.field(default=1e-8, validator=within("[0, inf)"))
    amsgrad: bool = False

    def moments(self, parameters: list[Parameter]) -> dict[str, Any]:
        """What torch's optimizer takes, apart from its weight decay."""
        fused = _fusable(parameters)
        betas = (_now(self.betas[0]), _now(self.betas[1]))
        options = {"lr": _now(self.lr), "betas": betas, "eps": _now(self.eps), "amsgrad": self.amsgrad}
        return options | {"foreach": not fused, "fused": fused}


@gf.component("adam")
class Adam(Moments):
    """Adam: Kingma & Ba 2014 (arXiv:1412.6980), algorithm 1, as ``torch.optim.Adam``.

    m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,  w = w - lr m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)

    Args:
        lr: Learning rate; may be a schedule.
        betas: Decay b1 of the mean gradient and b2 of the mean squared gradient; each may be a schedule.
            GANs mostly use (0.5, 0.999) or (0.0, 0.9).
        eps: Added to the denominator; may be a schedule.
        weight_decay: L2 penalty: this times the weight is added to the gradient; may be a schedule.
        amsgrad: Divide by the greatest v so far; Reddi et al. 2018 (arXiv:1904.09237).
    """

    weight_decay: gf.Number = attrs.field(default=0.0, validator=within("[0, inf)"))

    def build(self, parameters: Iterable[Parameter]) -> TorchOptimizer:
        from torch.optim import Adam as TorchAdam

        parameters = list(parameters)
        return TorchAdam(parameters, weight_decay=_now(self.weight_decay), **self.moments(parameters))


@gf.component("adamw")
class AdamW(Moments):
    """Adam with weight decay of its own: Loshchilov & Hutter 2017 (arXiv:1711.05101), ``torch.optim.AdamW``.

    w = (1 - lr weight_decay) w before Adam's step

    Args:
        lr: Learning rate; may be a schedule.
        betas: Decay of the mean gradient and of the mean squared gradient; each may be a schedule.
        eps: Added to the denominator; may be a schedule.
        weight_decay: Share, times ``lr``, by which weights shrink at each step; may be a schedule.
        amsgrad: Divide by the greatest mean squared gradient so far.
    """

    weight_decay: gf.Number = attrs.field(default=0.01, validator=within("[0, inf)"))

    def build(self, parameters: Iterable[Parameter]) -> TorchOptimizer:
        from torch.optim import AdamW as TorchAdamW

        parameters = list(parameters)
        return TorchAdamW(parameters, weight_decay=_now(self.weight_decay), **self.moments(parameters))


@gf.component("rmsprop")
class RMSprop(gf.Optimizer):
    """RMSprop: Tieleman & Hinton 2012 (lecture 6.5 of their course), as ``torch.optim.RMSprop``.

    v = alpha v + (1 - alpha) g^2,  w = w - lr g / (sqrt(v) + eps)

    Keras calls alpha ``rho`` and takes 0.9 for it, and 1e-7 for eps.

    Args:
        lr: Learning rate; may be a schedule.
        alpha: Decay of the mean squared gradient; may be a schedule.
        eps: Added to the denominator; may be a schedule.
        weight_decay: L2 penalty: this times the weight is added to the gradient; may be a schedule.
        momentum: Decay of the sum of past updates. A plain number: torch keeps that sum only where the first
            step has a momentum.
        centered: Divide by the estimated variance instead of the mean square; Graves 2013 (arXiv:1308.0850).
    """

    lr: gf.Number = attrs.field(default=1e-2, validator=within("[0, inf)"))
    alpha: gf.Number = attrs.field(default=0.99, validator=within("[0, 1]"))
    eps: gf.Number = attrs.field(default=1e-8, validator=within("[0, inf)"))
    weight_decay: gf.Number = attrs.field(default=0.0, validator=within("[0, inf)"))
    momentum: float = attrs.field(default=0.0, validator=within("[0, inf)"))
    centered: bool = False

    def build(self, parameters: Iterable[Parameter]) -> TorchOptimizer:
        from torch.optim import RMSprop as TorchRMSprop

        return TorchRMSprop(
            list(parameters),
            lr=_now(self.lr),
            alpha=_now(self.alpha),
            eps=_now(self.eps),
            weight_decay=_now(self.weight_decay),
            momentum=self.momentum,
            centered=self.centered,
            foreach=True,
        )


def _nesterov_fits(optimizer: SGD, _: attrs.Attribute[Any], nesterov: bool) -> None:
    if nesterov and (optimizer.momentum == 0 or optimizer.dampening != 0):
        raise ValueError(
            "'nesterov' needs a momentum above zero and no dampening; "
            f"received momentum={optimizer.momentum}, dampening={optimizer.dampening}"
        )


@gf.component("sgd")
class SGD(gf.Optimizer):
    """Stochastic gradient descent with momentum, as ``torch.optim.SGD``.

    b = momentum b + (1 - dampening) g,  w = w - lr b;  b = g in the first step

    Args:
        lr: Learning rate; may be a schedule.
        momentum: Decay of the sum of past gradients; may be a schedule.
        dampening: Share of each gradient left out of that sum; may be a schedule.
        weight_decay: L2 penalty: this times the weight is added to the gradient; may be a schedule.
        nesterov: Look ahead: step by ``g + momentum b``. Needs a momentum, and no dampening.
    """

    lr: gf.Number = attrs.field(default=1e-3, validator=within("[0, inf)"))
    momentum: gf.Number = attrs.field(default=0.0, validator=within("[0, inf)"))
    dampening: gf.Number = attrs.field(default=0.0, validator=within("(-inf, inf)"))
    weight_decay: gf.Number = attrs.field(default=0.0, validator=within("[0, inf)"))
    nesterov: bool = attrs.field(default=False, validator=_nesterov_fits)

    def build(self, parameters: Iterable[Parameter]) -> TorchOptimizer:
        from torch.optim import SGD as TorchSGD

        parameters = list(parameters)
        fused = _fusable(parameters)
        return TorchSGD(
            parameters,
            lr=_now(self.lr),
            momentum=_now(self.momentum),
            dampening=_now(self.dampening),
            weight_decay=_now(self.weight_decay),
            nesterov=self.nesterov,
            foreach=not fused,
            fused=fused,
        )
