"""Multilayer perceptrons: the generator and the discriminator of the first adversarial nets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import attrs

import ganforge as gf

from .inputs import real_valued
from .ranges import within

if TYPE_CHECKING:
    from torch import nn


def _sizes(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    within("[1, inf)")(None, attribute, value)
    if value == ():
        raise ValueError(f"'{attribute.name}' must hold one size or more; received ()")


def _one_start(network: MLPGenerator, _: object, value: float | None) -> None:
    if value is not None and network.init_std is not None:
        raise ValueError(f"weights start from 'init_std' or from 'init_range'; received {network.init_std} and {value}")


def _length(shapes: tuple[gf.Shape, ...]) -> int:
    return sum(math.prod(shape) for shape in shapes)


@gf.component("mlp-generator", eq=False)
class MLPGenerator(gf.Generator):
    """Makes examples of any shape from vectors through fully connected layers.

    Each hidden layer is linear, [batch norm,] activation, [dropout]; then come a linear layer and the output
    activation. Several inputs (noise, codes) are flattened and joined. With batch norm a batch holds two
    examples or more. The MNIST generator of the code of Goodfellow et al. 2014 (arXiv:1406.2661) has
    ``widths=(1200, 1200), output_activation="sigmoid", init_range=0.05``.

    Args:
        shape: Sizes of one example, such as (1, 28, 28).
        widths: Units of each hidden layer.
        activation: Activation of the hidden layers; leaky-relu has a negative slope of 0.2.
        norm: Normalisation of the hidden layers.
        output_activation: Activation of the output: tanh for data in [-1, 1], sigmoid for [0, 1].
        dropout: Share of each hidden layer's values dropped in training.
        init_std: Weights start from N(0, init_std) and biases from zero; None leaves torch's own.
        init_range: Weights start from U(-init_range, init_range) and biases from zero, in place of init_std.
    """

    shape: gf.Shape = attrs.field(validator=_sizes)
    widths: tuple[int, ...] = attrs.field(default=(256, 512, 1024), validator=within("[1, inf)"))
    activation: Literal["relu", "leaky-relu"] = "relu"
    norm: Literal["none", "batch"] = "none"
    output_activation: Literal["tanh", "sigmoid", "none"] = "tanh"
    dropout: float = attrs.field(default=0.0, validator=within("[0, 1)"))
    init_std: float | None = attrs.field(default=None, validator=within("[0, inf)"))
    init_range: float | None = attrs.field(default=None, validator=[within("[0, inf)"), _one_start])

    def __call__(self, z: gf.Signal, *codes: gf.Signal) -> gf.Signal:
        real_valued(self.name, z, *codes)
        return self.output(z, *codes, shape=self.shape)

    def build(self, *inputs: gf.Shape) -> nn.Module:
        from .modules.mlp import DenseGenerator

        return DenseGenerator(
            _length(inputs),
            self.shape,
            widths=self.widths,
            slope=0.2 if self.activation == "leaky-relu" else 0.0,
            norm=self.norm,
            output=self.output_activation,
            dropout=self.dropout,
            init_std=self.init_std,
            init_range=self.init_range,
        )


@gf.component("mlp-discriminator", eq=False)
class MLPDiscriminator(gf.Discriminator):
    """Judges examples of any shape through fully connected layers; gives a logit of shape (1,).

    Each hidden layer is linear, leaky ReLU, [dropout]. Several inputs are flattened and joined.

    Args:
        widths: Units of each hidden layer.
        slope: Negative slope of the leaky ReLU; 0 is ReLU.
        dropout: Share of each hidden layer's values dropped in training.
        init_std: Weights start from N(0, init_std) and biases from zero; None leaves torch's own.
    """

    widths: tuple[int, ...] = attrs.field(default=(1024, 512, 256), validator=within("[1, inf)"))
    slope: float = attrs.field(default=0.2, validator=within("[0, inf)"))
    dropout: float = attrs.field(default=0.0, validator=within("[0, 1)"))
    init_std: float | None = attrs.field(default=None, validator=within("[0, inf)"))

    def __call__(self, example: gf.Signal, *others: gf.Signal) -> gf.Signal:
        real_valued(self.name, example, *others)
        return self.output(example, *others, shape=(1,))

    def build(self, *inputs: gf.Shape) -> nn.Module:
        from .modules.mlp import DenseDiscriminator

        return DenseDiscriminator(
            _length(inputs), widths=self.widths, slope=self.slope, dropout=self.dropout, init_std=self.init_std
        )
