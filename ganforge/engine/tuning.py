"""What the engine does by itself to save time and memory, each of which can be left out to measure it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import attrs

from ..errors import GanforgeError


class TuningError(GanforgeError):
    """There is no optimisation of that name."""

    exit_code = 2


@attrs.frozen(kw_only=True)
class Tuning:
    """The engine's optimisations. None of them changes a result by more than rounding.

    Args:
        channels_last: Lay out images and convolutional networks with their channels last.
        held_networks: Record nothing that no trained weight or gradient point needs, and compute no weight gradients
            of networks that a turn holds still.
        merged_calls: Evaluate a network once on the joined batches of several calls, where they are independent.
        vector_convolutions: Compute convolutions from or to a single pixel as matrix products.
        piecewise_activations: Leave out the second derivatives of ReLUs, which are zero.
        fused_updates: Update all weights of a player, and all of an average, by one kernel or a few.
        fresh_gradients: Let backward passes write gradients instead of adding them to zeros.
        kept_memory: Keep freed memory of the host for the next step instead of giving it back.
    """

    channels_last: bool = True
    held_networks: bool = True
    merged_calls: bool = True
    vector_convolutions: bool = True
    piecewise_activations: bool = True
    fused_updates: bool = True
    fresh_gradients: bool = True
    kept_memory: bool = True

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The optimisations as the command line spells them."""
        return tuple(field.name.replace("_", "-") for field in attrs.fields(cls))

    @classmethod
    def without(cls, names: Iterable[str]) -> Self:
        """All optimisations but those named.

        Raises:
            TuningError: There is none of that name.
        """
        unknown = [name for name in names if name not in cls.names()]
        if unknown:
            raise TuningError(f"there is no optimisation {unknown[0]!r}.", f"there are {', '.join(cls.names())}")
        return cls(**{name.replace("-", "_"): False for name in names})
