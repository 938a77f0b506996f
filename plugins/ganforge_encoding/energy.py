"""Losses of energy-based GANs, whose discriminator gives low energies to real examples and high ones to fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

import ganforge as gf
from ganforge_classic.ranges import within

if TYPE_CHECKING:
    from torch import Tensor


@gf.component("energy-margin")
class EnergyMargin(gf.AdversarialLoss):
    """EBGAN: Zhao et al. 2016 (arXiv:1609.03126), equations 1 and 2, with D's energy of each example as its score.

    L_D = E D(x) + E max(0, margin - D(G(z))),  L_G = E D(G(z))

    Energies are low for real examples, the other way round than scores. They are zero or more, as a
    reconstruction error is; the margin is in their unit.

    Args:
        margin: The energy from which a fake costs D nothing.
    """

    margin: float = attrs.field(default=10.0, validator=within("(0, inf)"))

    def discriminator_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        return real.mean() + (self.margin - fake).relu().mean()

    def generator_loss(self, fake: Tensor) -> Tensor:
        return fake.mean()


@gf.component("pulling-away")
class PullingAway(gf.Loss):
    """The repelling regulariser of EBGAN-PT: Zhao et al. 2016 (arXiv:1609.03126), equation 5.

    L = 1 / (N (N - 1)) sum_i sum_(j != i) cos(S_i, S_j)^2, over the N codes S of a batch

    It keeps the codes of a batch of fakes from pointing the same way. A batch of one costs nothing.
    """

    def __call__(self, codes: gf.Signal) -> gf.Term:
        """Judge the codes of a batch.

        Args:
            codes: What the discriminator's encoder makes of fakes; any shape, flattened.
        """
        return self.term(codes)

    def compute(self, codes: Tensor) -> Tensor:
        from torch.nn.functional import normalize

        count = len(codes)
        unit = normalize(codes.flatten(1), dim=1)
        cosines = (unit @ unit.T).square()
        return (cosines.sum() - cosines.diagonal().sum()) / max(count * (count - 1), 1)


pulling_away = PullingAway()
