"""Tests of the image-to-image networks: shapes, parameter counts, agreement with plain torch, reach, messages."""

from collections.abc import Callable, Iterator
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import ganforge as gf
from ganforge.errors import Problem, RecipeError
from ganforge.language.site import reading
from ganforge_translate import PatchDiscriminator, ResNetTranslator, UNet
from ganforge_translate.modules.layers import instance_norm


def parameters(module: nn.Module) -> int:
    return sum(values.numel() for values in module.parameters())


def on_meta(network: gf.Network, *shapes: gf.Shape) -> tuple[gf.Shape, gf.Shape]:
    """The declared output shape, and the one that the module gives a batch of two without computing."""
    declared = network(*(gf.noise(*shape) for shape in shapes)).shape  # type: ignore[operator]
    with torch.device("meta"):
        module = network.build(*shapes)
        made = module(*(torch.empty(2, *shape) for shape in shapes))
    assert made.device.type == "meta" and len(made) == 2
    return declared, tuple(made.shape[1:])


def problem(write: Callable[[], object]) -> Problem:
    """The only problem noted while a recipe in this file is read."""
    with reading(__file__, "recipe.py") as current:
        write()
    (found,) = current.problems
    return found


# Shapes


def test_the_translator_gives_the_sides_of_its_input() -> None:
    seen = 0
    sizes = [(8, 8), (8, 64), (12, 20), (32, 32), (100, 64), (128, 128), (256, 256), (252, 8), (64, 256)]
    for number, sides in enumerate(sizes):
        before, after = [(3, 3), (1, 4), (4, 1)][number % 3]
        network = ResNetTranslator("G", shape=(after, 64, 64), base_channels=2, blocks=1)
        assert on_meta(network, (before, *sides)) == ((after, *sides),) * 2
        seen += 1
    assert seen == 9


def test_one_translator_takes_several_sizes() -> None:
    assert ResNetTranslator.any_size and PatchDiscriminator.any_size and not UNet.any_size
    module = ResNetTranslator("G", shape=(3, 64, 64), base_channels=2, blocks=1).build((3, 64, 64))
    assert module(torch.randn(1, 3, 16, 24)).shape == (1, 3, 16, 24)


def test_the_translator_has_six_blocks_up_to_128_pixels_and_nine_above() -> None:
    counts = {}
    for sides in [(64, 64), (128, 128), (128, 132), (256, 256), (256, 64)]:
        with torch.device("meta"):
            counts[sides] = len(ResNetTranslator("G", shape=(3, *sides), base_channels=1).build((3, 64, 64)).blocks)
    assert list(counts.values()) == [6, 6, 9, 9, 9]


def test_the_patch_map_has_the_declared_shape() -> None:
    seen = 0
    for layers, height, extra in product((1, 2, 3, 4), range(0, 9), (0, 13)):
        least = 3 * 2**layers
        shape = (3, least + height, least + height + extra)
        declared, made = on_meta(PatchDiscriminator("D", base_channels=1, layers=layers), shape)
        assert declared == made
        seen += 1
    assert seen == 4 * 9 * 2
    assert on_meta(PatchDiscriminator("D"), (3, 256, 256)) == ((1, 30, 30),) * 2
    assert on_meta(PatchDiscriminator("D"), (3, 24, 31)) == ((1, 1, 1),) * 2
    assert on_meta(PatchDiscriminator("D", base_channels=1), (1, 252, 128)) == ((1, 29, 14),) * 2


def test_the_patch_discriminator_joins_images_on_channels() -> None:
    network = PatchDiscriminator("D", base_channels=4)
    assert on_meta(network, (3, 64, 64), (1, 64, 64)) == ((1, 6, 6),) * 2
    module = network.build((3, 64, 64), (1, 64, 64))
    a, b = torch.randn(2, 3, 64, 64), torch.randn(2, 1, 64, 64)
    assert module.layers[0].in_channels == 4
    torch.testing.assert_close(module(a, b), module.layers(torch.cat([a, b], 1)))


def test_the_unet_gives_the_sides_of_its_input() -> None:
    seen = 0
    for height, width, depth in [
        (4, 4, None),
        (8, 8, None),
        (16, 48, None),
        (32, 32, None),
        (64, 128, None),
        (128, 128, None),
        (256, 256, None),
        (512, 256, None),
        (256, 256, 5),
        (96, 32, 3),
    ]:
        for before, after in [(3, 3), (1, 4), (4, 1)]:
            network = UNet("G", shape=(after, height, width), base_channels=1, depth=depth)
            assert on_meta(network, (before, height, width)) == ((after, height, width),) * 2
            seen += 1
    assert seen == 30


def test_the_unet_halves_until_one_pixel_and_at_most_eight_times() -> None:
    depths = []
    for side in (4, 16, 64, 256, 512):
        module = UNet("G", shape=(1, side, side), base_channels=1).build((1, side, side))
        depths.append(len(module.encoder))
        smallest = torch.zeros(2, 1, side, side)
        for down in module.encoder:
            smallest = down(smallest)
        assert smallest.shape[2:] == (max(side // 256, 1),) * 2
    assert depths == [2, 4, 6, 8, 8]


# Parameter counts, by arithmetic


def test_the_translator_with_nine_blocks_has_11378179_parameters() -> None:
    with torch.device("meta"):
        module = ResNetTranslator("G", shape=(3, 256, 256)).build((3, 256, 256))
    ends = 7 * 7 * 3 * 64 + 64 + 7 * 7 * 64 * 3 + 3
    down = (3 * 3 * 64 * 128 + 128) + (3 * 3 * 128 * 256 + 256)
    blocks = 9 * 2 * (3 * 3 * 256 * 256 + 256)
    up = (3 * 3 * 256 * 128 + 128) + (3 * 3 * 128 * 64 + 64)
    assert parameters(module) == ends + down + blocks + up == 11_378_179


def test_the_patch_discriminator_of_70_pixels_has_2764737_parameters() -> None:
    with torch.device("meta"):
        instance, batch, none, paired = (
            PatchDiscriminator("D", norm="instance").build((3, 256, 256)),
            PatchDiscriminator("D", norm="batch").build((3, 256, 256)),
            PatchDiscriminator("D", norm="none").build((3, 256, 256)),
            PatchDiscriminator("D", norm="batch").build((3, 256, 256), (3, 256, 256)),
        )
    kernels = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512)
    assert parameters(instance) == parameters(none) == kernels + 64 + 128 + 256 + 512 + 1 == 2_764_737
    assert parameters(batch) == kernels + 64 + 2 * (128 + 256 + 512) + 1
    assert parameters(paired) == parameters(batch) + 16 * 3 * 64


def test_the_unet_at_256_has_54413955_parameters() -> None:
    with torch.device("meta"):
        module = UNet("G", shape=(3, 256, 256)).build((3, 256, 256))
        smaller = UNet("G", shape=(3, 64, 64)).build((3, 64, 64))
    encoder = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 4 * 512 * 512)
    encoder_norms = 2 * (128 + 256 + 4 * 512)
    decoder = 16 * (512 * 512 + 3 * 1024 * 512 + 1024 * 256 + 512 * 128 + 256 * 64 + 128 * 3) + 3
    decoder_norms = 2 * (4 * 512 + 256 + 128 + 64)
    assert parameters(module) == encoder + encoder_norms + decoder + decoder_norms == 54_413_955
    # Two halvings less: two levels of 512 to 512 in the encoder, two of 1024 to 512 in the decoder.
    assert parameters(smaller) == 54_413_955 - 2 * (16 * (512 * 512 + 1024 * 512) + 4 * 512)


# Agreement with plain torch


def test_the_translator_equals_plain_torch() -> None:
    torch.manual_seed(0)
    module = ResNetTranslator("G", shape=(2, 16, 12), base_channels=4, blocks=2).build((3, 16, 12))
    for values in module.parameters():
        nn.init.normal_(values, 0.0, 0.3)
    weights = iter(module.parameters())
    images = torch.randn(2, 3, 16, 12)

    def convolved(x: Tensor, pad: int) -> Tensor:
        return F.conv2d(F.pad(x, (pad,) * 4, mode="reflect"), next(weights), next(weights))

    x = F.instance_norm(convolved(images, 3)).relu()
    for _ in range(2):
        x = F.instance_norm(F.conv2d(x, next(weights), next(weights), stride=2, padding=1)).relu()
    for _ in range(2):
        x = x + F.instance_norm(convolved(F.instance_norm(convolved(x, 1)).relu(), 1))
    for _ in range(2):
        x = F.conv_transpose2d(x, next(weights), next(weights), stride=2, padding=1, output_padding=1)
        x = F.instance_norm(x).relu()
    torch.testing.assert_close(module(images), convolved(x, 3).tanh())
    assert next(weights, None) is None


def test_the_patch_discriminator_equals_plain_torch() -> None:
    torch.manual_seed(0)
    module = PatchDiscriminator("D", base_channels=4).build((3, 40, 64))
    for values in module.parameters():
        nn.init.normal_(values, 0.0, 0.3)
    weights = iter(module.parameters())
    images = torch.randn(2, 3, 40, 64)
    x = F.leaky_relu(F.conv2d(images, next(weights), next(weights), stride=2, padding=1), 0.2)
    for stride in (2, 2, 1):
        x = F.conv2d(x, next(weights), next(weights), stride=stride, padding=1)
        x = F.leaky_relu(F.instance_norm(x), 0.2)
    torch.testing.assert_close(module(images), F.conv2d(x, next(weights), next(weights), padding=1))
    assert next(weights, None) is None


def nested_unet(x: Tensor, down: Iterator[Tensor], up: Callable[[int], tuple[Tensor, Tensor]], level: int) -> Tensor:
    """What the U-Net adds below one skip: written from the outside in, unlike the module."""
    inner = F.conv2d(F.leaky_relu(x, 0.2) if level else x, next(down), next(down), stride=2, padding=1)
    if level < 3:
        inner = nested_unet(F.instance_norm(inner) if level else inner, down, up, level + 1)
    made = F.conv_transpose2d(inner.relu(), *up(level), stride=2, padding=1)
    return torch.cat([F.instance_norm(made), x], dim=1) if level else made.tanh()


def test_the_unet_equals_plain_torch() -> None:
    torch.manual_seed(0)
    module = UNet("G", shape=(2, 32, 16), base_channels=4, norm="instance", depth=4).build((3, 32, 16)).eval()
    for values in module.parameters():
        nn.init.normal_(values, 0.0, 0.3)
    upward = [*(block[1] for block in module.decoder), module.paint[1]][::-1]
    images = torch.randn(2, 3, 32, 16)
    expected = nested_unet(
        images, module.encoder.parameters(), lambda level: (upward[level].weight, upward[level].bias), 0
    )
    torch.testing.assert_close(module(images), expected)


def test_instance_norm_has_no_gain_and_keeps_channels_last() -> None:
    torch.manual_seed(0)
    norm = instance_norm(6)
    maps = (3 * torch.randn(2, 6, 5, 7) + 1).to(memory_format=torch.channels_last)
    assert not list(norm.parameters()) and not norm.state_dict()
    torch.testing.assert_close(norm(maps), F.instance_norm(maps))
    assert norm(maps).is_contiguous(memory_format=torch.channels_last)


# What each output sees, and dropout


@pytest.mark.parametrize(("layers", "reach"), [(1, 16), (2, 34), (3, 70), (4, 142)])
def test_a_logit_sees_the_patch_that_is_documented(layers: int, reach: int) -> None:
    module = PatchDiscriminator("D", base_channels=1, layers=layers, norm="none").build((1, 256, 256))
    for values in module.parameters():
        nn.init.constant_(values, 0.1)
    images = torch.zeros(1, 1, 256, 256, requires_grad=True)
    plain = module(images)
    middle = plain.shape[-1] // 2
    plain[0, 0, middle, middle].backward()
    assert images.grad is not None
    columns = images.grad[0, 0].any(dim=0).nonzero().flatten().tolist()
    assert len(columns) == reach == columns[-1] - columns[0] + 1
    # A change of a column of pixels reaches the logit exactly where the gradient says so.
    for column, seen in [(columns[0] - 1, False), (columns[0], True), (columns[-1], True), (columns[-1] + 1, False)]:
        touched = torch.zeros(1, 1, 256, 256)
        touched[..., column] = 1e4
        assert (module(touched)[0, 0, middle, middle] != plain[0, 0, middle, middle]) == seen


def dropouts(module: nn.Module) -> list[list[str]]:
    return [[type(layer).__name__ for layer in block] for block in module.decoder]


def test_dropout_follows_the_norm_of_the_first_three_decoder_blocks() -> None:
    with torch.device("meta"):
        module = UNet("G", shape=(3, 256, 256), base_channels=1).build((3, 256, 256))
        small = UNet("G", shape=(3, 8, 8), base_channels=1).build((3, 8, 8))
        without = UNet("G", shape=(3, 256, 256), base_channels=1, dropout=0.0).build((3, 256, 256))
    block = ["ReLU", "ConvTranspose2d", "BatchNorm2d"]
    assert dropouts(module) == [[*block, "Dropout"]] * 3 + [block] * 4
    assert dropouts(small) == [[*block, "Dropout"]] * 2
    assert dropouts(without) == [block] * 7
    assert {layer.p for layer in module.modules() if isinstance(layer, nn.Dropout)} == {0.5}
    assert not any(isinstance(layer, nn.Dropout) for layer in module.encoder.modules())


def test_the_first_and_the_innermost_map_of_the_unet_are_not_normalised() -> None:
    with torch.device("meta"):
        module = UNet("G", shape=(3, 256, 256), base_channels=1).build((3, 256, 256))
    norms = [sum(isinstance(layer, nn.BatchNorm2d) for layer in down) for down in module.encoder]
    assert norms == [0, 1, 1, 1, 1, 1, 1, 0]


# Training


def catalogue() -> list[tuple[nn.Module, tuple[gf.Shape, ...]]]:
    image = (3, 32, 48)
    resnet = ResNetTranslator("G", shape=image, base_channels=4, blocks=2)
    networks: list[tuple[gf.Network, tuple[gf.Shape, ...]]] = [(resnet, (image,))]
    for norm in ("instance", "batch", "none"):
        networks.append((PatchDiscriminator("D", base_channels=4, norm=norm), (image,)))
        networks.append((PatchDiscriminator("D", base_channels=4, norm=norm, layers=2), (image, (1, 32, 48))))
    for unet_norm in ("batch", "instance"):
        networks.append((UNet("G", shape=image, base_channels=4, depth=4, norm=unet_norm), (image,)))
    return [(network.build(*shapes), shapes) for network, shapes in networks]


def test_every_parameter_receives_a_finite_gradient() -> None:
    torch.manual_seed(0)
    found = catalogue()
    assert len(found) == 1 + 2 * 3 + 2
    for module, shapes in found:
        made = module(*(torch.randn(4, *shape) for shape in shapes))
        (made * torch.randn_like(made)).sum().backward()
        for name, values in module.named_parameters():
            assert values.grad is not None and values.grad.isfinite().all() and values.grad.any(), name


def test_a_batch_of_one_trains_in_either_layout() -> None:
    torch.manual_seed(0)
    found = catalogue()
    assert len(found) == 9
    for module, shapes in found:
        inputs = [torch.randn(1, *shape) for shape in shapes]
        torch.manual_seed(1)
        made = module(*inputs)
        assert made.isfinite().all() and len(made) == 1
        module.eval()
        plain = module(*inputs)
        module.to(memory_format=torch.channels_last)
        swapped = module(*(each.to(memory_format=torch.channels_last) for each in inputs))
        torch.testing.assert_close(swapped, plain, rtol=1e-4, atol=1e-5)


def test_initial_weights_have_the_papers_distribution() -> None:
    torch.manual_seed(0)
    modules = [
        ResNetTranslator("G", shape=(3, 64, 64), base_channels=16, blocks=1).build((3, 64, 64)),
        PatchDiscriminator("D", base_channels=16, norm="batch").build((3, 64, 64)),
        UNet("G", shape=(3, 64, 64), base_channels=16).build((3, 64, 64)),
    ]
    layers = [layer for module in modules for layer in module.modules() if getattr(layer, "weight", None) is not None]
    assert len(layers) == (1 + 2 + 2 + 2 + 1) + (5 + 3) + (6 + 4 + 5 + 5 + 1)
    for layer in layers:
        mean = 1.0 if isinstance(layer, nn.BatchNorm2d) else 0.0
        error = 4 / layer.weight.numel() ** 0.5  # Four standard errors of the mean.
        assert layer.weight.mean().item() == pytest.approx(mean, abs=0.02 * error)
        assert layer.weight.std().item() == pytest.approx(0.02, rel=error)
        assert layer.bias is None or not layer.bias.any()


# Messages


def test_networks_of_images_say_at_the_recipes_line_that_they_take_images() -> None:
    networks = [cls("N", shape=(3, 64, 64)) for cls in (ResNetTranslator, UNet)]
    for network in [*networks, PatchDiscriminator("N")]:
        found = problem(lambda network=network: network(gf.noise(100)))
        assert found.message == "network 'N' takes images of shape (channels, height, width); received noise (100,)."
        assert found.site is not None and "network(gf.noise(100))" in found.site.text


@pytest.mark.parametrize("shape", [(3, 64, 66), (3, 4, 64), (3, 63, 64)])
def test_the_translator_says_which_sides_it_takes(shape: gf.Shape) -> None:
    message = problem(lambda: ResNetTranslator("G", shape=(3, 64, 64))(gf.noise(*shape))).message
    assert "multiples of 4, of 8 pixels or more" in message and f"noise {shape}" in message


def test_the_patch_discriminator_says_how_small_images_may_be() -> None:
    for layers, least in [(1, 6), (3, 24), (4, 48)]:
        D = PatchDiscriminator("D", layers=layers)
        found = problem(lambda D=D, least=least: D(gf.noise(3, 64, least - 1)))
        assert f"sides of {least} pixels or more; received noise (3, 64, {least - 1})." in found.message
        assert D(gf.noise(3, least, least)).shape == (1, 1, 1)


def test_the_patch_discriminator_joins_images_of_one_size_only() -> None:
    found = problem(lambda: PatchDiscriminator("D")(gf.noise(3, 64, 64), gf.noise(3, 64, 32)))
    assert "one height and width; received noise (3, 64, 64) and noise (3, 64, 32)." in found.message


def test_the_unet_says_which_sides_fit_and_which_depth_would() -> None:
    found = problem(lambda: UNet("G", shape=(3, 96, 96))(gf.noise(3, 96, 96)))
    assert "halves its images 6 times, which needs sides that are multiples of 64" in found.message
    assert found.hint == "depth=5 fits these sides"
    assert UNet("G", shape=(3, 96, 96), depth=5)(gf.noise(3, 96, 96)).shape == (3, 96, 96)
    odd = problem(lambda: UNet("G", shape=(3, 63, 64))(gf.noise(3, 63, 64)))
    assert "multiples of 32" in odd.message and not odd.hint
    tiny = problem(lambda: UNet("G", shape=(3, 2, 2))(gf.noise(3, 2, 2)))
    assert "multiples of 4" in tiny.message


def test_the_unet_gives_images_of_its_inputs_size_only() -> None:
    found = problem(lambda: UNet("G", shape=(3, 64, 64))(gf.noise(3, 32, 32)))
    assert "'shape' is (3, 64, 64), received noise (3, 32, 32)." in found.message


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda: UNet("G", shape=(64, 64)), "'shape' must be (channels, height, width); received (64, 64)"),
        (lambda: UNet("G", shape=(3, 64, 64), depth=1), "'depth' must be 2 or more; received 1"),
        (lambda: UNet("G", shape=(3, 64, 64), norm="none"), "'norm' must be 'batch' or 'instance'; received 'none'"),
        (lambda: UNet("G", shape=(3, 64, 64), dropout=-0.1), "'dropout' must be 0 or more and less than 1"),
        (lambda: ResNetTranslator("G", shape=(3, 64, 64), blocks=0), "'blocks' must be 1 or more; received 0"),
        (lambda: PatchDiscriminator("D", layers=0), "'layers' must be 1 or more; received 0"),
        (lambda: PatchDiscriminator("D", layers="3"), "'layers' must be int; received '3'"),
    ],
)
def test_a_parameter_out_of_its_range_is_one_sentence(write: Callable[[], object], message: str) -> None:
    with pytest.raises(RecipeError) as error:
        write()
    assert message in str(error.value)
    assert len(error.value.problems) == 1
