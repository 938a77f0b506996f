"""Random numbers by counter: hashes of (seed, what for, epoch, example), with no generator to save or restore."""

from __future__ import annotations

import hashlib
from functools import cached_property

from torch import Tensor

_STRIDE = 0x9E3779B97F4A7C15 - (1 << 64)
_FIRST = 0xBF58476D1CE4E5B9 - (1 << 64)
_SECOND = 0x94D049BB133111EB - (1 << 64)


def derived_seed(*parts: int | str) -> int:
    """A seed from 0 to 2**63 - 1 that is a function of all its parts."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


class Chance:
    """Random numbers for augmentation: a function of (seed, epoch, example), the same for any batch and device.

    Args:
        seed: Any whole number.
        epochs: How often each example was seen before, int64 of shape (batch,).
        indices: Which examples they are, int64 of shape (batch,), on the same device.
    """

    def __init__(self, seed: int, epochs: Tensor, indices: Tensor) -> None:
        self._seed, self._epochs, self._indices = seed, epochs, indices

    @cached_property
    def _keys(self) -> Tensor:
        start = derived_seed(self._seed, "augmentation")
        return _mixed(_mixed(self._epochs * _STRIDE + start) + self._indices * _STRIDE)

    def uniform(self, salt: str) -> Tensor:
        """One number from U(0, 1) for each example, float32 of shape (batch,); another salt gives other numbers.

        The numbers are multiples of 2**-24, from 0 inclusive to 1 exclusive.
        """
        return _shifted(_mixed(self._keys + derived_seed(salt)), 40).float() * 2.0**-24


def _shifted(bits: Tensor, count: int) -> Tensor:
    """Logical shift to the right; torch's own copies the sign bit."""
    return (bits >> count) & ((1 << (64 - count)) - 1)


def _mixed(bits: Tensor) -> Tensor:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014), a bijection of the 64-bit integers."""
    bits = (bits ^ _shifted(bits, 30)) * _FIRST
    bits = (bits ^ _shifted(bits, 27)) * _SECOND
    return bits ^ _shifted(bits, 31)
