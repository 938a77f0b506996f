"""Where tensors live and how precisely they are multiplied."""

from __future__ import annotations

import contextlib
import ctypes
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, TypeAlias

import attrs
import torch
from torch import nn

from ..errors import GanforgeError
from .tuning import Tuning

Precision: TypeAlias = Literal["fp32", "tf32", "bf16"]
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # Numbers of malloc.h.
PRECISIONS: tuple[Precision, ...] = ("fp32", "tf32", "bf16")


class DeviceError(GanforgeError):
    """The device that was asked for is not there, or cannot do what was asked of it."""

    exit_code = 2


@attrs.frozen
class Machine:
    """A device and the precision of its matrix products and convolutions.

    Args:
        device: Where networks, data and draws live.
        precision: ``fp32``, ``tf32`` (CUDA's 19-bit products) or ``bf16`` (autocast, fp32 master weights).
        tuning: What the engine does by itself to save time and memory.
        accumulate: Pieces of each batch that are evaluated one after the other, their gradients added up.
        recompute: Whether backward passes compute activations again instead of keeping them.
        compiled: Whether turns are compiled with torch.compile.
        captured: Whether turns are recorded as CUDA graphs.
    """

    device: torch.device
    precision: Precision = "fp32"
    tuning: Tuning = attrs.field(factory=Tuning)
    accumulate: int = 1
    recompute: bool = False
    compiled: bool = False
    captured: bool = False

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which networks are evaluated."""
        if self.precision != "bf16":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def place(self, module: nn.Module) -> nn.Module:
        """Move a module to the device, in the layout its convolutions prefer."""
        module = module.to(self.device)
        if self.tuning.channels_last and any(parameter.dim() == 4 for parameter in module.parameters()):
            # Not every torch release declares this overload.
            layout: dict[str, Any] = {"memory_format": torch.channels_last}
            module = module.to(**layout)
        return module

    def prepare(self) -> None:
        """Set the process-wide switches of torch and of the C library."""
        if self.device.type == "cpu" and self.tuning.kept_memory:
            _keep_freed_memory()
        if self.device.type == "cuda":
            allowed = self.precision != "fp32"
            torch.backends.cuda.matmul.allow_tf32 = allowed
            torch.backends.cudnn.allow_tf32 = allowed
            torch.cuda.set_device(self.device)


def _keep_freed_memory() -> None:
    """Ask glibc to keep blocks of up to 32 MiB, its most, for the next step: fresh pages must be cleared each time."""
    with contextlib.suppress(OSError, AttributeError):  # Another C library.
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, 32 * 1024**2)
        mallopt(_TRIM_THRESHOLD, 2**31 - 1)


def choose_device(text: str = "auto") -> torch.device:
    """Read a device as the command line spells it.

    Args:
        text: ``auto`` (a CUDA device if there is one), ``cpu``, ``cuda`` or ``cuda:INDEX``.

    Raises:
        DeviceError: There is no such device.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if text == "auto":
        return torch.device("cuda", torch.cuda.current_device()) if count else torch.device("cpu")
    try:
        device = torch.device(text)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise DeviceError(f"there is no device {text!r}.", "the devices are auto, cpu, cuda and cuda:INDEX")
    if device.type == "cuda" and (device.index or 0) >= count:
        raise DeviceError(f"device {text!r} was asked for; torch sees {count} CUDA devices here.", "--device auto")
    return torch.device("cuda", device.index or 0) if device.type == "cuda" else device
