"""Images from captions: text encoders, embeddings from files, and the networks and loss of StackGAN."""

from collections.abc import Sequence

import ganforge as gf

from .conditioning import Condition, ConditioningAugmentation
from .critic import CaptionDiscriminator
from .data import EmbeddedFolder
from .divergence import KLToNormal, kl_to_normal
from .encoders import PrecomputedEmbedding, WordEncoder, encoder_for
from .stages import StageIGenerator, StageIIGenerator

__all__ = [
    "CaptionDiscriminator",
    "Condition",
    "ConditioningAugmentation",
    "EmbeddedFolder",
    "KLToNormal",
    "PrecomputedEmbedding",
    "StageIGenerator",
    "StageIIGenerator",
    "WordEncoder",
    "encoder_for",
    "ganforge_components",
    "kl_to_normal",
]


@gf.hookimpl
def ganforge_components() -> Sequence[type[gf.Component]]:
    """Return the components of this package."""
    networks = [ConditioningAugmentation, StageIGenerator, StageIIGenerator, CaptionDiscriminator]
    return [WordEncoder, PrecomputedEmbedding, *networks, KLToNormal, EmbeddedFolder]
