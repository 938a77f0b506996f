"""The decay of an average of weights that is given as a half-life."""

from __future__ import annotations

import attrs

import ganforge as gf
from ganforge_classic.ranges import within


@gf.component("half-life")
class HalfLife(gf.Schedule):
    """The decay of an average whose memory halves in a number of images: v(t) = 0.5^(batch_size / images(t)).

    For ``gf.ema(G, decay=...)``; as in the code of Huang et al. 2024 (arXiv:2501.05441). A half-life of zero gives
    0, so that the average is the weights themselves.

    Args:
        kimg: Half-life in thousands of real images; may be a schedule.
        batch_size: Images per step.
    """

    kimg: float | gf.Schedule = attrs.field(validator=within("[0, inf)"))
    batch_size: int = attrs.field(validator=within("[1, inf)"))

    def at(self, now: gf.Progress) -> float:
        kimg = self.kimg.at(now) if isinstance(self.kimg, gf.Schedule) else self.kimg
        return float(0.5 ** (self.batch_size / (1000 * kimg))) if kimg > 0 else 0.0
