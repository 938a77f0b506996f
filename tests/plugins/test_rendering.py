"""Tests of the embedded data set's pictures: what is known of them by geometry, counting and grammar."""

import math
from collections.abc import Callable

import attrs
import pytest
import torch
from torch import Tensor

from ganforge_data import rendering
from ganforge_data.rendering import COLOURS, MODES, PALETTE, SHAPES, VOCABULARY, Scene

SIZE = (32, 32)


def scenes(count: int, seed: int = 0) -> Scene:
    return rendering.scene(seed, torch.arange(count))


def fixed(shape: str, **values: Tensor) -> Scene:
    """One scene with a hard-edged object of radius 1/4 in the middle, changed as asked."""
    one = scenes(1)
    plain = attrs.evolve(
        one,
        shape=torch.tensor([SHAPES.index(shape)]),
        centre=torch.tensor([[0.5, 0.5]]),
        radius=torch.tensor([0.25]),
        rotation=torch.tensor([0.3]),
        softness=torch.tensor([0.0]),
    )
    return attrs.evolve(plain, **values)


def pixel_distances(drawn: Scene, size: tuple[int, int]) -> Tensor:
    """(B, H, W) pixels from each pixel's centre to the object's centre."""
    height, width = size
    x = torch.arange(width)[None, None, :] + 0.5 - drawn.centre[:, 0, None, None] * width
    y = torch.arange(height)[None, :, None] + 0.5 - drawn.centre[:, 1, None, None] * height
    return torch.hypot(x, y)


def looks() -> dict[str, Callable[[Scene], Tensor]]:
    return {
        "picture": lambda drawn: rendering.render(drawn, SIZE),
        "grey picture": lambda drawn: rendering.render(drawn, SIZE, channels=1),
        "edges": lambda drawn: rendering.edges(drawn, SIZE),
        "mask": lambda drawn: rendering.mask(drawn, SIZE),
        "domain a": lambda drawn: rendering.render_domain(drawn, SIZE, "a"),
        "domain b": lambda drawn: rendering.render_domain(drawn, SIZE, "b"),
    }


# --- determinism --------------------------------------------------------------------------------------------


def test_a_scene_does_not_depend_on_its_batch() -> None:
    together = scenes(50)
    mixed = rendering.scene(0, torch.tensor([49, 7, 3, 7]))
    alone = rendering.scene(0, torch.tensor([7]))
    for field in attrs.fields(Scene):
        expected = getattr(together, field.name)[7]
        assert torch.equal(getattr(alone, field.name)[0], expected), field.name
        assert torch.equal(getattr(mixed, field.name)[1], expected), field.name
        assert torch.equal(getattr(mixed, field.name)[3], expected), field.name
    assert len(attrs.fields(Scene)) == 21


def test_an_image_does_not_depend_on_its_batch() -> None:
    rows = (0, 7, 39)
    for name, draw in looks().items():
        together = draw(scenes(40))
        for row in rows:
            assert torch.equal(draw(rendering.scene(0, torch.tensor([row])))[0], together[row]), name


def test_an_image_does_not_depend_on_how_many_are_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {name: draw(scenes(9)) for name, draw in looks().items()}
    monkeypatch.setattr(rendering, "_PIXELS_AT_ONCE", 2 * 32 * 32)
    for name, draw in looks().items():
        assert torch.equal(draw(scenes(9)), whole[name]), name


def test_seeds_and_indices_give_different_pictures() -> None:
    pictures = torch.cat([rendering.render(scenes(100, seed), SIZE) for seed in (0, 1, -1, 2**64 + 5)])
    assert len({picture.numpy().tobytes() for picture in pictures}) == 400


def test_random_bits_are_those_of_splitmix64() -> None:
    def plain(state: int) -> int:
        state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        state = (state ^ (state >> 27)) * 0x94D049BB133111EB % 2**64
        return state ^ (state >> 31)

    states = [0, 1, 0x9E3779B97F4A7C15, 2**63, 2**64 - 1, 123456789123456789]
    signed = torch.tensor([state - 2**64 if state >= 2**63 else state for state in states])
    found = [value % 2**64 for value in rendering._mixed(signed).tolist()]
    assert found == [plain(state) for state in states]
    assert found[2] == 0xE220A8397B1DCDAF  # the published first output for state zero


@pytest.mark.skipif(not torch.cuda.is_available(), reason="compares with a CUDA device")
def test_a_cuda_device_draws_the_same() -> None:
    here = scenes(64)
    there = rendering.scene(0, torch.arange(64, device="cuda"))
    assert torch.equal(here.key, there.key.cpu()) and torch.equal(here.mode, there.mode.cpu())
    assert rendering.captions(here) == rendering.captions(there)
    difference = rendering.render(here, SIZE).int() - rendering.render(there, SIZE).cpu().int()
    assert difference.abs().max() <= 1


# --- classes ------------------------------------------------------------------------------------------------


def test_all_modes_occur_equally_often() -> None:
    drawn = scenes(10_000, seed=3)
    counts = drawn.mode.bincount(minlength=MODES).double()
    assert MODES == 64 == len(counts) and counts.min() > 0
    expected = 10_000 / 64
    # The 99.9 % quantile of chi-square with 63 degrees of freedom; dependent classes would exceed it too.
    assert ((counts - expected) ** 2 / expected).sum() < 103.4


def test_a_mode_is_shape_and_colour() -> None:
    drawn = scenes(30)
    assert torch.equal(drawn.mode // len(COLOURS), drawn.shape)
    assert torch.equal(drawn.mode % len(COLOURS), drawn.colour)


def test_everything_that_should_vary_varies() -> None:
    drawn = scenes(2000)
    for name in ("radius", "rotation", "softness", "texture", "direction", "light", "shadow"):
        values = getattr(drawn, name)
        fine = (values - values.min()) / (values.max() - values.min())
        # Uniform: mean 1/2 and variance 1/12, both within four standard errors of 2000 draws.
        assert abs(fine.mean() - 0.5) < 0.026 and abs(fine.var() - 1 / 12) < 0.007, name
    assert drawn.centre.std(dim=0).min() > 0.08
    assert drawn.backdrop.mean(dim=(1, 2)).std() > 0.15


def test_what_varies_varies_independently() -> None:
    drawn = scenes(4000)
    dependent = {"key", "centre", "ink", "tone", "backdrop"}
    names = [field.name for field in attrs.fields(Scene) if field.name not in dependent]
    columns = [getattr(drawn, name).double() for name in names] + list(drawn.centre.double().unbind(dim=1))
    correlation = torch.corrcoef(torch.stack(columns)) - torch.eye(len(columns), dtype=torch.float64)
    # Chance gives a standard deviation of 1 / sqrt(4000) = 0.016; this is five of them.
    assert len(columns) == 18 and correlation.abs().max() < 0.08


# --- geometry -----------------------------------------------------------------------------------------------


def areas() -> dict[str, float]:
    """The shapes' areas in squared radii; rounding by s adds s * perimeter and s * s * pi for the corners."""
    edge = math.sqrt(1.27**2 + 0.56**2 - 2 * 1.27 * 0.56 * math.cos(math.pi / 5))
    side = 1.27 * math.sqrt(3)
    return {
        "circle": math.pi,
        "square": 1.68**2 + 0.05 * 4 * 1.68 + 0.0025 * math.pi,
        "triangle": side**2 * math.sqrt(3) / 4 + 0.05 * 3 * side + 0.0025 * math.pi,
        "star": 5 * 1.27 * 0.56 * math.sin(math.pi / 5) + 0.04 * 10 * edge,
        "ring": math.pi * ((0.86 + 0.27) ** 2 - (0.86 - 0.27) ** 2),
        "cross": 2 * 2.16 * 0.68 - 0.68**2 + 0.05 * 4 * 2.16 + 0.0025 * (2 * math.pi - 4),
        "heart": 1.4**2 + math.pi * 0.7**2,
        "crescent": math.pi * 1.15**2 - lens(1.15, 0.95, 0.7),
    }


def lens(first: float, second: float, apart: float) -> float:
    """The area that two discs have in common: a segment of each beyond the chord."""
    chord = (apart**2 + first**2 - second**2) / (2 * apart)
    sectors = first**2 * math.acos(chord / first) + second**2 * math.acos((apart - chord) / second)
    return sectors - apart * math.sqrt(first**2 - chord**2)


def test_every_shape_covers_its_area() -> None:
    expected = areas()
    assert tuple(expected) == SHAPES
    for shape, area in expected.items():
        covered = rendering.mask(fixed(shape), (128, 128)).double().sum().item() / 255
        assert covered == pytest.approx(area * (0.25 * 128) ** 2, rel=0.012), shape


def test_a_small_image_is_the_mean_of_a_large_one() -> None:
    for shape in SHAPES:
        small = rendering.mask(fixed(shape), (32, 32)).float()
        large = rendering.mask(fixed(shape), (256, 256)).float()
        assert (torch.nn.functional.avg_pool2d(large, 8) - small).abs().mean() < 1.5, shape


def test_rotation_turns_every_shape_but_the_circle_and_the_ring() -> None:
    for shape in SHAPES:
        still, turned = fixed(shape), fixed(shape, rotation=torch.tensor([-0.5]))
        change = rendering.mask(still, (64, 64)).int() - rendering.mask(turned, (64, 64)).int()
        if shape in ("circle", "ring"):
            assert change.abs().max() <= 1, shape
        else:
            assert change.abs().max() > 200, shape


def peak(shape: str, rotation: float) -> tuple[float, int, int]:
    """Of an object in 128 x 128 pixels the mean column of its topmost part, its first and its last row."""
    covered = rendering.mask(fixed(shape, rotation=torch.tensor([rotation])), (128, 128))[0, 0] > 0
    rows = covered.any(dim=1).nonzero()[:, 0].tolist()
    return covered[rows[0]].nonzero().float().mean().item(), rows[0], rows[-1]


def test_shapes_stand_upright_without_rotation_and_lean_right_with_it() -> None:
    for shape in ("triangle", "star"):
        column, first, last = peak(shape, rotation=0.0)
        assert column == pytest.approx(63.5, abs=0.6), shape
        assert 63.5 - first > last - 63.5, shape
        # The point is 1.27 radii of 32 pixels above the centre.
        leaning = 63.5 + 1.27 * 32 * math.sin(0.3)
        assert peak(shape, rotation=0.3)[0] == pytest.approx(leaning, abs=2.0), shape


def test_an_object_in_a_wide_image_keeps_its_proportions() -> None:
    covered = rendering.mask(fixed("circle"), (48, 160))[0, 0] > 127
    assert covered.any(dim=0).sum() == covered.any(dim=1).sum() == 24
    assert covered.any(dim=0).nonzero().float().mean() == 79.5


def test_an_object_lies_wholly_inside_its_image() -> None:
    for size in ((64, 64), (64, 150), (100, 64)):
        drawn = rendering.mask(scenes(600), size)
        rim = torch.cat([drawn[..., 0], drawn[..., -1], drawn[..., 0, :], drawn[..., -1, :]], dim=-1)
        assert rim.max() == 0, size


def test_edges_are_soft_by_one_pixel() -> None:
    drawn = fixed("circle")
    covered = rendering.mask(drawn, (128, 128))[:, 0].float() / 255
    exact = (0.5 - (pixel_distances(drawn, (128, 128)) - 32.0)).clamp(0, 1)
    assert (covered - exact).abs().max() < 0.004
    assert ((covered > 0.2) & (covered < 0.8)).sum() > 50


def test_a_softer_scene_has_a_wider_edge() -> None:
    between = [
        ((area > 5) & (area < 250)).sum().item()
        for softness in (0.0, 0.02)
        for area in [rendering.mask(fixed("circle", softness=torch.tensor([softness])), (256, 256))]
    ]
    # Widths of 1 and 1 + 0.02 * 256 pixels around the same circle.
    assert between[1] / between[0] == pytest.approx(6.12, rel=0.1)


def test_an_edge_map_is_bright_on_the_outline_only() -> None:
    drawn = attrs.evolve(scenes(64), shape=torch.zeros(64, dtype=torch.int64))
    away = (pixel_distances(drawn, (64, 64)) - drawn.radius[:, None, None] * 64).abs()
    lines = rendering.edges(drawn, (64, 64))[:, 0]
    assert lines[away > 1.15].max() == 0
    assert lines[away < 0.5].min() >= 150
    assert lines.max() == 255


def test_an_edge_map_follows_every_shape() -> None:
    drawn = scenes(200)
    lines = rendering.edges(drawn, (64, 64))[:, 0] > 127
    inside = (rendering.mask(attrs.evolve(drawn, softness=torch.zeros(200)), (64, 64)) > 127).float()
    grown = torch.nn.functional.max_pool2d(inside, 5, stride=1, padding=2)
    shrunk = -torch.nn.functional.max_pool2d(-inside, 5, stride=1, padding=2)
    near = (grown > shrunk)[:, 0]
    assert set(drawn.shape.tolist()) == set(range(len(SHAPES)))
    assert not (lines & ~near).any()
    assert (lines.sum(dim=(1, 2)) > 20).all()


def test_an_edge_map_in_three_channels_repeats_one() -> None:
    drawn = scenes(4)
    repeated = rendering.edges(drawn, SIZE).expand(4, 3, 32, 32)
    assert torch.equal(rendering.edges(drawn, SIZE, channels=3), repeated)


# --- colours ------------------------------------------------------------------------------------------------


def means_inside(images: Tensor, drawn: Scene, size: tuple[int, int]) -> Tensor:
    """(B, 3) mean colours where the object covers pixels wholly, in [0, 1]."""
    inside = (rendering.mask(drawn, size) == 255).double()
    means: Tensor = (images.double() / 255 * inside).sum(dim=(2, 3)) / inside.sum(dim=(2, 3))
    return means


@pytest.mark.parametrize("look", ["picture", "domain a"])
def test_the_mean_colour_inside_is_nearest_to_the_palette_entry(look: str) -> None:
    drawn, size = scenes(1500), (48, 48)
    pictures = rendering.render(drawn, size)
    images = pictures if look == "picture" else rendering.render_domain(drawn, size, "a")
    palette = torch.tensor(PALETTE, dtype=torch.float64)
    nearest = torch.cdist(means_inside(images, drawn, size), palette).argmin(dim=1)
    assert len(set(drawn.mode.tolist())) == MODES
    assert torch.equal(nearest, drawn.colour)


def test_an_object_stands_out_in_grey() -> None:
    drawn = scenes(1500)
    grey = rendering.render(drawn, (48, 48), channels=1)
    outside = (rendering.mask(drawn, (48, 48)) == 0).double()
    around = (grey.double() / 255 * outside).sum(dim=(2, 3)) / outside.sum(dim=(2, 3))
    difference = (means_inside(grey, drawn, (48, 48)) - around).abs()
    assert difference.min() > 0.09 and difference.max() < 0.8


def test_one_channel_is_the_luminance_of_three() -> None:
    drawn = scenes(16)
    red, green, blue = rendering.render(drawn, SIZE).double().unbind(dim=1)
    luminance = 0.299 * red + 0.587 * green + 0.114 * blue
    # Half a level of rounding here and half a level there.
    assert (rendering.render(drawn, SIZE, channels=1)[:, 0] - luminance).abs().max() < 1.01


def test_domains_share_the_object_and_differ_in_ground_and_texture() -> None:
    drawn, size = scenes(400), (64, 64)
    solid, striped = (rendering.render_domain(drawn, size, domain).double() / 255 for domain in ("a", "b"))
    outside = (rendering.mask(drawn, size) == 0).double()
    grounds = [(look * outside).sum(dim=(2, 3)) / outside.sum(dim=(2, 3)) for look in (solid, striped)]
    assert grounds[0].min() > 0.7 and grounds[1].max() < 0.4
    assert (grounds[1].argmax(dim=1) == 1).all(), "grass is green"
    inside = (rendering.mask(drawn, size) == 255)[:, 0]
    same = ((solid - striped).abs().amax(dim=1) < 0.01) & inside
    share = same.sum(dim=(1, 2)) / inside.sum(dim=(1, 2))
    # Half of the object is striped, and a pixel's width between two stripes is neither.
    assert share.min() > 0.2 and share.max() < 0.6
    cream = striped.amin(dim=1)[inside & ~same].mean() - striped.amin(dim=1)[same].mean()
    assert cream > 0.3


def test_stripes_are_as_wide_as_the_scene_says() -> None:
    straight = {"rotation": torch.tensor([0.0]), "stripe_angle": torch.tensor([0.0])}
    drawn = fixed("square", **straight, stripe_bend=torch.tensor([0.0]), stripe_width=torch.tensor([0.125]))
    row = rendering._stripes(drawn, (128, 128))[0, 64]
    # A period of 16 pixels, half of it light.
    assert torch.equal(row[:112], row[16:]) and row.mean() == 0.5


# --- words --------------------------------------------------------------------------------------------------


def test_a_caption_names_the_true_shape_and_colour() -> None:
    drawn = scenes(1000)
    texts = rendering.captions(drawn)
    for text, shape, colour in zip(texts, drawn.shape.tolist(), drawn.colour.tolist(), strict=True):
        assert f"{COLOURS[colour]} {SHAPES[shape]}" in text
        assert sum(word in text.replace(",", "").split() for word in SHAPES) == 1
    assert len(texts) == 1000 and len(set(texts)) > 900


def test_a_caption_tells_size_place_and_tilt() -> None:
    numbers = {"colour": 0, "tone": 0, "background": 4, "phrasing": 0}
    words = {name: torch.tensor([number]) for name, number in numbers.items()}

    def caption(shape: str, x: float, y: float, radius: float, rotation: float) -> str:
        place = {"centre": torch.tensor([[x, y]]), "radius": torch.tensor([radius])}
        texts = rendering.captions(fixed(shape, rotation=torch.tensor([rotation]), **place, **words))
        return texts[0]

    on = "on a dark blue background"
    assert caption("star", 0.3, 0.3, 0.27, -0.4) == f"a large red star {on}, tilted left, at the top left"
    assert caption("heart", 0.7, 0.5, 0.22, 0.4) == f"a medium red heart {on}, tilted right, at the right"
    assert caption("cross", 0.5, 0.5, 0.18, 0.1) == f"a small red cross {on}, in the centre"
    assert caption("ring", 0.5, 0.8, 0.18, 0.5) == f"a small red ring {on}, at the bottom"


def test_a_caption_tells_the_background() -> None:
    drawn = scenes(500)
    brightness = drawn.backdrop.mean(dim=1) @ torch.tensor([0.299, 0.587, 0.114])
    for text, value in zip(rendering.captions(drawn), brightness.tolist(), strict=True):
        words = text.replace(",", "").split()
        tones = [tone for tone in ("dark", "muted", "pale") if tone in words]
        assert len(tones) == 1
        fits = {"dark": value < 0.42, "muted": 0.34 < value < 0.66, "pale": value > 0.58}
        assert fits[tones[0]], (text, value)


def test_tokens_spell_the_caption() -> None:
    drawn = scenes(1000)
    numbers = rendering.tokens(drawn)
    assert numbers.shape == (1000, 16) and numbers.dtype == torch.int64
    for text, row in zip(rendering.captions(drawn), numbers.tolist(), strict=True):
        words = text.replace(",", "").split()
        assert len(words) <= 16
        assert [VOCABULARY[number] for number in row] == words + ["<pad>"] * (16 - len(words))


def test_every_word_is_used_and_listed_once() -> None:
    used = sorted(set(rendering.tokens(scenes(5000)).flatten().tolist()))
    assert used == list(range(len(VOCABULARY)))
    assert VOCABULARY[0] == "<pad>" and len(set(VOCABULARY)) == len(VOCABULARY)


def test_tokens_are_cut_to_length() -> None:
    drawn = scenes(20)
    assert torch.equal(rendering.tokens(drawn, length=5), rendering.tokens(drawn)[:, :5])


# --- shapes and errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(8, 8), (8, 40), (33, 17), (512, 512)])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_have_the_size_and_channels_asked_for(size: tuple[int, int], channels: int) -> None:
    drawn = scenes(2)
    images = [
        rendering.render(drawn, size, channels),
        rendering.edges(drawn, size, channels),
        rendering.render_domain(drawn, size, "a", channels),
        rendering.render_domain(drawn, size, "b", channels),
    ]
    assert all(image.shape == (2, channels, *size) and image.dtype == torch.uint8 for image in images)
    assert all(image.float().std() > 8 for image in images)


def test_no_scenes_give_no_images() -> None:
    none = rendering.scene(0, torch.arange(0))
    assert rendering.render(none, SIZE).shape == (0, 3, 32, 32)
    assert rendering.captions(none) == [] and rendering.tokens(none).shape == (0, 16)


def test_unusable_requests_are_refused_with_both_values() -> None:
    drawn = scenes(1)
    with pytest.raises(ValueError, match="render: size must be at least 8 x 8; it is 7 x 32"):
        rendering.render(drawn, (7, 32))
    with pytest.raises(ValueError, match="edges: channels must be 1 or 3; it is 2"):
        rendering.edges(drawn, SIZE, channels=2)
    with pytest.raises(ValueError, match="domain must be 'a' or 'b'; it is 'c'"):
        rendering.render_domain(drawn, SIZE, "c")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"indices must be \(B,\) integers; they are \(2,\) torch.float32"):
        rendering.scene(0, torch.zeros(2))
    with pytest.raises(ValueError, match=r"they are \(1, 2\) torch.int64"):
        rendering.scene(0, torch.zeros(1, 2, dtype=torch.int64))
