"""A few examples of each class."""

from __future__ import annotations

import torch
from torch import Tensor

from ganforge import Examples
from ganforge.errors import DataError

_CHUNK = 4096


class Chosen(Examples):
    """So many examples of each class, chosen at random, in the order of their classes.

    Args:
        examples: All, with a field ``labels``.
        per_class: How many of each class.
        classes: How many classes.
        seed: Which ones.

    Raises:
        DataError: A class has fewer.
    """

    def __init__(self, examples: Examples, per_class: int, classes: int, seed: int) -> None:
        self._examples = examples
        order = torch.randperm(len(examples), generator=torch.Generator().manual_seed(seed))
        found: list[list[Tensor]] = [[] for _ in range(classes)]
        # Read in chunks and only as far as needed, because images come along with their labels.
        for start in range(0, len(order), _CHUNK):
            indices = order[start : start + _CHUNK]
            labels = examples.read(indices)["labels"]
            for number, members in enumerate(found):
                members.append(indices[labels == number])
            if all(sum(map(len, members)) >= per_class for members in found):
                break
        counts = [sum(map(len, members)) for members in found]
        if min(counts) < per_class:
            short = counts.index(min(counts))
            raise DataError(
                f"few-labels: class {short} has {counts[short]} images; per_class={per_class} is asked for."
            )
        self._indices = torch.cat([torch.cat(members)[:per_class] for members in found])

    def __len__(self) -> int:
        return len(self._indices)

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        return self._examples.read(self._indices.to(indices.device)[indices])
