"""Optimizer steps without torch's compiler, whose import takes longer than that of torch itself."""

from __future__ import annotations

import inspect
import sys

import torch
from torch.optim import Optimizer

_KEPT_OUT = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")


def put_off_compiler() -> None:
    """Let optimizers be built and cleared before torch's compiler is imported.

    Torch marks these methods as not to be compiled when they are first called, for which it imports the compiler.
    As long as there is no compiler, the mark can be the method itself.
    """
    if "torch._dynamo" in sys.modules:
        return
    for name in _KEPT_OUT:
        method = getattr(getattr(Optimizer, name), "__wrapped__", None)
        if method is not None and not hasattr(method, "__dynamo_disable"):
            method.__dict__["__dynamo_disable"] = method


def update(optimizer: Optimizer) -> None:
    """``optimizer.step()``, for torch's own optimizers without the wrapper that imports the compiler."""
    if "torch._dynamo" in sys.modules or not type(optimizer).__module__.startswith("torch.optim."):
        optimizer.step()
    else:
        bare_step(optimizer)


@torch.no_grad()
def bare_step(optimizer: Optimizer) -> None:
    """The step of one of torch's own optimizers without its wrappers: profiler, hooks and a break for the compiler."""
    inspect.unwrap(type(optimizer).step)(optimizer)
