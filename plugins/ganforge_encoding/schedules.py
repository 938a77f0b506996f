"""A schedule that falls by the same share in every step."""

from __future__ import annotations

import attrs

import ganforge as gf
from ganforge_classic import Linear
from ganforge_classic.ranges import within


@gf.component("geometric")
class Geometric(Linear):
    """A straight line of the logarithm: v(t) = start (end / start)^((t - begin) / (until - begin)).

    Flat before and after. Donahue et al. 2016 (arXiv:1605.09782) let their rate fall to a hundredth so.

    Args:
        start: The number up to ``begin``.
        end: The number from ``until`` on.
        until: When the curve ends.
        begin: When the curve begins, in the unit of ``until``.
    """

    start: float = attrs.field(validator=within("(0, inf)"))
    end: float = attrs.field(validator=within("(0, inf)"))

    def at(self, now: gf.Progress) -> float:
        if self.start == self.end:
            return float(self.start)
        share = (super().at(now) - self.start) / (self.end - self.start)
        # In this form both ends are exact.
        return float(self.start ** (1 - share) * self.end**share)
