"""The conditional perceptrons of the first conditional adversarial nets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import attrs

import ganforge as gf
from ganforge_classic.inputs import real_valued
from ganforge_classic.ranges import within

if TYPE_CHECKING:
    from torch import nn

Widths = tuple[int, int, int]


def sizes(_: object, field: attrs.Attribute[Any], value: object) -> None:
    """The validator of one size or more, each of one or more."""
    within("[1, inf)")(None, field, value)
    if value == ():
        raise ValueError(f"'{field.name}' must hold one size or more; received ()")


@gf.component("conditional-generator", eq=False)
class ConditionalGenerator(gf.Generator):
    """Makes examples from noise and a condition, each of which has a hidden layer of its own before they join.

    Mirza & Osindero 2014 (arXiv:1411.1784), section 4.1: noise of 100 to 200 units and one-hot labels to 1000,
    joined in 1200 and then 784; ReLU, a sigmoid at the end, dropout of 0.5 after each hidden layer. Both inputs
    are flattened. The paper says nothing of its initial weights; these are torch's own.

    Args:
        shape: Sizes of one example, such as (1, 28, 28).
        widths: Units that see the noise, units that see the condition, and units that see both.
        dropout: Share of each hidden layer's values dropped in training.
        output_activation: Activation of the output: sigmoid for data in [0, 1], tanh for [-1, 1].
    """

    shape: gf.Shape = attrs.field(validator=sizes)
    widths: Widths = attrs.field(default=(200, 1000, 1200), validator=within("[1, inf)"))
    dropout: float = attrs.field(default=0.5, validator=within("[0, 1)"))
    output_activation: Literal["sigmoid", "tanh", "none"] = "sigmoid"

    def __call__(self, z: gf.Signal, condition: gf.Signal) -> gf.Signal:
        real_valued(self.name, z, condition)
        return self.output(z, condition, shape=self.shape)

    def build(self, z: gf.Shape, condition: gf.Shape) -> nn.Module:
        from .modules.perceptrons import TwoStreamGenerator

        return TwoStreamGenerator(
            (math.prod(z), math.prod(condition)),
            self.shape,
            widths=self.widths,
            dropout=self.dropout,
            output=self.output_activation,
        )


@gf.component("conditional-maxout", eq=False)
class ConditionalMaxout(gf.Discriminator):
    """Judges examples under a condition, with maxout units for each and for both; gives a logit of shape (1,).

    Mirza & Osindero 2014 (arXiv:1411.1784), section 4.1: 240 units of 5 pieces see the image, 50 of 5 pieces
    the one-hot label, 240 of 4 pieces both; dropout of 0.5 after each hidden layer. Both inputs are flattened.
    The paper says nothing of its initial weights. Here the units that see the example start from the small ones
    of the code of Goodfellow et al. 2014 (arXiv:1406.2661), so that the first, grey examples are not told apart
    at once, and all others from torch's own, so that the condition is heard early.

    Args:
        widths: Units that see the example, units that see the condition, and units that see both.
        pieces: Linear functions that each unit of these layers takes the greatest of.
        dropout: Share of each hidden layer's values dropped in training.
        init_range: Weights on the example start from U(-init_range, init_range), their biases from zero; None
            leaves torch's own.
    """

    widths: Widths = attrs.field(default=(240, 50, 240), validator=within("[1, inf)"))
    pieces: Widths = attrs.field(default=(5, 5, 4), validator=within("[1, inf)"))
    dropout: float = attrs.field(default=0.5, validator=within("[0, 1)"))
    init_range: float | None = attrs.field(default=0.005, validator=within("[0, inf)"))

    def __call__(self, example: gf.Signal, condition: gf.Signal) -> gf.Signal:
        real_valued(self.name, example, condition)
        return self.output(example, condition, shape=(1,))

    def build(self, example: gf.Shape, condition: gf.Shape) -> nn.Module:
        from .modules.perceptrons import TwoStreamMaxout

        lengths = math.prod(example), math.prod(condition)
        return TwoStreamMaxout(
            lengths, widths=self.widths, pieces=self.pieces, dropout=self.dropout, init_range=self.init_range
        )
