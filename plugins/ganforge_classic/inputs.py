"""The signals that the classic networks take."""

from __future__ import annotations

import ganforge as gf


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
