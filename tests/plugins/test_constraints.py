"""Tests of the constraints."""

import pytest
import torch
from torch import nn

from ganforge.errors import RecipeError
from ganforge_classic.constraints import WeightClip


def test_weight_clip_clamps_every_parameter_in_place() -> None:
    module = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1))
    linear, norm = module[0], module[1]
    assert isinstance(linear, nn.Linear) and isinstance(norm, nn.BatchNorm1d) and norm.running_var is not None
    before = list(module.parameters())
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[0.5, -0.004]]))
        linear.bias.fill_(-3.0)
        WeightClip().apply(module)
    assert torch.equal(linear.weight, torch.tensor([[0.01, -0.004]]))
    assert torch.equal(linear.bias, torch.tensor([-0.01]))
    assert torch.equal(norm.weight, torch.tensor([0.01]))
    # Buffers stay, and the optimizer's parameters are still the module's.
    assert torch.equal(norm.running_var, torch.ones(1))
    assert all(now is then for now, then in zip(module.parameters(), before, strict=True))


def test_weight_clip_takes_its_limit() -> None:
    linear = nn.Linear(1, 1)
    with torch.no_grad():
        linear.weight.fill_(7.0)
        WeightClip(limit=2.5).apply(linear)
    assert linear.weight.item() == 2.5


@pytest.mark.parametrize("limit", [0.0, -0.01, float("inf")])
def test_weight_clip_refuses_a_limit_that_is_none(limit: float) -> None:
    with pytest.raises(RecipeError, match=r"weight-clip: 'limit' must be in \(0, inf\); received") as caught:
        WeightClip(limit=limit)
    site = caught.value.problems[0].site
    assert site is not None and site.file.endswith("test_constraints.py")
    assert site.text == "WeightClip(limit=limit)"
