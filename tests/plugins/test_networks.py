"""Tests of the classic networks: shapes, parameter counts, agreement with plain torch, initial weights, messages."""

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise, product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import ganforge as gf
from ganforge.errors import Problem, RecipeError
from ganforge.language.site import reading
from ganforge_classic import DCGANDiscriminator, DCGANGenerator, MLPDiscriminator, MLPGenerator

SIDES = (8, 9, 15, 16, 28, 30, 31, 32, 33, 48, 63, 64, 100, 128, 200, 255, 256)
NORMS = ("batch", "layer", "instance", "none")


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


def test_the_dcgan_pair_takes_every_size() -> None:
    sizes = [*((side, side) for side in SIDES), (8, 256), (256, 8), (17, 64), (64, 17), (31, 200), (90, 45)]
    seen = 0
    for number, (sides, kernel) in enumerate(product(sizes, (4, 5))):
        shape = ((1, 3, 4)[number % 3], *sides)
        G = DCGANGenerator("G", shape=shape, base_channels=2, kernel=kernel)
        D = DCGANDiscriminator("D", base_channels=2, kernel=kernel)
        assert on_meta(G, (7,)) == (shape, shape)
        assert on_meta(D, shape) == ((1,), (1,))
        seen += 1
    assert seen == 23 * 2


def test_the_dcgan_pair_takes_long_and_flat_images() -> None:
    for side in range(8, 257, 4):
        shape = (1, side, 263 - side if side < 256 else 8)
        assert on_meta(DCGANGenerator("G", shape=shape, base_channels=1), (1,)) == (shape, shape)
        assert on_meta(DCGANDiscriminator("D", base_channels=1), shape) == ((1,), (1,))


@pytest.mark.parametrize(
    ("shape", "maps"),
    [
        ((3, 32, 32), [(4, 4), (8, 8), (16, 16)]),
        ((3, 64, 64), [(4, 4), (8, 8), (16, 16), (32, 32)]),
        ((1, 28, 28), [(7, 7), (14, 14)]),
        ((1, 30, 30), [(8, 8), (15, 15)]),
        ((1, 31, 31), [(8, 8), (16, 16)]),
        ((1, 8, 20), [(4, 10)]),
        ((1, 18, 50), [(5, 13), (9, 25)]),
    ],
)
@pytest.mark.parametrize("kernel", [4, 5])
def test_the_dcgan_pair_has_the_same_maps_in_both_directions(
    shape: tuple[int, int, int], maps: list[tuple[int, int]], kernel: int
) -> None:
    G = DCGANGenerator("G", shape=shape, base_channels=2, kernel=kernel).build((5,))
    D = DCGANDiscriminator("D", base_channels=2, kernel=kernel).build(shape)
    grown = sides_of([G.project, *G.stages], lambda: G(torch.randn(2, 5)))
    shrunk = sides_of(list(D.stages), lambda: D(torch.randn(2, *shape)))
    assert grown == maps
    assert shrunk == maps[::-1]


def sides_of(layers: list[nn.Module], run: Callable[[], Tensor]) -> list[tuple[int, ...]]:
    seen: list[tuple[int, ...]] = []
    hooks = [layer.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape[2:]))) for layer in layers]
    run()
    for hook in hooks:
        hook.remove()
    return seen


def test_three_stages_give_the_mnist_maps_of_wgan_gp() -> None:
    G = DCGANGenerator("G", shape=(1, 28, 28), base_channels=64, kernel=5, stages=3).build((128,))
    assert sides_of([G.project, *G.stages], lambda: G(torch.randn(2, 128))) == [(4, 4), (7, 7), (14, 14)]
    assert G.project[0].out_features == 4 * 4 * 256


def test_perceptrons_take_inputs_and_give_outputs_of_any_shape() -> None:
    for shape in [(1, 28, 28), (3, 8, 17), (2,), (4, 256, 256), (5, 7)]:
        assert on_meta(MLPGenerator("G", shape=shape, widths=(3,)), (10,), (2, 2), (1,)) == (shape, shape)
        assert on_meta(MLPDiscriminator("D", widths=(3,)), shape, (6,)) == ((1,), (1,))
    assert on_meta(MLPGenerator("G", shape=(2,), widths=()), (3,)) == ((2,), (2,))


def test_a_discriminator_takes_single_numbers_joined_with_images() -> None:
    module = MLPDiscriminator("D", widths=(4,)).build((1, 2, 2), ())
    assert module.layers[0].in_features == 1 * 2 * 2 + 1
    assert module(torch.randn(3, 1, 2, 2), torch.randn(3)).shape == (3, 1)


# Parameter counts, by arithmetic


def test_dcgan_at_64_has_the_parameters_of_pytorchs_example() -> None:
    G = DCGANGenerator("G", shape=(3, 64, 64)).build((100,))
    vector = 100 * 512 * 4 * 4 + 2 * 512
    stages = (512 * 256 + 256 * 128 + 128 * 64) * 16 + 2 * (256 + 128 + 64)
    assert parameters(G) == vector + stages + 64 * 3 * 16 == 3_576_704

    D = DCGANDiscriminator("D").build((3, 64, 64))
    stages = (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512) * 16 + 2 * (128 + 256 + 512)
    assert parameters(D) == stages + 512 * 4 * 4 == 2_765_568


def test_dcgan_at_32_has_one_stage_less() -> None:
    G = DCGANGenerator("G", shape=(3, 32, 32)).build((100,))
    assert parameters(G) == 100 * 256 * 16 + 512 + (256 * 128 + 128 * 64 + 64 * 3) * 16 + 2 * (128 + 64)
    D = DCGANDiscriminator("D").build((3, 32, 32))
    assert parameters(D) == (3 * 64 + 64 * 128 + 128 * 256) * 16 + 2 * (128 + 256) + 256 * 16


def test_dcgan_with_128_channels_and_kernels_of_5_is_the_papers() -> None:
    with torch.device("meta"):
        G = DCGANGenerator("G", shape=(3, 64, 64), base_channels=128, kernel=5).build((100,))
    vector = 100 * 1024 * 16 + 2 * 1024
    stages = (1024 * 512 + 512 * 256 + 256 * 128) * 25 + 2 * (512 + 256 + 128)
    assert parameters(G) == vector + stages + 128 * 3 * 25


def test_the_wgan_gp_networks_for_cifar_are_dcgans() -> None:
    with torch.device("meta"):
        G = DCGANGenerator("G", shape=(3, 32, 32), base_channels=128, kernel=5, norm_per_unit=True, bias=True).build(
            (128,)
        )
        D = DCGANDiscriminator("D", base_channels=128, kernel=5, norm="none").build((3, 32, 32))
    vector = 128 * 4 * 4 * 512 + 2 * 4 * 4 * 512
    stages = (512 * 256 + 256 * 128) * 25 + 2 * (256 + 128)
    assert parameters(G) == vector + stages + 128 * 3 * 25 + 3
    layers = (3 * 128 + 128 * 256 + 256 * 512) * 25 + 128 + 256 + 512
    assert parameters(D) == layers + 4 * 4 * 512 + 1
    assert not [layer for layer in D.modules() if isinstance(layer, nn.BatchNorm2d | nn.GroupNorm)]


def test_channels_grow_no_further_than_max_channels() -> None:
    with torch.device("meta"):
        D = DCGANDiscriminator("D", base_channels=64, max_channels=300).build((3, 256, 256))
    assert [stage[0].out_channels for stage in D.stages] == [64, 128, 256, 300, 300, 300]


def test_perceptrons_have_the_parameters_of_their_widths() -> None:
    G = MLPGenerator("G", shape=(1, 28, 28)).build((100,))
    widths = [100, 256, 512, 1024, 784]
    assert parameters(G) == sum(a * b + b for a, b in pairwise(widths)) == 1_486_352
    normalised = MLPGenerator("G", shape=(2,), widths=(5,), norm="batch").build((3,))
    assert parameters(normalised) == 3 * 5 + 2 * 5 + 5 * 2 + 2
    D = MLPDiscriminator("D").build((1, 28, 28))
    widths = [784, 1024, 512, 256, 1]
    assert parameters(D) == sum(a * b + b for a, b in pairwise(widths)) == 1_460_225


# Agreement with plain torch


def copied(source: nn.Module, target: nn.Module) -> None:
    """Copy parameters in order; a matrix (units, length) becomes a kernel of a 1x1 image where the target has one."""
    ours, theirs = list(source.parameters()), list(target.parameters())
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        transposed = mine.dim() == 2 and len(other) == mine.shape[1]
        with torch.no_grad():
            other.copy_((mine.T if transposed else mine).reshape(other.shape))


def test_the_generator_equals_pytorchs_example() -> None:
    torch.manual_seed(0)
    ours = DCGANGenerator("G", shape=(3, 64, 64), base_channels=4).build((6,))
    theirs = nn.Sequential(nn.ConvTranspose2d(6, 32, 4, 1, 0, bias=False), nn.BatchNorm2d(32), nn.ReLU())
    for before, after in [(32, 16), (16, 8), (8, 4)]:
        theirs += nn.Sequential(
            nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
        )
    theirs += nn.Sequential(nn.ConvTranspose2d(4, 3, 4, 2, 1, bias=False), nn.Tanh())
    copied(ours, theirs)
    z = torch.randn(5, 6)
    torch.testing.assert_close(ours(z), theirs(z[:, :, None, None]))
    torch.testing.assert_close(ours(z[:, :, None, None]), ours(z))


def test_the_discriminator_equals_pytorchs_example_without_its_sigmoid() -> None:
    torch.manual_seed(0)
    ours = DCGANDiscriminator("D", base_channels=4).build((3, 64, 64))
    theirs = nn.Sequential(nn.Conv2d(3, 4, 4, 2, 1, bias=False), nn.LeakyReLU(0.2))
    for before, after in [(4, 8), (8, 16), (16, 32)]:
        theirs += nn.Sequential(nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2))
    theirs.append(nn.Conv2d(32, 1, 4, 1, 0, bias=False))
    copied(ours, theirs)
    images = torch.randn(5, 3, 64, 64)
    torch.testing.assert_close(ours(images), theirs(images).reshape(5, 1))


def test_layer_norm_in_a_critic_is_over_channels_height_and_width() -> None:
    torch.manual_seed(0)
    D = DCGANDiscriminator("D", base_channels=2, norm="layer", init_std=0.5).build((1, 16, 16))
    norm = D.stages[1][1]
    maps = torch.randn(3, 4, 4, 4)
    expected = F.layer_norm(maps, (4, 4, 4)) * norm.weight[:, None, None] + norm.bias[:, None, None]
    torch.testing.assert_close(norm(maps), expected)


def test_instance_norm_in_dcgan_has_a_gain_and_a_shift_for_each_channel() -> None:
    torch.manual_seed(0)
    norm = DCGANDiscriminator("D", base_channels=2, norm="instance", init_std=0.5).build((1, 16, 16)).stages[1][1]
    maps = torch.randn(3, 4, 4, 4)
    torch.testing.assert_close(norm(maps), F.instance_norm(maps, weight=norm.weight, bias=norm.bias))


def test_batch_norm_per_unit_has_statistics_for_each_unit_of_the_first_map() -> None:
    G = DCGANGenerator("G", shape=(1, 8, 8), base_channels=3, norm_per_unit=True).build((5,))
    G.project[1].reset_parameters()
    first = F.batch_norm(G.project[0](z := torch.randn(6, 5)), None, None, training=True).relu()
    torch.testing.assert_close(G.project(z), first.reshape(6, 3, 4, 4))


def test_the_perceptrons_equal_plain_linear_layers() -> None:
    G = MLPGenerator("G", shape=(1, 2, 3), widths=(4,), activation="leaky-relu", output_activation="sigmoid").build(
        (2,), (1,)
    )
    D = MLPDiscriminator("D", widths=(4,), slope=0.0).build((1, 2, 3), (1,))
    z, code = torch.randn(5, 2), torch.randn(5, 1)
    w1, b1, w2, b2 = G.parameters()
    hidden = F.leaky_relu(torch.cat([z, code], 1) @ w1.T + b1, 0.2)
    torch.testing.assert_close(G(z, code), (hidden @ w2.T + b2).sigmoid().reshape(5, 1, 2, 3))
    w1, b1, w2, b2 = D.parameters()
    x = torch.randn(5, 1, 2, 3)
    hidden = F.relu(torch.cat([x.reshape(5, 6), code], 1) @ w1.T + b1)
    torch.testing.assert_close(D(x, code), hidden @ w2.T + b2)


def test_outputs_lie_where_their_activation_says() -> None:
    for kind, least, most in [("tanh", -1.0, 1.0), ("sigmoid", 0.0, 1.0)]:
        for G in (
            MLPGenerator("G", shape=(1, 8, 8), output_activation=kind, init_std=1.0).build((4,)),
            DCGANGenerator("G", shape=(1, 8, 8), output_activation=kind, init_std=1.0).build((4,)),
        ):
            made = G(torch.randn(16, 4))
            assert least <= made.min() < least + 0.1 and most - 0.1 < made.max() <= most
    assert (
        MLPGenerator("G", shape=(64,), output_activation="none", init_std=1.0).build((4,))(torch.ones(2, 4)).max() > 1
    )


# Training


def test_initial_weights_have_the_papers_distribution() -> None:
    torch.manual_seed(0)
    modules = [
        DCGANGenerator("G", shape=(3, 64, 64), bias=True).build((100,)),
        DCGANDiscriminator("D", bias=True).build((3, 64, 64)),
    ]
    layers = [layer for module in modules for layer in module.modules() if getattr(layer, "weight", None) is not None]
    assert len(layers) == 1 + 4 + 4 + 4 + 3 + 1
    for layer in layers:
        mean = 1.0 if isinstance(layer, nn.BatchNorm2d) else 0.0
        error = 4 / layer.weight.numel() ** 0.5  # Four standard errors of the mean.
        assert layer.weight.mean().item() == pytest.approx(mean, abs=0.02 * error)
        assert layer.weight.std().item() == pytest.approx(0.02, rel=error)
        assert layer.bias is None or not layer.bias.any()
    assert sum(layer.bias is not None for layer in layers if not isinstance(layer, nn.BatchNorm2d)) == 3


def test_perceptrons_start_from_the_deviation_asked_for_or_from_torchs_weights() -> None:
    torch.manual_seed(0)
    for module in (
        MLPGenerator("G", shape=(784,), init_std=0.01, norm="batch").build((128,)),
        MLPDiscriminator("D", init_std=0.01).build((784,)),
    ):
        for layer in module.modules():
            if isinstance(layer, nn.Linear):
                assert layer.weight.std().item() == pytest.approx(0.01, rel=4 / layer.weight.numel() ** 0.5)
                assert layer.bias is None or not layer.bias.any()
            elif isinstance(layer, nn.BatchNorm1d):
                assert (layer.weight == 1).all()
    plain = MLPDiscriminator("D", widths=(8,)).build((784,)).layers[0]
    assert 0.9 / 28 < plain.weight.abs().max() <= 1 / 28 and plain.bias.any()


def modules_and_inputs() -> list[tuple[nn.Module, gf.Shape]]:
    image = (3, 20, 12)
    found: list[tuple[nn.Module, gf.Shape]] = []
    for norm, kernel, rate in product(NORMS, (4, 5), (0.0, 0.4)):
        G = DCGANGenerator("G", shape=image, base_channels=4, norm=norm, kernel=kernel, dropout=rate)
        D = DCGANDiscriminator("D", base_channels=4, norm=norm, kernel=kernel, dropout=rate)
        found += [(G.build((6,)), (6,)), (D.build(image), image)]
    for mlp_norm, rate in product(("none", "batch"), (0.0, 0.4)):
        found.append((MLPGenerator("G", shape=image, norm=mlp_norm, dropout=rate).build((6,)), (6,)))
        found.append((MLPDiscriminator("D", dropout=rate).build(image), image))
    return found


def test_every_parameter_receives_a_finite_gradient() -> None:
    torch.manual_seed(0)
    catalogue = modules_and_inputs()
    assert len(catalogue) == 4 * 2 * 2 * 2 + 2 * 2 * 2
    for module, shape in catalogue:
        module(torch.randn(8, *shape)).square().sum().backward()
        for name, values in module.named_parameters():
            assert values.grad is not None and values.grad.isfinite().all() and values.grad.any(), name


def test_channels_last_changes_no_result() -> None:
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
    assert seen == 40


def test_a_batch_of_one_trains_without_batch_norm_of_vectors() -> None:
    networks = [DCGANGenerator("G", shape=(1, 8, 8), norm=norm) for norm in NORMS]
    networks.append(DCGANGenerator("G", shape=(1, 8, 8), norm="instance", stages=2))
    for network in [*networks, MLPGenerator("G", shape=(1, 8, 8))]:
        assert network.build((3,))(torch.randn(1, 3)).shape == (1, 1, 8, 8)
    for norm in NORMS:
        assert DCGANDiscriminator("D", norm=norm).build((1, 8, 8))(torch.randn(1, 1, 8, 8)).shape == (1, 1)


@pytest.mark.parametrize(
    "network",
    [
        DCGANDiscriminator("D", base_channels=2, norm="layer", init_std=0.5),
        DCGANDiscriminator("D", base_channels=2, norm="instance", init_std=0.5),
        DCGANDiscriminator("D", base_channels=2, norm="none", kernel=5, init_std=0.5),
        MLPDiscriminator("D", widths=(5, 4)),
    ],
    ids=["layer", "instance", "none", "mlp"],
)
def test_a_gradient_penalty_has_the_gradient_of_its_finite_difference(network: gf.Discriminator) -> None:
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


def test_dropout_drops_its_share_in_training_only() -> None:
    torch.manual_seed(0)
    D = DCGANDiscriminator("D", dropout=0.4).build((3, 32, 32))
    dropped = D.stages[0](torch.randn(4, 3, 32, 32)) == 0
    assert dropped.float().mean().item() == pytest.approx(0.4, abs=0.01)
    assert not (D.eval().stages[0](torch.randn(4, 3, 32, 32)) == 0).any()
    networks = [
        DCGANGenerator("G", shape=(3, 32, 32), dropout=0.3).build((5,)),
        MLPGenerator("G", shape=(2,), dropout=0.3).build((5,)),
        MLPDiscriminator("D", dropout=0.3).build((5,)),
    ]
    assert [sum(isinstance(layer, nn.Dropout) for layer in module.modules()) for module in networks] == [3, 3, 3]


# Messages


def test_a_discriminator_of_images_says_at_the_recipes_line_that_it_takes_images() -> None:
    D = DCGANDiscriminator("D")
    found = problem(lambda: D(gf.noise(100)))
    assert found.message == "network 'D' takes images of shape (channels, height, width); received noise (100,)."
    assert found.site is not None and found.site.text == "found = problem(lambda: D(gf.noise(100)))"


def test_a_discriminator_says_how_small_its_images_may_be() -> None:
    D, fewer, more = (DCGANDiscriminator("D", stages=stages) for stages in (None, 1, 3))
    assert "sides of 8 pixels or more; received noise (3, 7, 64)." in problem(lambda: D(gf.noise(3, 7, 64))).message
    assert "sides of 4 pixels or more" in problem(lambda: fewer(gf.noise(3, 3, 3))).message
    assert "sides of 16 pixels or more" in problem(lambda: more(gf.noise(3, 15, 15))).message
    with reading(__file__, "recipe.py") as current:
        assert fewer(gf.noise(3, 4, 4)).shape == more(gf.noise(3, 16, 16)).shape == (1,)
    assert not current.problems


def test_networks_of_vectors_refuse_labels() -> None:
    networks = [MLPGenerator("G", shape=(2,)), DCGANGenerator("G", shape=(1, 8, 8)), MLPDiscriminator("G")]
    for network in networks:
        message = problem(lambda network=network: network(gf.noise(3), gf.random_labels(10))).message
        assert message == "network 'G' takes signals of real numbers; random labels () holds whole numbers."


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda: DCGANGenerator("G", shape=(3, 32)), "(channels, height, width) with sides of 8 pixels or more"),
        (lambda: DCGANGenerator("G", shape=(3, 7, 32)), "sides of 8 pixels or more; received (3, 7, 32)"),
        (lambda: DCGANGenerator("G", shape=(3, 28, 28), stages=4), "sides of 32 pixels or more; received (3, 28, 28)"),
        (lambda: DCGANGenerator("G", shape=(3, 32, 32), kernel=3), "'kernel' must be 4 or 5; received 3"),
        (lambda: DCGANGenerator("G", shape=(3, 32, 32), dropout=1.0), "'dropout' must be in [0, 1); received 1.0"),
        (lambda: DCGANDiscriminator("D", base_channels=0), "'base_channels' must be in [1, inf); received 0"),
        (lambda: DCGANDiscriminator("D", norm="spectral"), "'batch' or 'layer' or 'instance' or 'none'"),
        (lambda: MLPGenerator("G", shape=()), "'shape' must hold one size or more; received ()"),
        (lambda: MLPGenerator("G", shape=(1, 0, 4)), "'shape' must be in [1, inf); received (1, 0, 4)"),
        (lambda: MLPDiscriminator("D", widths=(4, -1)), "'widths' must be in [1, inf); received (4, -1)"),
    ],
)
def test_a_parameter_out_of_its_range_is_one_sentence(write: Callable[[], object], message: str) -> None:
    with pytest.raises(RecipeError) as error:
        write()
    assert message in str(error.value)
    assert len(error.value.problems) == 1


def test_what_is_no_signal_is_reported_by_the_language() -> None:
    for network in (MLPGenerator("N", shape=(2,)), DCGANDiscriminator("N"), MLPDiscriminator("N")):
        assert "is called on signals; argument 1 is 3." in problem(lambda network=network: network(3)).message


def test_declaring_the_networks_imports_no_torch() -> None:
    code = (
        "import sys, ganforge as gf, ganforge_classic as c, ganforge_translate as t;"
        "x = gf.noise(3, 32, 32); G = c.DCGANGenerator('G', shape=x.shape); c.DCGANDiscriminator('D')(G(gf.noise(9)));"
        "t.UNet('U', shape=x.shape)(t.ResNetTranslator('R', shape=x.shape)(x)); t.PatchDiscriminator('P')(x);"
        "c.MLPDiscriminator('M')(c.MLPGenerator('N', shape=(2,))(gf.noise(4)));"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0
