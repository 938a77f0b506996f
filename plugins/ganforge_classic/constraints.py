"""Constraints: what is done to a network's weights after each update of its player."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

import ganforge as gf

from .ranges import within

if TYPE_CHECKING:
    from torch import nn


@gf.component("weight-clip")
class WeightClip(gf.Constraint):
    """Clamp every parameter to [-limit, limit]: Arjovsky et al. 2017 (arXiv:1701.07875), algorithm 1, line 7.

    Parameters of normalisation layers are clamped too; buffers are not. The clamp follows each update, as in
    the paper; the authors' code clamps before each update of the critic instead.

    Args:
        limit: Greatest absolute value of a weight.
    """

    limit: float = attrs.field(default=0.01, validator=within("(0, inf)"))

    def apply(self, module: nn.Module) -> None:
        for parameter in module.parameters():
            parameter.clamp_(-self.limit, self.limit)
