"""Tests of optimizer steps that go without torch's compiler."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from ganforge.engine import updates

BUILD: dict[str, Callable[[Iterable[Tensor]], Optimizer]] = {
    "adam": lambda weights: Adam(weights, lr=0.1, betas=(0.5, 0.9), fused=True),
    "adamw": lambda weights: AdamW(weights, lr=0.1, foreach=True),
    "rmsprop": lambda weights: RMSprop(weights, lr=0.1, momentum=0.5, centered=True),
    "sgd": lambda weights: SGD(weights, lr=0.1, momentum=0.9, nesterov=True),
}


@pytest.mark.parametrize("name", BUILD)
def test_an_update_without_the_compiler_is_the_optimizers_own_step(name: str) -> None:
    start = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    mine, theirs = Parameter(start.clone()), Parameter(start.clone())
    plain, optimizer = BUILD[name]([theirs]), BUILD[name]([mine])
    for _ in range(3):
        for weight in (mine, theirs):
            weight.grad = None
            torch.autograd.backward(weight.cos().sum())
        plain.step()
        updates.bare_step(optimizer)
    assert torch.equal(mine, theirs)
    assert not torch.equal(mine, start)


def test_an_update_of_another_kind_of_optimizer_is_its_step() -> None:
    class Counting(SGD):
        def step(self, closure: object = None) -> None:  # type: ignore[override]
            self.steps = getattr(self, "steps", 0) + 1

    optimizer = Counting([Parameter(torch.zeros(1))], lr=0.1)
    updates.update(optimizer)
    assert optimizer.steps == 1


def test_a_run_without_compilation_imports_no_compiler(tmp_path: Path) -> None:
    words = ["run", "dcgan_cifar", "data=shapes(count=64, size=16)", "base_channels=8", "batch_size=4"]
    words += ["--steps", "2", "--quiet", "--device", "cpu", "--out", str(tmp_path / "run")]
    code = (
        f"import sys; sys.argv = {['ganforge', *words]!r}\n"
        "from ganforge.cli.main import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "print('imported:', [name for name in ('torch._dynamo', 'sympy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "imported: []" in done.stdout
