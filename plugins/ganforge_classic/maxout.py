"""The discriminator of the first adversarial nets: a multilayer perceptron of maxout units."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import attrs

import ganforge as gf

from .inputs import real_valued
from .ranges import within

if TYPE_CHECKING:
    from torch import nn


@gf.component("maxout-discriminator", eq=False)
class MaxoutDiscriminator(gf.Discriminator):
    """Judges examples of any shape through layers of maxout units; gives a logit of shape (1,).

    A maxout unit is the greatest of several linear functions of its input: Goodfellow et al. 2013
    (arXiv:1302.4389). The defaults are those of the MNIST discriminator in the code of Goodfellow et al. 2014
    (arXiv:1406.2661), whose dropout, like torch's, divides what it keeps by the share kept.

    Args:
        units: Maxout units of each hidden layer.
        pieces: Linear functions of each unit.
        input_dropout: Share of the input's values dropped in training.
        dropout: Share of each hidden layer's values dropped in training.
        init_range: Weights start from U(-init_range, init_range), biases from zero.
    """

    units: tuple[int, ...] = attrs.field(default=(240, 240), validator=within("[1, inf)"))
    pieces: int = attrs.field(default=5, validator=within("[1, inf)"))
    input_dropout: float = attrs.field(default=0.2, validator=within("[0, 1)"))
    dropout: float = attrs.field(default=0.5, validator=within("[0, 1)"))
    init_range: float = attrs.field(default=0.005, validator=within("[0, inf)"))

    def __call__(self, example: gf.Signal) -> gf.Signal:
        real_valued(self.name, example)
        return self.output(example, shape=(1,))

    def build(self, example: gf.Shape) -> nn.Module:
        from .modules.maxout import MaxoutPerceptron

        return MaxoutPerceptron(
            math.prod(example),
            units=self.units,
            pieces=self.pieces,
            input_dropout=self.input_dropout,
            dropout=self.dropout,
            init_range=self.init_range,
        )
