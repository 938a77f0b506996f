"""The signals that the networks of this package take."""

from __future__ import annotations

import ganforge as gf


def expect_vector(name: str, signal: gf.Signal) -> None:
    """Report a problem unless a signal holds one vector of real numbers for each example.

    Args:
        name: The network's name.
        signal: What the network is called on; anything but a signal is the language's to report.
    """
    if isinstance(signal, gf.Signal):
        gf.expect(
            len(signal.shape) == 1 and signal.dtype == "float",
            f"network '{name}' takes an embedding, real numbers of shape (dim,); received {signal}, {signal.dtype}.",
            "a text encoder makes embeddings of word numbers: E(captions)" if signal.dtype == "int" else "",
        )
