"""Tests of the data sets: what they give, and what they say when they cannot."""

from __future__ import annotations

import hashlib
import os
import pickle
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

import ganforge as gf
import ganforge_data as data
from ganforge.engine.batches import Batches
from ganforge.engine.chance import Chance
from ganforge.errors import DataError, RecipeError
from ganforge_data import rendering

HOME = Path("/nowhere")


def opened(declared: Any, root: Path = HOME, **options: Any) -> Batches:
    batch = declared.batch()
    origin = (batch.images if isinstance(batch, gf.ImageBatch) else next(iter(batch))).origin
    settings: dict[str, Any] = {"seed": 3, "stream": 0, "batch_size": 4, "device": torch.device("cpu"), **options}
    return Batches(origin, declared.open(root), **settings)


def chance(count: int, epoch: int = 0) -> Chance:
    return Chance(5, torch.full((count,), epoch), torch.arange(count))


class Fixed:
    """Chance that always gives the same numbers."""

    def __init__(self, **numbers: list[float]) -> None:
        self.numbers = {name.replace("_", " "): torch.tensor(values) for name, values in numbers.items()}

    def uniform(self, salt: str) -> Tensor:
        return self.numbers[salt]


def ramp(path: Path, size: tuple[int, int] = (8, 6), colour: int = 0, mode: str = "RGB") -> Path:
    """Write an image whose columns differ."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new(mode, size)
    for x in range(size[0]):
        value = (x * 20 % 256, colour, 50) if mode == "RGB" else x * 20 % 256
        image.paste(value, (x, 0, x + 1, size[1]))
    image.save(path)
    return path


# --- declarations -------------------------------------------------------------------------------------------


def test_data_sets_are_declared_and_drawn_from_without_torch() -> None:
    code = (
        "import sys, ganforge_data as d\n"
        "sets = d.ganforge_components()\n"
        "for kind in sets:\n"
        "    made = kind(root='x') if 'folder' in kind.component_name() else kind()\n"
        "    assert made.batch()\n"
        "assert 'torch' not in sys.modules and 'PIL' not in sys.modules\n"
        "print(len(sets))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False)
    assert (done.stdout, done.stderr) == (f"{len(data.ganforge_components())}\n", "")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def test_components_have_one_name_for_each_kind_and_tell_what_every_parameter_is_for() -> None:
    from ganforge.language.docstring import arguments

    found = [(kind.kind, kind.component_name()) for kind in data.ganforge_components()]
    assert len(set(found)) == len(found) >= 11
    assert {kind for kind, name in found if name == "shapes"} == {
        "labelled-data",
        "captioned-data",
        "paired-data",
        "unpaired-data",
    }
    for kind in data.ganforge_components():
        assert list(arguments(kind)) and set(arguments(kind)) == {field.name for field in kind.parameters()}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: data.MNIST(size=0), "'size' is one pixel or more; received 0"),
        (lambda: data.Shapes(size=(32, 7)), r"'size' is eight pixels or more; received \(32, 7\)"),
        (lambda: data.Shapes(count=0), "'count' is one or more; received 0"),
        (lambda: data.CIFAR10(value_range=(1.0, 0.0)), "'value_range' rises.*1.0, 0.0"),
        (lambda: data.Folder(root="x", size=64, load_size=60), "'load_size' 60 is smaller than 'size' 64"),
        (lambda: data.Folder(root="x", classes=-1), "'classes'.*received -1"),
        (lambda: data.Folder(root="x", size="64"), "'size' must be int or .*; received '64'"),  # type: ignore[arg-type]
        (lambda: data.Shapes(channels=2), "'channels' must be 1 or 3; received 2"),  # type: ignore[arg-type]
    ],
)
def test_a_parameter_that_does_not_fit_is_a_recipe_problem(make: Callable[[], object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        make()


# --- conversion and augmentation ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value_range", "expected"),
    [((-1.0, 1.0), [-1.0, -0.6, 0.2, 1.0]), ((0.0, 1.0), [0.0, 0.2, 0.6, 1.0]), ((-2.0, 3.0), [-2.0, -1.0, 1.0, 3.0])],
)
def test_black_and_white_become_the_ends_of_the_value_range(
    value_range: tuple[float, float], expected: list[float]
) -> None:
    grey = torch.tensor([0, 51, 153, 255], dtype=torch.uint8).view(1, 1, 1, 4)  # 0, 1/5, 3/5 and 1 of 255.
    images = data.MNIST(size=(1, 4), value_range=value_range).finish({"images": grey}, None)["images"]
    assert images.dtype == torch.float32
    assert torch.allclose(images.flatten(), torch.tensor(expected), atol=1e-6)
    assert images.flatten()[[0, -1]].tolist() == [expected[0], expected[-1]]
    assert grey.flatten().tolist() == [0, 51, 153, 255]


def test_flips_mirror_the_images_whose_chance_is_below_a_half() -> None:
    pixels = torch.arange(3 * 2, dtype=torch.uint8).view(3, 1, 1, 2)
    batch = {"images": pixels, "labels": torch.arange(3)}
    cifar = data.CIFAR10(size=(1, 2), value_range=(0.0, 255.0), flip=True)
    done = cifar.finish(batch, Fixed(flip=[0.49, 0.5, 0.0]))
    assert done["images"].flatten().tolist() == [1, 0, 2, 3, 5, 4]
    assert done["labels"].tolist() == [0, 1, 2]
    assert cifar.finish(batch, None)["images"].flatten().tolist() == [0, 1, 2, 3, 4, 5]
    straight = data.CIFAR10(size=(1, 2), value_range=(0.0, 255.0))
    assert straight.finish(batch, Fixed(flip=[0.0] * 3))["images"].flatten().tolist() == [0, 1, 2, 3, 4, 5]


def test_crops_are_windows_placed_by_chance_and_centred_without() -> None:
    pixels = torch.arange(4 * 5, dtype=torch.uint8).view(1, 1, 4, 5).repeat(3, 2, 1, 1)
    pixels[:, 1] += 100
    folder = data.Folder(root="x", size=(2, 3), load_size=(4, 5), value_range=(0.0, 255.0))
    done = folder.finish({"images": pixels}, Fixed(crop_top=[0.0, 0.99, 0.34], crop_left=[0.0, 0.99, 0.67]))
    # Three places each way: rows 0 to 2 and columns 0 to 2, a third of the chance each.
    for image, (top, left) in zip(done["images"], [(0, 0), (2, 2), (1, 2)], strict=True):
        assert torch.equal(image, pixels[0, :, top : top + 2, left : left + 3].float())
    centre = folder.finish({"images": pixels}, None)["images"]
    assert torch.equal(centre, pixels[:, :, 1:3, 1:4].float())


def test_flips_and_crops_of_a_pair_are_the_same_for_both_images() -> None:
    source = torch.randint(0, 256, (64, 3, 12, 12), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    pairs = data.PairedFolder(root="x", size=8, load_size=12, flip=True)
    done = pairs.finish({"source": source, "target": source.clone()}, chance(64))
    assert torch.equal(done["source"], done["target"])
    plain = pairs.finish({"source": source, "target": source.clone()}, None)
    changed = [not torch.equal(a, b) for a, b in zip(done["source"], plain["source"], strict=True)]
    assert sum(changed) > 50


def test_half_of_the_images_are_flipped_and_other_ones_in_the_next_epoch() -> None:
    pixels = torch.tensor([[0, 255]], dtype=torch.uint8).view(1, 1, 1, 2).repeat(4000, 3, 1, 1)
    cifar = data.CIFAR10(size=(1, 2), flip=True)
    first, again, second = (
        cifar.finish({"images": pixels}, chance(4000, epoch))["images"][:, 0, 0, 0] > 0 for epoch in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert abs(int(first.sum()) - 2000) < 160  # Five standard deviations.
    assert abs(int((first == second).sum()) - 2000) < 160


# --- the classic sets ---------------------------------------------------------------------------------------


def write_mnist(folder: Path, images: Tensor, labels: Sequence[int], prefixes: Sequence[str]) -> None:
    folder.mkdir(parents=True)
    for prefix in prefixes:
        head = struct.pack(">IIII", 2051, *images.shape)
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(head + images.numpy().tobytes())
        head = struct.pack(">II", 2049, len(labels))
        (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(head + bytes(labels))
        images, labels = images[:2], labels[:2]


@pytest.fixture
def digits(tmp_path: Path) -> Tensor:
    images = torch.randint(0, 256, (5, 28, 28), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    for name in ("MNIST", "FashionMNIST"):
        write_mnist(tmp_path / name / "raw", images, [3, 1, 4, 1, 5], ["train", "t10k"])
    return images


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Refuse every connection; the addresses that were asked for."""
    asked: list[Any] = []

    def refuse(*address: Any, **options: Any) -> Any:
        asked.append(address)
        raise OSError("no route to host")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return asked


@pytest.mark.parametrize("kind", [data.MNIST, data.FashionMNIST])
def test_mnist_files_that_are_there_are_read_without_a_connection(
    kind: Callable[..., Any], digits: Tensor, tmp_path: Path, refused: list[Any]
) -> None:
    (examples,) = kind().open(tmp_path)
    fields = examples.read(torch.tensor([4, 0]))
    assert len(examples) == 5
    assert torch.equal(fields["images"], digits[[4, 0], None])
    assert fields["labels"].tolist() == [5, 3]
    assert len(kind(split="test").open(tmp_path)[0]) == 2
    assert [len(kind(split="all").open(tmp_path)[0])] == [7]
    assert refused == []
    assert sorted(opened(kind(), tmp_path, batch_size=5).draw(0)[1].tolist()) == [1, 1, 3, 4, 5]


def test_images_are_resized_once_and_smoothly(digits: Tensor, tmp_path: Path) -> None:
    (examples,) = data.MNIST(size=(7, 8)).open(tmp_path)
    images = examples.read(torch.arange(5))["images"]
    assert (tuple(images.shape), images.dtype) == ((5, 1, 7, 8), torch.uint8)
    # Smoothing keeps the mean. Averages of 2 x 2 neighbours keep half of the spread of noise; of all, a sixth.
    assert abs(float(images.float().mean() - digits.float().mean())) < 2.0
    assert float(images.float().std()) < 0.3 * float(digits.float().std())


@pytest.mark.parametrize(
    ("kind", "folder", "file"),
    [
        (data.MNIST, "MNIST/raw", "t10k-labels-idx1-ubyte"),
        (data.FashionMNIST, "FashionMNIST/raw", "train-images-idx3-ubyte"),
        (data.CIFAR10, "cifar-10-batches-py", "data_batch_5"),
    ],
)
def test_an_absent_data_set_without_network_is_told_with_path_layout_and_a_way_on(
    kind: Callable[..., Any], folder: str, file: str, tmp_path: Path, refused: list[Any]
) -> None:
    with pytest.raises(DataError) as caught:
        kind().open(tmp_path / "cache")
    (problem,) = caught.value.problems
    assert str(tmp_path / "cache" / folder) in problem.message
    assert file in problem.message and file in problem.hint
    assert "no route to host" in problem.message
    assert "ganforge run RECIPE data=shapes" in problem.hint
    assert caught.value.exit_code == 4
    assert socket.getdefaulttimeout() is None
    assert refused != []


def test_damaged_mnist_files_are_told(digits: Tensor, tmp_path: Path, refused: list[Any]) -> None:
    file = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"mnist: the files in .*MNIST/raw cannot be read"):
        data.MNIST().open(tmp_path)
    assert refused == []


def write_cifar(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    """Write six batches of two images each, and have their digests expected."""
    import torchvision.datasets

    folder.mkdir(parents=True)
    kind = torchvision.datasets.CIFAR10
    names = [*(name for name, _ in kind.train_list), *(name for name, _ in kind.test_list)]
    pixels = torch.randint(0, 256, (12, 3072), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    digests = {}
    for number, name in enumerate(names):
        rows = pixels[2 * number : 2 * number + 2]
        content = pickle.dumps({"data": rows.numpy(), "labels": [number, 9]})
        (folder / name).write_bytes(content)
        digests[name] = hashlib.md5(content).hexdigest()
    content = pickle.dumps({"label_names": [str(number) for number in range(10)]})
    (folder / "batches.meta").write_bytes(content)
    monkeypatch.setattr(kind, "train_list", [[name, digests[name]] for name in names[:-1]])
    monkeypatch.setattr(kind, "test_list", [[names[-1], digests[names[-1]]]])
    monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": hashlib.md5(content).hexdigest()})
    return pixels.view(12, 3, 32, 32)


def test_cifar_files_that_are_there_are_read_without_a_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: list[Any]
) -> None:
    pixels = write_cifar(tmp_path / "cifar-10-batches-py", monkeypatch)
    (examples,) = data.CIFAR10().open(tmp_path)
    fields = examples.read(torch.arange(10))
    assert torch.equal(fields["images"], pixels[:10])
    assert fields["labels"].tolist() == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9]
    (rest,) = data.CIFAR10(split="test").open(tmp_path)
    assert torch.equal(rest.read(torch.arange(2))["images"], pixels[10:])
    assert refused == []


def test_a_cifar_file_with_another_digest_is_refused_with_both_and_never_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: list[Any]
) -> None:
    write_cifar(tmp_path / "cifar-10-batches-py", monkeypatch)
    file = tmp_path / "cifar-10-batches-py" / "data_batch_2"
    asked = hashlib.md5(file.read_bytes()).hexdigest()
    canary = tmp_path / "canary"
    file.write_bytes(f"cos\nmkdir\n(S'{canary}'\ntR.".encode())
    found = hashlib.md5(file.read_bytes()).hexdigest()
    with pytest.raises(DataError, match=f"data_batch_2 is damaged.*{found}.*{asked}"):
        data.CIFAR10().open(tmp_path)
    assert not canary.exists()
    assert refused == []


# --- folders ------------------------------------------------------------------------------------------------


def test_images_below_a_folder_are_found_in_sub_folders_and_any_format(tmp_path: Path) -> None:
    names = ["b.png", "a/deep/c.JPG", "a/d.jpeg", "e.bmp", "f.gif", "g.tif", "h.webp", ".hidden/i.png", ".j.png"]
    for name in names:
        ramp(tmp_path / name, (20, 11))
    (tmp_path / "notes.txt").write_text("not an image")
    (examples,) = data.Folder(root=str(tmp_path), size=8).open(HOME)
    assert len(examples) == 7
    images = examples.read(torch.arange(7))["images"]
    assert (tuple(images.shape), images.dtype) == ((7, 3, 8, 8), torch.uint8)
    (grey,) = data.Folder(root=str(tmp_path), size=8, channels=1).open(HOME)
    assert tuple(grey.read(torch.arange(7))["images"].shape) == (7, 1, 8, 8)


def test_an_image_of_the_right_size_is_not_changed(tmp_path: Path) -> None:
    path = ramp(tmp_path / "a.png", (8, 6), colour=77)
    (examples,) = data.Folder(root=str(tmp_path), size=(6, 8)).open(HOME)
    image = examples.read(torch.tensor([0]))["images"][0]
    with Image.open(path) as picture:
        expected = [[picture.getpixel((x, y)) for x in range(8)] for y in range(6)]
    assert torch.equal(image.permute(1, 2, 0), torch.tensor(expected, dtype=torch.uint8))


def test_an_image_is_scaled_to_cover_the_size_and_its_centre_is_cut_out(tmp_path: Path) -> None:
    image = Image.new("L", (40, 10), 0)  # Black, with a white square of 10 in the middle.
    image.paste(255, (15, 0, 25, 10))
    image.save(tmp_path / "wide.png")
    (examples,) = data.Folder(root=str(tmp_path), size=20, channels=1).open(HOME)
    found = examples.read(torch.tensor([0]))["images"][0, 0]
    assert found[:, 2:-2].min() > 240
    (whole,) = data.Folder(root=str(tmp_path), size=(20, 80), channels=1).open(HOME)
    found = whole.read(torch.tensor([0]))["images"][0, 0]
    assert found[:, :26].max() < 10 and found[:, -26:].max() < 10 and found[:, 34:46].min() > 245


def test_sixteen_bits_transparency_and_rotation_tags_are_heeded(tmp_path: Path) -> None:
    Image.new("I;16", (8, 8), 257 * 100).save(tmp_path / "a-deep.png")
    Image.new("RGBA", (8, 8), (200, 0, 0, 0)).save(tmp_path / "b-clear.png")
    tagged = Image.new("RGB", (16, 8), "black")
    tagged.paste((255, 255, 255), (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned by 90 degrees clockwise: left becomes top.
    tagged.save(tmp_path / "c-turned.png", exif=exif)
    (examples,) = data.Folder(root=str(tmp_path), size=(16, 8)).open(HOME)
    deep, clear, turned = examples.read(torch.arange(3))["images"]
    assert deep.unique().tolist() == [100]
    assert clear.unique().tolist() == [255]
    assert turned[:, :7].min() == 255 and turned[:, 9:].max() == 0


def test_a_relative_root_is_looked_for_here_and_then_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ramp(tmp_path / "cache" / "cats" / "a.png")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert len(data.Folder(root="cats", size=8).open(tmp_path / "cache")[0]) == 1
    for name in "ab":
        ramp(tmp_path / "here" / "cats" / f"{name}.png")
    assert len(data.Folder(root="cats", size=8).open(tmp_path / "cache")[0]) == 2
    monkeypatch.setenv("HOME", str(tmp_path / "cache"))
    assert len(data.Folder(root="~/cats", size=8).open(HOME)[0]) == 1


def test_a_missing_folder_is_told_with_every_place_that_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=f"cats does not exist; looked at {tmp_path}/cats and at /nowhere/cats"):
        data.Folder(root="cats").open(HOME)
    ramp(tmp_path / "cat.png")
    with pytest.raises(DataError, match=f"{tmp_path}/cat.png is not a folder"):
        data.Folder(root=str(tmp_path / "cat.png")).open(HOME)


def test_a_folder_without_images_is_told_with_what_it_holds_instead(tmp_path: Path) -> None:
    (tmp_path / "sub" / "deeper").mkdir(parents=True)
    with pytest.raises(DataError, match=f"no image in {tmp_path} or its sub-folders; searched for .*found no files"):
        data.Folder(root=str(tmp_path)).open(HOME)
    for name in ("a.txt", "sub/b.TXT", "c.zip", "LICENSE"):
        (tmp_path / name).write_text("text")
    with pytest.raises(DataError, match=r"searched for \.bmp .*found 1 without suffix, 2 \.txt, 1 \.zip"):
        data.Folder(root=str(tmp_path)).open(HOME)


def damaged(folder: Path, count: int = 1) -> None:
    """Three good images, a picture cut off, a text by the name of a picture and empty files."""
    for name in ("good-1.jpg", "good-2.png", "good-3.png"):
        ramp(folder / name, (64, 64))
    for name in ("cut.jpg", "cut.png", "cut.bmp"):
        content = ramp(folder / name, (64, 64)).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])
    (folder / "text.png").write_text("this is no picture")
    for number in range(count):
        (folder / f"empty-{number:02}.png").touch()


def test_files_that_are_no_images_are_listed_before_training(tmp_path: Path) -> None:
    damaged(tmp_path)
    with pytest.raises(DataError) as caught:
        data.Folder(root=str(tmp_path)).open(HOME)
    message = caught.value.problems[0].message
    assert message.startswith("folder: 5 of 8 files cannot be read as images:")
    for name, fault in [
        ("cut.jpg", "truncated"),
        ("cut.png", ""),
        ("cut.bmp", "truncated"),
        ("text.png", "not an image"),
        ("empty-00.png", "the file is empty"),
    ]:
        (line,) = [line for line in message.splitlines() if f"/{name}:" in line]
        assert fault in line and len(line) > len(f"  {tmp_path}/{name}: ")
    assert 'on_bad="skip"' in caught.value.problems[0].hint


def test_only_the_first_twenty_damaged_files_are_listed(tmp_path: Path) -> None:
    damaged(tmp_path, count=30)
    with pytest.raises(DataError) as caught:
        data.Folder(root=str(tmp_path)).open(HOME)
    lines = caught.value.problems[0].message.splitlines()
    assert lines[0] == "folder: 34 of 37 files cannot be read as images:"
    assert len(lines) == 22
    assert lines[-1] == "  and 14 more"


def test_damaged_files_are_left_out_and_counted_where_that_is_asked_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged(tmp_path)
    batches = opened(data.Folder(root=str(tmp_path), size=16, on_bad="skip"))
    assert len(batches) == 3
    assert batches.draw(0)[0].shape == (4, 3, 16, 16)
    assert "leaving out 5 of 8 files" in caplog.text


def test_a_folder_of_damaged_files_only_is_refused_even_so(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(DataError, match="1 of 1 files"):
        data.Folder(root=str(tmp_path), on_bad="skip").open(HOME)


def test_a_file_that_becomes_unreadable_is_named_or_replaced(tmp_path: Path) -> None:
    for number in range(3):
        ramp(tmp_path / f"{number}.png", (8, 8), colour=number)
    (strict,) = data.Folder(root=str(tmp_path), size=8).open(HOME)
    (lenient,) = data.Folder(root=str(tmp_path), size=8, on_bad="skip").open(HOME)
    (tmp_path / "1.png").unlink()
    with pytest.raises(DataError, match=f"example 1 .*{tmp_path}/1.png"):
        strict.read(torch.arange(3))
    assert lenient.read(torch.arange(3))["images"][:, 1, 0, 0].tolist() == [0, 2, 2]


def test_links_are_followed_to_files_inside_the_folder_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    inside, outside = tmp_path / "inside", ramp(tmp_path / "outside" / "x.png")
    ramp(inside / "sub" / "a.png")
    (inside / "again.png").symlink_to(inside / "sub" / "a.png")
    (inside / "out.png").symlink_to(outside)
    (inside / "nothing.png").symlink_to(tmp_path / "missing.png")
    (inside / "sub" / "loop").symlink_to(inside)
    (inside / "folder").symlink_to(tmp_path / "outside")
    assert len(data.Folder(root=str(inside), size=8).open(HOME)[0]) == 2
    assert "not following 4 links" in caplog.text


def test_sub_folders_are_classes_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name, count in [("dog", 2), ("ant", 3), ("cat", 1)]:
        for number in range(count):
            ramp(tmp_path / name / "deep" / f"{number}.png")
    declared = data.Folder(root=str(tmp_path), size=8, classes=3)
    assert declared.num_classes == 3
    (examples,) = declared.open(HOME)
    assert examples.read(torch.arange(6))["labels"].tolist() == [0, 0, 0, 1, 2, 2]
    images, labels = opened(declared, batch_size=6).draw(0)
    assert images.shape == (6, 3, 8, 8)
    assert sorted(labels.tolist()) == [0, 0, 0, 1, 2, 2]


def test_another_number_of_classes_is_refused_with_both_numbers_and_the_names(tmp_path: Path) -> None:
    for name in ("ant", "cat", "dog"):
        ramp(tmp_path / name / "a.png")
    with pytest.raises(DataError, match=f"classes=10, but {tmp_path} has 3 sub-folders: ant, cat, dog"):
        data.Folder(root=str(tmp_path), classes=10).open(HOME)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no images of class empty"):
        data.Folder(root=str(tmp_path), classes=4).open(HOME)
    ramp(tmp_path / "stray.png")
    with pytest.raises(DataError, match=r"1 images lie in no class's sub-folder, such as .*stray.png"):
        data.Folder(root=str(tmp_path), classes=4).open(HOME)


def test_a_folder_without_classes_gives_images_and_refuses_labels(tmp_path: Path) -> None:
    ramp(tmp_path / "a.png")
    declared = data.Folder(root=str(tmp_path), size=8)
    assert declared.num_classes == 0
    (images,) = opened(declared).draw(0)
    assert images.shape == (4, 3, 8, 8)
    with pytest.raises(RecipeError, match=r"have no labels, because its 'classes' is 0(.|\n)*classes=N"):
        _ = declared.batch().labels
    with pytest.raises(RecipeError, match="have no labels"):
        _, _ = declared.batch()


def test_side_by_side_images_are_cut_in_half(tmp_path: Path) -> None:
    image = Image.new("RGB", (16, 8), (10, 20, 30))
    image.paste((200, 100, 50), (8, 0, 16, 8))
    (tmp_path / "train").mkdir()
    image.save(tmp_path / "train" / "1.png")
    left, right = [10, 20, 30], [200, 100, 50]
    for direction, source, target in [("a-to-b", left, right), ("b-to-a", right, left)]:
        declared = data.PairedFolder(root=str(tmp_path), size=8, direction=direction)  # type: ignore[arg-type]
        fields = declared.open(HOME)[0].read(torch.tensor([0]))
        assert fields["source"].shape == fields["target"].shape == (1, 3, 8, 8)
        assert fields["source"][0, :, 0, 7].tolist() == source
        assert fields["target"][0, :, 0, 0].tolist() == target


def test_images_that_are_not_two_side_by_side_are_refused(tmp_path: Path) -> None:
    path = ramp(tmp_path / "a.png", (8, 8))
    with pytest.raises(DataError, match=f"{path}: is 8 x 8 pixels"):
        opened(data.PairedFolder(root=str(tmp_path), size=8))


@pytest.mark.parametrize("names", [("A", "B"), ("trainA", "trainB"), ("A/train", "B/train")])
def test_pairs_in_two_folders_belong_together_by_name(tmp_path: Path, names: tuple[str, str]) -> None:
    for number in range(4):
        ramp(tmp_path / names[0] / f"{number}.png", colour=number)
        ramp(tmp_path / names[1] / f"{number}.bmp", colour=100 + number)
    declared = data.PairedFolder(root=str(tmp_path), size=6, direction="b-to-a", target_channels=1)
    assert (declared.source_shape, declared.target_shape) == ((3, 6, 6), (1, 6, 6))
    (examples,) = declared.open(HOME)
    fields = examples.read(torch.arange(4))
    assert fields["source"][:, 1, 0, 0].tolist() == [100, 101, 102, 103]
    assert fields["target"].shape == (4, 1, 6, 6)
    source, target = opened(declared).draw(0)
    assert (source.shape, target.shape) == ((4, 3, 6, 6), (4, 1, 6, 6))


def test_images_without_a_partner_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("A/1.png", "A/2.png", "B/2.png", "B/3.png"):
        ramp(tmp_path / name)
    with pytest.raises(DataError, match=r"2 images have no partner of the same name:\n.*A/1.png\n.*B/3.png"):
        data.PairedFolder(root=str(tmp_path)).open(HOME)


def test_pairs_of_another_form_are_refused_with_both_sizes(tmp_path: Path) -> None:
    ramp(tmp_path / "A" / "1.png", (8, 6))
    ramp(tmp_path / "B" / "1.png", (8, 8))
    with pytest.raises(DataError, match=r"A/1.png is 8 x 6 pixels and .*B/1.png is 8 x 8"):
        opened(data.PairedFolder(root=str(tmp_path), size=8))


def test_folders_are_refused_where_there_are_no_two_domains(tmp_path: Path) -> None:
    ramp(tmp_path / "horses" / "1.png")
    for declared in (data.UnpairedFolder(root=str(tmp_path)), data.PairedFolder(root=str(tmp_path), layout="folders")):
        with pytest.raises(DataError, match=r"looked for trainA and trainB, .*A and B; its sub-folders: horses"):
            declared.open(HOME)


def test_unpaired_domains_may_differ_in_number_and_augment_each_for_itself(tmp_path: Path) -> None:
    for number in range(5):
        ramp(tmp_path / "trainA" / f"{number}.png", (12, 12), colour=number)
    for number in range(3):
        ramp(tmp_path / "trainB" / f"{number}.png", (12, 12), colour=100 + number)
    ramp(tmp_path / "testA" / "x.png"), ramp(tmp_path / "testB" / "x.png")
    declared = data.UnpairedFolder(root=str(tmp_path), size=8, load_size=12, flip=True, value_range=(0.0, 255.0))
    batches = opened(declared, batch_size=15)
    assert len(batches) == 5
    a, b = batches.draw(0)
    assert a.shape == b.shape == (15, 3, 8, 8)
    assert a[:, 1, 0, 0].round().int().bincount().tolist() == [3] * 5
    assert b[:, 1, 0, 0].round().int().bincount()[100:].tolist() == [5] * 3
    # Red rises along a row, so its first pixel tells crop and flip.
    assert not torch.equal(a[:, 0, 0, 0], b[:, 0, 0, 0])
    test = data.UnpairedFolder(root=str(tmp_path), size=8, split="test").open(HOME)
    assert [len(examples) for examples in test] == [1, 1]


def test_streamed_folders_are_bit_equal_to_decoded_ones(tmp_path: Path) -> None:
    for number in range(9):
        ramp(tmp_path / f"{number}.jpg", (20 + number, 17), colour=20 * number)
    declared = data.Folder(root=str(tmp_path), size=8, load_size=12, flip=True)
    memory = opened(declared)
    streams = [opened(declared, memory=0, workers=workers) for workers in (0, 2)]
    try:
        for position in range(6):
            for stream in streams:
                assert torch.equal(stream.draw(position)[0], memory.draw(position)[0])
    finally:
        for stream in streams:
            stream.close()


# --- the embedded set ---------------------------------------------------------------------------------------


def test_shapes_say_the_numbers_that_the_renderer_knows() -> None:
    assert data.Shapes(labels="shape").num_classes == len(rendering.SHAPES)
    assert data.Shapes(labels="colour").num_classes == len(rendering.COLOURS)
    assert data.Shapes(labels="both").num_classes == rendering.MODES
    assert data.CaptionedShapes().vocabulary_size == len(rendering.VOCABULARY)
    longest = max(len(text.split()) for text in rendering.captions(rendering.scene(0, torch.arange(2000))))
    assert data.CaptionedShapes().caption_length >= longest


def test_shapes_are_rendered_with_the_labels_that_were_asked_for() -> None:
    scene = rendering.scene(4, torch.arange(6))
    expected = {"shape": scene.shape, "colour": scene.colour, "both": scene.shape * 8 + scene.colour}
    assert len(expected) == 3
    for labels, wanted in expected.items():
        declared = data.Shapes(size=(16, 24), seed=4, count=6, labels=labels)  # type: ignore[arg-type]
        fields = declared.open(HOME)[0].read(torch.arange(6))
        assert torch.equal(fields["labels"], wanted)
        assert torch.equal(fields["images"], rendering.render(scene, (16, 24), 3))


def test_every_role_of_shapes_gives_batches_of_the_shapes_it_declares() -> None:
    kinds = [data.Shapes, data.CaptionedShapes, data.ShapePairs, data.ShapeDomains]
    for kind in kinds:
        declared = kind(size=(16, 8), count=10, channels=1)
        signals = list(declared.batch())
        drawn = opened(declared, batch_size=3).draw(2)
        assert [tuple(field.shape) for field in drawn] == [(3, *signal.shape) for signal in signals]
        for field, signal in zip(drawn, signals, strict=True):
            assert field.dtype == (torch.float32 if signal.dtype == "float" else torch.int64)
            if signal.dtype == "float":
                assert -1 <= field.min() < field.max() <= 1


def test_captions_fit_their_image_and_not_the_mismatched_one() -> None:
    declared = data.CaptionedShapes(count=50, seed=2)
    images, captions, mismatched = opened(declared, batch_size=5).draw(1)
    scenes = rendering.scene(2, torch.arange(50))
    every = declared.finish({"images": rendering.render(scenes, (32, 32))}, None)["images"]
    words = rendering.tokens(scenes, 16)
    for row in range(5):
        (index,) = [number for number in range(50) if torch.equal(every[number], images[row])]
        assert torch.equal(captions[row], words[index])
        assert torch.equal(mismatched[row], images[row - 1])


def test_pairs_of_shapes_show_one_scene_and_domains_of_shapes_never_do() -> None:
    indices = torch.arange(7)
    (pairs,) = data.ShapePairs(size=16, seed=1, count=7).open(HOME)
    fields = pairs.read(indices)
    assert torch.equal(fields["source"], rendering.edges(rendering.scene(1, indices), (16, 16)))
    assert torch.equal(fields["target"], rendering.render(rendering.scene(1, indices), (16, 16)))
    a, b = data.ShapeDomains(size=16, seed=1, count=7).open(HOME)
    assert torch.equal(a.read(indices)["a"], rendering.render_domain(rendering.scene(1, indices), (16, 16), "a"))
    assert torch.equal(b.read(indices)["b"], rendering.render_domain(rendering.scene(1, indices + 7), (16, 16), "b"))
