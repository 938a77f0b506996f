"""The classic components: plain and convolutional networks, losses, optimizers, schedules, constraints."""

from collections.abc import Sequence

import ganforge as gf

from .adversarial import (
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    Relativistic,
    Wasserstein,
)
from .constraints import WeightClip
from .dcgan import DCGANDiscriminator, DCGANGenerator, Kernel
from .distances import (
    L1,
    L2,
    Comparison,
    CrossEntropy,
    Cycle,
    cross_entropy,
    cycle,
    l1,
    l2,
)
from .layered import LayeredDiscriminator, LayeredGenerator
from .maxout import MaxoutDiscriminator
from .mlp import MLPDiscriminator, MLPGenerator
from .optimizers import SGD, Adam, AdamW, RMSprop
from .penalties import (
    R1,
    GradientPenalty,
    gradient_penalty,
    perturbed,
    r1,
)
from .schedules import (
    Bursts,
    Constant,
    Cosine,
    Exponential,
    Geometric,
    InverseTime,
    Linear,
    Piecewise,
    Step,
    Warmup,
)

__all__ = [
    "L1",
    "L2",
    "R1",
    "SGD",
    "Adam",
    "AdamW",
    "Bursts",
    "Comparison",
    "Constant",
    "Cosine",
    "CrossEntropy",
    "Cycle",
    "DCGANDiscriminator",
    "DCGANGenerator",
    "Exponential",
    "Geometric",
    "GradientPenalty",
    "Hinge",
    "InverseTime",
    "Kernel",
    "LayeredDiscriminator",
    "LayeredGenerator",
    "LeastSquares",
    "Linear",
    "MLPDiscriminator",
    "MLPGenerator",
    "MaxoutDiscriminator",
    "Minimax",
    "NonSaturating",
    "Piecewise",
    "RMSprop",
    "Relativistic",
    "Step",
    "Warmup",
    "Wasserstein",
    "WeightClip",
    "cross_entropy",
    "cycle",
    "ganforge_components",
    "gradient_penalty",
    "l1",
    "l2",
    "perturbed",
    "r1",
]


@gf.hookimpl
def ganforge_components() -> Sequence[type[gf.Component]]:
    """Return the classic components."""
    networks = [MLPGenerator, MLPDiscriminator, MaxoutDiscriminator, DCGANGenerator, DCGANDiscriminator]
    layered = [LayeredGenerator, LayeredDiscriminator]
    adversarial = [Minimax, NonSaturating, LeastSquares, Wasserstein, Hinge, Relativistic]
    losses = [L1, L2, Cycle, CrossEntropy, GradientPenalty, R1]
    optimizers = [Adam, AdamW, RMSprop, SGD]
    schedules = [Constant, Linear, Cosine, Step, Exponential, Geometric, InverseTime, Piecewise, Warmup, Bursts]
    return [*networks, *layered, *adversarial, *losses, *optimizers, *schedules, WeightClip]
