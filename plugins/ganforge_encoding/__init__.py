"""Networks that encode: auto-encoding discriminators, encoders, and pairs that share weights."""

from collections.abc import Sequence

import ganforge as gf


@gf.hookimpl
def ganforge_components() -> Sequence[type[gf.Component]]:
    """Return the components of this package."""
    return []
