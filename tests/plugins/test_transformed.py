"""Tests of the two domains that are made of one data set."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import ganforge as gf
from ganforge.engine.batches import Batches
from ganforge.engine.chance import Chance
from ganforge.language.recipe import load_recipe
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed
from ganforge_data import CIFAR10, MNIST, Shapes, Transformed
from ganforge_data.transformed import transformed

RECIPE = Path(__file__).resolve().parents[2] / "recipes" / "cogan_mnist.py"
HOME = Path("/nowhere")


def raw(data: gf.Data) -> list[gf.Examples]:
    return list(data.open(HOME))


def pictures(examples: gf.Examples, *indices: int) -> Tensor:
    (images,) = examples.read(torch.tensor(indices)).values()
    return images


def test_edges_are_what_dilation_adds() -> None:
    image = torch.tensor([[0, 0, 0, 0, 0], [0, 0, 200, 100, 0], [0, 0, 0, 0, 0]], dtype=torch.uint8)
    expected = [[0, 200, 200, 200, 100], [0, 200, 0, 100, 100], [0, 200, 200, 200, 100]]
    found = transformed(image[None, None], "edges")
    assert found.dtype == torch.uint8 and found[0, 0].tolist() == expected


def test_edges_of_colours_are_those_of_each_channel_and_the_border_adds_none() -> None:
    image = torch.randint(0, 256, (3, 3, 9, 7), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    found = transformed(image, "edges")
    for n, c, y, x in [(0, 0, 0, 0), (1, 2, 8, 6), (2, 1, 4, 3), (0, 1, 0, 5)]:
        window = image[n, c, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        assert found[n, c, y, x] == window.max() - image[n, c, y, x]
    assert not transformed(torch.full((1, 1, 4, 4), 255, dtype=torch.uint8), "edges").any()


def test_negatives_exchange_black_and_white() -> None:
    assert transformed(torch.tensor([[[[0, 1, 255]]]], dtype=torch.uint8), "negative").flatten().tolist() == [
        255,
        254,
        0,
    ]


def test_each_image_is_in_one_domain_only_and_one_of_them_has_another_look() -> None:
    data = Shapes(size=8, count=5)
    (whole,) = data.open(HOME)
    for look in ("edges", "negative"):
        a, b = raw(Transformed(of=data, look=look))  # type: ignore[arg-type]
        assert (len(a), len(b)) == (3, 2)
        assert set(a.read(torch.tensor([0]))) == {"a"} and set(b.read(torch.tensor([0]))) == {"b"}
        assert torch.equal(pictures(a, 0, 1, 2), whole.read(torch.tensor([0, 2, 4]))["images"])
        other = whole.read(torch.tensor([1, 3]))["images"]
        assert torch.equal(pictures(b, 0, 1), transformed(other, look))  # type: ignore[arg-type]


def test_both_domains_have_the_shape_and_the_range_of_the_data_set() -> None:
    data = Transformed(of=Shapes(size=(8, 12), channels=1, value_range=(0.0, 1.0)), look="negative")
    a, b = data.batch()
    assert a.shape == b.shape == (1, 8, 12)
    assert data.value_range == (0.0, 1.0)
    white = torch.full((2, 1, 8, 12), 255, dtype=torch.uint8)
    done = data.finish({"b": white}, None)
    assert list(done) == ["b"] and done["b"].tolist() == torch.ones(2, 1, 8, 12).tolist()
    assert Transformed(of=MNIST(size=32)).batch().b.shape == (1, 32, 32)


def test_both_domains_are_augmented_as_the_data_set_is() -> None:
    data = Transformed(of=CIFAR10(size=(1, 2), flip=True))
    pixels = torch.tensor([[0, 255]], dtype=torch.uint8).view(1, 1, 1, 2).repeat(400, 3, 1, 1)
    chance = Chance(5, torch.zeros(400, dtype=torch.int64), torch.arange(400))
    flipped = (data.finish({"a": pixels}, chance)["a"][:, 0, 0, 0] > 0).sum().item()
    assert 150 < flipped < 250


def test_batches_of_both_domains_are_drawn_by_the_engine() -> None:
    declared = Transformed(of=Shapes(size=8, count=6))
    settings: dict[str, Any] = {"seed": 3, "stream": 0, "batch_size": 4, "device": torch.device("cpu")}
    batches = Batches(declared.batch().a.origin, declared.open(HOME), **settings)  # type: ignore[arg-type]
    a, b = batches.draw(0)
    assert a.shape == b.shape == (4, 3, 8, 8) and a.is_floating_point()
    assert len(batches) == 3


def test_a_transformed_data_set_is_written_on_the_command_line() -> None:
    text = 'transformed(of=shapes(size=8, count=6), look="negative")'
    game = load_recipe(RECIPE).read({"data": text}, Catalogue(installed()))
    assert game.samples["a"].shape == (3, 8, 8)


def test_declaring_one_imports_no_torch() -> None:
    code = "import sys, ganforge_data as d; d.Transformed().batch(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")
