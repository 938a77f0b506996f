"""Tests of the parts for captions: encoders, StackGAN's networks and loss, and embeddings from files."""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

import ganforge as gf
from ganforge.engine.batches import Batches
from ganforge.engine.chance import Chance
from ganforge.errors import DataError, Problem, RecipeError
from ganforge.language.docstring import arguments
from ganforge.language.site import reading
from ganforge_data import CaptionedShapes
from ganforge_text import (
    CaptionDiscriminator,
    ConditioningAugmentation,
    EmbeddedFolder,
    PrecomputedEmbedding,
    StageIGenerator,
    StageIIGenerator,
    WordEncoder,
    encoder_for,
    ganforge_components,
    kl_to_normal,
)
from ganforge_text.embeddings import averaged


def parameters(module: nn.Module) -> int:
    return sum(values.numel() for values in module.parameters())


def problem(write: Callable[[], object]) -> Problem:
    """The only problem noted while a recipe in this file is read."""
    with reading(__file__, "recipe.py") as current:
        write()
    (found,) = current.problems
    return found


def randomised(module: nn.Module) -> nn.Module:
    """Give every parameter, gains and shifts too, a value that shows what it does."""
    for values in module.parameters():
        nn.init.normal_(values, 0.1, 0.4)
    return module


def convolved(maps: Tensor, weights: Iterator[Tensor], *, kernel: int, stride: int = 1) -> Tensor:
    """A convolution without bias and batch norm over the batch, written out."""
    out = F.conv2d(maps, next(weights), stride=stride, padding={1: 0, 3: 1, 4: 1}[kernel])
    mean, variance = out.mean((0, 2, 3), keepdim=True), out.var((0, 2, 3), keepdim=True, unbiased=False)
    gain, shift = next(weights)[:, None, None], next(weights)[:, None, None]
    return (out - mean) / (variance + 1e-5).sqrt() * gain + shift


def bottleneck(maps: Tensor, weights: Iterator[Tensor], slope: float = 0.0) -> Tensor:
    inner = F.leaky_relu(convolved(maps, weights, kernel=1), slope)
    inner = F.leaky_relu(convolved(inner, weights, kernel=3), slope)
    return F.leaky_relu(maps + convolved(inner, weights, kernel=3), slope)


def doubled(maps: Tensor) -> Tensor:
    return maps.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)


# Components


def test_the_parts_for_captions_are_registered_and_documented() -> None:
    found = {(kind.kind, kind.component_name()) for kind in ganforge_components()}
    assert found == {
        ("text-encoder", "word-encoder"),
        ("text-encoder", "precomputed-embedding"),
        ("network", "conditioning-augmentation"),
        ("generator", "stage-1-generator"),
        ("generator", "stage-2-generator"),
        ("discriminator", "caption-discriminator"),
        ("loss", "kl-to-normal"),
        ("captioned-data", "embedded-folder"),
    }
    inherited = {"name", "weights", "frozen"}
    for kind in ganforge_components():
        assert {field.name for field in kind.parameters()} - inherited <= set(arguments(kind))


def test_declaring_the_parts_for_captions_imports_no_torch() -> None:
    code = (
        "import sys, ganforge as gf, ganforge_text as t\n"
        "data = t.EmbeddedFolder(root='x', dim=8, size=64)\n"
        "images, captions, wrong = data.batch()\n"
        "c = t.ConditioningAugmentation('CA')(t.PrecomputedEmbedding()(captions))\n"
        "s = t.StageIGenerator('G1', shape=(3, 16, 16))(gf.noise(4), c.sample)\n"
        "t.CaptionDiscriminator('D')(t.StageIIGenerator('G2', shape=images.shape)(s, c.mean), captions)\n"
        "t.kl_to_normal(c.mean, c.log_std)\n"
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


# Conditioning


def test_a_condition_is_drawn_around_a_mean_by_a_deviation_that_follow_from_the_embedding() -> None:
    torch.manual_seed(0)
    for slope in (0.2, 0.0):
        network = ConditioningAugmentation("CA", dim=3, slope=slope)
        module = randomised(network.build((5,), (3,)))
        weight, bias = module.parameters()
        embedding, noise = torch.randn(4, 5), torch.randn(4, 3)
        hidden = F.leaky_relu(embedding @ weight.T + bias, slope)
        for training in (True, False):
            sample, mean, log_std = module.train(training)(embedding, noise)
            torch.testing.assert_close(torch.cat([mean, log_std], 1), hidden)
            torch.testing.assert_close(sample, hidden[:, :3] + hidden[:, 3:].exp() * noise)
    assert parameters(ConditioningAugmentation("CA").build((1024,), (128,))) == 1024 * 256 + 256


def test_each_condition_has_noise_of_its_own_that_samples_keep() -> None:
    text = gf.noise(8)
    CA = ConditioningAugmentation("CA", dim=6)
    first, second = CA(text), CA(text)
    assert first.sample.shape == first.mean.shape == first.log_std.shape == (6,)
    assert first._fields == ("sample", "mean", "log_std")
    noises = [condition.sample.origin.inputs[1].origin for condition in (first, second)]
    assert noises[0] is not noises[1] and first.mean.origin is first.sample.origin


def test_the_divergence_from_the_standard_normal_is_zero_there_and_torchs_elsewhere() -> None:
    zero = torch.zeros(2, 3)
    assert kl_to_normal.compute(zero, zero).item() == 0.0
    # A mean of 2 alone gives 2^2 / 2, a deviation of e alone (e^2 - 1) / 2 - 1.
    assert kl_to_normal.compute(zero + 2, zero).item() == 2.0
    assert kl_to_normal.compute(zero, zero + 1).item() == pytest.approx((math.e**2 - 1) / 2 - 1)
    torch.manual_seed(0)
    mean, log_std = torch.randn(4, 5), torch.randn(4, 5)
    pair = torch.distributions.Normal(mean, log_std.exp()), torch.distributions.Normal(0.0, 1.0)
    expected = torch.distributions.kl_divergence(*pair).mean()
    torch.testing.assert_close(kl_to_normal.compute(mean, log_std), expected)


def test_the_divergence_takes_a_mean_and_a_deviation_of_one_shape() -> None:
    message = problem(lambda: kl_to_normal(gf.noise(3), gf.noise(4))).message
    assert message == "kl-to-normal compares signals of one shape; mean is (3,), log_std is (4,)."


# Networks


def declared_and_made(network: Any, *shapes: gf.Shape) -> tuple[gf.Shape, gf.Shape]:
    declared = network(*(gf.noise(*shape) for shape in shapes)).shape
    with torch.device("meta"):
        made = network.build(*shapes)(*(torch.empty(2, *shape) for shape in shapes))
    return declared, tuple(made.shape[1:])


SIDES = [(8, 8), (9, 8), (15, 31), (16, 16), (28, 28), (32, 32), (33, 64), (64, 64), (100, 70), (128, 128), (256, 256)]


def test_sketches_and_judgements_have_their_shapes_at_every_size() -> None:
    for sides in SIDES:
        shape = (3, *sides)
        assert declared_and_made(StageIGenerator("G", shape=shape, base_channels=2), (5,), (4,)) == (shape, shape)
        assert declared_and_made(CaptionDiscriminator("D", base_channels=2), shape, (7,)) == ((1,), (1,))


def test_images_have_their_shape_at_every_size_and_ratio() -> None:
    seen = 0
    for height, width in SIDES:
        for ratio in (1, 2, 3, 4, 8):
            sketch = (3, height // ratio, width // ratio)
            if min(sketch[1:]) >= 4:
                shape = (1, height, width)
                network = StageIIGenerator("G", shape=shape, base_channels=2, blocks=1)
                assert declared_and_made(network, sketch, (4,)) == (shape, shape)
                seen += 1
    assert seen == 45


def test_the_first_stage_has_the_layers_of_the_authors_code() -> None:
    with torch.device("meta"):
        G = StageIGenerator("G", shape=(3, 64, 64)).build((100,), (128,))
    first = 228 * 16384 + 2 * 16384
    narrow = 1024 * 256 + 2 * 256 + 256 * 256 * 9 + 2 * 256 + 256 * 1024 * 9 + 2 * 1024
    narrower = 512 * 128 + 2 * 128 + 128 * 128 * 9 + 2 * 128 + 128 * 512 * 9 + 2 * 512
    up = 1024 * 512 * 9 + 2 * 512 + 512 * 256 * 9 + 2 * 256 + 256 * 128 * 9 + 2 * 128
    assert parameters(G) == first + narrow + narrower + up + 128 * 3 * 9


def test_the_second_stage_has_the_layers_of_the_authors_code() -> None:
    counts = []
    for blocks in (4, 2):
        with torch.device("meta"):
            counts.append(
                parameters(StageIIGenerator("G", shape=(3, 256, 256), blocks=blocks).build((3, 64, 64), (128,)))
            )
    encode = 3 * 128 * 9 + 128 * 256 * 16 + 2 * 256 + 256 * 512 * 16 + 2 * 512
    joined = (512 + 128) * 512 * 9 + 2 * 512
    block = 2 * (512 * 512 * 9 + 2 * 512)
    up = sum(before * after * 9 + 2 * after for before, after in [(512, 256), (256, 128), (128, 64), (64, 32)])
    assert counts == [encode + joined + blocks * block + up + 32 * 3 * 9 for blocks in (4, 2)]


def test_the_critics_have_the_layers_of_the_authors_code() -> None:
    with torch.device("meta"):
        small, large = (CaptionDiscriminator("D").build((3, side, side), (1024,)) for side in (64, 256))

    def down(*widths: int) -> int:
        return sum(before * after * 16 + 2 * after for before, after in pairwise(widths))

    narrow = 512 * 128 + 2 * 128 + 128 * 128 * 9 + 2 * 128 + 128 * 512 * 9 + 2 * 512
    judge = 1024 * 128 + 128 + (512 + 128) * 512 + 2 * 512 + 512 * 4 * 4
    assert parameters(small) == 3 * 64 * 16 + down(64, 128, 256, 512) + narrow + judge
    back = 2048 * 1024 + 2 * 1024 + 1024 * 512 + 2 * 512
    assert parameters(large) == 3 * 64 * 16 + down(64, 128, 256, 512, 1024, 2048) + back + narrow + judge


def test_the_first_stage_equals_plain_convolutions() -> None:
    torch.manual_seed(0)
    G = randomised(StageIGenerator("G", shape=(3, 32, 32), base_channels=4).build((5,), (3,)))
    weights, z, c = G.parameters(), torch.randn(6, 5), torch.randn(6, 3)
    units = torch.cat([z, c], 1) @ next(weights).T
    units = F.batch_norm(units, None, None, next(weights), next(weights), training=True)
    maps = bottleneck(units.reshape(6, 16, 4, 4), weights)
    maps = bottleneck(convolved(doubled(maps), weights, kernel=3), weights)
    maps = convolved(doubled(maps), weights, kernel=3).relu()
    expected = F.conv2d(doubled(maps), next(weights), padding=1).tanh()
    torch.testing.assert_close(G(z, c), expected, rtol=1e-3, atol=1e-4)
    assert next(weights, None) is None


def test_the_second_stage_equals_plain_convolutions() -> None:
    torch.manual_seed(0)
    G = randomised(StageIIGenerator("G", shape=(3, 32, 32), base_channels=4, blocks=2).build((3, 8, 8), (3,)))
    weights, sketch, c = G.parameters(), torch.randn(6, 3, 8, 8), torch.randn(6, 3)
    maps = F.conv2d(sketch, next(weights), padding=1).relu()
    maps = convolved(convolved(maps, weights, kernel=4, stride=2).relu(), weights, kernel=4, stride=2).relu()
    maps = torch.cat([maps, c.reshape(6, 3, 1, 1).repeat(1, 1, 2, 2)], 1)
    maps = convolved(maps, weights, kernel=3).relu()
    for _ in range(2):
        inner = convolved(maps, weights, kernel=3).relu()
        maps = (maps + convolved(inner, weights, kernel=3)).relu()
    for channels in (8, 4, 2, 1):
        maps = convolved(doubled(maps), weights, kernel=3).relu()
        assert maps.shape[1] == channels
    expected = F.conv2d(maps, next(weights), padding=1).tanh()
    torch.testing.assert_close(G(sketch, c), expected, rtol=1e-3, atol=1e-3)
    assert next(weights, None) is None


def test_the_critic_equals_plain_convolutions() -> None:
    torch.manual_seed(0)
    D = randomised(CaptionDiscriminator("D", base_channels=2, condition=3).build((3, 128, 128), (5,)))
    weights, images, text = D.parameters(), torch.randn(4, 3, 128, 128), torch.randn(4, 5)
    maps = F.leaky_relu(F.conv2d(images, next(weights), stride=2, padding=1), 0.2)
    for _ in range(4):
        maps = F.leaky_relu(maps, 0.2) if maps.shape[1] > 2 else maps
        maps = convolved(maps, weights, kernel=4, stride=2)
    maps = bottleneck(convolved(F.leaky_relu(maps, 0.2), weights, kernel=1), weights, 0.2)
    assert maps.shape == (4, 16, 4, 4)
    code = F.leaky_relu(text @ next(weights).T + next(weights), 0.2)
    maps = torch.cat([maps, code.reshape(4, 3, 1, 1).repeat(1, 1, 4, 4)], 1)
    maps = F.leaky_relu(convolved(maps, weights, kernel=1), 0.2)
    expected = F.conv2d(maps, next(weights).reshape(1, 16, 4, 4)).reshape(4, 1)
    torch.testing.assert_close(D(images, text), expected, rtol=1e-3, atol=1e-3)
    assert next(weights, None) is None


def small_modules() -> list[tuple[nn.Module, list[Tensor]]]:
    z, c, image, sketch = torch.randn(6, 5), torch.randn(6, 4), torch.randn(6, 3, 16, 16), torch.randn(6, 3, 8, 8)
    words = torch.randint(1, 30, (6, 7))
    return [
        (StageIGenerator("G", shape=(3, 16, 16), base_channels=8).build((5,), (4,)), [z, c]),
        (StageIIGenerator("G", shape=(3, 16, 16), base_channels=8, blocks=1).build((3, 8, 8), (4,)), [sketch, c]),
        (CaptionDiscriminator("D", base_channels=8).build((3, 16, 16), (4,)), [image, c]),
        (ConditioningAugmentation("CA", dim=4).build((5,), (4,)), [z, c]),
        (WordEncoder(vocabulary_size=30, word_dim=8, phrases=16, dim=4).build((7,)), [words]),
    ]


def test_every_parameter_for_captions_receives_a_finite_gradient() -> None:
    torch.manual_seed(0)
    for module, inputs in small_modules():
        out = module(*inputs)
        sum(part.square().sum() for part in (out if isinstance(out, tuple) else (out,))).backward()
        for name, values in module.named_parameters():
            assert values.grad is not None and values.grad.isfinite().all() and values.grad.any(), name


def test_initial_weights_of_the_stages_are_the_authors() -> None:
    torch.manual_seed(0)
    seen = 0
    for module, _ in small_modules()[:4]:
        for layer in module.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.BatchNorm1d | nn.BatchNorm2d):
                error = 5 / layer.weight.numel() ** 0.5
                mean = 1.0 if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) else 0.0
                assert layer.weight.mean().item() == pytest.approx(mean, abs=0.02 * error)
                assert layer.bias is None or not layer.bias.any()
                seen += layer.bias is not None and mean == 0.0
    assert seen == 2  # The layers of embeddings have the only biases.


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda: StageIGenerator("G", shape=(3, 7, 8)), "sides of 8 pixels or more; received (3, 7, 8)"),
        (lambda: StageIIGenerator("G", shape=(3, 32)), "must be (channels, height, width)"),
        (lambda: CaptionDiscriminator("D", base_channels=0), "'base_channels' must be in [1, inf); received 0"),
        (lambda: ConditioningAugmentation("CA", dim=0), "'dim' must be in [1, inf); received 0"),
        (lambda: WordEncoder(vocabulary_size=1), "'vocabulary_size' must be in [2, inf); received 1"),
        (lambda: EmbeddedFolder(root="x", captions=0), "'captions' is one or more; received 0"),
        (lambda: EmbeddedFolder(root="x", embeddings=""), "'embeddings' is the name of a file; received ''"),
        (lambda: EmbeddedFolder(root="x", order=""), "'order' is the name of a file; received ''"),
    ],
)
def test_a_parameter_for_captions_out_of_its_range_is_one_sentence(write: Callable[[], object], message: str) -> None:
    with pytest.raises(RecipeError) as error:
        write()
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (
            lambda: ConditioningAugmentation("CA")(gf.random_labels(3)),
            "network 'CA' takes an embedding, real numbers of shape (dim,); received random labels (), int.",
        ),
        (
            lambda: CaptionDiscriminator("D")(gf.noise(3, 16, 16), gf.noise(2, 2)),
            "network 'D' takes an embedding, real numbers of shape (dim,); received noise (2, 2), float.",
        ),
        (
            lambda: CaptionDiscriminator("D")(gf.noise(3, 7, 16), gf.noise(2)),
            "network 'D' takes images with sides of 8 pixels or more; received noise (3, 7, 16).",
        ),
        (
            lambda: StageIIGenerator("G", shape=(3, 16, 16))(gf.noise(3, 3, 4), gf.noise(2)),
            "network 'G' takes sketches with sides of 4 pixels or more; received noise (3, 3, 4).",
        ),
        (
            lambda: StageIIGenerator("G", shape=(3, 16, 16))(gf.noise(3, 32, 16), gf.noise(2)),
            "network 'G' makes images of (3, 16, 16), which are smaller than noise (3, 32, 16).",
        ),
        (
            lambda: WordEncoder()(gf.noise(9)),
            "network 'E' takes word numbers of shape (length,); received noise (9,), float.",
        ),
        (
            lambda: WordEncoder(vocabulary_size=20)(CaptionedShapes().batch().captions),
            "network 'E' knows 20 words; those of its captions are 39.",
        ),
        (
            lambda: PrecomputedEmbedding()(CaptionedShapes().batch().captions),
            "network 'E' takes an embedding, real numbers of shape (dim,); received shapes (16,), int.",
        ),
    ],
)
def test_a_network_for_captions_says_at_the_recipes_line_what_it_takes(
    write: Callable[[], object], message: str
) -> None:
    found = problem(write)
    assert found.message == message
    assert found.site is not None and found.site.file == "recipe.py"


# Encoders


def test_the_word_encoder_keeps_the_strongest_phrase_of_each_kind() -> None:
    torch.manual_seed(0)
    E = WordEncoder(vocabulary_size=10, word_dim=3, phrases=5, dim=4)
    module = E.build((4,))
    words = torch.tensor([[3, 1, 2, 5]])
    vectors = F.pad(module.words.weight[words[0]].T, (1, 1))
    kernel, bias = module.phrases.weight, module.phrases.bias
    found = torch.stack([(kernel * vectors[None, :, place : place + 3]).sum((1, 2)) + bias for place in range(4)])
    expected = module.embed(found.relu().max(0).values)
    torch.testing.assert_close(module(words)[0], expected)


def test_padding_changes_no_embedding_and_stays_zero() -> None:
    torch.manual_seed(0)
    module = WordEncoder(vocabulary_size=10, word_dim=3, phrases=32, dim=4).build((4,))
    nn.init.constant_(module.phrases.bias, 0.3)
    short, long = torch.tensor([[3, 1]]), torch.tensor([[3, 1, 0, 0, 0]])
    torch.testing.assert_close(module(short), module(long))
    module(long).sum().backward()
    assert not module.words.weight[0].any() and not module.words.weight.grad[0].any()
    assert module(torch.zeros(1, 5, dtype=torch.int64)).isfinite().all()


def test_the_word_encoder_hears_the_order_of_words() -> None:
    torch.manual_seed(0)
    module = WordEncoder(vocabulary_size=10, word_dim=8, phrases=32, dim=4).build((4,))
    one, other = torch.tensor([[1, 2, 3, 4]]), torch.tensor([[4, 2, 3, 1]])
    assert (module(one) - module(other)).abs().max() > 1e-3


def test_words_are_encoded_and_embeddings_are_passed_on() -> None:
    words = encoder_for(shapes := CaptionedShapes(size=16))
    assert isinstance(words, WordEncoder) and words.vocabulary_size == 39 and not words.frozen
    assert words(shapes.batch().captions).shape == (128,)
    passed = encoder_for(folder := EmbeddedFolder(root="x", dim=12))
    assert isinstance(passed, PrecomputedEmbedding) and passed.frozen
    assert passed(folder.batch().captions).shape == (12,)
    embedding = torch.randn(2, 12)
    assert passed.build((12,))(embedding) is embedding and parameters(passed.build((12,))) == 0


# Embeddings from files


def picture(path: Path, grey: int, side: int = 8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), (grey, grey, grey)).save(path)
    return path


def folder_of(tmp_path: Path, count: int = 4, captions: int = 3, dim: int = 2) -> numpy.ndarray[Any, Any]:
    """Images whose greys are 10, 20, …, and embeddings 100 image + 10 caption + place."""
    for index in range(count):
        picture(tmp_path / f"class-{index % 2}" / f"bird {index}.png", 10 * (index + 1))
    image, caption, place = numpy.ogrid[:count, :captions, :dim]
    embeddings = (100 * image + 10 * caption + place).astype("float32")
    numpy.save(tmp_path / "embeddings.npy", embeddings)
    return embeddings


SORTED = [0, 2, 1, 3]
"""The images of ``folder_of`` by path: those of class-0, then those of class-1."""


def declared(tmp_path: Path, **changed: Any) -> EmbeddedFolder:
    return EmbeddedFolder(**{"root": str(tmp_path), "dim": 2, "size": 8, **changed})


def drawn(data: EmbeddedFolder, batch_size: int = 4) -> dict[str, Tensor]:
    origin = data.batch().images.origin
    batches = Batches(
        origin,  # type: ignore[arg-type]
        data.open(Path("/nowhere")),
        seed=0,
        stream=0,
        batch_size=batch_size,
        device=torch.device("cpu"),
    )
    return dict(zip(("images", "captions", "mismatched"), batches.draw(0), strict=True))


def greys(images: Tensor) -> list[int]:
    return [round(value) for value in ((images[:, 0, 0, 0] + 1) * 127.5).tolist()]


@pytest.mark.parametrize("kind", ["npy", "float16", "safetensors", "named"])
def test_embeddings_of_a_file_follow_the_order_of_the_images_paths(tmp_path: Path, kind: str) -> None:
    embeddings, name = folder_of(tmp_path), "embeddings.npy"
    if kind == "float16":
        numpy.save(tmp_path / name, embeddings.astype("float16"))
    elif kind != "npy":
        (tmp_path / name).unlink()
        tensors = {"birds": torch.from_numpy(embeddings)}
        if kind == "named":
            tensors = {"embeddings": tensors["birds"], "other": torch.zeros(1)}
        name = "text.safetensors"
        save_file(tensors, tmp_path / name)
    (examples,) = declared(tmp_path, embeddings=name).open(Path("/nowhere"))
    assert len(examples) == 4
    batch = examples.read(torch.tensor([0, 1, 2, 3]))
    assert [value // 10 - 1 for value in batch["images"][:, 0, 0, 0].tolist()] == SORTED
    assert batch["embeddings"].dtype == torch.float32
    assert torch.equal(batch["embeddings"], torch.from_numpy(embeddings))


@pytest.mark.parametrize("suffix", [".png", ""])
def test_an_order_file_names_the_image_of_each_embedding(tmp_path: Path, suffix: str) -> None:
    embeddings = folder_of(tmp_path)
    numpy.save(tmp_path / "embeddings.npy", embeddings[:3])
    asked = [3, 0, 1]
    lines = [f"class-{index % 2}/bird {index}{suffix}" for index in asked]
    (tmp_path / "order.txt").write_text("\n".join([*lines, "", ""]))
    (examples,) = declared(tmp_path, order="order.txt").open(Path("/nowhere"))
    batch = examples.read(torch.tensor([0, 1, 2]))
    assert [value // 10 - 1 for value in batch["images"][:, 0, 0, 0].tolist()] == asked
    assert batch["embeddings"][:, 0, 0].tolist() == [0.0, 100.0, 200.0]


def test_one_embedding_for_an_image_needs_no_axis_of_captions(tmp_path: Path) -> None:
    embeddings = folder_of(tmp_path)
    numpy.save(tmp_path / "embeddings.npy", embeddings[:, 0])
    batch = drawn(declared(tmp_path))
    assert sorted(batch["captions"].tolist()) == embeddings[:, 0].tolist()


def test_images_captions_and_mismatched_images_are_drawn_together(tmp_path: Path) -> None:
    folder_of(tmp_path)
    batch = drawn(declared(tmp_path, captions=3))
    assert batch["captions"].shape == (4, 2) and batch["captions"].dtype == torch.float32
    rows = [SORTED.index(grey // 10 - 1) for grey in greys(batch["images"])]
    # The mean over the captions 0, 1 and 2 is caption 1's.
    assert batch["captions"].tolist() == [[100.0 * row + 10, 100.0 * row + 11] for row in rows]
    assert greys(batch["mismatched"]) == [greys(batch["images"])[place - 1] for place in range(4)]
    assert declared(tmp_path).batch().captions.dtype == "float"


def test_captions_are_chosen_anew_and_none_of_them_twice() -> None:
    places = 2.0 ** torch.arange(5)
    embeddings = places[None, :, None].expand(64, -1, 1)
    sums = set()
    for epoch in range(20):
        chance = Chance(1, torch.full((64,), epoch), torch.arange(64))
        mean = averaged(embeddings, 2, chance)[:, 0] * 2
        assert torch.equal(mean, averaged(embeddings, 2, chance)[:, 0] * 2)
        sums |= set(mean.tolist())
    # Two different powers of two, every pair of them.
    assert sums == {2.0**a + 2.0**b for a in range(5) for b in range(a)}
    assert averaged(embeddings, 2, None)[0].item() == 1.5
    assert (
        averaged(embeddings, 9, None)[0].item()
        == averaged(embeddings, 5, Chance(1, *[torch.zeros(64).long()] * 2))[0].item()
        == pytest.approx(31 / 5)
    )


def test_images_that_cannot_be_read_take_their_embeddings_with_them(tmp_path: Path) -> None:
    embeddings = folder_of(tmp_path)
    (tmp_path / "class-0" / "bird 2.png").write_bytes(b"no image")
    with pytest.raises(DataError, match="1 of 4 files cannot be read as images"):
        declared(tmp_path).open(Path("/nowhere"))
    (examples,) = declared(tmp_path, on_bad="skip").open(Path("/nowhere"))
    batch = examples.read(torch.arange(3))
    assert [value // 10 - 1 for value in batch["images"][:, 0, 0, 0].tolist()] == [0, 1, 3]
    assert torch.equal(batch["embeddings"], torch.from_numpy(embeddings[[0, 2, 3]]))


class _Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("suffix", [".pickle", ".pkl", ".pth"])
@pytest.mark.parametrize("field", ["embeddings", "order"])
def test_a_pickle_is_never_read(tmp_path: Path, suffix: str, field: str) -> None:
    folder_of(tmp_path)
    name, sprung = f"char-CNN-RNN-embeddings{suffix}", tmp_path / "sprung"
    (tmp_path / name).write_bytes(pickle.dumps(_Trap(sprung)))
    with pytest.raises(DataError, match="is a pickle by its name; reading one may run any program") as error:
        declared(tmp_path, **{field: name}).open(Path("/nowhere"))
    assert ("torch.load" if suffix == ".pth" else "numpy.load") in error.value.problems[0].hint
    assert not sprung.exists()


def converted(error: DataError) -> None:
    """Do what an error says."""
    first, *lines = error.problems[0].hint.splitlines()
    assert first == "where you trust the file, convert it once:" and len(lines) == 2
    exec("\n".join(line.strip() for line in lines), {})


def test_the_conversions_that_are_told_give_files_that_are_read(tmp_path: Path) -> None:
    embeddings = folder_of(tmp_path)
    (tmp_path / "embeddings.npy").unlink()
    # As the authors' files are: a list with one array for each image, and a list of paths.
    asked = [3, 0, 2, 1]
    (tmp_path / "char-CNN-RNN-embeddings.pickle").write_bytes(pickle.dumps(list(embeddings), protocol=2))
    paths = [f"class-{index % 2}/bird {index}" for index in asked]
    (tmp_path / "filenames.pickle").write_bytes(pickle.dumps(paths, protocol=2))
    with pytest.raises(DataError, match=r"there is no file .*embeddings\.npy") as error:
        declared(tmp_path).open(Path("/nowhere"))
    converted(error.value)
    data = declared(tmp_path, embeddings="char-CNN-RNN-embeddings.npy", order="filenames.pickle")
    with pytest.raises(DataError, match="is a pickle") as error:
        data.open(Path("/nowhere"))
    converted(error.value)
    (examples,) = data.with_values(order="filenames.txt").open(Path("/nowhere"))
    batch = examples.read(torch.arange(4))
    assert torch.equal(batch["embeddings"], torch.from_numpy(embeddings))
    assert [value // 10 - 1 for value in batch["images"][:, 0, 0, 0].tolist()] == asked


def test_the_conversion_of_torchs_files_gives_a_file_that_is_read(tmp_path: Path) -> None:
    embeddings = folder_of(tmp_path)
    torch.save(torch.from_numpy(embeddings), tmp_path / "text.pt")
    with pytest.raises(DataError, match="is a pickle") as error:
        declared(tmp_path, embeddings="text.pt").open(Path("/nowhere"))
    converted(error.value)
    (examples,) = declared(tmp_path, embeddings="text.npy").open(Path("/nowhere"))
    assert torch.equal(examples.read(torch.arange(4))["embeddings"], torch.from_numpy(embeddings))


def test_an_array_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    folder_of(tmp_path)
    sprung = tmp_path / "sprung"
    numpy.save(tmp_path / "embeddings.npy", numpy.array([_Trap(sprung)], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="cannot be read"):
        declared(tmp_path).open(Path("/nowhere"))
    assert not sprung.exists()


def write(tmp_path: Path, what: str) -> None:
    """Spoil a folder of four images in one way."""
    good = folder_of(tmp_path)
    (tmp_path / "order.txt").write_text("class-0/bird 0\nclass-1/bird 7\nclass-0/twin\n")
    picture(tmp_path / "class-0" / "twin.png", 1)
    picture(tmp_path / "class-0" / "twin.jpg", 1)
    spoilt = {"whole": good.astype("int64"), "flat": good[:, 0, 0], "wide": good.repeat(2, 2), "bad": good * math.nan}
    if what in spoilt:
        numpy.save(tmp_path / "embeddings.npy", spoilt[what])
    if what == "many":
        save_file({"a": torch.zeros(1), "b": torch.zeros(1)}, tmp_path / "embeddings.safetensors")
    if what == "cut":
        (tmp_path / "embeddings.npy").write_bytes(b"\x93NUMPY")


@pytest.mark.parametrize(
    ("what", "changed", "message", "hint"),
    [
        ("whole", {}, r"holds torch.int64 of shape \(4, 3, 2\); real numbers of shape \(images, captions, 2\)", ""),
        ("flat", {}, r"holds torch.float32 of shape \(4,\)", ""),
        ("wide", {}, r"holds torch.float32 of shape \(4, 3, 4\)", "dim=4"),
        ("cut", {}, "embeddings.npy cannot be read: ", ""),
        ("many", {"embeddings": "embeddings.safetensors"}, "holds a, b; one tensor is expected, or 'embeddings'", ""),
        ("", {"embeddings": "order.txt"}, "ends in '.txt'; embeddings are read from .npy or .safetensors", ""),
        ("", {"embeddings": "none.npy"}, "there is no file .*none.npy", ""),
        ("", {}, "there are embeddings of 4 images, and .* holds 6", 'order="FILE" names'),
        ("", {"order": "order.txt"}, "lists 2 images that .* one file only:\n  class-1/bird 7\n  class-0/twin$", ""),
        ("", {"order": "nothing.txt"}, "nothing.txt cannot be read as a list of images", ""),
        ("", {"root": "/nowhere/birds"}, "embedded-folder: /nowhere/birds does not exist", ""),
    ],
)
def test_a_folder_of_embeddings_says_what_does_not_fit(
    tmp_path: Path, what: str, changed: dict[str, Any], message: str, hint: str
) -> None:
    write(tmp_path, what)
    with pytest.raises(DataError, match=message) as error:
        declared(tmp_path, **changed).open(Path("/nowhere"))
    (found,) = error.value.problems
    assert hint in found.hint and bool(hint) == bool(found.hint)


def test_an_embedding_that_is_not_finite_is_told_by_its_row(tmp_path: Path) -> None:
    embeddings = folder_of(tmp_path)
    embeddings[2, 1, 0] = math.inf
    numpy.save(tmp_path / "embeddings.npy", embeddings)
    (examples,) = declared(tmp_path).open(Path("/nowhere"))
    assert examples.read(torch.tensor([1, 3]))["embeddings"].isfinite().all()
    with pytest.raises(DataError, match="row 2 of the embeddings holds a number that is not finite"):
        examples.read(torch.tensor([3, 2]))


def test_images_are_cropped_and_flipped_each_by_its_own_chance(tmp_path: Path) -> None:
    folder_of(tmp_path)
    data = declared(tmp_path, size=(1, 2), load_size=(1, 3), flip=True, value_range=(0.0, 255.0))
    pixels = torch.arange(6, dtype=torch.uint8).view(2, 1, 1, 3)

    class Fixed:
        def uniform(self, salt: str) -> Tensor:
            return torch.tensor({"crop left": [0.0, 0.9], "flip": [0.1, 0.9]}.get(salt, [0.0, 0.0]))

    done = data.finish({"images": pixels, "embeddings": torch.zeros(2, 1, 2)}, Fixed())
    assert done["images"].flatten().tolist() == [1, 0, 4, 5]
    assert done["mismatched"].flatten().tolist() == [4, 5, 1, 0]
