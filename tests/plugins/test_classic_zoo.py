"""Tests of the layered and the maxout networks: padding, sides, order of layers, initial weights, messages."""

import subprocess
import sys
from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import ganforge as gf
from ganforge.errors import Problem, RecipeError
from ganforge.language.site import reading
from ganforge_classic import (
    DCGANDiscriminator,
    DCGANGenerator,
    LayeredDiscriminator,
    LayeredGenerator,
    MaxoutDiscriminator,
    MLPGenerator,
    perturbed,
)

SIDES = (8, 9, 15, 28, 30, 31, 64)


def problem(write: Callable[[], object]) -> Problem:
    """The only problem noted while a recipe in this file is read."""
    with reading(__file__, "recipe.py") as current:
        write()
    (found,) = current.problems
    return found


def on_meta(network: gf.Network, shape: gf.Shape) -> tuple[gf.Shape, gf.Shape]:
    """The declared output shape, and the one that the module gives a batch of two without computing."""
    declared = network(gf.noise(*shape)).shape  # type: ignore[operator]
    with torch.device("meta"):
        made = network.build(shape)(torch.empty(2, *shape))
    return declared, tuple(made.shape[1:])


def sides_of(layers: list[nn.Module], run: Callable[[], Tensor]) -> list[tuple[int, ...]]:
    seen: list[tuple[int, ...]] = []
    hooks = [layer.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape[2:]))) for layer in layers]
    run()
    for hook in hooks:
        hook.remove()
    return seen


# Shapes


def test_the_layered_pair_takes_every_size() -> None:
    sizes = [*((side, side) for side in SIDES), (8, 31), (33, 9)]
    plans = [
        ((6, 5, 2), (4, 5, 2), (2, 5, 1)),
        ((3, 4, 2), (2, 3, 1), (2, 3, 2)),
        ((2, 3, 3), (2, 2, 2), (2, 4, 1)),
        ((2, 7, 1),),
        (),
    ]
    seen = 0
    for sides, layers, upsampling in product(sizes, plans, ("transposed", "nearest")):
        shape = ((1, 3)[seen % 2], *sides)
        G = LayeredGenerator("G", shape=shape, start_channels=2, layers=layers, upsampling=upsampling)
        assert on_meta(G, (7,)) == (shape, shape)
        assert on_meta(LayeredDiscriminator("D", layers=layers), shape) == ((1,), (1,))
        seen += 1
    assert seen == 9 * 5 * 2


@pytest.mark.parametrize(
    ("sides", "maps"),
    [
        ((28, 28), [(7, 7), (14, 14), (28, 28), (28, 28)]),
        ((32, 32), [(8, 8), (16, 16), (32, 32), (32, 32)]),
        ((30, 9), [(8, 3), (15, 5), (30, 9), (30, 9)]),
    ],
)
@pytest.mark.parametrize("upsampling", ["transposed", "nearest"])
def test_a_layered_generator_grows_from_the_sides_divided_by_its_strides(
    upsampling: str, sides: tuple[int, int], maps: list[tuple[int, int]]
) -> None:
    G = LayeredGenerator("G", shape=(1, *sides), upsampling=upsampling).build((5,))
    assert sides_of([G.project, *G.stages], lambda: G(torch.randn(2, 5))) == maps


def test_a_layered_discriminator_pads_as_told() -> None:
    same = LayeredDiscriminator("D").build((1, 28, 28))
    assert sides_of(list(same.stages), lambda: same(torch.randn(2, 1, 28, 28))) == [(14, 14), (7, 7), (4, 4), (4, 4)]
    layers = ((2, 3, 1), (2, 4, 2), (2, 4, 2))
    valid = LayeredDiscriminator("D", layers=layers, padding="valid").build((3, 32, 32))
    assert sides_of(list(valid.stages), lambda: valid(torch.randn(2, 3, 32, 32))) == [(30, 30), (14, 14), (6, 6)]
    assert valid.judge[-1].in_features == 2 * 6 * 6


# Agreement with plain torch


@pytest.mark.parametrize(
    ("side", "kernel", "stride", "before", "after"),
    [
        # TensorFlow's "same": max((ceil(side / stride) - 1) stride + kernel - side, 0) zeros, more of them at the end.
        (28, 5, 2, 1, 2),
        (14, 5, 2, 1, 2),
        (7, 5, 2, 2, 2),
        (32, 4, 2, 1, 1),
        (9, 4, 2, 1, 2),
        (16, 3, 2, 0, 1),
        (12, 5, 1, 2, 2),
        (12, 4, 1, 1, 2),
        (10, 2, 2, 0, 0),
    ],
)
def test_a_convolution_has_the_padding_of_tensorflow_in_both_directions(
    side: int, kernel: int, stride: int, before: int, after: int
) -> None:
    torch.manual_seed(0)
    D = LayeredDiscriminator("D", layers=((3, kernel, stride),), slope=1.0).build((2, side, side))
    convolution = D.stages[0][-2]
    images = torch.randn(4, 2, side, side, requires_grad=True)
    made = F.conv2d(F.pad(images, (before, after, before, after)), convolution.weight, stride=stride)
    torch.testing.assert_close(D.stages[0](images), made)

    # A transposed convolution is the derivative of the convolution with the same weights.
    cotangent = torch.randn_like(made)
    (expected,) = torch.autograd.grad(made, images, cotangent)
    G = LayeredGenerator(
        "G", shape=(2, side, side), start_channels=3, layers=((2, kernel, stride),), norm="none", slope=1.0
    ).build((1,))
    assert G.project[0].out_features == 3 * cotangent.shape[-1] ** 2
    with torch.no_grad():
        G.stages[0][0].weight.copy_(convolution.weight)
    torch.testing.assert_close(G.stages[0](cotangent), expected)


def test_a_layered_generator_equals_plain_layers() -> None:
    torch.manual_seed(0)
    G = LayeredGenerator(
        "G", shape=(1, 8, 8), start_channels=3, layers=((2, 4, 2), (4, 5, 1)), last_kernel=7, slope=0.3, norm="none"
    ).build((5,), (2,))
    w0, b0, w1, b1, w2, b2, w3, b3 = G.parameters()
    z, code = torch.randn(6, 5), torch.randn(6, 2)
    maps = F.leaky_relu(torch.cat([z, code], 1) @ w0.T + b0, 0.3).reshape(6, 3, 4, 4)
    maps = F.leaky_relu(F.conv_transpose2d(maps, w1, b1, stride=2, padding=1), 0.3)
    # With a stride of 1 it is a convolution by the kernel turned round.
    maps = F.leaky_relu(F.conv2d(maps, w2.transpose(0, 1).flip(2, 3), b2, padding=2), 0.3)
    expected = F.conv2d(maps, w3.transpose(0, 1).flip(2, 3), b3, padding=3).tanh()
    torch.testing.assert_close(G(z, code), expected)


def test_upsampling_by_the_nearest_pixel_precedes_a_convolution() -> None:
    torch.manual_seed(0)
    G = LayeredGenerator(
        "G", shape=(1, 9, 8), start_channels=2, layers=((3, 5, 2),), upsampling="nearest", norm="none"
    ).build((4,))
    maps = torch.randn(2, 2, 5, 4)
    grown = maps.repeat_interleave(2, 2).repeat_interleave(2, 3)[:, :, :9]
    weight, bias = G.stages[0][-2].weight, G.stages[0][-2].bias
    expected = F.conv2d(grown, weight.transpose(0, 1).flip(2, 3), bias, padding=2).relu()
    torch.testing.assert_close(G.stages[0](maps), expected)


def test_batch_norm_has_the_numbers_it_is_told_and_stands_where_it_is_told() -> None:
    torch.manual_seed(0)
    told = {"norm_momentum": 0.01, "norm_eps": 1e-3}
    G = LayeredGenerator("G", shape=(1, 8, 8), start_channels=3, norm_per_unit=True, **told).build((5,))
    z = torch.randn(6, 5)
    units = F.batch_norm(G.project[0](z), None, None, training=True, eps=1e-3).relu()
    torch.testing.assert_close(G.project(z), units.reshape(6, 3, 2, 2))
    G = LayeredGenerator("G", shape=(1, 8, 8), start_channels=3, **told).build((5,))
    maps = F.batch_norm(G.project[0](z).reshape(6, 3, 2, 2), None, None, training=True, eps=1e-3).relu()
    torch.testing.assert_close(G.project(z), maps)
    D = LayeredDiscriminator("D", norm="batch", **told).build((1, 8, 8))
    norms = [layer for layer in [*G.modules(), *D.modules()] if isinstance(layer, nn.BatchNorm2d)]
    assert len(norms) == 4 + 3
    assert {(norm.momentum, norm.eps) for norm in norms} == {(0.01, 1e-3)}
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in D.stages[0])


def test_an_activation_that_comes_first_leaves_the_images_as_they_are() -> None:
    torch.manual_seed(0)
    D = LayeredDiscriminator("D", layers=((2, 3, 1), (3, 3, 1)), activation_first=True).build((1, 6, 6))
    images = torch.randn(4, 1, 6, 6)
    before = images.clone()
    w1, b1, w2, b2, w3, b3 = D.parameters()
    maps = F.conv2d(F.leaky_relu(images, 0.2), w1, b1, padding=1)
    maps = F.conv2d(F.leaky_relu(maps, 0.2), w2, b2, padding=1)
    torch.testing.assert_close(D(images), maps.flatten(1) @ w3.T + b3)
    assert torch.equal(images, before)


def test_a_maxout_unit_is_the_greatest_of_its_linear_functions() -> None:
    torch.manual_seed(0)
    D = MaxoutDiscriminator("D", units=(3, 2), pieces=4, init_range=0.5).build((1, 2, 5)).eval()
    w1, b1, w2, b2, w3, b3 = D.parameters()
    examples = torch.randn(6, 1, 2, 5)
    hidden = torch.stack([(examples.flatten(1) @ w1[4 * u : 4 * u + 4].T).max(1).values for u in range(3)], 1)
    hidden = torch.stack([(hidden @ w2[4 * u : 4 * u + 4].T).max(1).values for u in range(2)], 1)
    torch.testing.assert_close(D(examples), hidden @ w3.T)
    assert not any(bias.any() for bias in (b1, b2, b3))


# Dropout


def test_dropout_stands_where_it_is_told() -> None:
    torch.manual_seed(0)
    G = LayeredGenerator("G", shape=(1, 32, 32), start_dropout=0.4, norm="none", slope=0.5).build((5,))
    zeros = (G.project(torch.randn(8, 5)) == 0).float().mean().item()
    assert zeros == pytest.approx(0.4, abs=0.02)
    every = LayeredDiscriminator("D", dropout=0.4).build((1, 28, 28))
    last = LayeredDiscriminator("D", last_dropout=0.4).build((1, 28, 28))
    for module, expected in [(G, 1), (every, 4), (last, 1)]:
        assert sum(isinstance(layer, nn.Dropout) for layer in module.modules()) == expected
    assert [isinstance(stage[-1], nn.Dropout) for stage in every.stages] == [True] * 4
    assert [type(layer) for layer in last.judge] == [nn.Flatten, nn.Dropout, nn.Linear]


def test_maxout_drops_inputs_and_units_and_scales_what_it_keeps() -> None:
    torch.manual_seed(0)
    D = MaxoutDiscriminator("D").build((784,))
    rates = [layer.p for layer in D.modules() if isinstance(layer, nn.Dropout)]
    assert rates == [0.2, 0.5, 0.5]
    assert [type(layer).__name__ for layer in D.layers] == [
        "Flatten", "Dropout", "Maxout", "Dropout", "Maxout", "Dropout", "Linear"
    ]  # fmt: skip
    assert set(D.layers[1](torch.ones(100)).unique().tolist()) == {0.0, 1.25}
    assert set(D.layers[3](torch.ones(100)).unique().tolist()) == {0.0, 2.0}


# Initial weights


def test_layered_networks_start_from_glorots_uniform_distribution() -> None:
    torch.manual_seed(0)
    layers = ((16, 5, 2), (32, 3, 1))
    G = LayeredGenerator("G", shape=(3, 16, 16), start_channels=64, layers=layers, last_kernel=7).build((100,))
    D = LayeredDiscriminator("D", layers=layers).build((3, 16, 16))
    fans = {
        G.project[0]: 100 + 64 * 64,
        G.stages[0][0]: (64 + 16) * 25,
        G.stages[1][0]: (16 + 32) * 9,
        G.paint[0]: (32 + 3) * 49,
        D.stages[0][1]: (3 + 16) * 25,
        D.stages[1][0]: (16 + 32) * 9,
        D.judge[1]: 32 * 64 + 1,
    }
    for layer, fan in fans.items():
        limit = (6 / fan) ** 0.5
        assert 0.98 * limit < layer.weight.abs().max() <= limit
        assert layer.weight.std().item() == pytest.approx(limit / 3**0.5, rel=0.1)
        assert not layer.bias.any()
    normal = LayeredDiscriminator("D", layers=layers, init_std=0.02).build((3, 16, 16))
    assert normal.stages[1][0].weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_perceptrons_start_from_the_range_asked_for() -> None:
    torch.manual_seed(0)
    G = MLPGenerator("G", shape=(1, 28, 28), widths=(30,), init_range=0.05).build((100,))
    D = MaxoutDiscriminator("D").build((784,))
    for module, limit in [(G, 0.05), (D, 0.005)]:
        weights = torch.cat([values.flatten() for name, values in module.named_parameters() if name.endswith("weight")])
        assert 0.99 * limit < weights.abs().max() <= limit
        assert weights.std().item() == pytest.approx(limit / 3**0.5, rel=0.02)
        assert not any(values.any() for name, values in module.named_parameters() if name.endswith("bias"))


# Training


def modules_and_inputs() -> list[tuple[nn.Module, gf.Shape]]:
    image = (3, 20, 13)
    found: list[tuple[nn.Module, gf.Shape]] = []
    for norm, upsampling, per_unit in product(("batch", "none"), ("transposed", "nearest"), (True, False)):
        G = LayeredGenerator("G", shape=image, norm=norm, upsampling=upsampling, norm_per_unit=per_unit, slope=0.1)
        found.append((G.build((6,)), (6,)))
    for norm, padding, first in product(("batch", "none"), ("same", "valid"), (True, False)):
        layers = ((4, 3, 1), (6, 4, 2), (8, 3, 1))
        D = LayeredDiscriminator("D", layers=layers, norm=norm, padding=padding, activation_first=first)
        found.append((D.build(image), image))
    D = MaxoutDiscriminator("D", units=(6, 4), pieces=2, input_dropout=0.0, dropout=0.0, init_range=0.5)
    return [*found, (D.build(image), image)]


def test_every_parameter_of_the_layered_networks_receives_a_finite_gradient() -> None:
    torch.manual_seed(0)
    catalogue = modules_and_inputs()
    assert len(catalogue) == 8 + 8 + 1
    for module, shape in catalogue:
        module(torch.randn(8, *shape)).square().sum().backward()
        for name, values in module.named_parameters():
            assert values.grad is not None and values.grad.isfinite().all(), name
            # A bias before batch norm has no effect, and rounding leaves it a gradient or none.
            assert values.grad.any() or name.endswith("bias"), name


def test_channels_last_changes_no_result_of_the_layered_networks() -> None:
    torch.manual_seed(0)
    seen = 0
    for module, shape in modules_and_inputs():
        module.eval()
        inputs = torch.randn(2, *shape)
        expected = module(inputs)
        if len(shape) == 3:
            inputs = inputs.to(memory_format=torch.channels_last)
        torch.testing.assert_close(module.to(memory_format=torch.channels_last)(inputs), expected)
        seen += 1
    assert seen == 17


@pytest.mark.parametrize(
    "network",
    [
        LayeredDiscriminator("D", layers=((3, 5, 2), (4, 4, 2)), init_std=0.5),
        LayeredDiscriminator("D", layers=((3, 5, 2), (4, 4, 2)), activation_first=True, init_std=0.5),
        MaxoutDiscriminator("D", units=(5, 4), pieces=3, input_dropout=0.0, dropout=0.0, init_range=0.5),
    ],
    ids=["layered", "activation-first", "maxout"],
)
def test_a_gradient_penalty_of_a_layered_network_has_the_gradient_of_its_finite_difference(
    network: gf.Discriminator,
) -> None:
    torch.manual_seed(0)
    module = network.build((1, 10, 9)).double()
    images = torch.randn(3, 1, 10, 9, dtype=torch.float64, requires_grad=True)
    weight = next(module.parameters())

    def penalty() -> Tensor:
        (slope,) = torch.autograd.grad(module(images).sum(), images, create_graph=True)
        return (slope.flatten(1).norm(dim=1) - 1).square().mean()

    (gradient,) = torch.autograd.grad(penalty(), weight)
    direction = torch.randn_like(weight)
    sides = []
    for step in (1e-6, -1e-6):
        with torch.no_grad():
            weight.add_(direction, alpha=step)
        sides.append(penalty())
        with torch.no_grad():
            weight.sub_(direction, alpha=step)
    assert ((sides[0] - sides[1]) / 2e-6).item() == pytest.approx((gradient * direction).sum().item(), rel=1e-4)


def test_perturbed_images_lie_above_the_real_ones_by_a_share_of_the_batchs_deviation() -> None:
    torch.manual_seed(0)
    images = 3 * torch.randn(64, 3, 16, 16) + 1
    signal = perturbed(gf.noise(3, 16, 16), deviations=0.5)
    assert signal.shape == (3, 16, 16)
    moved = signal.origin.function(images, **signal.origin.options) - images
    greatest = 0.5 * ((images - images.mean()) ** 2).mean().sqrt().item()
    assert -1e-6 < moved.min() < 0.01 * greatest and 0.99 * greatest < moved.max() <= greatest + 1e-6
    assert moved.mean().item() == pytest.approx(greatest / 2, rel=0.02)


# Messages


def test_a_layered_discriminator_says_that_its_kernels_are_larger_than_its_maps() -> None:
    layers = ((2, 3, 1), (2, 4, 2), (2, 4, 2))
    D = LayeredDiscriminator("D", layers=layers, padding="valid")
    assert problem(lambda: D(gf.noise(3, 32, 11))).message == (
        "the layers of network 'D' leave nothing of noise (3, 32, 11): their kernels are larger than its maps."
    )
    with reading(__file__, "recipe.py") as current:
        D(gf.noise(3, 12, 12))
    assert not current.problems
    assert on_meta(D, (3, 12, 12)) == ((1,), (1,))


def test_layered_and_maxout_networks_refuse_labels() -> None:
    for network in (LayeredGenerator("N", shape=(1, 8, 8)), MaxoutDiscriminator("N")):
        found = problem(lambda network=network: network(gf.random_labels(10)))
        assert found.message == "network 'N' takes signals of real numbers; random labels () holds whole numbers."
    D = LayeredDiscriminator("D")
    assert "takes images of shape (channels, height, width)" in problem(lambda: D(gf.noise(5))).message


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda: LayeredGenerator("G", shape=(3, 32)), "'shape' must be (channels, height, width); received (3, 32)"),
        (lambda: LayeredGenerator("G", shape=(3, 8, 8), layers=((4, 1, 2),)), "to the kernel; received (4, 1, 2)"),
        (lambda: LayeredDiscriminator("D", layers=((0, 3, 1),)), "(channels, kernel, stride) with one channel or more"),
        (lambda: LayeredDiscriminator("D", dropout=1.0), "'dropout' must be in [0, 1); received 1.0"),
        (lambda: LayeredGenerator("G", shape=(3, 8, 8), norm_momentum=0.0), "'norm_momentum' must be in (0, 1]"),
        (lambda: MaxoutDiscriminator("D", pieces=0), "'pieces' must be in [1, inf); received 0"),
        (
            lambda: MLPGenerator("G", shape=(2,), init_std=0.01, init_range=0.05),
            "weights start from 'init_std' or from 'init_range'; received 0.01 and 0.05",
        ),
    ],
)
def test_a_parameter_of_a_layered_network_out_of_its_range_is_one_sentence(
    write: Callable[[], object], message: str
) -> None:
    with pytest.raises(RecipeError) as error:
        write()
    assert message in str(error.value)
    assert len(error.value.problems) == 1


def test_declaring_layered_and_maxout_networks_imports_no_torch() -> None:
    code = (
        "import sys, ganforge as gf, ganforge_classic as c;"
        "x = c.LayeredGenerator('G', shape=(3, 16, 16))(gf.noise(9)); c.LayeredDiscriminator('D')(c.perturbed(x));"
        "c.MaxoutDiscriminator('M')(x); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0


def test_weights_by_fans_have_the_deviations_of_the_authors_of_wgan_gp() -> None:
    G = DCGANGenerator("G", shape=(3, 32, 32), base_channels=32, kernel=5, bias=True, init="fans").build((128,))
    C = DCGANDiscriminator("C", base_channels=32, kernel=5, norm="none", init="fans").build((3, 32, 32))
    deviations = {
        # A stride of two thins the fan of the larger map by four.
        id(G.stages[0][0]): (4 / (128 * 25 / 4 + 64 * 25)) ** 0.5,
        id(G.paint[0]): (4 / (32 * 25 / 4 + 3 * 25)) ** 0.5,
        id(C.stages[0][0]): (4 / (3 * 25 + 32 * 25 / 4)) ** 0.5,
        id(C.stages[2][0]): (4 / (64 * 25 + 128 * 25 / 4)) ** 0.5,
        # Matrices: Glorot's.
        id(G.project[0]): (2 / (128 + 2048)) ** 0.5,
        id(C.judge[1]): (2 / (2048 + 1)) ** 0.5,
    }
    found = {id(layer): layer for network in (G, C) for layer in network.modules()}
    for number, deviation in deviations.items():
        layer = found[number]
        assert layer.weight.std().item() == pytest.approx(deviation, rel=0.05), layer
        assert layer.weight.abs().max().item() <= deviation * 3**0.5
        assert layer.bias is None or not layer.bias.any()
