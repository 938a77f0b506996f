"""Stops a run before a loss or gradient that is not finite can change a weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import Parameter

from ..errors import DivergedError
from ..language.term import Measure
from .plan import TurnPlan


class Guard:
    """Watches losses and gradients.

    On the CPU each turn is checked at once. On CUDA reading a flag would make the host wait, so the flag stays
    on the device: a fused optimizer skips its update while it is set, and the host reads it at logging steps and
    before each save. Optimizers that cannot skip an update by a flag are checked at once there too.
    """

    def __init__(self) -> None:
        self._flag: Tensor | None = None
        self._pending: list[tuple[Tensor, str]] = []

    def check(
        self,
        plan: TurnPlan,
        step: int,
        measured: Mapping[Measure, Tensor],
        named: Sequence[tuple[str, Parameter]],
        optimizer: torch.optim.Optimizer,
    ) -> None:
        """Look at one turn's losses and gradients before its update.

        Args:
            plan: The turn.
            step: Steps played before this one.
            measured: The turn's losses.
            named: The parameters about to be updated, by name.
            optimizer: Told to skip its update where it can be.

        Raises:
            DivergedError: Naming player, step, and the term or the parameter.
        """
        gradients = [parameter.grad for _, parameter in named if parameter.grad is not None]
        norms = torch._foreach_norm(gradients) if gradients else []  # pyright: ignore[reportPrivateImportUsage]
        numbers = torch.stack([value.detach().float() for value in (*measured.values(), *norms)])
        finite = numbers.isfinite().all()
        if numbers.device.type == "cuda" and optimizer.defaults.get("fused"):
            self._skip(finite, plan, step, optimizer)
        elif not bool(finite):
            raise DivergedError(_explain(plan, step, measured, named), _HINT, plan.player.site)

    def _skip(self, finite: Tensor, plan: TurnPlan, step: int, optimizer: torch.optim.Optimizer) -> None:
        bad = (~finite).float()
        self._flag = bad if self._flag is None else torch.maximum(self._flag, bad)
        optimizer.found_inf = self._flag  # type: ignore[attr-defined]
        self._pending.append((bad, f"player '{plan.player.name}' at step {step + 1}"))

    def read(self) -> None:
        """Read the flag from the device; raise for the first turn that set it."""
        if self._flag is None or not self._pending:
            return
        bad = torch.stack([flag for flag, _ in self._pending]).tolist()
        where = next((where for value, (_, where) in zip(bad, self._pending, strict=True) if value), None)
        self._pending.clear()
        if where is not None:
            raise DivergedError(f"a loss or gradient of {where} is not finite; nothing was updated since.", _HINT)


_HINT = "the newest checkpoint is from before; a lower learning rate or clip_norm usually helps"


def _explain(
    plan: TurnPlan, step: int, measured: Mapping[Measure, Tensor], named: Sequence[tuple[str, Parameter]]
) -> str:
    where = f"of player '{plan.player.name}' at step {step + 1} (turn {plan.turn + 1})"
    for part in plan.parts:
        value = measured[part.measure].detach().float().item()
        if not torch.tensor(value).isfinite():
            return f"the term '{part.label}' {where} is {value}; nothing was updated."
    for name, parameter in named:
        if parameter.grad is not None and not bool(parameter.grad.isfinite().all()):
            return f"the gradient of {name} {where} is not finite, though every term is; nothing was updated."
    return f"the gradients {where} overflow; nothing was updated."
