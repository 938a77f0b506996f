"""Optimizers and constraints: how a player's networks are updated, and what is done to them afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

import attrs

from .component import Component, component

if TYPE_CHECKING:
    from torch import nn
    from torch.nn import Parameter
    from torch.optim import Optimizer as TorchOptimizer


@component()
class Optimizer(Component):
    """How a player's parameters follow their gradients.

    Fields may be schedules; ``build`` sees the numbers of the first step, and later values are written to the
    torch optimizer's parameter groups under the fields' names.

    Args:
        clip_value: Clamp each gradient to plus or minus this before the update; None leaves it.
        clip_norm: Scale all gradients of the player to at most this total L2 norm; None leaves them.
    """

    kind: ClassVar[str] = "optimizer"

    clip_value: float | None = attrs.field(default=None, validator=attrs.validators.optional(attrs.validators.gt(0)))
    clip_norm: float | None = attrs.field(default=None, validator=attrs.validators.optional(attrs.validators.gt(0)))

    def build(self, parameters: Iterable[Parameter]) -> TorchOptimizer:
        """Return the torch optimizer of some parameters."""
        raise NotImplementedError(f"{type(self).__name__} has no build()")


@component()
class Constraint(Component):
    """Something done to a network's weights after its player's update."""

    kind: ClassVar[str] = "constraint"

    def apply(self, module: nn.Module) -> None:
        """Change the module's weights in place; called without gradients being recorded."""
        raise NotImplementedError(f"{type(self).__name__} has no apply()")
