"""Tests of the optimizers: they take torch's own steps, with every parameter where it belongs."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn import Parameter

import ganforge as gf
from ganforge.errors import RecipeError
from ganforge_classic.optimizers import SGD, Adam, AdamW, RMSprop
from ganforge_classic.schedules import Linear

FALL = Linear(start=0.9, end=0.5, until=gf.steps(10))

# Every parameter differs from its default and from the others, so that none can be lost or swapped.
PAIRS: list[tuple[gf.Optimizer, type[torch.optim.Optimizer], dict[str, Any]]] = [
    (Adam(), torch.optim.Adam, {}),
    (AdamW(), torch.optim.AdamW, {}),
    (RMSprop(), torch.optim.RMSprop, {}),
    (SGD(), torch.optim.SGD, {}),
    *(
        (ours(**values), theirs, values)
        for ours, theirs, values in (
            (Adam, torch.optim.Adam, {"lr": 0.02, "betas": (0.5, 0.7), "eps": 0.1, "weight_decay": 0.3}),
            (Adam, torch.optim.Adam, {"lr": 0.02, "betas": (0.0, 0.9), "amsgrad": True}),
            (AdamW, torch.optim.AdamW, {"lr": 0.02, "betas": (0.5, 0.7), "eps": 0.1, "weight_decay": 0.3}),
            (AdamW, torch.optim.AdamW, {"lr": 0.02, "betas": (0.0, 0.9), "amsgrad": True}),
            (
                RMSprop,
                torch.optim.RMSprop,
                {
                    "lr": 0.02,
                    "alpha": 0.7,
                    "eps": 0.1,
                    "weight_decay": 0.3,
                    "momentum": 0.4,
                    "centered": True,
                },
            ),
            (SGD, torch.optim.SGD, {"lr": 0.02, "momentum": 0.4, "dampening": 0.1, "weight_decay": 0.3}),
            (SGD, torch.optim.SGD, {"lr": 0.02, "momentum": 0.4, "nesterov": True}),
        )
    ),
]


def weights(device: str = "cpu") -> list[Parameter]:
    generator = torch.Generator().manual_seed(0)
    return [Parameter(torch.randn(shape, generator=generator).to(device)) for shape in ((3, 4), (5,), (1,))]


def train(optimizer: torch.optim.Optimizer, parameters: list[Parameter], steps: int = 6) -> None:
    for count in range(steps):
        for parameter in parameters:
            # Gradients whose size changes, so that a maximum over the past differs from the present.
            parameter.grad = (parameter.detach() * 2 + 0.5).cos() / (1 + count)
        optimizer.step()


@pytest.mark.parametrize(("ours", "theirs", "values"), PAIRS, ids=str)
def test_an_optimizer_takes_torch_s_steps(
    ours: gf.Optimizer, theirs: type[torch.optim.Optimizer], values: dict[str, Any]
) -> None:
    mine, reference, fast = weights(), weights(), weights()
    train(ours.build(iter(mine)), mine)
    train(theirs(reference, **values), reference)
    # torch has no fused RMSprop.
    train(theirs(fast, **{"foreach" if isinstance(ours, RMSprop) else "fused": True}, **values), fast)
    for here, plain, quick, start in zip(mine, reference, fast, weights(), strict=True):
        assert torch.equal(here, quick)
        torch.testing.assert_close(here, plain, rtol=1e-6, atol=1e-7)
        assert not torch.equal(here, start)


def test_every_number_of_an_optimizer_is_found_in_torch_s_groups_under_its_name() -> None:
    seen = 0
    for ours, _, _ in PAIRS:
        (group,) = ours.build(weights()).param_groups
        for name, value in ours.values().items():
            if name in ("clip_value", "clip_norm"):
                continue
            assert group[name] == value
            seen += 1
    # Five each of Adam, AdamW and SGD, of which there are three; six of RMSprop, of which there are two.
    assert seen == 3 * (5 + 5 + 5) + 2 * 6


def test_numbers_of_an_optimizer_may_be_schedules() -> None:
    scheduled = [
        Adam(lr=FALL, betas=(0.0, FALL), eps=FALL, weight_decay=0.5 * FALL),
        AdamW(lr=FALL, betas=(FALL, FALL), eps=FALL, weight_decay=FALL),
        RMSprop(lr=FALL, alpha=FALL, eps=FALL, weight_decay=FALL),
        SGD(lr=FALL, momentum=FALL, dampening=FALL, weight_decay=FALL),
        SGD(momentum=FALL, nesterov=True),
    ]
    for optimizer in scheduled:
        with pytest.raises(TypeError, match=r"build\(\) takes the numbers of the first step; received "):
            optimizer.build(weights())
    assert len(scheduled) == 5


def test_a_number_written_to_the_group_is_used_by_the_next_step() -> None:
    mine, reference = weights(), weights()
    optimizer, plain = Adam(lr=0.1).build(mine), torch.optim.Adam(reference, lr=0.1)
    for torch_optimizer, parameters in ((optimizer, mine), (plain, reference)):
        train(torch_optimizer, parameters)
        torch_optimizer.param_groups[0].update(lr=0.001, betas=(0.2, 0.3))
        train(torch_optimizer, parameters)
    for here, there in zip(mine, reference, strict=True):
        torch.testing.assert_close(here, there, rtol=1e-6, atol=1e-7)


def test_optimizers_have_the_clipping_of_their_base() -> None:
    for kind in (Adam, AdamW, RMSprop, SGD):
        assert kind().values()["clip_value"] is None
        assert kind(clip_value=1.0, clip_norm=0.5).values()["clip_norm"] == 0.5


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("ours", "theirs", "values"), PAIRS, ids=str)
def test_an_optimizer_on_cuda_is_fused_where_torch_can_and_takes_the_same_steps(
    ours: gf.Optimizer, theirs: type[torch.optim.Optimizer], values: dict[str, Any]
) -> None:
    mine, reference = weights("cuda"), weights("cuda")
    optimizer = ours.build(mine)
    assert bool(optimizer.defaults.get("fused")) is (not isinstance(ours, RMSprop))
    train(optimizer, mine)
    train(theirs(reference, foreach=False, **values), reference)
    for here, there in zip(mine, reference, strict=True):
        torch.testing.assert_close(here, there, rtol=1e-5, atol=1e-6)


MISTAKES: list[tuple[Callable[[], object], str]] = [
    (lambda: Adam(lr=-1e-3), "adam: 'lr' must be in [0, inf); received -0.001."),
    (lambda: Adam(lr="fast"), "adam: 'lr' must be "),
    (lambda: Adam(lr=True), "adam: 'lr' must be "),
    (lambda: Adam(lr=float("nan")), "adam: 'lr' must be "),
    (lambda: Adam(betas=(0.5, 1.0)), "adam: 'betas' must be in [0, 1); received (0.5, 1.0)."),
    (lambda: Adam(betas=0.5), "adam: 'betas' must be "),
    (lambda: AdamW(weight_decay=-0.1), "adamw: 'weight_decay' must be in [0, inf); received -0.1."),
    (lambda: RMSprop(alpha=1.5), "rmsprop: 'alpha' must be in [0, 1]; received 1.5."),
    (lambda: RMSprop(momentum=FALL), "rmsprop: 'momentum' must be "),
    (lambda: RMSprop(centered=1), "rmsprop: 'centered' must be "),
    (lambda: SGD(momentum=-0.5), "sgd: 'momentum' must be in [0, inf); received -0.5."),
    (
        lambda: SGD(nesterov=True),
        "sgd: 'nesterov' needs a momentum above zero and no dampening; received momentum=0.0, dampening=0.0.",
    ),
    (
        lambda: SGD(nesterov=True, momentum=0.9, dampening=0.1),
        "sgd: 'nesterov' needs a momentum above zero and no dampening; received momentum=0.9, dampening=0.1.",
    ),
    (lambda: SGD(clip_norm=0.0), "sgd: "),
    (lambda: Adam(beta=(0.5, 0.9)), "adam has no parameter 'beta'. It takes: "),
]


@pytest.mark.parametrize(("make", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_an_optimizer_that_does_not_fit_is_reported_with_its_place(make: Callable[[], object], message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        make()
    found = caught.value.problems[0]
    assert found.message.startswith(message)
    assert found.site is not None and found.site.file.endswith("test_optimizers.py")
    assert found.site.line > 0 and "lambda" in found.site.text
