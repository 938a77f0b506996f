"""What a recipe may give the classic networks: ranges of their parameters, and the signals they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

import ganforge as gf

Check = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def at_least(least: float) -> Check:
    """A validator: every number given is so large or larger. Values of other types are the type check's."""

    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int | float) and not number >= least:
                raise ValueError(f"'{attribute.name}' must be {least} or more; received {value}")

    return check


def dropout_rate(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """A validator: a probability below one."""
    if isinstance(value, int | float) and not 0 <= value < 1:
        raise ValueError(f"'{attribute.name}' must be 0 or more and less than 1; received {value}")


def real_valued(name: str, *signals: gf.Signal) -> None:
    """Report a problem for each signal that holds whole numbers, such as labels.

    Args:
        name: The network's name.
        signals: What the network is called on; anything but a signal is the language's to report.
    """
    for signal in signals:
        if isinstance(signal, gf.Signal):
            gf.expect(
                signal.dtype == "float",
                f"network '{name}' takes signals of real numbers; {signal} holds whole numbers.",
            )


def image_sides(name: str, signal: gf.Signal) -> tuple[int, int] | None:
    """Height and width of an image signal; None, and a problem at the recipe's line, if it is no image.

    Args:
        name: The network's name.
        signal: What the network is called on; anything but a signal is the language's to report.
    """
    if not isinstance(signal, gf.Signal):
        return None
    real_valued(name, signal)
    if len(signal.shape) == 3:
        return signal.shape[1], signal.shape[2]
    gf.expect(False, f"network '{name}' takes images of shape (channels, height, width); received {signal}.")
    return None
