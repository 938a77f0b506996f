"""Tests of data sets with few labels and of examples held out for tests."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

import ganforge as gf
from ganforge.errors import DataError, RecipeError
from ganforge_data import CIFAR10, MNIST, FewLabels, Folder, ShapePairs, Shapes


def test_so_many_images_of_each_class_are_chosen_and_no_others() -> None:
    whole = Shapes(size=8, count=300)
    few = FewLabels(data=whole, per_class=5)
    assert (few.shape, few.num_classes) == (whole.shape, 8)
    (all_of_them,), (chosen,) = whole.open(Path()), few.open(Path())
    assert len(chosen) == 40
    read = chosen.read(torch.arange(40))
    assert read["labels"].bincount().tolist() == [5] * 8
    pictures = {picture.numpy().tobytes() for picture in all_of_them.read(torch.arange(300))["images"]}
    mine = {picture.numpy().tobytes() for picture in read["images"]}
    assert mine <= pictures and len(mine) == 40
    assert torch.equal(chosen.read(torch.tensor([7, 3]))["labels"], read["labels"][[7, 3]])
    (again,), (other,) = (
        FewLabels(data=whole, per_class=5).open(Path()),
        FewLabels(data=whole, per_class=5, seed=1).open(Path()),
    )
    assert torch.equal(again.read(torch.arange(40))["images"], read["images"])
    assert not torch.equal(other.read(torch.arange(40))["images"], read["images"])


def test_a_class_with_too_few_images_is_told() -> None:
    with pytest.raises(DataError, match=r"few-labels: class \d has \d+ images; per_class=30 is asked for."):
        FewLabels(data=Shapes(size=8, count=100), per_class=30).open(Path())


def test_images_held_out_are_others_of_the_same_kind(tmp_path: Path) -> None:
    assert MNIST(size=20).held_out() == MNIST(size=20, split="test")
    assert CIFAR10().held_out() == CIFAR10(split="test")
    assert FewLabels(data=MNIST()).held_out() == MNIST(split="test")
    (train,), (test,) = Shapes(size=8, count=20).open(Path()), Shapes(size=8, count=20).held_out().open(Path())
    assert not (train.read(torch.arange(20))["images"] == test.read(torch.arange(20))["images"]).all((1, 2, 3)).any()

    for split, grey in (("train", 50), ("test", 200)):
        for name in ("a", "b"):
            (tmp_path / split / name).mkdir(parents=True)
            Image.new("RGB", (8, 8), (grey,) * 3).save(tmp_path / split / name / "1.png")
    folder = Folder(root=str(tmp_path), split="train", size=8, classes=2)
    for data, grey in ((folder, 50), (folder.held_out(), 200)):
        (examples,) = data.open(Path())
        assert examples.read(torch.arange(2))["images"].unique().tolist() == [grey]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (MNIST(split="test"), "mnist keeps no examples for tests"),
        (Folder(root="x", classes=2), "folder keeps no examples for tests"),
    ],
)
def test_data_without_held_out_images_are_told(data: gf.LabelledData, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        data.held_out()


def test_the_range_of_images_is_a_parameter() -> None:
    assert Shapes(size=8).with_range(0.0, 1.0) == Shapes(size=8, value_range=(0.0, 1.0))

    @gf.component("fixed")
    class Fixed(gf.ImageData):
        """Images of one range."""

    with pytest.raises(RecipeError, match="fixed has no parameter 'value_range'"):
        Fixed().with_range(0.0, 1.0)


def test_pairs_of_shapes_go_both_ways() -> None:
    there, back = ShapePairs(size=8, count=4), ShapePairs(size=8, count=4, direction="b-to-a")
    assert (there.source_shape, there.target_shape) == (back.target_shape, back.source_shape) == ((1, 8, 8), (3, 8, 8))
    (one,), (other,) = there.open(Path()), back.open(Path())
    first, second = one.read(torch.arange(4)), other.read(torch.arange(4))
    assert torch.equal(first["source"], second["target"]) and torch.equal(first["target"], second["source"])
