"""The encoder of words as a torch module."""

from __future__ import annotations

from torch import Tensor, nn


class PhraseEncoder(nn.Module):
    """Word numbers (batch, length), 0 for padding, to embeddings (batch, dim).

    Args:
        vocabulary: How many word numbers there are.
        words: Length of a word's vector.
        phrases: Channels of the convolution over three words.
        dim: Length of the embedding.
    """

    def __init__(self, vocabulary: int, *, words: int, phrases: int, dim: int) -> None:
        super().__init__()
        # The vector of padding is zero and stays so, as the convolution's own padding is.
        self.words = nn.Embedding(vocabulary, words, padding_idx=0)
        self.phrases = nn.Conv1d(words, phrases, 3, padding=1)
        self.embed = nn.Linear(phrases, dim)

    def forward(self, captions: Tensor) -> Tensor:
        found = self.phrases(self.words(captions).transpose(1, 2)).relu()
        strongest = found.masked_fill((captions == 0)[:, None], 0.0).amax(dim=2)
        embedding: Tensor = self.embed(strongest)
        return embedding
