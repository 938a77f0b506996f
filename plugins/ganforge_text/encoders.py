"""Text encoders: captions as word numbers, or as embeddings made before, to one embedding each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

import ganforge as gf
from ganforge_classic.ranges import within

from .inputs import expect_vector

if TYPE_CHECKING:
    from torch import nn


@gf.component("word-encoder", eq=False)
class WordEncoder(gf.TextEncoder):
    """A small encoder to be trained with the game: words, phrases of three words, and the strongest of each kind.

    Word numbers become vectors; a convolution over three neighbouring words with ReLU, its greatest value over
    the caption, and a linear layer follow: Kim 2014 (arXiv:1408.5882), section 2, with one kernel size. It tells
    "a blue star on green" from "a green star on blue", which a mean of words does not. Word 0 is padding: how
    much of it follows a caption changes nothing. Weights start from torch's own.

    Args:
        name: Names the network in checkpoints, logs and errors.
        vocabulary_size: Words are numbers below this one.
        word_dim: Length of a word's vector.
        phrases: Kinds of phrases that are told apart.
        dim: Length of the embedding.
    """

    vocabulary_size: int = attrs.field(default=10_000, validator=within("[2, inf)"))
    word_dim: int = attrs.field(default=64, validator=within("[1, inf)"))
    phrases: int = attrs.field(default=256, validator=within("[1, inf)"))
    dim: int = attrs.field(default=128, validator=within("[1, inf)"))

    def __call__(self, captions: gf.Signal) -> gf.Signal:
        if isinstance(captions, gf.Signal):
            self._expect_words(captions)
        return self.output(captions, shape=(self.dim,))

    def _expect_words(self, captions: gf.Signal) -> None:
        gf.expect(
            len(captions.shape) == 1 and captions.dtype == "int",
            f"network '{self.name}' takes word numbers of shape (length,); received {captions}, {captions.dtype}.",
            "captions that are embeddings already want a precomputed-embedding" if captions.dtype == "float" else "",
        )
        words = getattr(getattr(captions.origin, "data", None), "vocabulary_size", 0)
        gf.expect(
            words <= self.vocabulary_size,
            f"network '{self.name}' knows {self.vocabulary_size} words; those of its captions are {words}.",
            f"vocabulary_size={words}",
        )

    def build(self, captions: gf.Shape) -> nn.Module:
        from .modules.encoders import PhraseEncoder

        return PhraseEncoder(self.vocabulary_size, words=self.word_dim, phrases=self.phrases, dim=self.dim)


@gf.component("precomputed-embedding", eq=False)
class PrecomputedEmbedding(gf.TextEncoder):
    """Gives embeddings that were made before as they are; it has no parameters.

    Args:
        name: Names the network in checkpoints, logs and errors.
        frozen: Hold the network still; there is nothing to train.
    """

    frozen: bool = True

    def __call__(self, captions: gf.Signal) -> gf.Signal:
        expect_vector(self.name, captions)
        return self.output(captions, shape=captions.shape if isinstance(captions, gf.Signal) else ())

    def build(self, captions: gf.Shape) -> nn.Module:
        from torch.nn import Identity

        return Identity()


def encoder_for(data: gf.CaptionedData) -> gf.TextEncoder:
    """The encoder of a data set's captions: a new one to be trained on words, none for embeddings made before.

    Args:
        data: Its ``vocabulary_size`` is 0 where captions are embeddings.
    """
    words = data.vocabulary_size
    return WordEncoder(vocabulary_size=words) if words else PrecomputedEmbedding()
