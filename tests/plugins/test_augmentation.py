"""Tests of the random changes of images: what each does to a picture, how often, and that gradients flow."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ganforge_residual import augmented
from ganforge_residual.modules import augmentation
from ganforge_residual.modules.augmentation import changed


def pictures(count: int = 8, channels: int = 3, size: int = 16) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(count, channels, size, size, generator=generator) * 2 - 1


def function(images: Tensor, chance: float | Tensor) -> Tensor:
    """What the operation does to tensors."""
    import ganforge as gf

    signal = augmented(gf.noise(*images.shape[1:]), chance=chance)
    return signal.origin.function(images, **signal.origin.options)  # type: ignore[attr-defined]


def test_nothing_is_changed_or_drawn_while_the_chance_is_zero() -> None:
    images = pictures()
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    assert function(images, 0.0) is images
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.testing.assert_close(changed(images, torch.tensor(0.0)), images, rtol=0, atol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("chance", [0.5, 1.0])
def test_images_keep_their_shape_and_follow_the_seed(channels: int, chance: float) -> None:
    images = pictures(channels=channels)
    torch.manual_seed(0)
    first = function(images, chance)
    torch.manual_seed(0)
    assert torch.equal(function(images, torch.tensor(chance)), first)
    assert first.shape == images.shape and first.isfinite().all() and not torch.allclose(first, images)


def moved(monkeypatch: pytest.MonkeyPatch, images: Tensor, uniforms: list[float], normals: list[float]) -> Tensor:
    """Images after the movement that drawn numbers stand for: a value, then whether it happens, and so on."""
    draws, bells = iter(uniforms), iter(normals)
    monkeypatch.setattr(augmentation, "_uniform", lambda like: torch.full((len(like),), next(draws)))
    monkeypatch.setattr(augmentation, "_normal", lambda like: torch.full((len(like),), next(bells)))
    out = augmentation._moved(images, 0.5)
    assert next(draws, None) is None and next(bells, None) is None
    return out


def order() -> list[str]:
    """The uniform draws of a movement, in their order."""
    return ["flip", "flip?", "quarters", "quarters?", "across", "across?", "down", "down?", "scale?", "turn", "turn?",
            "stretch?", "again", "again?", "right?", "below?"]  # fmt: skip


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        ({}, lambda x: x),
        ({"flip": 0.9, "flip?": 0.1}, lambda x: x.flip(3)),
        ({"flip": 0.4, "flip?": 0.1}, lambda x: x),  # The flip that happens may be none.
        ({"quarters": 0.3, "quarters?": 0.1}, lambda x: x.rot90(1, (2, 3))),
        ({"quarters": 0.6, "quarters?": 0.1}, lambda x: x.rot90(2, (2, 3))),
        ({"across": 1.0, "across?": 0.1}, lambda x: torch.cat([x, x.flip(3)], 3)[..., 2:18]),
        ({"down": 1.0, "down?": 0.1}, lambda x: torch.cat([x, x.flip(2)], 2)[:, :, 2:18]),
    ],
)
def test_a_movement_is_what_its_numbers_say(monkeypatch: pytest.MonkeyPatch, drawn: dict[str, float], expected) -> None:
    uniforms = [drawn.get(name, 0.9) for name in order()]
    images = pictures()
    out = moved(monkeypatch, images, uniforms, [0.0] * 4)
    torch.testing.assert_close(out, expected(images), rtol=0, atol=1e-4)


def test_turns_keep_a_disc_and_scales_change_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    place = torch.arange(32) - 15.5
    disc = (place[:, None] ** 2 + place**2 < 64).float().expand(2, 1, 32, 32)
    names = order()
    turned = [{"turn": 0.7, "turn?": 0.1, "again": 0.2, "again?": 0.1}.get(name, 0.9) for name in names]
    out = moved(monkeypatch, disc, turned, [0.0] * 4)
    assert (out - disc).abs().mean() < 0.02
    scaled = [{"scale?": 0.1}.get(name, 0.9) for name in names]
    out = moved(monkeypatch, disc, scaled, [-2.5, 0.0, 0.0, 0.0])  # 2^-0.5: half the area is read, twice is drawn.
    assert out.sum() / disc.sum() == pytest.approx(2.0, rel=0.05)


def test_colours_turn_around_grey_and_luma_is_inverted() -> None:
    torch.manual_seed(0)
    grey = torch.linspace(-0.5, 0.5, 16).expand(64, 3, 16, 16)
    out = augmentation._recoloured(grey, 1.0)
    assert (out.std(1) < 1e-5).all()  # Hue and saturation leave grey alone.
    slopes = out[:, 0, 0, 15] - out[:, 0, 0, 0]
    assert 10 < (slopes < 0).sum() < 54  # About half are inverted.

    images = pictures(64)
    out = augmentation._recoloured(images, torch.tensor(0.0))
    torch.testing.assert_close(out, images)


def test_a_square_of_half_the_side_is_cut_out_by_chance() -> None:
    torch.manual_seed(0)
    ones = torch.ones(2000, 1, 16, 16)
    out = augmentation._cut_out(ones, 0.3)
    cut = out.flatten(1).amin(1) == 0
    assert cut.float().mean().item() == pytest.approx(0.3, abs=0.04)
    area = 1 - out[cut].mean((1, 2, 3))
    assert area.max().item() == 0.25 and area.min().item() < 0.15  # Whole, or over the edge.


def test_gradients_reach_the_images() -> None:
    images = pictures().requires_grad_()
    torch.manual_seed(0)
    changed(images, 0.8).square().sum().backward()
    assert images.grad is not None and images.grad.isfinite().all() and images.grad.abs().sum() > 0
    assert math.isfinite(float(images.grad.norm()))
