"""Which images the networks of this package take, and how often they halve them."""

from __future__ import annotations

from typing import Any

import attrs

import ganforge as gf
from ganforge_classic.dcgan import SMALLEST, halvings
from ganforge_classic.inputs import image_sides


def _fits(height: int, width: int, times: int) -> bool:
    return min(height, width) >= SMALLEST and not any(side % 2**times for side in (height, width))


def grown_shape(_: object, field: attrs.Attribute[Any], value: object) -> None:
    """The validator of the shape of images that grow, doubling by doubling, from a map of 4 to 7 pixels."""
    if not isinstance(value, tuple) or not all(isinstance(size, int) for size in value):
        return  # The type check says so.
    if len(value) != 3 or value[0] < 1 or not _fits(*value[1:], times=halvings(*value[1:])):
        raise ValueError(
            f"'{field.name}' must be (channels, height, width) with sides of {SMALLEST} pixels or more that can be "
            f"halved until the shorter one has 4 to 7, such as 28, 32 or 48; received {value}"
        )


def expect_halves(network: gf.Network, image: gf.Signal, *, less: int = 0) -> None:
    """Report a problem at the recipe's line unless a signal is an image that a network can halve.

    Args:
        network: The network that is called.
        image: What it is called on.
        less: How many halvings fewer it takes than would leave 4 to 7 pixels; one is always taken.
    """
    sides = image_sides(network.name, image)
    times = max(halvings(*sides) - less, 1) if sides else 0
    often = "once" if times == 1 else f"{times} times"
    gf.expect(
        sides is None or _fits(*sides, times=times),
        f"network '{network.name}' takes images with sides of {SMALLEST} pixels or more that are multiples of "
        f"{2**times}, for it halves them {often}; received {image}.",
    )
