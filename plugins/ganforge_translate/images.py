"""What a recipe may give the image-to-image networks: image signals and ranges of parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

import ganforge as gf

Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def whole(least: int) -> Validator:
    """The validator of a number that is so large or larger; other types are the type check's to report."""

    def validate(_: object, field: attrs.Attribute[Any], value: object) -> None:
        if isinstance(value, int) and value < least:
            raise ValueError(f"'{field.name}' must be {least} or more; received {value}")

    return validate


def dropout_rate(_: object, field: attrs.Attribute[Any], value: object) -> None:
    """The validator of a probability below one."""
    if isinstance(value, int | float) and not 0 <= value < 1:
        raise ValueError(f"'{field.name}' must be 0 or more and less than 1; received {value}")


def image_shape(_: object, field: attrs.Attribute[Any], value: object) -> None:
    """The validator of (channels, height, width)."""
    if not isinstance(value, tuple) or not all(isinstance(size, int) for size in value):
        return  # The type check says so.
    if len(value) != 3 or min(value) < 1:
        raise ValueError(f"'{field.name}' must be (channels, height, width); received {value}")


def deepest(height: int, width: int) -> int:
    """How often both sides can be halved and stay whole."""
    return next(power for power in range(height.bit_length()) if height % 2 ** (power + 1) or width % 2 ** (power + 1))


def image_sides(name: str, signal: gf.Signal) -> tuple[int, int] | None:
    """Height and width of an image signal; None, and a problem at the recipe's line, if it is no image.

    Args:
        name: The network's name.
        signal: What the network is called on; anything but a signal is the language's to report.
    """
    if not isinstance(signal, gf.Signal):
        return None
    if len(signal.shape) == 3 and signal.dtype == "float":
        return signal.shape[1], signal.shape[2]
    gf.expect(False, f"network '{name}' takes images of shape (channels, height, width); received {signal}.")
    return None
