"""Random numbers as a function of (seed, stream, position): nothing to save, nothing to restore."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from ..language.signal import Expression, Noise, RandomLabels


def derive(seed: int, *stream: str | int) -> int:
    """A 63-bit seed for one stream of random numbers, independent of every other stream.

    Args:
        seed: The run's seed.
        stream: What the numbers are for, such as ``"turn", rank, step, "D", 0``.
    """
    text = "\x1f".join(map(str, (seed, *stream)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def seed_turn(seed: int, step: int, player: str, turn: int, rank: int = 0) -> None:
    """Seed torch's generators for one turn: noise, dropout and whatever a loss draws follow from it.

    Args:
        seed: The run's seed.
        step: Steps played before this one.
        player: The player's name.
        turn: The player's turn within the step, from 0.
        rank: The process's number.
    """
    seed_generators(derive(seed, "turn", rank, step, player, turn))


def seed_generators(seed: int) -> None:
    """Seed torch's own generators: the host's, and the current CUDA device's where one is in use.

    ``torch.manual_seed`` does the same and takes a millisecond where CUDA is installed and not in use.
    """
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed(seed)


def draw_source(
    origin: Expression, count: int, device: torch.device, generator: torch.Generator | None = None
) -> Tensor:
    """Draw noise or random labels.

    Args:
        origin: A ``Noise`` or ``RandomLabels`` expression.
        count: Batch size.
        device: Where the numbers are drawn.
        generator: Drawn from this generator instead of the device's own.
    """
    if isinstance(origin, RandomLabels):
        return torch.randint(origin.num_classes, (count,), device=device, generator=generator)
    assert isinstance(origin, Noise)
    size = (count, *origin.shape)
    if origin.prior == "normal":
        return torch.randn(size, device=device, generator=generator)
    return torch.empty(size, device=device).uniform_(origin.low, origin.high, generator=generator)
