"""Copies named tensors into others and refuses what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from ..errors import CheckpointError


def copy_tensors(targets: Mapping[str, Tensor], given: dict[str, Tensor]) -> None:
    """Copy named tensors into others, taking them out of ``given``.

    Raises:
        CheckpointError: One is missing or of another shape or type.
    """
    refuse("these tensors are missing", [name for name in targets if name not in given])
    differing = [
        f"{name} is {tuple(given[name].shape)} {given[name].dtype}, not {tuple(value.shape)} {value.dtype}"
        for name, value in targets.items()
        if given[name].shape != value.shape or given[name].dtype != value.dtype
    ]
    refuse("these tensors do not fit", differing)
    with torch.no_grad():
        for name, value in targets.items():
            value.copy_(given.pop(name))


def refuse(what: str, names: Iterable[str]) -> None:
    """Raise a CheckpointError that lists the first five names, if there are any."""
    names = list(names)
    if names:
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        raise CheckpointError(f"{what}: {', '.join(names[:5])}{more}.")
