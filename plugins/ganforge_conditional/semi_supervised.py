"""The networks of semi-supervised GANs: a classifier under noise, and the generator that goes with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import attrs

import ganforge as gf
from ganforge_classic.inputs import real_valued
from ganforge_classic.ranges import within

from .perceptrons import sizes

if TYPE_CHECKING:
    from torch import nn


class Classified(NamedTuple):
    """What a classifier says of a batch.

    Args:
        logits: One number per class, shape (num_classes,), without softmax.
        features: The last hidden layer, for feature matching.
    """

    logits: gf.Signal
    features: gf.Signal


@gf.component("noisy-classifier", eq=False)
class NoisyClassifier(gf.Discriminator):
    """Classifies examples through fully connected layers, with Gaussian noise before each of them in training.

    The discriminator for MNIST in the code of Salimans et al. 2016 (arXiv:1606.03498): hidden layers of 1000,
    500, 250, 250 and 250 units, ReLU, noise of 0.3 on the example and of 0.5 on hidden values. Weights are
    normalised (Salimans & Kingma 2016, arXiv:1602.07868): each unit has a direction, which is learnt from
    N(0, 0.1), a scale, and a shift. The first batch seen in training sets scales and shifts so that every unit
    has mean 0 and variance 1 (their section 3); after that hidden layers keep their scales, as in the code, and
    the last one learns its own. Examples of any shape are flattened.

    Args:
        num_classes: Number of logits.
        widths: Units of each hidden layer.
        input_noise: Standard deviation of the noise added to examples.
        hidden_noise: Standard deviation of the noise added to each hidden layer's values.
    """

    num_classes: int = attrs.field(validator=within("[1, inf)"))
    widths: tuple[int, ...] = attrs.field(default=(1000, 500, 250, 250, 250), validator=sizes)
    input_noise: float = attrs.field(default=0.3, validator=within("[0, inf)"))
    hidden_noise: float = attrs.field(default=0.5, validator=within("[0, inf)"))

    def __call__(self, example: gf.Signal) -> Classified:
        real_valued(self.name, example)
        return Classified(*self.outputs(example, shapes=[(self.num_classes,), (self.widths[-1],)]))

    def build(self, example: gf.Shape) -> nn.Module:
        from .modules.semi_supervised import NoisyPerceptron

        return NoisyPerceptron(
            math.prod(example),
            self.num_classes,
            widths=self.widths,
            input_noise=self.input_noise,
            hidden_noise=self.hidden_noise,
        )


@gf.component("softplus-generator", eq=False)
class SoftplusGenerator(gf.Generator):
    """Makes examples of any shape from noise through fully connected layers of softplus units.

    The generator for MNIST in the code of Salimans et al. 2016 (arXiv:1606.03498): two hidden layers of 500
    units, batch norm with a shift but no gain, and a last layer of normalised weights whose scale is learnt from
    1, with a sigmoid. A batch holds two examples or more.

    Args:
        shape: Sizes of one example, such as (1, 28, 28).
        widths: Units of each hidden layer.
    """

    shape: gf.Shape = attrs.field(validator=sizes)
    widths: tuple[int, ...] = attrs.field(default=(500, 500), validator=sizes)

    def __call__(self, z: gf.Signal) -> gf.Signal:
        real_valued(self.name, z)
        return self.output(z, shape=self.shape)

    def build(self, z: gf.Shape) -> nn.Module:
        from .modules.semi_supervised import SoftplusPerceptron

        return SoftplusPerceptron(math.prod(z), self.shape, widths=self.widths)
