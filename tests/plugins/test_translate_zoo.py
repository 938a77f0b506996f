"""Tests of DiscoGAN's, StarGAN's and SRGAN's networks and losses: shapes, plain torch, weights, messages."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

import ganforge as gf
from ganforge.errors import DataError, Problem, RecipeError
from ganforge.language.site import reading
from ganforge_translate import (
    DomainDiscriminator,
    DomainTranslator,
    EncoderDecoder,
    FeatureDiscriminator,
    SRGANDiscriminator,
    SRResNet,
    VGGContent,
    ganforge_components,
)
from ganforge_translate.modules import vgg


def parameters(module: nn.Module) -> int:
    return sum(values.numel() for values in module.parameters())


def flat(declared: object) -> list[gf.Shape]:
    """The shapes of a signal, or of all signals in a named tuple, in order."""
    if isinstance(declared, gf.Signal):
        return [declared.shape]
    assert isinstance(declared, tuple)
    return [shape for item in declared for shape in flat(item)]


def expect_declared_shapes(network: gf.Network, *shapes: gf.Shape) -> list[gf.Shape]:
    """What the module gives a batch of two without computing is what the network declares."""
    declared = flat(network(*(gf.noise(*shape) for shape in shapes)))  # type: ignore[operator]
    with torch.device("meta"):
        module = network.build(*shapes)
        made = module(*(torch.empty(2, *shape) for shape in shapes))
    assert [tuple(value.shape[1:]) for value in (made if isinstance(made, tuple) else (made,))] == declared
    return declared


def problem(write: Callable[[], object]) -> Problem:
    """The only problem noted while a recipe in this file is read."""
    with reading(__file__, "recipe.py") as current:
        write()
    (found,) = current.problems
    return found


def drawn(module: nn.Module, std: float = 0.3) -> Iterator[Tensor]:
    """Give a module's parameters other values, and return them in their order."""
    for values in module.parameters():
        nn.init.normal_(values, 0.0, std)
    return iter(list(module.parameters()))


# Shapes


@pytest.mark.parametrize("sides", [(8, 8), (16, 16), (28, 28), (32, 32), (64, 64), (64, 48), (96, 160), (128, 128)])
def test_the_encoder_decoder_gives_its_inputs_sides(sides: tuple[int, int]) -> None:
    network = EncoderDecoder("G", shape=(1, *sides), base_channels=2)
    assert expect_declared_shapes(network, (3, *sides)) == [(1, *sides)]


def test_the_encoder_decoder_halves_until_four_to_seven_pixels() -> None:
    depths = []
    for side in (8, 16, 28, 64, 128):
        module = EncoderDecoder("G", shape=(3, side, side), base_channels=1).build((3, side, side))
        depths.append(sum(isinstance(layer, nn.Conv2d) for layer in module.modules()))
        assert module.encode(torch.zeros(2, 3, side, side)).shape[-1] in (4, 7)
    assert depths == [1, 2, 2, 4, 5]
    module = EncoderDecoder("G", shape=(3, 64, 64), base_channels=1, depth=6).build((3, 64, 64))
    assert module.encode(torch.zeros(2, 3, 64, 64)).shape == (2, 8, 1, 1)


@pytest.mark.parametrize(
    ("sides", "maps"),
    [
        ((64, 64), [(8, 16, 16), (16, 8, 8), (32, 4, 4)]),
        ((32, 32), [(8, 8, 8), (16, 4, 4)]),
        ((16, 16), [(8, 4, 4)]),
        ((8, 8), [(4, 4, 4)]),
        ((30, 33), [(8, 8, 9)]),
        ((128, 128), [(8, 32, 32), (16, 16, 16), (32, 8, 8), (32, 4, 4)]),
    ],
)
def test_the_feature_discriminator_shows_all_maps_but_the_first(sides: tuple[int, int], maps: list[gf.Shape]) -> None:
    found = expect_declared_shapes(FeatureDiscriminator("D", base_channels=4), (3, *sides))
    assert found == [(1,), *maps]


def test_the_domain_translator_gives_its_inputs_sides() -> None:
    network = DomainTranslator("G", shape=(1, 64, 64), base_channels=2, blocks=1)
    seen = 0
    for sides in [(8, 8), (12, 20), (32, 32), (128, 128)]:
        assert expect_declared_shapes(network, (3, *sides), (5,)) == [(1, *sides)]
        seen += 1
    assert seen == 4 and DomainTranslator.any_size


@pytest.mark.parametrize(
    ("sides", "layers", "scores"),
    [
        ((128, 128), None, (2, 2)),
        ((256, 256), None, (4, 4)),
        ((32, 32), None, (2, 2)),
        ((28, 28), None, (3, 3)),
        ((8, 8), None, (2, 2)),
        ((4, 6), None, (2, 3)),
        ((48, 64), None, (3, 4)),
        ((32, 32), 5, (1, 1)),
    ],
)
def test_the_domain_discriminator_judges_patches_and_names_a_domain(
    sides: tuple[int, int], layers: int | None, scores: tuple[int, int]
) -> None:
    network = DomainDiscriminator("D", num_classes=7, base_channels=2, layers=layers)
    assert expect_declared_shapes(network, (3, *sides)) == [(1, *scores), (7,)]


@pytest.mark.parametrize("small", [(2, 2), (4, 6), (24, 24)])
@pytest.mark.parametrize("factor", [2, 4, 8])
def test_srresnet_enlarges_by_powers_of_two(small: tuple[int, int], factor: int) -> None:
    large = (small[0] * factor, small[1] * factor)
    network = SRResNet("G", shape=(1, *large), base_channels=2, blocks=1)
    assert expect_declared_shapes(network, (3, *small)) == [(1, *large)]


@pytest.mark.parametrize("sides", [(8, 8), (16, 16), (17, 40), (96, 96)])
def test_the_srgan_discriminator_takes_any_sides(sides: tuple[int, int]) -> None:
    assert expect_declared_shapes(SRGANDiscriminator("D", base_channels=2), (3, *sides)) == [(1,)]


# Agreement with plain torch


def test_the_encoder_decoder_equals_plain_torch() -> None:
    torch.manual_seed(0)
    module = EncoderDecoder("G", shape=(2, 32, 32), base_channels=4).build((3, 32, 32))
    weights, images = drawn(module), torch.randn(3, 3, 32, 32)

    def normalised(x: Tensor) -> Tensor:
        return F.batch_norm(x, None, None, next(weights), next(weights), training=True)

    x = F.leaky_relu(F.conv2d(images, next(weights), stride=2, padding=1), 0.2)
    for _ in range(2):
        x = F.leaky_relu(normalised(F.conv2d(x, next(weights), stride=2, padding=1)), 0.2)
    assert x.shape == (3, 16, 4, 4)
    for _ in range(2):
        x = normalised(F.conv_transpose2d(x, next(weights), stride=2, padding=1)).relu()
    expected = F.conv_transpose2d(x, next(weights), stride=2, padding=1).tanh()
    torch.testing.assert_close(module(images), expected)
    assert next(weights, None) is None


def test_the_feature_discriminator_equals_plain_torch() -> None:
    torch.manual_seed(0)
    module = FeatureDiscriminator("D", base_channels=4).build((3, 32, 32))
    weights, images = drawn(module), torch.randn(3, 3, 32, 32)
    x, maps = F.leaky_relu(F.conv2d(images, next(weights), stride=2, padding=1), 0.2), []
    for _ in range(2):
        x = F.conv2d(x, next(weights), stride=2, padding=1)
        x = F.leaky_relu(F.batch_norm(x, None, None, next(weights), next(weights), training=True), 0.2)
        maps.append(x)
    # The convolution with a kernel of the map's size is one product with all its values.
    logit = F.conv2d(x, next(weights).reshape(1, 16, 4, 4)).flatten(1)
    for found, expected in zip(module(images), [logit, *maps], strict=True):
        torch.testing.assert_close(found, expected)
    assert next(weights, None) is None


def test_the_domain_translator_equals_plain_torch() -> None:
    torch.manual_seed(0)
    module = DomainTranslator("G", shape=(2, 16, 12), base_channels=4, blocks=2).build((3, 16, 12), (5,))
    weights, images, code = drawn(module), torch.randn(2, 3, 16, 12), torch.randn(2, 5)

    def normalised(x: Tensor) -> Tensor:
        return F.instance_norm(x, weight=next(weights), bias=next(weights))

    repeated = code.reshape(2, 5, 1, 1).repeat(1, 1, 16, 12)
    x = normalised(F.conv2d(torch.cat([images, repeated], 1), next(weights), padding=3)).relu()
    for _ in range(2):
        x = normalised(F.conv2d(x, next(weights), stride=2, padding=1)).relu()
    for _ in range(2):
        inner = normalised(F.conv2d(x, next(weights), padding=1)).relu()
        x = x + normalised(F.conv2d(inner, next(weights), padding=1))
    for _ in range(2):
        x = normalised(F.conv_transpose2d(x, next(weights), stride=2, padding=1)).relu()
    torch.testing.assert_close(module(images, code), F.conv2d(x, next(weights), padding=3).tanh())
    assert next(weights, None) is None


def test_the_code_changes_the_translation() -> None:
    torch.manual_seed(0)
    module = DomainTranslator("G", shape=(3, 16, 16), base_channels=4, blocks=1).build((3, 16, 16), (2,))
    image = torch.randn(1, 3, 16, 16)
    one, other = (module(image, torch.tensor([code])) for code in ([1.0, 0.0], [0.0, 1.0]))
    assert (one - other).abs().max() > 1e-3


def test_the_domain_discriminator_equals_plain_torch() -> None:
    torch.manual_seed(0)
    module = DomainDiscriminator("D", num_classes=5, base_channels=4).build((3, 16, 24))
    weights, images = drawn(module), torch.randn(2, 3, 16, 24)
    x = images
    for _ in range(3):
        x = F.leaky_relu(F.conv2d(x, next(weights), next(weights), stride=2, padding=1), 0.01)
    scores, logits = module(images)
    torch.testing.assert_close(scores, F.conv2d(x, next(weights), padding=1))
    torch.testing.assert_close(logits, F.conv2d(x, next(weights))[:, :, 0, 0])
    assert next(weights, None) is None


def test_srresnet_equals_plain_torch() -> None:
    torch.manual_seed(0)
    module = SRResNet("G", shape=(2, 24, 16), base_channels=4, blocks=2).build((3, 6, 4))
    weights, images = drawn(module), torch.randn(2, 3, 6, 4)

    def normalised(x: Tensor) -> Tensor:
        x = F.conv2d(x, next(weights), padding=1)
        return F.batch_norm(x, None, None, next(weights), next(weights), training=True)

    first = x = F.prelu(F.conv2d(images, next(weights), next(weights), padding=4), next(weights))
    for _ in range(2):
        x = x + normalised(F.prelu(normalised(x), next(weights)))
    x = first + normalised(x)
    for _ in range(2):
        x = F.conv2d(x, next(weights), next(weights), padding=1)
        count, _, height, width = x.shape
        # Four neighbouring channels become two rows of two pixels.
        x = x.reshape(count, 4, 2, 2, height, width).permute(0, 1, 4, 2, 5, 3).reshape(count, 4, 2 * height, 2 * width)
        x = F.prelu(x, next(weights))
    torch.testing.assert_close(module(images), F.conv2d(x, next(weights), next(weights), padding=4))
    assert next(weights, None) is None


def test_the_srgan_discriminator_equals_plain_torch() -> None:
    torch.manual_seed(0)
    module = SRGANDiscriminator("D", base_channels=2).build((3, 32, 17))
    weights, images = drawn(module), torch.randn(4, 3, 32, 17)
    x = F.leaky_relu(F.conv2d(images, next(weights), next(weights), padding=1), 0.2)
    for stride in (2, 1, 2, 1, 2, 1, 2):
        x = F.conv2d(x, next(weights), stride=stride, padding=1)
        x = F.leaky_relu(F.batch_norm(x, None, None, next(weights), next(weights), training=True), 0.2)
    assert x.shape == (4, 16, 2, 2)
    hidden = F.leaky_relu(F.linear(x.flatten(1), next(weights), next(weights)), 0.2)
    assert hidden.shape == (4, 32)
    torch.testing.assert_close(module(images), F.linear(hidden, next(weights), next(weights)), rtol=1e-4, atol=1e-5)
    assert next(weights, None) is None


# Training


def catalogue() -> list[tuple[gf.Network, tuple[gf.Shape, ...]]]:
    image, small = (3, 32, 32), (3, 8, 8)
    return [
        (EncoderDecoder("G", shape=image, base_channels=4), (image,)),
        (DomainTranslator("G", shape=image, base_channels=4, blocks=1), (image, (5,))),
        (SRResNet("G", shape=image, base_channels=4, blocks=1), (small,)),
        (FeatureDiscriminator("D", base_channels=4), (image,)),
        (DomainDiscriminator("D", num_classes=5, base_channels=4), (image,)),
        (SRGANDiscriminator("D", base_channels=4), (image,)),
    ]


def outputs(module: nn.Module, inputs: Sequence[Tensor]) -> list[Tensor]:
    made = module(*inputs)
    return list(made) if isinstance(made, tuple) else [made]


def test_every_parameter_receives_a_finite_gradient_in_either_layout() -> None:
    torch.manual_seed(0)
    found = catalogue()
    assert len(found) == 6
    for network, shapes in found:
        module = network.build(*shapes)
        made = outputs(module, [torch.randn(4, *shape) for shape in shapes])
        torch.stack([(value * torch.randn_like(value)).sum() for value in made]).sum().backward()
        for name, values in module.named_parameters():
            assert values.grad is not None and values.grad.isfinite().all() and values.grad.any(), name
        inputs = [torch.randn(4, *shape) for shape in shapes]
        plain = outputs(module.eval(), inputs)
        module.to(memory_format=torch.channels_last)
        swapped = [x.to(memory_format=torch.channels_last) if x.dim() == 4 else x for x in inputs]
        for one, other in zip(outputs(module, swapped), plain, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_weights_start_as_torchs_own() -> None:
    """That is, from U(-b, b) with b^2 the inverse of a unit's inputs, whose standard deviation is b / sqrt(3)."""
    torch.manual_seed(0)
    module = FeatureDiscriminator("D", base_channels=16).build((3, 64, 64))
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert len(layers) == 5
    for layer in layers:
        bound = 1 / math.sqrt(layer.weight[0].numel())
        assert layer.weight.abs().max() <= bound and layer.bias is None
        assert layer.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.1)
    assert all(layer.weight.eq(1).all() for layer in module.modules() if isinstance(layer, nn.BatchNorm2d))


# VGG19


def vgg_file(path: Path, blocks: int = 2) -> dict[str, Tensor]:
    """Random weights of the first blocks of VGG19's convolutions, saved as torchvision's are."""
    generator, shapes, index, before = torch.Generator().manual_seed(0), {}, 0, 3
    for width, count in list(zip((64, 128, 256, 512, 512), (2, 2, 4, 4, 4), strict=True))[:blocks]:
        for _ in range(count):
            shapes[f"features.{index}.weight"], shapes[f"features.{index}.bias"] = (width, before, 3, 3), (width,)
            index, before = index + 2, width
        index += 1
    weights = {key: 0.1 * torch.randn(shape, generator=generator) for key, shape in shapes.items()}
    (save_file if path.suffix == ".safetensors" else torch.save)(weights, path)  # type: ignore[arg-type]
    return weights


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_vgg_content_equals_plain_torch(suffix: str, tmp_path: Path) -> None:
    weights = vgg_file(tmp_path / f"vgg.{suffix}")
    torch.manual_seed(0)
    fake, real = torch.rand(2, 3, 8, 8) * 2 - 1, torch.rand(2, 3, 8, 8) * 2 - 1
    fake.requires_grad_()

    def features(images: Tensor) -> Tensor:
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        x = (images / 2 + 0.5 - mean.reshape(3, 1, 1)) / std.reshape(3, 1, 1)
        for index in (0, 2, 5, 7):
            x = F.max_pool2d(x, 2) if index == 5 else x
            x = F.conv2d(x, weights[f"features.{index}.weight"], weights[f"features.{index}.bias"], padding=1).relu()
        return x

    expected = (features(fake) - features(real)).square().mean() / 12.75**2
    content = VGGContent(block=2, convolution=2, weights=str(tmp_path / f"vgg.{suffix}"))
    found = content.compute(fake, real)
    torch.testing.assert_close(found, expected)
    assert found > 0 and content.compute(real, real) == 0
    slopes = [torch.autograd.grad(value, fake)[0] for value in (found, expected)]
    torch.testing.assert_close(*slopes)


def test_vgg_content_takes_grey_images(tmp_path: Path) -> None:
    vgg_file(tmp_path / "vgg.pth")
    content = VGGContent(block=1, convolution=1, weights=str(tmp_path / "vgg.pth"))
    fake, real = torch.rand(2, 1, 8, 8), torch.rand(2, 1, 8, 8)
    torch.testing.assert_close(
        content.compute(fake, real), content.compute(*(x.repeat(1, 3, 1, 1) for x in (fake, real)))
    )


@pytest.mark.parametrize(
    ("block", "convolution", "shape", "layers"),
    [(1, 1, (64, 32, 32), 2), (2, 2, (128, 16, 16), 9), (3, 4, (256, 8, 8), 18), (5, 4, (512, 2, 2), 36)],
)
def test_vgg_content_ends_after_the_activation_that_is_asked_for(
    block: int, convolution: int, shape: gf.Shape, layers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "empty.pth"
    file.touch()
    asked = []
    whole = vgg._features
    monkeypatch.setattr(vgg, "_features", lambda *key: asked.append(key) or whole(*key))
    empty = torch.empty(2, 3, 32, 32, device="meta")
    # Without memory no weights are read, only looked for.
    assert VGGContent(block=block, convolution=convolution, weights=str(file)).compute(empty, empty).shape == ()
    assert [key[0] for key in asked] == [layers]
    features = whole(*asked[0])
    assert isinstance(features[-1], nn.ReLU) and features(empty).shape == (2, *shape)


def test_vgg_content_says_where_the_weights_must_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    images = torch.zeros(1, 3, 16, 16)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(DataError) as error:
        VGGContent().compute(images, images)
    lines = str(error.value).splitlines()
    assert lines[0] == f"vgg-content: the weights of VGG19 are not at {tmp_path}/checkpoints/vgg19-dcbb9e9d.pth."
    assert lines[1].startswith("hint: fetch https://") and "put it there" in lines[1]
    with pytest.raises(DataError, match=r"are not at /nowhere/vgg\.pth"):
        VGGContent(weights="/nowhere/vgg.pth").compute(images, images)


def test_vgg_content_refuses_files_of_something_else(tmp_path: Path) -> None:
    images, file = torch.zeros(1, 3, 16, 16), tmp_path / "vgg.pth"

    def refusal(path: Path) -> str:
        with pytest.raises(DataError) as error:
            VGGContent(block=1, convolution=2, weights=str(path)).compute(images, images)
        vgg._features.cache_clear()
        return str(error.value)

    file.write_bytes(b"no weights")
    assert f"{file} cannot be read" in refusal(file)
    file.write_bytes(b"")
    assert f"{file} cannot be read" in refusal(file)
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, file)
    assert f"{file} does not hold the weights of VGG19: 'features.0.bias'" in refusal(file)
    vgg_file(file)
    torch.save({key: value[:1] for key, value in torch.load(file, weights_only=True).items()}, file)
    assert "size mismatch" in refusal(file)
    # A file under torchvision's name is held against the digest in that name.
    named = tmp_path / "vgg19-dcbb9e9d.pth"
    vgg_file(named)
    assert f"{named} is damaged: its SHA-256 digest begins with " in refusal(named)
    (tmp_path / "vgg.safetensors").write_bytes(b"no weights")
    assert "vgg.safetensors cannot be read" in refusal(tmp_path / "vgg.safetensors")


class Trap:
    """Code that a pickle would run."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return Path.touch, (Path("sprung"),)  # type: ignore[return-value]


def test_vgg_content_runs_no_code_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    images, file = torch.zeros(1, 3, 16, 16), tmp_path / "vgg.pth"
    for save in (
        lambda: file.write_bytes(pickle.dumps(Trap(), protocol=2)),
        lambda: torch.save({"features.0.weight": Trap()}, file),
    ):
        save()
        with pytest.raises(DataError, match="cannot be read"):
            VGGContent(weights=str(file)).compute(images, images)
        assert not Path("sprung").exists()


# Messages


def test_networks_of_images_say_at_the_recipes_line_that_they_take_images() -> None:
    names = {"shape": (3, 64, 64)}
    networks = [EncoderDecoder("N", **names), SRResNet("N", **names), FeatureDiscriminator("N")]
    for network in [*networks, DomainDiscriminator("N", num_classes=2), SRGANDiscriminator("N")]:
        found = problem(lambda network=network: network(gf.noise(100)))
        assert found.message == "network 'N' takes images of shape (channels, height, width); received noise (100,)."
        assert found.site is not None and "network(gf.noise(100))" in found.site.text


@pytest.mark.parametrize(
    ("write", "message", "hint"),
    [
        (
            lambda: EncoderDecoder("G", shape=(3, 30, 30))(gf.noise(3, 30, 30)),
            "halves its images 2 times, which needs sides that are multiples of 4; received noise (3, 30, 30).",
            "depth=1 fits these sides",
        ),
        (
            lambda: EncoderDecoder("G", shape=(3, 63, 64))(gf.noise(3, 63, 64)),
            "halves its images 3 times, which needs sides that are multiples of 8",
            "",
        ),
        (lambda: EncoderDecoder("G", shape=(3, 4, 4))(gf.noise(3, 5, 5)), "'shape' is (3, 4, 4), received noise", None),
        (lambda: FeatureDiscriminator("D")(gf.noise(3, 7, 64)), "sides of 8 pixels or more", ""),
        (
            lambda: DomainTranslator("G", shape=(3, 64, 64))(gf.noise(3, 64, 66), gf.noise(5)),
            "multiples of 4, of 8 pixels or more; received noise (3, 64, 66).",
            "",
        ),
        (
            lambda: DomainTranslator("G", shape=(3, 64, 64))(gf.noise(3, 64, 64), gf.random_labels(5)),
            "takes a code of shape (length,), of real numbers; received random labels (), int.",
            "gf.one_hot(labels, num_classes) makes one",
        ),
        (lambda: DomainDiscriminator("D", num_classes=2)(gf.noise(3, 3, 64)), "sides of 4 pixels or more", ""),
        (
            lambda: DomainDiscriminator("D", num_classes=2, layers=5)(gf.noise(3, 31, 64)),
            "sides of 32 pixels or more; received noise (3, 31, 64).",
            "",
        ),
        (
            lambda: SRResNet("G", shape=(3, 64, 64))(gf.noise(3, 16, 32)),
            "enlarges both sides by 2, 4, 8, …; 'shape' is (3, 64, 64), received noise (3, 16, 32).",
            "",
        ),
        (lambda: SRResNet("G", shape=(3, 64, 64))(gf.noise(3, 64, 64)), "enlarges both sides by 2, 4, 8", ""),
    ],
)
def test_inputs_that_do_not_fit_are_told_at_the_recipes_line(
    write: Callable[[], object], message: str, hint: str | None
) -> None:
    with reading(__file__, "recipe.py") as current:
        write()
    assert message in current.problems[0].message
    assert hint is None or current.problems[0].hint == hint


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda: EncoderDecoder("G", shape=(64, 64)), "'shape' must be (channels, height, width); received (64, 64)"),
        (lambda: EncoderDecoder("G", shape=(3, 64, 64), depth=0), "'depth' must be 1 or more; received 0"),
        (lambda: FeatureDiscriminator("D", base_channels=0), "'base_channels' must be 1 or more; received 0"),
        (lambda: DomainTranslator("G", shape=(3, 64, 64), blocks=0), "'blocks' must be 1 or more; received 0"),
        (lambda: DomainDiscriminator("D", num_classes=0), "'num_classes' must be 1 or more; received 0"),
        (lambda: SRResNet("G", shape=(3, 64, 64), blocks=0), "'blocks' must be 1 or more; received 0"),
        (lambda: VGGContent(block=6), "'block' must be in [1, 5]; received 6"),
        (lambda: VGGContent(block=2), "'convolution' is 1 to 2 in block 2 of VGG19; received 4"),
        (lambda: VGGContent(convolution=0), "'convolution' is 1 to 4 in block 5 of VGG19; received 0"),
    ],
)
def test_a_parameter_out_of_its_range_is_one_sentence(write: Callable[[], object], message: str) -> None:
    with pytest.raises(RecipeError) as error:
        write()
    assert message in str(error.value)
    assert len(error.value.problems) == 1


def test_the_plugin_offers_its_networks_and_losses() -> None:
    names = {offered.component_name(): offered.kind for offered in ganforge_components()}
    assert names == {
        "resnet-translator": "generator",
        "unet": "generator",
        "encoder-decoder": "generator",
        "domain-translator": "generator",
        "srresnet": "generator",
        "patch-discriminator": "discriminator",
        "feature-discriminator": "discriminator",
        "domain-discriminator": "discriminator",
        "srgan-discriminator": "discriminator",
        "vgg-content": "loss",
    }
    assert all(offered.__doc__ for offered in ganforge_components())
