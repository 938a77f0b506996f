"""Data sets of which only a few labels are known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

import ganforge as gf

from .downloads import MNIST
from .sizes import check_count

if TYPE_CHECKING:
    from torch import Tensor


@gf.component("few-labels")
class FewLabels(gf.LabelledData):
    """A few images of each class of another data set, chosen at random: what a semi-supervised game may know.

    Args:
        data: The whole data set.
        per_class: Images of each class.
        seed: Another seed chooses other images.
    """

    data: gf.LabelledData = MNIST()
    per_class: int = attrs.field(default=10, validator=check_count)
    seed: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height and width."""
        return self.data.shape

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return self.data.num_classes

    def held_out(self) -> gf.LabelledData:
        """The whole data set's examples for tests."""
        return self.data.held_out()

    def open(self, root: Path) -> Sequence[gf.Examples]:
        """Open the whole data set and choose.

        Raises:
            DataError: A class has fewer images.
        """
        from .chosen import Chosen

        (examples,) = self.data.open(root)
        return [Chosen(examples, self.per_class, self.num_classes, self.seed)]

    def finish(self, batch: dict[str, Tensor], chance: gf.Chance | None) -> dict[str, Tensor]:
        """Finish a batch as the whole data set does."""
        return self.data.finish(batch, chance)
