"""Rendered scenes as examples: with labels, captions, outlines, or in one of two looks."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from ganforge import Examples

from .rendering import edges, render, render_domain, scene, tokens


class _Scenes(Examples):
    """Scenes 0 to count - 1 of a seed.

    Args:
        seed: Which scenes.
        count: How many.
        size: Height and width in pixels.
        channels: 3 for colour, 1 for luminance.
    """

    def __init__(self, seed: int, count: int, size: tuple[int, int], channels: int) -> None:
        self._seed, self._count, self._size, self._channels = seed, count, size, channels

    def __len__(self) -> int:
        return self._count


class LabelledScenes(_Scenes):
    """Pictures and the class of each: its shape, its colour, or both."""

    def __init__(
        self, seed: int, count: int, size: tuple[int, int], channels: int, labels: Literal["shape", "colour", "both"]
    ) -> None:
        super().__init__(seed, count, size, channels)
        self._labels = labels

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        drawn = scene(self._seed, indices)
        labels = {"shape": drawn.shape, "colour": drawn.colour, "both": drawn.mode}[self._labels]
        return {"images": render(drawn, self._size, self._channels), "labels": labels}


class CaptionedScenes(_Scenes):
    """Pictures and a caption of each as word numbers."""

    def __init__(self, seed: int, count: int, size: tuple[int, int], channels: int, length: int) -> None:
        super().__init__(seed, count, size, channels)
        self._length = length

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        drawn = scene(self._seed, indices)
        return {"images": render(drawn, self._size, self._channels), "captions": tokens(drawn, self._length)}


class PairedScenes(_Scenes):
    """Outlines and the pictures that belong to them, or the other way round where ``swapped``."""

    def __init__(self, seed: int, count: int, size: tuple[int, int], channels: int, swapped: bool) -> None:
        super().__init__(seed, count, size, channels)
        self._names = ("target", "source") if swapped else ("source", "target")

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        drawn = scene(self._seed, indices)
        pair = edges(drawn, self._size), render(drawn, self._size, self._channels)
        return dict(zip(self._names, pair, strict=True))


class DomainScenes(_Scenes):
    """Pictures of one look; the scenes of domain b begin where those of domain a end."""

    def __init__(self, seed: int, count: int, size: tuple[int, int], channels: int, domain: Literal["a", "b"]) -> None:
        super().__init__(seed, count, size, channels)
        self._domain: Literal["a", "b"] = domain

    def read(self, indices: Tensor) -> dict[str, Tensor]:
        drawn = scene(self._seed, indices + (self._count if self._domain == "b" else 0))
        images = render_domain(drawn, self._size, self._domain, self._channels)
        return {str(self._domain): images}
