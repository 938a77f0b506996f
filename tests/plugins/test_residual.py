"""Tests of the residual networks and what stands beside them: shapes, agreement with plain torch, messages."""

import copy
import math
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import ganforge as gf
from ganforge.errors import Problem, RecipeError
from ganforge.language.site import reading
from ganforge_classic import Linear
from ganforge_residual import (
    CNNDiscriminator,
    CNNGenerator,
    HalfLife,
    R3GANDiscriminator,
    R3GANGenerator,
    ResNetDiscriminator,
    ResNetGenerator,
    dequantised,
    ganforge_components,
)
from ganforge_residual.modules.r3gan import Bilinear, ModernBlock
from ganforge_residual.modules.resnet import ResidualBlock

SIDES = (8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128)


def pairs(shape: gf.Shape) -> list[tuple[gf.Generator, gf.Discriminator]]:
    """Small networks of each kind for images of a shape."""
    small = {"base_channels": 4, "blocks": 1, "cardinality": 2}
    return [
        (ResNetGenerator("G", shape=shape, base_channels=4), ResNetDiscriminator("D", base_channels=4)),
        (
            ResNetGenerator("G", shape=shape, base_channels=4, norm="none"),
            ResNetDiscriminator("D", base_channels=4, norm="layer", spectral_norm=True, pooling="sum"),
        ),
        (CNNGenerator("G", shape=shape, base_channels=4), CNNDiscriminator("D", base_channels=4, spectral_norm=True)),
        (R3GANGenerator("G", shape=shape, **small), R3GANDiscriminator("D", **small)),  # type: ignore[arg-type]
    ]


def problem(write: Callable[[], object]) -> Problem:
    """The only problem noted while a recipe in this file is read."""
    with reading(__file__, "recipe.py") as current:
        write()
    (found,) = current.problems
    return found


def randomised(module: nn.Module) -> nn.Module:
    """Weights that are nowhere zero, as after some training."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, 0.0, 0.3)
    return module


# Shapes


def test_residual_networks_take_every_size_that_halves_whole() -> None:
    sizes = [*((side, side) for side in SIDES), (8, 16), (32, 8), (24, 64), (28, 56)]
    seen = 0
    for number, sides in enumerate(sizes):
        shape = ((1, 3)[number % 2], *sides)
        for G, D in pairs(shape):
            with torch.device("meta"):
                made = G.build((5,), (2,))(torch.empty(2, 5), torch.empty(2, 2))
                score = D.build(shape)(made)
            assert G(gf.noise(5), gf.noise(2)).shape == tuple(made.shape[1:]) == shape  # type: ignore[operator]
            assert tuple(score.shape) == (2, 1) and score.device.type == "meta"
            seen += 1
    assert seen == 19 * 4


@pytest.mark.parametrize(
    ("shape", "grown", "judged"),
    [
        ((3, 32, 32), [(8, 8), (16, 16), (32, 32)], [(16, 16), (8, 8), (8, 8), (8, 8)]),
        ((1, 28, 28), [(14, 14), (28, 28)], [(14, 14), (14, 14), (14, 14)]),
        ((3, 8, 16), [(8, 16)], [(4, 8), (4, 8), (4, 8)]),
        ((3, 64, 64), [(8, 8), (16, 16), (32, 32), (64, 64)], [(32, 32), (16, 16), (8, 8), (8, 8), (8, 8)]),
    ],
)
def test_residual_blocks_double_up_to_the_image_and_halve_down_to_8_pixels(
    shape: gf.Shape, grown: list[tuple[int, int]], judged: list[tuple[int, int]]
) -> None:
    G = ResNetGenerator("G", shape=shape, base_channels=2).build((5,))
    D = ResNetDiscriminator("D", base_channels=2).build(shape)
    sides: list[tuple[int, ...]] = []
    for block in (*G.blocks, *D.blocks):
        block.register_forward_hook(lambda _, __, out: sides.append(tuple(out.shape[2:])))
    D(G(torch.randn(2, 5)))
    assert sides == grown + judged


# Agreement with plain torch


def mean_pool(maps: Tensor) -> Tensor:
    return (maps[..., ::2, ::2] + maps[..., 1::2, ::2] + maps[..., ::2, 1::2] + maps[..., 1::2, 1::2]) / 4


def double(maps: Tensor) -> Tensor:
    return maps.repeat_interleave(2, 2).repeat_interleave(2, 3)


def batch_norm(maps: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.batch_norm(maps, None, None, weight, bias, training=True)


def test_a_block_that_doubles_upsamples_before_both_of_its_ways() -> None:
    torch.manual_seed(0)
    block = randomised(ResidualBlock(3, 5, resample="up", norm="batch"))
    g1, b1, w1, c1, g2, b2, w2, c2, ws, cs = block.parameters()
    x = torch.randn(4, 3, 6, 5)
    h = F.conv2d(double(batch_norm(x, g1, b1).relu()), w1, c1, padding=1)
    h = F.conv2d(batch_norm(h, g2, b2).relu(), w2, c2, padding=1)
    torch.testing.assert_close(block(x), h + F.conv2d(double(x), ws, cs), rtol=1e-4, atol=1e-5)


def test_a_block_that_halves_pools_after_both_of_its_ways() -> None:
    torch.manual_seed(0)
    block = randomised(ResidualBlock(3, 5, resample="down", norm="none"))
    w1, c1, w2, c2, ws, cs = block.parameters()
    x = torch.randn(4, 3, 6, 4)
    before = x.clone()
    h = F.conv2d(F.conv2d(x.relu(), w1, c1, padding=1).relu(), w2, c2, padding=1)
    torch.testing.assert_close(block(x), mean_pool(h) + mean_pool(F.conv2d(x, ws, cs)), rtol=1e-4, atol=1e-5)
    assert torch.equal(x, before)


def test_the_first_block_sees_the_image_itself() -> None:
    torch.manual_seed(0)
    block = randomised(ResidualBlock(3, 5, resample="down", norm="none", first=True))
    w1, c1, w2, c2, ws, cs = block.parameters()
    x = torch.randn(4, 3, 8, 8)
    h = mean_pool(F.conv2d(F.conv2d(x, w1, c1, padding=1).relu(), w2, c2, padding=1))
    torch.testing.assert_close(block(x), h + F.conv2d(mean_pool(x), ws, cs), rtol=1e-4, atol=1e-5)


def test_a_plain_block_keeps_its_input_as_shortcut() -> None:
    torch.manual_seed(0)
    block = randomised(ResidualBlock(4, 4, resample="none", norm="layer"))
    g1, b1, w1, c1, g2, b2, w2, c2 = block.parameters()
    x = torch.randn(2, 4, 5, 5)
    h = F.conv2d(F.group_norm(x, 1, g1, b1).relu(), w1, c1, padding=1)
    h = F.conv2d(F.group_norm(h, 1, g2, b2).relu(), w2, c2, padding=1)
    torch.testing.assert_close(block(x), x + h, rtol=1e-4, atol=1e-5)


def test_the_residual_generator_ends_in_norm_relu_convolution_and_tanh() -> None:
    torch.manual_seed(0)
    G = randomised(ResNetGenerator("G", shape=(3, 8, 8), base_channels=4).build((2,), (3,)))
    z, code = torch.randn(5, 2), torch.randn(5, 3)
    start = F.linear(torch.cat([z, code], 1), *G.project.parameters()).reshape(5, 4, 4, 4)
    gain, shift, weight, bias = G.paint.parameters()
    expected = F.conv2d(batch_norm(G.blocks(start), gain, shift).relu(), weight, bias, padding=1).tanh()
    torch.testing.assert_close(G(z, code), expected)


@pytest.mark.parametrize(("pooling", "bias"), [("mean", True), ("sum", False)])
def test_the_residual_discriminator_pools_what_is_above_zero(pooling: str, bias: bool) -> None:
    torch.manual_seed(0)
    D = ResNetDiscriminator("D", base_channels=4, pooling=pooling, logit_bias=bias).build((3, 16, 16))  # type: ignore[arg-type]
    randomised(D)
    x = torch.randn(5, 3, 16, 16)
    maps = D.blocks(x).relu().flatten(2)
    pooled = maps.mean(2) if pooling == "mean" else maps.sum(2)
    torch.testing.assert_close(D(x), F.linear(pooled, *D.judge.parameters()))
    assert len(list(D.judge.parameters())) == 1 + bias


def test_the_plain_networks_are_those_of_table_3() -> None:
    torch.manual_seed(0)
    G = CNNGenerator("G", shape=(3, 32, 32), base_channels=4).build((6,))
    layers: list[nn.Module] = [nn.Linear(6, 32 * 16), nn.Unflatten(1, (32, 4, 4))]
    for before in (32, 16, 8):
        layers += [nn.ConvTranspose2d(before, before // 2, 4, 2, 1), nn.BatchNorm2d(before // 2), nn.ReLU()]
    same(G, nn.Sequential(*layers, nn.Conv2d(4, 3, 3, 1, 1), nn.Tanh()), torch.randn(5, 6))

    D = CNNDiscriminator("D", base_channels=4).build((3, 32, 32))
    layers = []
    for before, after, kernel in [(3, 4, 3), (4, 4, 4), (4, 8, 3), (8, 8, 4), (8, 16, 3), (16, 16, 4), (16, 32, 3)]:
        layers += [nn.Conv2d(before, after, kernel, 1 if kernel == 3 else 2, 1), nn.LeakyReLU(0.1)]
    same(D, nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * 4 * 32, 1)), torch.randn(5, 3, 32, 32))


def same(ours: nn.Module, theirs: nn.Module, inputs: Tensor) -> None:
    randomised(theirs)
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert mine.shape == other.shape
        mine.data.copy_(other.data)
    torch.testing.assert_close(ours(inputs), theirs(inputs))


def test_a_modern_block_adds_three_convolutions_to_its_input() -> None:
    torch.manual_seed(0)
    block = randomised(ModernBlock(6, 12, cardinality=3, total=8))
    w1, b1, w2, b2, w3 = block.parameters()
    assert w2.shape == (12, 4, 3, 3)
    x = torch.randn(4, 6, 5, 5)
    h = F.leaky_relu(F.conv2d(x, w1) + b1[:, None, None], 0.2)
    h = F.leaky_relu(F.conv2d(h, w2, padding=1, groups=3) + b2[:, None, None], 0.2)
    torch.testing.assert_close(block(x), x + F.conv2d(h, w3), rtol=1e-4, atol=1e-5)


def test_the_modern_generator_weighs_a_learned_map_by_its_noise() -> None:
    torch.manual_seed(0)
    G = R3GANGenerator("G", shape=(3, 16, 24), base_channels=4, cardinality=2).build((5,))
    randomised(G)
    z = torch.randn(3, 5)
    x = torch.einsum("chw,cz,nz->nchw", G.basis, G.weigh.weight, z)
    blocks = [layer for layer in G.stages if isinstance(layer, ModernBlock)]
    assert len(blocks) == len(G.stages) - 2 == 3 * 2 and x.shape[2:] == (4, 6)
    for number, block in enumerate(blocks):
        x = Bilinear(up=True)(x) if number in (2, 4) else x
        x = block(x)
    torch.testing.assert_close(G(z), F.conv2d(x, G.paint.weight), rtol=1e-4, atol=1e-4)


def test_the_modern_discriminator_weighs_each_channel_of_its_last_map() -> None:
    torch.manual_seed(0)
    D = R3GANDiscriminator("D", base_channels=4, blocks=1, cardinality=2).build((1, 16, 16))
    randomised(D)
    x = torch.randn(3, 1, 16, 16)
    h = F.conv2d(x, D.extract.weight)
    first, down, second, again, third = D.stages
    h = third(again(second(down(first(h)))))
    assert isinstance(down, Bilinear) and isinstance(again, Bilinear) and h.shape[2:] == (4, 4)
    sums = (h * D.basis.weight[:, 0]).sum((2, 3))
    torch.testing.assert_close(D(x), sums @ D.judge.weight.T, rtol=1e-4, atol=1e-4)


def test_resampling_is_bilinear_with_zeros_beyond_the_border() -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, 6, 4)
    padded = F.pad(x, (1, 1, 1, 1))
    up = F.interpolate(padded, scale_factor=2.0, mode="bilinear", align_corners=False)[..., 2:-2, 2:-2]
    torch.testing.assert_close(Bilinear(up=True)(x), up)
    line = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    rows = sum(line[k] * padded[:, :, k : k + 5 : 2] for k in range(4))
    assert isinstance(rows, Tensor)
    down = sum(line[k] * rows[..., k : k + 3 : 2] for k in range(4))
    torch.testing.assert_close(Bilinear(up=False)(x), down)

    ones = torch.ones(1, 1, 4, 4)
    assert Bilinear(up=True)(ones)[0, 0, 0].tolist() == pytest.approx(
        [0.5625, 0.75, 0.75, 0.75, 0.75, 0.75, 0.75, 0.5625]
    )
    assert Bilinear(up=False)(torch.ones(1, 1, 8, 8))[0, 0, 0].tolist() == pytest.approx(
        [49 / 64, 7 / 8, 7 / 8, 49 / 64]
    )


# Spectral normalisation


def test_spectral_normalisation_takes_one_power_iteration_in_each_evaluation() -> None:
    torch.manual_seed(0)
    D = ResNetDiscriminator("D", base_channels=4, spectral_norm=True).build((3, 8, 8))
    judge, x = D.judge, torch.randn(2, 4)
    convolution = D.blocks[0].body[0]
    weight = convolution.parametrizations.weight.original
    nn.init.normal_(weight)
    vectors = convolution.parametrizations.weight[0]
    matrix, u, v = weight.detach().flatten(1), vectors._u.clone(), vectors._v.clone()
    for _ in range(3):
        images = torch.randn(2, 3, 8, 8)
        u = F.normalize(matrix @ v, dim=0)
        v = F.normalize(matrix.T @ u, dim=0)
        expected = F.conv2d(images, weight / (u @ matrix @ v), convolution.bias, padding=1)
        torch.testing.assert_close(convolution(images), expected, rtol=1e-4, atol=1e-5)
    D.eval()
    before = vectors._u.clone()
    torch.testing.assert_close(convolution(images), expected, rtol=1e-4, atol=1e-5)
    assert torch.equal(vectors._u, before)
    torch.testing.assert_close(judge(x), F.linear(x, judge.weight, judge.bias))


@pytest.mark.parametrize(
    ("network", "layers"),
    [
        (ResNetDiscriminator("D", base_channels=4, spectral_norm=True), 3 + 3 + 2 + 2 + 1),
        (CNNDiscriminator("D", base_channels=4, spectral_norm=True), 7 + 1),
    ],
    ids=["resnet", "cnn"],
)
def test_spectral_normalisation_is_of_every_layer_and_reaches_a_norm_of_one(
    network: gf.Discriminator, layers: int
) -> None:
    torch.manual_seed(0)
    D = network.build((3, 32, 32))
    normalised = [layer for layer in D.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert len(normalised) == layers
    for _ in range(30):
        D(torch.randn(1, 3, 32, 32))
    for layer in normalised:
        norm = torch.linalg.matrix_norm(layer.weight.detach().flatten(1), ord=2)
        assert norm.item() == pytest.approx(1.0, abs=0.02)


def test_spectral_normalisation_differentiates_its_norm_but_not_its_vectors() -> None:
    torch.manual_seed(0)
    judge = ResNetDiscriminator("D", base_channels=4, spectral_norm=True, logit_bias=False).build((3, 8, 8)).judge
    judge.eval()
    vectors, weight = judge.parametrizations.weight[0], judge.parametrizations.weight.original
    x = torch.randn(5, 4)
    (gradient,) = torch.autograd.grad(judge(x).sum(), weight)
    u, v, free = vectors._u, vectors._v, weight.detach().clone().requires_grad_()
    (expected,) = torch.autograd.grad(F.linear(x, free / (u @ free @ v)).sum(), free)
    torch.testing.assert_close(gradient, expected)


def test_a_spectrally_normalised_network_is_copied_and_restored_with_its_vectors() -> None:
    torch.manual_seed(0)
    network = ResNetDiscriminator("D", base_channels=4, spectral_norm=True)
    D, x = network.build((3, 16, 16)), torch.randn(2, 3, 16, 16)
    for _ in range(3):
        D(x)
    twin, other = copy.deepcopy(D), network.build((3, 16, 16))
    other.load_state_dict(D.state_dict())
    names = {name for name, _ in D.named_buffers()}
    assert names <= D.state_dict().keys() and len(names) == 2 * (3 + 2 + 2 + 1)
    for _ in range(2):
        expected = D(x)
        assert torch.equal(twin(x), expected) and torch.equal(other(x), expected)
    with torch.no_grad():
        twin.judge.parametrizations.weight.original.mul_(2)
    assert not torch.equal(twin.judge.parametrizations.weight.original, D.judge.parametrizations.weight.original)


# Training


def test_initial_weights_are_those_of_the_authors() -> None:
    torch.manual_seed(0)
    G = ResNetGenerator("G", shape=(3, 16, 16), base_channels=48).build((128,))
    D = ResNetDiscriminator("D", base_channels=48, spectral_norm=True).build((3, 16, 16))
    seen = 0
    for module in (G, D):
        for name, layer in module.named_modules():
            if not isinstance(layer, nn.Conv2d | nn.Linear):
                continue
            spectral = hasattr(layer, "parametrizations")
            weight = layer.parametrizations.weight.original if spectral else layer.weight
            fans = sum(weight.shape[:2]) * weight[0, 0].numel()
            within = ".body." in name
            bound = math.sqrt(6 / fans) * (math.sqrt(2) if within else 1)
            assert 0.9 * bound < weight.abs().max().item() <= bound, name
            assert not layer.bias.any()
            seen += 1
    assert seen == (1 + 2 * 3 + 1) + (3 + 2 + 2 + 1)


def test_modern_initial_weights_keep_the_size_of_a_deep_networks_changes() -> None:
    torch.manual_seed(0)
    network = R3GANGenerator("G", shape=(3, 32, 32), base_channels=64, cardinality=8)
    G, D = network.build((64,)), R3GANDiscriminator("D", base_channels=64, cardinality=8).build((3, 32, 32))
    gain = math.sqrt(2 / 1.04) * (4 * 2) ** -0.25
    expected = {"weigh": 1 / 8, "paint": 1 / 8, "extract": 1 / math.sqrt(3), "judge": 1 / 8, "basis": 1 / 4}
    for name, layer in [*G.named_modules(), *D.named_modules()]:
        if isinstance(layer, ModernBlock):
            first, _, second, _, last = layer.body
            assert first.weight.std().item() == pytest.approx(gain / 8, rel=0.05)
            assert second.weight.std().item() == pytest.approx(gain / math.sqrt(16 * 9), rel=0.05)
            assert not (last.weight.any() or first.bias.any() or second.bias.any()) and last.bias is None
        elif name in expected:
            assert layer.weight.std().item() == pytest.approx(expected.pop(name), rel=0.2)
            assert layer.bias is None
    assert expected == {}
    assert G.basis.std().item() == pytest.approx(1.0, rel=0.1)


def everything() -> list[tuple[nn.Module, gf.Shape]]:
    found: list[tuple[nn.Module, gf.Shape]] = []
    for G, D in pairs((3, 16, 16)):
        found += [(G.build((6,)), (6,)), (D.build((3, 16, 16)), (3, 16, 16))]
    return found


def test_every_parameter_of_a_residual_network_receives_a_finite_gradient() -> None:
    torch.manual_seed(0)
    seen = 0
    for module, shape in everything():
        randomised(module)
        module(torch.randn(8, *shape)).square().sum().backward()
        for name, values in module.named_parameters():
            assert values.grad is not None and values.grad.isfinite().all() and values.grad.any(), name
            seen += 1
    assert seen == 142


def test_residual_networks_in_half_precision_give_about_the_same() -> None:
    torch.manual_seed(0)
    for module, shape in everything():
        inputs = torch.randn(8, *shape)
        other = copy.deepcopy(module)
        expected = module(inputs)
        with torch.autocast("cpu", torch.bfloat16):
            half = other(inputs).float()
        assert half.isfinite().all()
        assert (half - expected).abs().max() <= 0.05 * expected.abs().max() + 0.02


def test_channels_last_changes_no_result_of_residual_networks() -> None:
    torch.manual_seed(0)
    for module, shape in everything():
        randomised(module).eval()
        inputs = torch.randn(2, *shape)
        expected = module(inputs)
        if len(shape) == 3:
            inputs = inputs.to(memory_format=torch.channels_last)
        module.to(memory_format=torch.channels_last)
        torch.testing.assert_close(module(inputs), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "network",
    [
        ResNetDiscriminator("D", base_channels=2),
        ResNetDiscriminator("D", base_channels=2, norm="layer", pooling="sum"),
        R3GANDiscriminator("D", base_channels=2, blocks=1, cardinality=2),
    ],
    ids=["resnet", "layer", "r3gan"],
)
def test_a_penalty_on_a_residual_critic_has_the_gradient_of_its_finite_difference(network: gf.Discriminator) -> None:
    torch.manual_seed(0)
    module = randomised(network.build((1, 8, 8))).double()
    images = torch.randn(3, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    weight = next(module.parameters())

    def penalty() -> Tensor:
        (slope,) = torch.autograd.grad(module(images).sum(), images, create_graph=True)
        return slope.square().sum((1, 2, 3)).mean()

    (gradient,) = torch.autograd.grad(penalty(), weight)
    direction = torch.randn_like(weight)
    sides = []
    for step in (1e-6, -1e-6):
        with torch.no_grad():
            weight.add_(direction, alpha=step)
        sides.append(penalty().item())
        with torch.no_grad():
            weight.sub_(direction, alpha=step)
    assert (sides[0] - sides[1]) / 2e-6 == pytest.approx((gradient * direction).sum().item(), rel=1e-4)


# What stands beside the networks


def test_a_half_life_is_the_number_of_images_after_which_half_is_forgotten() -> None:
    now = gf.Progress(0, 10_000, 0.0)
    decay = HalfLife(kimg=0.5, batch_size=50).at(now)
    assert decay == pytest.approx(0.5**0.1) and decay ** (500 / 50) == pytest.approx(0.5)
    assert HalfLife(kimg=0.0, batch_size=50).at(now) == 0.0
    rising = HalfLife(kimg=Linear(start=0.0, end=4.0, until=gf.kimg(20)), batch_size=1000)
    assert [rising.at(gf.Progress(0, images)) for images in (0, 10_000, 20_000)] == pytest.approx(
        [0, 0.5**0.5, 0.5**0.25]
    )


def test_dequantised_images_fill_the_gaps_between_256_levels() -> None:
    torch.manual_seed(0)
    signal = dequantised(gf.noise(3, 8, 8))
    assert signal.shape == (3, 8, 8)
    levels = torch.arange(256).repeat(200).reshape(200, 1, 16, 16)
    images = levels.float() / 127.5 - 1
    spread = signal.origin.function(images)  # type: ignore[attr-defined]
    assert torch.equal(images, levels.float() / 127.5 - 1)
    within = (spread.double() + 1) * 128 - levels
    assert within.min() > -1e-4 and within.max() < 1 + 1e-4
    assert within.mean().item() == pytest.approx(0.5, abs=0.005) and within.var().item() == pytest.approx(
        1 / 12, abs=1e-3
    )


def test_the_residual_package_offers_its_components() -> None:
    names = {component.component_name() for component in ganforge_components()}
    assert names == {
        "resnet-generator",
        "resnet-discriminator",
        "r3gan-generator",
        "r3gan-discriminator",
        "cnn-generator",
        "cnn-discriminator",
        "half-life",
    }


# Messages


@pytest.mark.parametrize(
    ("network", "size", "multiple"),
    [
        (ResNetDiscriminator("D"), 36, None),
        (ResNetDiscriminator("D"), 30, None),
        (ResNetDiscriminator("D"), 33, "multiples of 4, for it halves them 2 times"),
        (ResNetDiscriminator("D"), 4, "8 pixels or more that are multiples of 2, for it halves them once;"),
        (R3GANDiscriminator("D"), 30, "multiples of 4, for it halves them 2 times"),
        (CNNDiscriminator("D"), 36, "multiples of 8, for it halves them 3 times"),
    ],
)
def test_a_discriminator_that_halves_says_which_sides_it_takes(
    network: gf.Discriminator, size: int, multiple: str | None
) -> None:
    with reading(__file__, "recipe.py") as current:
        network(gf.noise(3, size, size))  # type: ignore[operator]
    found = [problem.message for problem in current.problems]
    assert len(found) == (multiple is not None)
    assert all(str(multiple) in message and f"received noise (3, {size}, {size})." in message for message in found)


def test_residual_networks_say_what_they_are_called_on() -> None:
    for network in (ResNetDiscriminator("D"), R3GANDiscriminator("D"), CNNDiscriminator("D")):
        message = problem(lambda network=network: network(gf.noise(100))).message
        assert message == "network 'D' takes images of shape (channels, height, width); received noise (100,)."
        assert "is called on signals; argument 1 is 3." in problem(lambda network=network: network(3)).message
    shape = (3, 8, 8)
    for generator in (
        ResNetGenerator("G", shape=shape),
        R3GANGenerator("G", shape=shape),
        CNNGenerator("G", shape=shape),
    ):
        message = problem(lambda generator=generator: generator(gf.noise(3), gf.random_labels(10))).message
        assert message == "network 'G' takes signals of real numbers; random labels () holds whole numbers."


@pytest.mark.parametrize("generator", [ResNetGenerator, R3GANGenerator, CNNGenerator])
@pytest.mark.parametrize("shape", [(3, 32), (0, 32, 32), (3, 7, 32), (3, 30, 30), (3, 36, 36), (3, 20, 30)])
def test_a_generator_that_doubles_says_which_shapes_it_gives(generator: type[gf.Generator], shape: gf.Shape) -> None:
    with pytest.raises(RecipeError) as error:
        generator("G", shape=shape)  # type: ignore[call-arg]
    assert f"halved until the shorter one has 4 to 7, such as 28, 32 or 48; received {shape}" in str(error.value)
    assert len(error.value.problems) == 1


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda: ResNetGenerator("G", shape=(3, 32, 32), base_channels=0), "'base_channels' must be in [1, inf)"),
        (lambda: ResNetGenerator("G", shape=(3, 32, 32), norm="layer"), "'batch' or 'none'"),
        (lambda: ResNetDiscriminator("D", pooling="max"), "'mean' or 'sum'"),
        (lambda: ResNetDiscriminator("D", plain_blocks=-1), "'plain_blocks' must be in [0, inf); received -1"),
        (
            lambda: R3GANDiscriminator("D", base_channels=10, cardinality=3),
            "divide base_channels * expansion = 20 channels",
        ),
        (lambda: R3GANDiscriminator("D", cardinality=0), "'cardinality' must be in [1, inf); received 0"),
        (lambda: R3GANGenerator("G", shape=(3, 8, 8), blocks=0), "'blocks' must be in [1, inf); received 0"),
        (lambda: HalfLife(kimg=-1.0, batch_size=4), "'kimg' must be in [0, inf); received -1.0"),
        (lambda: HalfLife(kimg=1.0, batch_size=0), "'batch_size' must be in [1, inf); received 0"),
    ],
)
def test_a_parameter_of_a_residual_network_out_of_its_range_is_one_sentence(
    write: Callable[[], object], message: str
) -> None:
    with pytest.raises(RecipeError) as error:
        write()
    assert message in str(error.value)
    assert len(error.value.problems) == 1


def test_declaring_residual_networks_imports_no_torch() -> None:
    code = (
        "import sys, ganforge as gf, ganforge_residual as r; x = gf.noise(3, 32, 32); z = gf.noise(9);"
        "r.ResNetDiscriminator('D')(r.ResNetGenerator('G', shape=x.shape)(z)); r.dequantised(x);"
        "r.R3GANDiscriminator('E')(r.R3GANGenerator('H', shape=x.shape)(z));"
        "r.CNNDiscriminator('F')(r.CNNGenerator('I', shape=x.shape)(z)); r.HalfLife(kimg=1.0, batch_size=2);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0
