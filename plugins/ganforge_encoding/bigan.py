"""The three networks of BiGAN for examples of any shape: generator, encoder, and the judge of pairs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import attrs

import ganforge as gf
from ganforge_classic.inputs import real_valued
from ganforge_classic.ranges import within

if TYPE_CHECKING:
    from torch import nn


def _sizes(_: object, field: attrs.Attribute[Any], value: object) -> None:
    within("[1, inf)")(None, field, value)
    if value == ():
        raise ValueError(f"'{field.name}' must hold one size or more; received ()")


@gf.component("bigan-generator", eq=False)
class BiGANGenerator(gf.Generator):
    """Makes examples of any shape from codes through two hidden layers, the second of which sees the code again.

    Donahue et al. 2016 (arXiv:1605.09782), appendix C, and the authors' code for permutation-invariant MNIST:
    h = relu(bn(A z)), h = relu(bn(B h + C z)), x = sigmoid(D h). No layer has a bias, and batch norm neither
    gain nor shift. Weights start from N(0, init_std).

    Args:
        shape: Sizes of one example, such as (1, 28, 28).
        units: Units of each hidden layer.
        output_activation: Activation of the output: sigmoid for data in [0, 1], tanh for [-1, 1].
        init_std: Standard deviation of the initial weights; None leaves torch's own.
    """

    shape: gf.Shape = attrs.field(validator=_sizes)
    units: int = attrs.field(default=1024, validator=within("[1, inf)"))
    output_activation: Literal["sigmoid", "tanh", "none"] = "sigmoid"
    init_std: float | None = attrs.field(default=0.02, validator=within("[0, inf)"))

    def __call__(self, z: gf.Signal) -> gf.Signal:
        real_valued(self.name, z)
        return self.output(z, shape=self.shape)

    def build(self, z: gf.Shape) -> nn.Module:
        from .modules.bigan import Generator

        return Generator(math.prod(z), self.shape, self.units, self.output_activation, self.init_std)


@gf.component("bigan-encoder", eq=False)
class BiGANEncoder(gf.Network):
    """Encodes examples of any shape through two hidden layers, of which the second has batch norm.

    Donahue et al. 2016 (arXiv:1605.09782), appendix C, and the authors' code for permutation-invariant MNIST:
    h = lrelu(A x), h = lrelu(bn(B h)), z = C h, with leaky ReLU of 0.2. No layer has a bias, and batch norm
    neither gain nor shift. Weights start from N(0, init_std).

    Args:
        length: Length of the code, that of the noise z.
        units: Units of each hidden layer.
        prior: The noise that codes should be like: uniform ones are pressed into (-1, 1) by 2 sigmoid(z) - 1,
            as in the authors' code; normal ones stay as they are.
        init_std: Standard deviation of the initial weights; None leaves torch's own.
    """

    length: int = attrs.field(validator=within("[1, inf)"))
    units: int = attrs.field(default=1024, validator=within("[1, inf)"))
    prior: Literal["uniform", "normal"] = "uniform"
    init_std: float | None = attrs.field(default=0.02, validator=within("[0, inf)"))

    def __call__(self, example: gf.Signal) -> gf.Signal:
        real_valued(self.name, example)
        return self.output(example, shape=(self.length,))

    def build(self, example: gf.Shape) -> nn.Module:
        from .modules.bigan import Encoder

        return Encoder(math.prod(example), self.length, self.units, self.prior == "uniform", self.init_std)


@gf.component("bigan-discriminator", eq=False)
class BiGANDiscriminator(gf.Discriminator):
    """Judges pairs of an example and a code; gives a logit of shape (1,).

    Donahue et al. 2016 (arXiv:1605.09782), appendix C, and the authors' code for permutation-invariant MNIST:
    h = lrelu(A x), h = lrelu(bn(B h + C z)), logit = d h, with leaky ReLU of 0.2: the code joins at the second
    hidden layer. No layer has a bias, and batch norm neither gain nor shift. Weights start from N(0, init_std).

    Args:
        units: Units of each hidden layer.
        init_std: Standard deviation of the initial weights; None leaves torch's own.
    """

    units: int = attrs.field(default=1024, validator=within("[1, inf)"))
    init_std: float | None = attrs.field(default=0.02, validator=within("[0, inf)"))

    def __call__(self, example: gf.Signal, code: gf.Signal) -> gf.Signal:
        real_valued(self.name, example, code)
        return self.output(example, code, shape=(1,))

    def build(self, example: gf.Shape, code: gf.Shape) -> nn.Module:
        from .modules.bigan import Discriminator

        return Discriminator(math.prod(example), math.prod(code), self.units, self.init_std)
