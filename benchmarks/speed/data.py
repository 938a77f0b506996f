"""The embedded data for plain loops: rendered once to a file, kept in memory as uint8, normalised at each step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from .games import Game
from .setting import Batches


def render(game: Game, path: Path) -> None:
    """Write a game's data to a file."""
    from ganforge_data import ShapeDomains, Shapes

    channels = game.sizes["shape"][0] if "shape" in game.sizes else 3
    kind = ShapeDomains if game.fields == ("a", "b") else Shapes
    collections = kind(size=game.sizes["size"], channels=channels, count=game.count).open(Path("."))
    stored: dict[str, Tensor] = {}
    for collection in collections:
        stored |= collection.read(torch.arange(game.count))
    torch.save({name: stored[name] for name in game.fields}, path)


def batches(path: Path, batch: int, device: torch.device, *, channels_last: bool) -> Batches:
    """Batches without end, each field of whole numbers as it is and images from -1 to 1.

    Args:
        path: What ``render`` wrote.
        batch: Images in a batch.
        device: Where the data is kept.
        channels_last: Whether images are kept and given in that layout.
    """
    stored = {name: field.to(device) for name, field in torch.load(path).items()}
    if channels_last:
        stored = {
            name: field.permute(0, 2, 3, 1).contiguous() if field.dim() == 4 else field
            for name, field in stored.items()
        }
    domains = "a" in stored
    orders = [_places(len(field), batch, device, seed if domains else 0) for seed, field in enumerate(stored.values())]
    while True:
        yield tuple(
            _finished(field, next(order), channels_last) for field, order in zip(stored.values(), orders, strict=True)
        )


def _finished(field: Tensor, places: Tensor, channels_last: bool) -> Tensor:
    picked = field[places]
    if picked.dim() != 4:
        return picked
    images = picked.float().div_(127.5).sub_(1.0)
    return images.permute(0, 3, 1, 2) if channels_last else images


def _places(length: int, batch: int, device: torch.device, seed: int) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    while True:
        permutation = torch.randperm(length, generator=generator).to(device)
        for start in range(0, length - batch + 1, batch):
            yield permutation[start : start + batch]
