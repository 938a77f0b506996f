"""The image pool: earlier fakes mixed into a batch, without waiting for the device."""

from __future__ import annotations

import torch
from torch import Tensor


class Pool:
    """A history of images that lives on the device.

    The host draws which image goes where and knows how full the pool is, so nothing is read back.

    Args:
        size: Images kept; 0 returns every batch as it is.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.count = 0
        self.images: Tensor | None = None

    def mix(self, fake: Tensor) -> Tensor:
        """Return a batch in which some images are older ones, image by image in the order of the batch.

        Args:
            fake: Images of shape (batch, channels, height, width), without a graph.
        """
        if self.size == 0:
            return fake
        if self.images is None:
            self.images = fake.new_zeros((self.size, *fake.shape[1:]))
        batch = len(fake)
        # Where each pool slot's image and each returned image come from: slots first, then the batch.
        slots: dict[int, int] = {}
        returned = []
        for index, (keep, slot) in enumerate(zip(*_choices(batch, self.size), strict=True)):
            if self.count < self.size:
                slots[self.count] = self.size + index
                self.count += 1
                returned.append(self.size + index)
            elif keep:
                returned.append(self.size + index)
            else:
                returned.append(slots.get(slot, slot))
                slots[slot] = self.size + index
        return self._move(fake, returned, slots)

    def _move(self, fake: Tensor, returned: list[int], slots: dict[int, int]) -> Tensor:
        assert self.images is not None
        images, size = self.images, self.size
        out = torch.stack([images[source] if source < size else fake[source - size] for source in returned])
        for slot, source in slots.items():
            images[slot] = fake[source - size]
        # Stacking loses the memory format that convolutions prefer.
        is_last = fake.dim() == 4 and fake.is_contiguous(memory_format=torch.channels_last)
        return out.contiguous(memory_format=torch.channels_last) if is_last else out


def _choices(batch: int, size: int) -> tuple[list[bool], list[int]]:
    """For each image whether it is returned as it is, and else which stored one is; from the host's generator."""
    keep = torch.rand(batch) < 0.5
    slot = torch.randint(size, (batch,))
    return keep.tolist(), slot.tolist()
