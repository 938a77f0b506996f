"""The pictures of the embedded data set `shapes`: seeded scenes, renderings, outlines, two looks, captions.

Everything is a pure function of (seed, index). The random numbers come from a counter-based hash of exact
integer arithmetic, and the pixels from operations that IEEE 754 rounds correctly (no sine, no exponential, no
reduction whose order could change), so that an image does not depend on what else is in its batch.
"""

import colorsys
import math
from collections.abc import Callable
from typing import Literal

import attrs
import torch
from torch import Tensor

SHAPES: tuple[str, ...] = ("circle", "square", "triangle", "star", "ring", "cross", "heart", "crescent")
COLOURS: tuple[str, ...] = ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink")
MODES: int = len(SHAPES) * len(COLOURS)

_HSV = (
    (0.990, 0.82, 0.87),
    (0.070, 0.86, 0.96),
    (0.138, 0.74, 0.98),
    (0.350, 0.66, 0.68),
    (0.488, 0.66, 0.84),
    (0.605, 0.78, 0.88),
    (0.760, 0.64, 0.70),
    (0.925, 0.42, 0.97),
)
PALETTE: tuple[tuple[float, float, float], ...] = tuple(colorsys.hsv_to_rgb(*hsv) for hsv in _HSV)
"""Red, green and blue in [0, 1] of each entry of COLOURS, before a sample's jitter."""

_SIZES = ("small", "medium", "large")
_TONES = ("dark", "muted", "pale")
_BACKGROUNDS = ("grey", "brown", "green", "teal", "blue", "purple")
_BACKGROUND_HUES = (0.0, 0.07, 0.33, 0.50, 0.62, 0.78)
_PLACES = (
    ("at the top left", "at the top", "at the top right"),
    ("at the left", "in the centre", "at the right"),
    ("at the bottom left", "at the bottom", "at the bottom right"),
)
_PHRASINGS = (
    "a {size} {colour} {shape} on a {tone} {background} background, {tilt}{place}",
    "{size} {colour} {shape} {place}, {tilt}on {tone} {background}",
    "{place}, {tilt}a {size} {colour} {shape} on a {tone} {background} background",
    "a {tone} {background} background with a {size} {colour} {shape}, {tilt}{place}",
)
_ROUND = ("circle", "ring")
VOCABULARY: tuple[str, ...] = (
    "<pad>",
    *sorted(
        {*SHAPES, *COLOURS, *_SIZES, *_TONES, *_BACKGROUNDS, "tilted", "left", "right"}
        | {word for row in _PLACES for place in row for word in place.split()}
        | {"a", "on", "background", "with"}
    ),
)
"""Every word that a caption may hold; number 0 pads."""

_REACH = 1.32  # the farthest point of any shape from its centre, in radii
_SMALLEST, _LARGEST = 0.17, 0.28
_TILT = math.radians(40)
_CONTRAST = 0.22
_PIXELS_AT_ONCE = 1 << 18


# --- random numbers -----------------------------------------------------------------------------------------


def _signed(value: int) -> int:
    """The int64 with the same low 64 bits as `value`."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


_STRIDE = _signed(0x9E3779B97F4A7C15)
_FIRST = _signed(0xBF58476D1CE4E5B9)
_SECOND = _signed(0x94D049BB133111EB)


def _shifted(bits: Tensor, count: int) -> Tensor:
    """Logical shift to the right; torch's own copies the sign bit."""
    return (bits >> count) & ((1 << (64 - count)) - 1)


def _mixed(bits: Tensor) -> Tensor:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014), a bijection of the 64-bit integers."""
    bits = (bits ^ _shifted(bits, 30)) * _FIRST
    bits = (bits ^ _shifted(bits, 27)) * _SECOND
    return bits ^ _shifted(bits, 31)


def _uniform(bits: Tensor) -> Tensor:
    """Float64 in [0, 1) from the upper 24 bits, the same on every device."""
    return _shifted(bits, 40).double() / (1 << 24)


# A quantity's place in this tuple is its stream: new ones go to the end, or every picture changes.
_STREAMS = (
    "shape", "colour", "radius", "x", "y", "rotation", "hue", "saturation", "value", "background", "tone",
    "tint", "second", "direction", "texture", "softness", "light", "shading", "highlight", "shadow",
    "stripe angle", "stripe width", "stripe bend", "phrasing", "mottle", "grass",
)  # fmt: skip


@attrs.frozen(eq=False)
class _Draws:
    """Random numbers of a batch of samples, one stream for each quantity."""

    key: Tensor

    def bits(self, stream: str) -> Tensor:
        return _mixed(self.key + _signed((_STREAMS.index(stream) + 1) * _STRIDE))

    def uniform(self, stream: str, low: float = 0.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * _uniform(self.bits(stream))

    def choice(self, stream: str, count: int) -> Tensor:
        return _shifted(self.bits(stream), 33) % count


def _keys(seed: int, indices: Tensor) -> Tensor:
    start = torch.tensor(_signed(seed * _STRIDE + 1), dtype=torch.int64, device=indices.device)
    return _mixed(_mixed(start) + indices.long() * _STRIDE)


# --- scenes -------------------------------------------------------------------------------------------------


@attrs.frozen(eq=False)
class Scene:
    """What is to be seen in each of B images, for any size.

    Lengths are fractions of the image's shorter side, `centre` fractions of its width and height from the top
    left, angles are radians (clockwise, zero points right), colours are red, green and blue in [0, 1].
    """

    key: Tensor  # (B,) int64
    shape: Tensor  # (B,) int64, a place in SHAPES
    colour: Tensor  # (B,) int64, a place in COLOURS
    centre: Tensor  # (B, 2): x, y
    radius: Tensor  # (B,)
    rotation: Tensor  # (B,)
    ink: Tensor  # (B, 3): the palette's colour after jitter
    background: Tensor  # (B,) int64, which hue
    tone: Tensor  # (B,) int64: dark, muted or pale
    backdrop: Tensor  # (B, 2, 3): both ends of the background's gradient
    direction: Tensor  # (B,): where the gradient leads
    texture: Tensor  # (B,): amplitude of the background's mottling
    softness: Tensor  # (B,): width of the object's edge beyond one pixel
    light: Tensor  # (B,): where the light comes from
    shading: Tensor  # (B,): relative change of brightness along one radius
    highlight: Tensor  # (B,): opacity of the glossy spot
    shadow: Tensor  # (B,): opacity of the shadow
    stripe_angle: Tensor  # (B,): of the second domain's stripes, against the object
    stripe_width: Tensor  # (B,): a light and a coloured stripe together
    stripe_bend: Tensor  # (B,): curvature of the stripes
    phrasing: Tensor  # (B,) int64, which form the caption has

    def __len__(self) -> int:
        return len(self.key)

    @property
    def mode(self) -> Tensor:
        """(B,) int64 in [0, MODES): shape and colour in one number."""
        return self.shape * len(COLOURS) + self.colour

    def part(self, rows: Tensor | slice) -> "Scene":
        """The scenes at these rows of the batch."""
        return Scene(**{field.name: getattr(self, field.name)[rows] for field in attrs.fields(Scene)})


def scene(seed: int, indices: Tensor) -> Scene:
    """Draws the scenes of a data set at the given indices.

    Shape and colour are independent of each other and uniform. The background's brightness keeps away from
    the object's, so that the object also stands out where colour is dropped.

    Args:
        seed: which data set; any integer.
        indices: (B,) integers, on any device; the scenes come out on that device.

    Returns:
        The scenes; each depends on seed and its own index alone.

    Raises:
        ValueError: if `indices` is not one row of integers.
    """
    if indices.dim() != 1 or indices.is_floating_point() or indices.is_complex():
        found = f"{tuple(indices.shape)} {indices.dtype}"
        raise ValueError(f"scene: indices must be (B,) integers; they are {found}")
    draws = _Draws(_keys(seed, indices))
    colour = draws.choice("colour", len(COLOURS))
    radius = draws.uniform("radius", _SMALLEST, _LARGEST)
    ink = _jittered_ink(draws, colour)
    tone, backdrop = _backdrop(draws, ink)
    values = {
        "colour": colour, "radius": radius, "ink": ink, "tone": tone, "backdrop": backdrop,
        "centre": _centre(draws, radius), **_independent(draws),
    }  # fmt: skip
    return Scene(
        key=draws.key,
        **{name: value if value.dtype == torch.int64 else value.float() for name, value in values.items()},
    )


def _independent(draws: _Draws) -> dict[str, Tensor]:
    """The quantities that depend on no other."""
    return {
        "shape": draws.choice("shape", len(SHAPES)),
        "rotation": draws.uniform("rotation", -_TILT, _TILT),
        "background": draws.choice("background", len(_BACKGROUNDS)),
        "direction": draws.uniform("direction", 0.0, 2 * math.pi),
        "texture": draws.uniform("texture", 0.0, 0.09),
        "softness": draws.uniform("softness", 0.0, 0.02),
        "light": draws.uniform("light", math.radians(-150), math.radians(-30)),
        "shading": draws.uniform("shading", 0.06, 0.18),
        "highlight": draws.uniform("highlight", 0.1, 0.42),
        "shadow": draws.uniform("shadow", 0.25, 0.55),
        "stripe_angle": draws.uniform("stripe angle", math.radians(-25), math.radians(25)),
        "stripe_width": draws.uniform("stripe width", 0.135, 0.17),
        "stripe_bend": draws.uniform("stripe bend", -0.35, 0.35),
        "phrasing": draws.choice("phrasing", len(_PHRASINGS)),
    }


def _centre(draws: _Draws, radius: Tensor) -> Tensor:
    """(B, 2) places that keep the whole object inside the image at any aspect ratio."""
    room = 0.5 - _REACH * radius - 0.02
    return torch.stack([0.5 + room * draws.uniform(axis, -1.0, 1.0) for axis in ("x", "y")], dim=1)


def _jittered_ink(draws: _Draws, colour: Tensor) -> Tensor:
    base = torch.tensor(_HSV, dtype=torch.float64, device=colour.device)[colour]
    hue = base[:, 0] + draws.uniform("hue", -0.012, 0.012)
    saturation = base[:, 1] + draws.uniform("saturation", -0.06, 0.06)
    return _rgb(hue, saturation, (base[:, 2] + draws.uniform("value", -0.05, 0.05)).clamp(max=1.0))


def _backdrop(draws: _Draws, ink: Tensor) -> tuple[Tensor, Tensor]:
    """The background's tone (B,) and the two colours (B, 2, 3) of its gradient."""
    brightness = _away_from(_luma(ink, dim=1), draws.uniform("tone"))
    hues = torch.tensor(_BACKGROUND_HUES, dtype=torch.float64, device=ink.device)
    background = draws.choice("background", len(_BACKGROUNDS))
    hue = hues[background]
    strength = draws.uniform("tint", 0.12, 0.24) * (background > 0)
    change = draws.uniform("second", -0.07, 0.07)
    ends = [_tinted(hue, strength, brightness - change), _tinted(hue + change, strength, brightness + change)]
    return (brightness > 0.38).long() + (brightness > 0.62).long(), torch.stack(ends, dim=1)


def _away_from(brightness: Tensor, position: Tensor) -> Tensor:
    """Uniform over [0.14, 0.9] without what is nearer than _CONTRAST to `brightness`."""
    below = (brightness - _CONTRAST - 0.14).clamp(min=0.0)
    above = (0.9 - _CONTRAST - brightness).clamp(min=0.0)
    step = position * (below + above)
    return torch.where(step < below, 0.14 + step, brightness + _CONTRAST + step - below)


def _tinted(hue: Tensor, strength: Tensor, brightness: Tensor) -> Tensor:
    """(B, 3) colours whose luminance is `brightness` (up to clipping)."""
    pure = _rgb(hue, torch.ones_like(hue), torch.ones_like(hue))
    chroma = pure - _luma(pure, dim=1)[:, None]
    return (brightness[:, None] + strength[:, None] * chroma).clamp(0.0, 1.0)


def _rgb(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """(B, 3) from hue (a turn is 1), saturation and value."""
    parts = [(hue * 6 + shift).remainder(6) for shift in (5, 3, 1)]
    share = [torch.minimum(part, 4 - part).clamp(0, 1) for part in parts]
    return torch.stack([value - value * saturation * part for part in share], dim=1)


def _luma(colours: Tensor, dim: int) -> Tensor:
    red, green, blue = colours.unbind(dim)
    return 0.299 * red + 0.587 * green + 0.114 * blue


# --- signed distances: x to the right, y upward, both in radii; negative inside -----------------------------


def _length(x: Tensor, y: Tensor) -> Tensor:
    return (x * x + y * y).sqrt()


def _circle(x: Tensor, y: Tensor) -> Tensor:
    return _length(x, y) - 1.0


def _ring(x: Tensor, y: Tensor) -> Tensor:
    return (_length(x, y) - 0.86).abs() - 0.27


def _spiked(x: Tensor, y: Tensor, points: int, outer: float, inner: float) -> Tensor:
    """A star with one point upward; all its edges look alike from the axis of the nearest point.

    With `inner = outer * cos(pi / points)` it is a regular polygon.
    """
    turns = [2 * math.pi * k / points for k in range(points)]
    along = x * math.sin(turns[0]) + y * math.cos(turns[0])
    for turn in turns[1:]:
        along = torch.maximum(along, x * math.sin(turn) + y * math.cos(turn))
    across = (x * x + y * y - along * along).clamp(min=0.0).sqrt()
    edge_along = inner * math.cos(math.pi / points) - outer
    edge_across = inner * math.sin(math.pi / points)
    squared = edge_along**2 + edge_across**2
    share = (((along - outer) * edge_along + across * edge_across) / squared).clamp(0.0, 1.0)
    distance = _length(along - outer - share * edge_along, across - share * edge_across)
    outside = (along - outer) * edge_across - across * edge_along > 0
    return torch.where(outside, distance, -distance)


def _square(x: Tensor, y: Tensor) -> Tensor:
    return _box(x.abs(), y.abs(), 0.84, 0.84) - 0.05


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    return _spiked(x, y, 3, 1.27, 0.635) - 0.05


def _star(x: Tensor, y: Tensor) -> Tensor:
    return _spiked(x, y, 5, 1.27, 0.56) - 0.04


def _box(x: Tensor, y: Tensor, width: float, height: float) -> Tensor:
    """A rectangle's quarter, for x and y that are not negative."""
    right, above = x - width, y - height
    return _length(right.clamp(min=0.0), above.clamp(min=0.0)) + torch.maximum(right, above).clamp(max=0.0)


def _cross(x: Tensor, y: Tensor) -> Tensor:
    x, y = x.abs(), y.abs()
    return _box(torch.maximum(x, y), torch.minimum(x, y), 1.08, 0.34) - 0.05


def _heart(x: Tensor, y: Tensor) -> Tensor:
    """A square that stands on a corner, with half a disc on each of its upper sides."""
    side, half = 0.7, math.sqrt(0.5)
    x, y = x.abs(), y + 0.12
    rising, falling = (x + y) * half, (x - y) * half
    lobe = _length(rising - side, falling) - side
    return torch.minimum(lobe, _box(rising.abs(), falling.abs(), side, side))


def _crescent(x: Tensor, y: Tensor) -> Tensor:
    """A disc less a second one to its right; each arc ends at the tips, where both circles meet."""
    outer, inner, apart = 1.15, 0.95, 0.7
    tip = (apart**2 + outer**2 - inner**2) / (2 * apart)
    x, y = x + 0.15, y.abs()
    far, near = _length(x, y), _length(x - apart, y)
    distance = _length(x - tip, y - math.sqrt(outer**2 - tip**2))
    on_outer = (far - outer).abs().where(outer * x <= tip * far, distance)
    on_inner = (near - inner).abs().where(inner * (x - apart) <= (tip - apart) * near, distance)
    distance = torch.minimum(distance, torch.minimum(on_outer, on_inner))
    return torch.where((far < outer) & (near > inner), -distance, distance)


_DISTANCES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "circle": _circle, "square": _square, "triangle": _triangle, "star": _star,
    "ring": _ring, "cross": _cross, "heart": _heart, "crescent": _crescent,
}  # fmt: skip


# --- pixels -------------------------------------------------------------------------------------------------


def _per_image(values: Tensor) -> Tensor:
    return values[:, None, None]


def _compass(angle: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine (B, 1, 1); in double precision, whose last digit then vanishes in the rounding."""
    angle = _per_image(angle.double())
    return angle.cos().float(), angle.sin().float()


def _offsets(scene: Scene, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """From the object's centre to each pixel's, in radii: x (B, 1, W) to the right, y (B, H, 1) downward."""
    height, width = size
    pixels = min(size) * _per_image(scene.radius)
    across = torch.arange(width, dtype=torch.float32, device=scene.key.device) + 0.5
    down = torch.arange(height, dtype=torch.float32, device=scene.key.device) + 0.5
    x = across[None, None, :] - _per_image(scene.centre[:, 0]) * width
    y = down[None, :, None] - _per_image(scene.centre[:, 1]) * height
    return x / pixels, y / pixels


def _distance(scene: Scene, x: Tensor, y: Tensor) -> Tensor:
    """(B, H, W) signed distances to the object's outline, in radii."""
    cosine, sine = _compass(scene.rotation)
    right, up = x * cosine + y * sine, x * sine - y * cosine
    distance = torch.empty_like(right)
    for number, name in enumerate(SHAPES):
        rows = (scene.shape == number).nonzero()[:, 0]
        distance[rows] = _DISTANCES[name](right[rows], up[rows])
    return distance


def _coverage(scene: Scene, distance: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, H, W): the share of each pixel's footprint that the object covers."""
    width = (1.0 + _per_image(scene.softness) * min(size)) / (_per_image(scene.radius) * min(size))
    return (0.5 - distance / width).clamp(0.0, 1.0)


def _smooth(ramp: Tensor) -> Tensor:
    return ramp * ramp * (3.0 - 2.0 * ramp)


def _blend(below: Tensor, above: Tensor, opacity: Tensor) -> Tensor:
    return below + (above - below) * opacity


def _noise(scene: Scene, size: tuple[int, int], stream: str, cells: tuple[int, int]) -> Tensor:
    """(B, H, W) smooth noise in [0, 1): random values on a lattice, `cells` of them along the short side."""
    height, width = size
    rows, row_weight = _lattice(height, min(size), cells[0], scene.key.device)
    columns, column_weight = _lattice(width, min(size), cells[1], scene.key.device)
    down = torch.arange(int(rows[-1]) + 2, device=scene.key.device)
    across = torch.arange(int(columns[-1]) + 2, device=scene.key.device)
    counter = (down[:, None] << 20) + across[None, :]
    values = _uniform(_mixed(_per_image(_Draws(scene.key).bits(stream)) + counter * _STRIDE)).float()
    lines = _blend(values[:, rows], values[:, rows + 1], row_weight[None, :, None])
    return _blend(lines[:, :, columns], lines[:, :, columns + 1], column_weight)


def _lattice(length: int, side: int, cells: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """For each pixel along one axis the lattice cell that it is in and the weight of that cell's far end."""
    place = (torch.arange(length, dtype=torch.float32, device=device) + 0.5) * cells / side
    cell = place.floor()
    return cell.long(), _smooth(place - cell)


def _gradient(scene: Scene, size: tuple[int, int], ends: Tensor) -> Tensor:
    """(B, 3, H, W): from the first to the second of `ends` (B, 2, 3), across the whole image."""
    height, width = size
    cosine, sine = _compass(scene.direction)
    x = (torch.arange(width, dtype=torch.float32, device=ends.device) + 0.5) / width - 0.5
    y = (torch.arange(height, dtype=torch.float32, device=ends.device) + 0.5) / height - 0.5
    ramp = 0.5 + (x[None, None, :] * cosine + y[None, :, None] * sine) / (cosine.abs() + sine.abs())
    return _blend(ends[:, 0, :, None, None], ends[:, 1, :, None, None], ramp[:, None])


def _painted(scene: Scene, size: tuple[int, int], backdrop: Tensor, ink: Tensor) -> Tensor:
    """(B, 3, H, W): the lit object in colours `ink` before `backdrop`, with its shadow."""
    x, y = _offsets(scene, size)
    toward_x, toward_y = _compass(scene.light)
    away = _distance(scene, x + 0.2 * toward_x, y + 0.24 * toward_y)
    shadow = _smooth((0.5 - away / 0.5).clamp(0.0, 1.0)) * _per_image(scene.shadow)
    distance = _distance(scene, x, y)
    rim = (1.0 + distance / 0.22).clamp(0.0, 1.0)
    slope = (x * toward_x + y * toward_y).clamp(-1.2, 1.2) * _per_image(scene.shading)
    spot_x, spot_y = x - 0.5 * toward_x, y - 0.5 * toward_y
    spot = (1.0 - (spot_x * spot_x + spot_y * spot_y) / 0.45).clamp(min=0.0)
    gloss = (spot * spot * _per_image(scene.highlight))[:, None]
    lit = ink * ((1.0 + slope) * (1.0 - 0.16 * rim * rim))[:, None]
    lit = _blend(lit, torch.ones_like(lit), gloss)
    return _blend(backdrop * (1.0 - shadow)[:, None], lit, _coverage(scene, distance, size)[:, None])


def _picture(scene: Scene, size: tuple[int, int]) -> Tensor:
    mottle = _noise(scene, size, "mottle", (5, 5)) - 0.5
    backdrop = _gradient(scene, size, scene.backdrop) + (mottle * _per_image(scene.texture))[:, None]
    return _painted(scene, size, backdrop, scene.ink[:, :, None, None])


def _solid(scene: Scene, size: tuple[int, int]) -> Tensor:
    """Domain a: one colour before a plain light gradient."""
    light = 0.8 + 0.2 * scene.backdrop
    return _painted(scene, size, _gradient(scene, size, light), scene.ink[:, :, None, None])


def _striped(scene: Scene, size: tuple[int, int]) -> Tensor:
    """Domain b: cream stripes on the object's colour, before dark grass."""
    dark, bright = scene.key.new_tensor([[18, 46, 24], [74, 120, 48]]).float()[:, None, :, None, None] / 255
    blades = 0.65 * _noise(scene, size, "grass", (9, 26)) + 0.35 * _noise(scene, size, "mottle", (5, 7))
    grass = _blend(dark, bright, blades[:, None])
    stripes = _stripes(scene, size)[:, None]
    cream = torch.tensor([0.98, 0.96, 0.90], device=scene.key.device)[None, :, None, None]
    return _painted(scene, size, grass, _blend(scene.ink[:, :, None, None], cream, stripes))


def _stripes(scene: Scene, size: tuple[int, int]) -> Tensor:
    """(B, H, W): how much of each pixel a light stripe covers."""
    x, y = _offsets(scene, size)
    cosine, sine = _compass(scene.rotation + scene.stripe_angle)
    right, down = x * cosine + y * sine, y * cosine - x * sine
    period = _per_image(scene.stripe_width) / _per_image(scene.radius)
    phase = (right + _per_image(scene.stripe_bend) * down * down) / period
    wave = (phase - phase.floor() - 0.5).abs() - 0.25
    return (0.5 + wave * _per_image(scene.stripe_width) * min(size)).clamp(0.0, 1.0)


def _shape_alone(scene: Scene, size: tuple[int, int]) -> Tensor:
    return _coverage(scene, _distance(scene, *_offsets(scene, size)), size)[:, None]


def _outline(scene: Scene, size: tuple[int, int]) -> Tensor:
    pixels = _distance(scene, *_offsets(scene, size)) * _per_image(scene.radius) * min(size)
    half_width = max(0.6, min(size) / 110)
    return (half_width + 0.5 - pixels.abs()).clamp(0.0, 1.0)[:, None]


# --- images -------------------------------------------------------------------------------------------------


def render(scene: Scene, size: tuple[int, int], channels: int = 3) -> Tensor:
    """Draws the scenes: a shaded object with a soft shadow before a muted gradient.

    The same scene shows the same picture at every size; only the object's edge is at least one pixel soft.

    Args:
        scene: B scenes.
        size: height and width in pixels, at least 8 each.
        channels: 3 for colour, 1 for luminance (ITU-R BT.601).

    Returns:
        (B, channels, H, W) uint8, on the scene's device.

    Raises:
        ValueError: if `size` is smaller than 8 or `channels` is neither 1 nor 3.
    """
    return _in_chunks("render", _picture, scene, size, channels)


def render_domain(scene: Scene, size: tuple[int, int], domain: Literal["a", "b"], channels: int = 3) -> Tensor:
    """Draws the scenes in one of two looks: solid before plain light (a), striped before dark grass (b).

    Place, shape and colour of the object are the same in both, so a translation exists in both directions,
    and a scene drawn in both looks is its true answer. For unpaired training draw the two domains at
    different indices.

    Args:
        scene: B scenes.
        size: height and width in pixels, at least 8 each.
        domain: "a" or "b".
        channels: 3 for colour, 1 for luminance.

    Returns:
        (B, channels, H, W) uint8, on the scene's device.

    Raises:
        ValueError: if `domain` is neither "a" nor "b", and as for `render`.
    """
    looks = {"a": _solid, "b": _striped}
    if domain not in looks:
        raise ValueError(f"render_domain: domain must be 'a' or 'b'; it is {domain!r}")
    return _in_chunks("render_domain", looks[domain], scene, size, channels)


def edges(scene: Scene, size: tuple[int, int], channels: int = 1) -> Tensor:
    """Draws the object's outline: a white line on black, the pair of `render` for the same scene.

    Args:
        scene: B scenes.
        size: height and width in pixels, at least 8 each.
        channels: 1, or 3 equal ones.

    Returns:
        (B, channels, H, W) uint8, on the scene's device.

    Raises:
        ValueError: as for `render`.
    """
    return _in_chunks("edges", _outline, scene, size, channels)


def mask(scene: Scene, size: tuple[int, int]) -> Tensor:
    """Draws the object's area: white inside, black outside, as anti-aliased as in `render`.

    Args:
        scene: B scenes.
        size: height and width in pixels, at least 8 each.

    Returns:
        (B, 1, H, W) uint8, on the scene's device.

    Raises:
        ValueError: as for `render`.
    """
    return _in_chunks("mask", _shape_alone, scene, size, 1)


def _in_chunks(
    caller: str,
    draw: Callable[[Scene, tuple[int, int]], Tensor],
    scene: Scene,
    size: tuple[int, int],
    channels: int,
) -> Tensor:
    """The uint8 images of `draw`, few enough at a time that memory stays bounded whatever B is."""
    height, width = size
    if min(size) < 8:
        raise ValueError(f"{caller}: size must be at least 8 x 8; it is {height} x {width}")
    if channels not in (1, 3):
        raise ValueError(f"{caller}: channels must be 1 or 3; it is {channels}")
    images = torch.empty(len(scene), channels, height, width, dtype=torch.uint8, device=scene.key.device)
    count = max(1, _PIXELS_AT_ONCE // (height * width))
    for start in range(0, len(scene), count):
        drawn = draw(scene.part(slice(start, start + count)), size).clamp(0.0, 1.0)
        if channels == 1 and drawn.shape[1] == 3:
            drawn = _luma(drawn, dim=1)[:, None]
        images[start : start + count] = (drawn * 255.0).round().to(torch.uint8)
    return images


# --- words --------------------------------------------------------------------------------------------------


def captions(scene: Scene) -> list[str]:
    """Describes each scene in one of a few forms, such as "a large red star on a dark blue background, tilted
    left, at the top left": size, colour, shape, background, tilt (not of what is round) and place.

    Args:
        scene: B scenes.

    Returns:
        B captions of at most 16 words, all of them in VOCABULARY.
    """
    sizes = (3 * (scene.radius - _SMALLEST) / (_LARGEST - _SMALLEST)).long().clamp(0, 2)
    places = (scene.centre > 0.43).long() + (scene.centre > 0.57).long()
    tilts = (scene.rotation > math.radians(12)).long() - (scene.rotation < math.radians(-12)).long()
    columns = (scene.phrasing, sizes, scene.colour, scene.shape, scene.tone, scene.background, tilts)
    rows = torch.stack(columns, dim=1).tolist()
    return [_caption(row, place) for row, place in zip(rows, places.tolist(), strict=True)]


def _caption(row: list[int], place: list[int]) -> str:
    phrasing, size, colour, shape, tone, background, tilt = row
    lean = ("", "tilted right, ", "tilted left, ")[tilt]
    return _PHRASINGS[phrasing].format(
        size=_SIZES[size],
        colour=COLOURS[colour],
        shape=SHAPES[shape],
        tone=_TONES[tone],
        background=_BACKGROUNDS[background],
        tilt="" if SHAPES[shape] in _ROUND else lean,
        place=_PLACES[place[1]][place[0]],
    )


def tokens(scene: Scene, length: int = 16) -> Tensor:
    """The captions as word numbers.

    Args:
        scene: B scenes.
        length: number of words; a shorter caption is filled with 0 ("<pad>"), a longer one is cut.

    Returns:
        (B, length) int64 places in VOCABULARY, on the scene's device.
    """
    numbers = {word: number for number, word in enumerate(VOCABULARY)}
    rows = [[numbers[word] for word in text.replace(",", "").split()][:length] for text in captions(scene)]
    padded = [row + [0] * (length - len(row)) for row in rows]
    return torch.tensor(padded, dtype=torch.int64, device=scene.key.device).reshape(len(rows), length)
