"""Tests of pictures: pixel values, layout, channels, and disks that refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from ganforge.engine import files
from ganforge.report.pictures import Pictures, save_grid, save_images


def read(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.copy()


def flat(*values: float, channels: int = 3, side: int = 64) -> torch.Tensor:
    """Images of one value each."""
    return torch.tensor(values).reshape(-1, 1, 1, 1).expand(-1, channels, side, side).clone()


def tile(picture: Image.Image, row: int, column: int, side: int = 64) -> tuple[int, ...]:
    """The pixel in the middle of a tile."""
    return picture.getpixel((2 + column * (side + 2) + side // 2, 2 + row * (side + 2) + side // 2))


@pytest.mark.parametrize(
    ("value_range", "values"), [((-1.0, 1.0), (-1.0, 0.0, 1.0, 3.0)), ((0.0, 1.0), (0.0, 0.5, 1.0, 2.0))]
)
def test_the_value_range_becomes_black_to_white(
    tmp_path: Path, value_range: tuple[float, float], values: tuple[float, ...]
) -> None:
    save_grid(flat(*values), tmp_path / "a.png", value_range)
    picture = read(tmp_path / "a.png")
    # 127.5 is rounded to the even neighbour.
    assert [tile(picture, row, column)[0] for row in (0, 1) for column in (0, 1)] == [0, 128, 255, 255]


def test_what_is_not_a_number_is_black(tmp_path: Path) -> None:
    save_grid(flat(float("nan")), tmp_path / "a.png", (-1.0, 1.0))
    assert tile(read(tmp_path / "a.png"), 0, 0) == (0, 0, 0)


@pytest.mark.parametrize(("count", "columns", "rows"), [(64, 8, 8), (1, 1, 1), (10, 4, 3), (12, 4, 3), (5, 3, 2)])
def test_one_sample_makes_a_squarish_grid(tmp_path: Path, count: int, columns: int, rows: int) -> None:
    save_grid(flat(*[0.0] * count), tmp_path / "a.png", (-1.0, 1.0))
    assert read(tmp_path / "a.png").size == (columns * 66 + 2, rows * 66 + 2)


@pytest.mark.parametrize(("side", "shown"), [(8, 64), (28, 56), (32, 64), (48, 48), (100, 100)])
def test_small_images_are_magnified_by_whole_numbers(tmp_path: Path, side: int, shown: int) -> None:
    save_grid(flat(0.0, side=side), tmp_path / "a.png", (-1.0, 1.0))
    assert read(tmp_path / "a.png").size == (shown + 4, shown + 4)


def test_magnified_pixels_are_squares(tmp_path: Path) -> None:
    image = torch.tensor([[-1.0, 1.0], [1.0, -1.0]]).reshape(1, 1, 2, 2)
    save_grid(image, tmp_path / "a.png", (-1.0, 1.0))
    picture = read(tmp_path / "a.png")
    corners = [picture.getpixel(at)[0] for at in ((2, 2), (33, 33), (34, 2), (65, 33), (2, 34), (34, 34))]
    assert corners == [0, 0, 255, 255, 255, 0]


def test_several_samples_stand_side_by_side_an_example_to_a_row(tmp_path: Path) -> None:
    a, b = flat(*(value / 10 for value in range(10))), flat(*(-value / 10 for value in range(10)))
    save_grid({"a": a, "b": b}, tmp_path / "a.png", (-1.0, 1.0))
    picture = read(tmp_path / "a.png")
    # Eight rows of ten examples.
    assert picture.size == (2 * 66 + 2, 8 * 66 + 2)
    assert [tile(picture, row, 0)[0] for row in range(8)] == [round((r / 10 + 1) / 2 * 255) for r in range(8)]
    assert tile(picture, 3, 1)[0] == round((-0.3 + 1) / 2 * 255)


def test_samples_of_several_sizes_take_the_largest(tmp_path: Path) -> None:
    save_grid({"small": flat(1.0, side=64), "large": flat(1.0, side=128)}, tmp_path / "a.png", (-1.0, 1.0))
    assert read(tmp_path / "a.png").size == (2 * 130 + 2, 130 + 2)


def test_colours_keep_their_order(tmp_path: Path) -> None:
    image = torch.tensor([1.0, 0.0, -1.0, 0.3]).reshape(1, 4, 1, 1)
    save_grid(image, tmp_path / "a.png", (-1.0, 1.0))
    # The fourth channel is left out.
    assert read(tmp_path / "a.png").getpixel((5, 5)) == (255, 128, 0)


def test_single_images_have_their_own_size_and_names(tmp_path: Path) -> None:
    paths = save_images({"a": flat(0.0, 1.0, side=5), "b": flat(0.0, side=3)}, tmp_path / "new", (-1.0, 1.0))
    assert [path.name for path in paths] == ["a-00000.png", "a-00001.png", "b-00000.png"]
    assert [read(path).size for path in paths] == [(5, 5), (5, 5), (3, 3)]
    (path,) = save_images({"a": flat(0.0)}, tmp_path / "new", (-1.0, 1.0))
    assert path.name == "00000.png"


def test_what_is_no_image_is_noted_once(tmp_path: Path) -> None:
    notes: list[str] = []
    pictures = Pictures(tmp_path, (-1.0, 1.0), notes.append)
    for step in (100, 200):
        pictures.sampled(step, {"z": torch.zeros(4, 7), "flow": torch.zeros(4, 2, 8, 8), "fake": flat(0.0)})
    assert notes == [
        "sample 'z' of shape (7,) is no image of one or three channels; it is not drawn.",
        "sample 'flow' of shape (2, 8, 8) is no image of one or three channels; it is not drawn.",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000100.png", "step-00000200.png"]


def test_samples_without_an_image_make_no_picture(tmp_path: Path) -> None:
    Pictures(tmp_path, (-1.0, 1.0), lambda text: None).sampled(1, {"z": torch.zeros(4, 7)})
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_a_warning_and_leaves_no_stray_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(files.Disk):
        def write(self, fd: int, data: memoryview) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "disk", Full())
    notes: list[str] = []
    pictures = Pictures(tmp_path, (-1.0, 1.0), notes.append)
    pictures.sampled(1, {"fake": flat(0.0)})
    (note,) = notes
    assert "No space left on device" in note and note.endswith("training goes on.")
    assert not list(tmp_path.iterdir())
