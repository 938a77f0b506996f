"""Networks and data for images from captions: text encoders and the stages of StackGAN."""

from collections.abc import Sequence

import ganforge as gf


@gf.hookimpl
def ganforge_components() -> Sequence[type[gf.Component]]:
    """Return the components of this package."""
    return []
