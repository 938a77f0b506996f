"""Tests of the encoding networks and their losses: shapes, counts, agreement with plain torch, messages."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import ganforge as gf
import ganforge_encoding as encoding
from ganforge.errors import Problem, RecipeError
from ganforge.language.docstring import arguments
from ganforge.language.site import reading
from ganforge_encoding import (
    BiGANDiscriminator,
    BiGANEncoder,
    BiGANGenerator,
    ConvolutionalAutoencoder,
    ConvolutionalDecoder,
    CoupledDiscriminator,
    CoupledGenerator,
    DenseAutoencoder,
    EnergyMargin,
    PullingAway,
)
from ganforge_encoding.distances import Distance
from ganforge_encoding.modules.autoencoder import energies

SIDES = (8, 9, 15, 16, 17, 28, 31, 32, 33, 48, 63, 64)
SIZES = [*((side, side) for side in SIDES), (8, 64), (64, 8), (17, 40), (128, 128)]


def parameters(module: nn.Module) -> int:
    return sum(values.numel() for values in module.parameters())


def given(module: nn.Module, *inputs: Tensor) -> list[gf.Shape]:
    out = module(*inputs)
    return [tuple(value.shape[1:]) for value in (out if isinstance(out, tuple) else (out,))]


def on_meta(network: gf.Network, *shapes: gf.Shape) -> tuple[list[gf.Shape], list[gf.Shape]]:
    """The declared output shapes, and those that the module gives a batch of two without computing."""
    out = network(*(gf.noise(*shape) for shape in shapes))  # type: ignore[operator]
    declared = [signal.shape for signal in (out if isinstance(out, tuple) else (out,))]
    with torch.device("meta"):
        return declared, given(network.build(*shapes), *(torch.empty(2, *shape) for shape in shapes))


def problem(write: Callable[[], object]) -> Problem:
    """The only problem noted while a recipe in this file is read."""
    with reading(__file__, "recipe.py") as current:
        write()
    (found,) = current.problems
    return found


def refusal(write: Callable[[], object]) -> Problem:
    with pytest.raises(RecipeError) as caught:
        write()
    return caught.value.problems[0]


# Shapes


def test_every_network_takes_every_size() -> None:
    seen = 0
    for number, sides in enumerate(SIZES):
        image = ((1, 3)[number % 2], *sides)
        other = ((3, 1)[number % 2], *sides)
        skips = number % 3 == 0
        expected = [image, (6,), (1,)]
        for network in (
            ConvolutionalAutoencoder("D", base_channels=2, code_dim=6, skips=skips),
            DenseAutoencoder("D", widths=(5, 6)),
        ):
            assert on_meta(network, image) == (expected, expected)
        pairs = [
            (ConvolutionalDecoder("G", shape=image, base_channels=2, skips=skips), ((5,),), [image]),
            (BiGANGenerator("G", shape=image, units=4), ((5,),), [image]),
            (BiGANEncoder("E", length=5, units=4), (image,), [(5,)]),
            (BiGANDiscriminator("D", units=4), (image, (5,)), [(1,)]),
            (CoupledGenerator("G", a_shape=image, b_shape=other, base_channels=2), ((5,),), [image, other]),
            (CoupledDiscriminator("D", channels=(2, 3), units=4), (image, other), [(1,), (1,)]),
        ]
        for network, inputs, outputs in pairs:
            assert on_meta(network, *inputs) == (outputs, outputs)
            seen += 1
    assert seen == 16 * 6


def test_generators_join_codes_to_the_noise() -> None:
    for G in (
        ConvolutionalDecoder("G", shape=(1, 8, 8), base_channels=2),
        CoupledGenerator("G", a_shape=(1, 8, 8), b_shape=(1, 8, 8), base_channels=2),
    ):
        declared, made = on_meta(G, (5,), (2, 2))
        assert declared == made


@pytest.mark.parametrize(
    ("side", "maps"),
    [(8, [8]), (16, [8, 16]), (28, [14, 28]), (32, [8, 16, 32]), (33, [9, 17, 33]), (128, [8, 16, 32, 64, 128])],
)
def test_the_autoencoder_halves_down_to_eight_pixels_and_grows_back(side: int, maps: list[int]) -> None:
    D = ConvolutionalAutoencoder("D", base_channels=2, code_dim=3).build((1, side, side))
    firsts = [stage[0] for stage in (*D.encoder.stages, *D.decoder.stages)]
    seen: list[int] = []
    hooks = [layer.register_forward_hook(lambda _, __, out: seen.append(out.shape[2])) for layer in firsts]
    D(torch.zeros(1, 1, side, side))
    assert len(hooks) == 2 * len(maps)
    assert seen == maps[::-1] + maps


@pytest.mark.parametrize(
    ("side", "maps"),
    [(8, [3, 5]), (16, [4, 7, 13]), (28, [4, 7, 13, 25]), (32, [5, 9, 17, 33]), (64, [5, 9, 17, 33, 65])],
)
def test_the_coupled_generators_grow_as_the_authors_do(side: int, maps: list[int]) -> None:
    shape = (1, side, side)
    G = CoupledGenerator("G", a_shape=shape, b_shape=shape, base_channels=1).build((3,))
    seen: list[int] = []
    for layer in G.trunk:
        layer.register_forward_hook(lambda _, __, out: seen.append(out.shape[2]))
    G(torch.zeros(2, 3))
    assert seen == maps


# Parameter counts, by arithmetic


def test_the_autoencoder_of_began_has_the_parameters_of_its_layers() -> None:
    n, h = 128, 64
    decoder = h * n * 64 + n * 64 + 10 * (n * n * 9 + n) + n * 3 * 9 + 3
    with torch.device("meta"):
        assert parameters(ConvolutionalDecoder("G", shape=(3, 128, 128)).build((h,))) == decoder
        D = ConvolutionalAutoencoder("D").build((3, 128, 128))
    # Into each size, at it, and down from it, the widths being n, 2n, 3n, 4n and 5n.
    products = (1 + 1 + 1) + (2 + 4 + 4) + (6 + 9 + 9) + (12 + 16 + 16) + (20 + 25)
    biases = 3 * (1 + 2 + 3 + 4) + 2 * 5
    encoder = 3 * n * 9 + n + products * n * n * 9 + biases * n + 5 * n * 64 * h + h
    assert parameters(D) == encoder + decoder


def test_skips_double_what_every_size_but_the_first_takes() -> None:
    n = 4
    plain, skipping = (
        ConvolutionalDecoder("G", shape=(1, 32, 32), base_channels=n, skips=skips).build((3,))
        for skips in (False, True)
    )
    assert parameters(skipping) == parameters(plain) + 2 * n * n * 9


def test_the_autoencoder_of_ebgan_has_two_layers() -> None:
    D = DenseAutoencoder("D").build((1, 28, 28))
    assert parameters(D) == 784 * 1024 + 1024 + 1024 * 784 + 784
    deeper = DenseAutoencoder("D", widths=(6, 5)).build((2, 2))
    assert parameters(deeper) == 4 * 6 + 6 + 6 * 5 + 2 * 5 + 5 * 4 + 4


def test_the_networks_of_bigan_have_weights_only() -> None:
    G = BiGANGenerator("G", shape=(1, 28, 28)).build((50,))
    E = BiGANEncoder("E", length=50).build((1, 28, 28))
    D = BiGANDiscriminator("D").build((1, 28, 28), (50,))
    assert parameters(G) == 50 * 1024 + 1024 * 1024 + 50 * 1024 + 1024 * 784
    assert parameters(E) == 784 * 1024 + 1024 * 1024 + 1024 * 50
    assert parameters(D) == 784 * 1024 + 1024 * 1024 + 50 * 1024 + 1024
    assert all(values.dim() == 2 for module in (G, E, D) for values in module.parameters())


def test_the_networks_of_cogan_have_the_parameters_of_the_authors_layers() -> None:
    digit = (1, 28, 28)
    G = CoupledGenerator("G", a_shape=digit, b_shape=digit).build((100,))
    # Each hidden layer has a weight, a shift and a slope for each channel, and no other bias.
    shared = 100 * 1024 * 16 + (1024 * 512 + 512 * 256 + 256 * 128) * 9 + 2 * (1024 + 512 + 256 + 128)
    own = 128 * 36 + 1
    assert parameters(G) == shared + 2 * own
    apart = CoupledGenerator("G", a_shape=digit, b_shape=digit, shared=0).build((100,))
    assert parameters(apart) == 2 * (shared + own)

    D = CoupledDiscriminator("D").build(digit, digit)
    own, shared = 25 * 20 + 20, 20 * 50 * 25 + 50 + 50 * 16 * 500 + 500 + 500 + 500 + 1
    assert parameters(D) == shared + 2 * own
    assert parameters(CoupledDiscriminator("D", shared=0).build(digit, digit)) == 2 * (shared + own)
    assert parameters(CoupledDiscriminator("D", shared=4).build(digit, digit)) == shared + own


# Agreement with plain torch


def test_the_convolutional_autoencoder_equals_plain_torch() -> None:
    torch.manual_seed(0)
    D = ConvolutionalAutoencoder("D", base_channels=2, code_dim=5).build((3, 16, 12))
    weights = iter(D.parameters())
    images = torch.randn(4, 3, 16, 12)

    def conv(maps: Tensor, stride: int = 1) -> Tensor:
        return F.elu(F.conv2d(maps, next(weights), next(weights), stride, padding=1))

    # The shorter side has 12 pixels, so nothing is halved; a second image is halved once.
    maps = conv(conv(conv(images)))
    code = F.linear(maps.flatten(1), next(weights), next(weights))
    maps = F.linear(code, next(weights), next(weights)).reshape(4, 2, 16, 12)
    expected = F.conv2d(conv(conv(maps)), next(weights), next(weights), padding=1)
    reconstruction, found, energy = D(images)
    torch.testing.assert_close(found, code)
    torch.testing.assert_close(reconstruction, expected)
    torch.testing.assert_close(energy, (expected - images).abs().mean((1, 2, 3))[:, None])


@pytest.mark.parametrize("skips", [False, True])
def test_the_halving_autoencoder_equals_plain_torch(skips: bool) -> None:
    torch.manual_seed(0)
    D = ConvolutionalAutoencoder("D", base_channels=2, code_dim=5, skips=skips).build((1, 16, 16))
    weights = iter(D.parameters())
    images = torch.randn(4, 1, 16, 16)

    def conv(maps: Tensor, stride: int = 1) -> Tensor:
        return F.elu(F.conv2d(maps, next(weights), next(weights), stride, padding=1))

    maps = conv(conv(conv(conv(images))), stride=2)
    assert maps.shape == (4, 2, 8, 8)
    maps = conv(conv(maps))
    assert maps.shape == (4, 4, 8, 8)
    code = F.linear(maps.flatten(1), next(weights), next(weights))
    first = F.linear(code, next(weights), next(weights)).reshape(4, 2, 8, 8)
    maps = conv(conv(first)).repeat_interleave(2, 2).repeat_interleave(2, 3)
    if skips:
        maps = torch.cat([maps, first.repeat_interleave(2, 2).repeat_interleave(2, 3)], 1)
    expected = F.conv2d(conv(conv(maps)), next(weights), next(weights), padding=1)
    torch.testing.assert_close(D(images)[0], expected)
    assert not list(weights)


def test_the_decoder_of_began_is_the_generator() -> None:
    torch.manual_seed(0)
    D = ConvolutionalAutoencoder("D", base_channels=2, code_dim=5).build((3, 32, 32))
    G = ConvolutionalDecoder("G", shape=(3, 32, 32), base_channels=2).build((5,))
    G.load_state_dict(D.decoder.state_dict())
    _, code, _ = D(images := torch.randn(2, 3, 32, 32))
    torch.testing.assert_close(G(code), D(images)[0])


def test_the_dense_autoencoder_equals_plain_torch() -> None:
    torch.manual_seed(0)
    D = DenseAutoencoder("D", widths=(6, 5), init_std=0.5).build((1, 2, 4))
    images = torch.randn(7, 1, 2, 4)
    w1, b1, w2, gain, shift, w3, b3 = D.parameters()
    hidden = (images.flatten(1) @ w1.T + b1).relu() @ w2.T
    normal = (hidden - hidden.mean(0)) / (hidden.var(0, unbiased=False) + 1e-5).sqrt()
    code = (normal * gain + shift).relu()
    expected = (code @ w3.T + b3).reshape(7, 1, 2, 4)
    reconstruction, found, energy = D(images)
    torch.testing.assert_close(found, code)
    torch.testing.assert_close(reconstruction, expected)
    torch.testing.assert_close(energy, (expected - images).square().sum((1, 2, 3)).sqrt()[:, None])


def normalised(values: Tensor) -> Tensor:
    return (values - values.mean(0)) / (values.var(0, unbiased=False) + 1e-5).sqrt()


def test_the_networks_of_bigan_equal_their_formulas() -> None:
    torch.manual_seed(0)
    x, z = torch.rand(8, 1, 2, 3), torch.rand(8, 4) * 2 - 1
    G = BiGANGenerator("G", shape=(1, 2, 3), units=5, init_std=1.0).build((4,))
    a, b, c, d = G.parameters()
    hidden = normalised(z @ a.T).relu()
    hidden = normalised(hidden @ b.T + z @ c.T).relu()
    torch.testing.assert_close(G(z), (hidden @ d.T).sigmoid().reshape(8, 1, 2, 3))

    E = BiGANEncoder("E", length=4, units=5, init_std=1.0).build((1, 2, 3))
    a, b, c = E.parameters()
    hidden = F.leaky_relu(normalised(F.leaky_relu(x.flatten(1) @ a.T, 0.2) @ b.T), 0.2)
    torch.testing.assert_close(E(x), (hidden @ c.T / 2).tanh())
    normal = BiGANEncoder("E", length=4, units=5, prior="normal").build((1, 2, 3))
    normal.load_state_dict(E.state_dict())
    torch.testing.assert_close((normal.train()(x) / 2).tanh(), E(x))

    D = BiGANDiscriminator("D", units=5, init_std=1.0).build((1, 2, 3), (4,))
    a, b, c, d = D.parameters()
    hidden = F.leaky_relu(x.flatten(1) @ a.T, 0.2)
    hidden = F.leaky_relu(normalised(hidden @ b.T + z @ c.T), 0.2)
    torch.testing.assert_close(D(x, z), hidden @ d.T)


def test_the_coupled_generators_equal_plain_torch() -> None:
    torch.manual_seed(0)
    shapes = (1, 28, 28), (3, 28, 28)
    G = CoupledGenerator("G", a_shape=shapes[0], b_shape=shapes[1], base_channels=2).build((6,))
    z = torch.randn(5, 6)
    maps = F.linear(z, G.trunk[0][0].weight).reshape(5, 16, 4, 4)
    for number, layer in enumerate(G.trunk):
        if number:
            maps = F.conv_transpose2d(maps, layer[0].weight, stride=2, padding=1)
        shift, slope = layer[-2].shift, layer[-1].weight
        assert len(shift) == len(slope) == maps.shape[1] and not shift.any() and (slope == 0.25).all()
        maps = F.prelu(F.batch_norm(maps, None, None, None, shift, training=True), slope)
    expected = [F.conv_transpose2d(maps, own[0][0].weight, own[0][0].bias, padding=1).tanh() for own in (G.a, G.b)]
    for found, wanted, shape in zip(G(z), expected, shapes, strict=True):
        assert found.shape[1:] == shape
        torch.testing.assert_close(found, wanted)


def test_the_coupled_discriminators_equal_plain_torch() -> None:
    torch.manual_seed(0)
    shapes = (1, 28, 28), (3, 28, 28)
    D = CoupledDiscriminator("D", channels=(2, 3), units=4, dropout=0.0).build(*shapes)
    images = [torch.randn(5, *shape) for shape in shapes]
    second, hidden, last = D.trunk
    for own, image, found in zip((D.a, D.b), images, D(*images), strict=True):
        maps = F.max_pool2d(F.conv2d(image, own[0][0].weight, own[0][0].bias), 2)
        assert maps.shape[1:] == (2, 12, 12)
        maps = F.max_pool2d(F.conv2d(maps, second[0].weight, second[0].bias), 2)
        assert maps.shape[1:] == (3, 4, 4)
        units = F.prelu(F.linear(maps.flatten(1), hidden[1].weight, hidden[1].bias), hidden[2].weight)
        torch.testing.assert_close(found, F.linear(units, last.weight, last.bias))
    assert [
        layer.p for layer in CoupledDiscriminator("D").build(*shapes).modules() if isinstance(layer, nn.Dropout)
    ] == [0.5]


@pytest.mark.parametrize("shared", range(6))
def test_both_generators_have_so_many_layers_in_common(shared: int) -> None:
    G = CoupledGenerator("G", a_shape=(1, 28, 28), b_shape=(1, 28, 28), base_channels=1, shared=shared).build((3,))
    assert [len(G.trunk), len(G.a), len(G.b)] == [shared, 5 - shared, 5 - shared]
    a, b = G(torch.randn(4, 3))
    a.sum().backward()
    reached = {name for name, values in G.named_parameters() if values.grad is not None}
    assert reached == {name for name, _ in G.named_parameters() if not name.startswith("b.")}
    # With every layer in common both images are one; without one in common they are not.
    assert torch.equal(a, b) == (shared == 5)


@pytest.mark.parametrize("shared", range(5))
def test_both_discriminators_have_so_many_layers_in_common(shared: int) -> None:
    D = CoupledDiscriminator("D", channels=(2, 2), units=3, shared=shared, dropout=0.0).build((1, 16, 16), (1, 16, 16))
    assert [len(D.a), len(D.b), len(D.trunk)] == [4 - shared, 4 - shared, shared]
    image = torch.randn(4, 1, 16, 16)
    a, b = D(image, image)
    assert torch.equal(a, b) == (shared == 4)


# Initial weights and gradients


def test_initial_weights_have_the_papers_distribution() -> None:
    torch.manual_seed(0)
    digit = (1, 28, 28)
    D = DenseAutoencoder("D").build(digit)
    deviations = [(layer, 0.002) for layer in D.modules() if isinstance(layer, nn.Linear)]
    for module in (
        BiGANGenerator("G", shape=digit).build((50,)),
        BiGANEncoder("E", length=50).build(digit),
        BiGANDiscriminator("D").build(digit, (50,)),
    ):
        deviations += [(layer, 0.02) for layer in module.modules() if isinstance(layer, nn.Linear)]
    assert len(deviations) == 2 + 4 + 3 + 4
    for layer, std in deviations:
        error = 4 / layer.weight.numel() ** 0.5  # Four standard errors of the mean.
        assert layer.weight.mean().item() == pytest.approx(0, abs=std * error)
        assert layer.weight.std().item() == pytest.approx(std, rel=error)
        assert layer.bias is None or not layer.bias.any()


def test_the_coupled_networks_start_as_the_authors_do() -> None:
    torch.manual_seed(0)
    digit = (1, 28, 28)
    seen = 0
    for module in (
        CoupledGenerator("G", a_shape=digit, b_shape=digit, base_channels=32).build((100,)),
        CoupledDiscriminator("D").build(digit, digit),
    ):
        for layer in module.modules():
            if not isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                continue
            seen += 1
            area = math.prod(layer.weight.shape[2:])
            limit = math.sqrt(2) * math.sqrt(6 / (area * sum(layer.weight.shape[:2])))
            assert layer.weight.abs().max().item() == pytest.approx(limit, rel=0.05)
            assert layer.weight.abs().max() <= limit
            assert layer.bias is None or (layer.bias == 0.1).all()
    assert seen == 6 + 5


def test_every_parameter_receives_a_finite_gradient() -> None:
    torch.manual_seed(0)
    image = (3, 16, 20)
    networks: list[tuple[gf.Network, tuple[gf.Shape, ...]]] = [
        (BiGANGenerator("G", shape=image, units=8), ((6,),)),
        (BiGANEncoder("E", length=6, units=8), (image,)),
        (BiGANDiscriminator("D", units=8), (image, (6,))),
        (CoupledGenerator("G", a_shape=image, b_shape=image, base_channels=4), ((6,),)),
        (CoupledDiscriminator("D"), (image, image)),
    ]
    for skips, error in product((False, True), ("mean-absolute", "mean-square", "norm")):
        networks.append((ConvolutionalAutoencoder("D", base_channels=4, skips=skips, error=error), (image,)))
        networks.append((ConvolutionalDecoder("G", shape=image, base_channels=4, skips=skips), ((6,),)))
        networks.append((DenseAutoencoder("D", widths=(8, 8), error=error, init_std=None), (image,)))
    assert len(networks) == 5 + 3 * 6
    for network, shapes in networks:
        module = network.build(*shapes)
        out = module(*(torch.randn(8, *shape) for shape in shapes))
        last = (
            out[-1] + out[0] if isinstance(out, tuple) and len(out) == 2 else out[-1] if isinstance(out, tuple) else out
        )
        last.square().sum().backward()
        for name, values in module.named_parameters():
            assert values.grad is not None and values.grad.isfinite().all() and values.grad.any(), (network, name)


# Losses and schedule


def test_energies_are_of_each_example() -> None:
    examples = torch.zeros(2, 1, 2, 2)
    made = torch.tensor([[[[1.0, -1.0], [1.0, -1.0]]], [[[3.0, 0.0], [0.0, -4.0]]]])
    assert energies(examples, made, "mean-absolute").tolist() == [[1.0], [7 / 4]]
    assert energies(examples, made, "mean-square").tolist() == [[1.0], [25 / 4]]
    assert energies(examples, made, "norm").tolist() == [[2.0], [5.0]]
    assert energies(examples, made.bfloat16(), "norm").dtype == torch.float32


def test_a_perfect_reconstruction_has_no_energy_and_a_finite_gradient() -> None:
    made = torch.ones(2, 3, requires_grad=True)
    energy = energies(torch.ones(2, 3), made, "norm")
    energy.sum().backward()
    assert not energy.any() and made.grad is not None and not made.grad.any()


def test_the_energy_margin_is_the_papers() -> None:
    real, fake = torch.tensor([[1.0], [3.0]]), torch.tensor([[4.0], [12.0]])
    # Real: 2 in the mean. Fake: 10 - 4 and nothing beyond the margin, 3 in the mean.
    assert EnergyMargin(margin=10.0).discriminator_loss(real, fake).item() == 2 + 3
    assert EnergyMargin(margin=2.0).discriminator_loss(real, fake).item() == 2
    assert EnergyMargin().generator_loss(fake).item() == 8


def test_fakes_beyond_the_margin_have_no_gradient() -> None:
    fake = torch.tensor([[4.0], [12.0]], requires_grad=True)
    EnergyMargin(margin=10.0).discriminator_loss(torch.zeros(2, 1), fake).backward()
    assert fake.grad is not None and fake.grad.tolist() == [[-0.5], [0.0]]


def test_the_pulling_away_term_is_the_mean_squared_cosine_of_every_pair() -> None:
    pull = PullingAway().compute
    assert pull(torch.tensor([[2.0, 0.0], [0.0, 3.0]])).item() == 0
    assert pull(torch.tensor([[2.0, 0.0], [-5.0, 0.0]])).item() == pytest.approx(1)
    # Cosines of 0 degrees and of 60, twice: (0 + 1/4 + 3/4) / 3 among three directions 0, 90 and 30 degrees.
    angles = torch.tensor([0.0, 90.0, 30.0]).deg2rad()
    directions = torch.stack([angles.cos(), angles.sin()], 1) * torch.tensor([[1.0], [7.0], [0.1]])
    assert pull(directions).item() == pytest.approx((0 + 3 / 4 + 1 / 4) / 3)
    assert pull(torch.ones(1, 4)).item() == 0

    torch.manual_seed(0)
    codes = torch.randn(5, 2, 3, dtype=torch.float64)
    pairs = [
        F.cosine_similarity(codes[i].flatten(), codes[j].flatten(), 0) for i in range(5) for j in range(5) if i != j
    ]
    assert len(pairs) == 20
    torch.testing.assert_close(pull(codes), torch.stack(pairs).square().mean())


def test_the_distance_is_the_mean_of_the_examples_norms() -> None:
    prediction = torch.tensor([[[3.0, 4.0]], [[0.0, 1.0]]])
    assert Distance().compute(prediction, torch.zeros(2, 1, 2)).item() == 3
    found = problem(lambda: Distance()(gf.noise(2), gf.noise(3)))
    assert found.message == "distance compares signals of one shape; prediction is (2,), target is (3,)."


# Messages


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda: DenseAutoencoder("D", widths=()), "'widths' must hold one size or more; received ()"),
        (lambda: DenseAutoencoder("D", widths=(4, 0)), "'widths' must be in [1, inf); received (4, 0)"),
        (lambda: ConvolutionalDecoder("G", shape=(8, 8)), "'shape' must be (channels, height, width); received (8, 8)"),
        (
            lambda: CoupledGenerator("G", a_shape=(1, 7, 8), b_shape=(1, 8, 8)),
            "'a_shape' must be (channels, height, width) with sides of 8 pixels or more; received (1, 7, 8)",
        ),
        (lambda: CoupledDiscriminator("D", shared=5), "'shared' must be in [0, 4]; received 5"),
        (lambda: EnergyMargin(margin=0.0), "'margin' must be in (0, inf); received 0.0"),
        (lambda: BiGANGenerator("G", shape=()), "'shape' must hold one size or more; received ()"),
    ],
)
def test_a_parameter_out_of_its_range_is_one_sentence(write: Callable[[], object], message: str) -> None:
    found = refusal(write).message
    assert message in found and found.count(". ") == 0


def test_networks_say_at_the_recipes_line_what_they_take() -> None:
    labels, vector = gf.random_labels(3), gf.noise(4)
    small, large = gf.noise(1, 16, 16), gf.noise(3, 32, 32)
    assert "takes images of shape" in problem(lambda: ConvolutionalAutoencoder("D")(vector)).message
    assert "real numbers" in problem(lambda: DenseAutoencoder("D")(labels)).message
    assert "real numbers" in problem(lambda: BiGANDiscriminator("D")(small, labels)).message
    assert "one height and width" in problem(lambda: CoupledDiscriminator("D")(small, large)).message
    assert (
        "8 pixels or more" in problem(lambda: CoupledDiscriminator("D")(gf.noise(1, 7, 9), gf.noise(1, 7, 9))).message
    )
    shares = problem(lambda: CoupledDiscriminator("D", shared=4)(small, gf.noise(3, 16, 16)))
    assert "shares all its layers" in shares.message
    G = CoupledGenerator("G", a_shape=(1, 8, 8), b_shape=(1, 16, 16))
    assert "one height and width" in problem(lambda: G(vector)).message


def test_components_have_one_name_each_and_tell_what_every_parameter_is_for() -> None:
    kinds = encoding.ganforge_components()
    assert len(kinds) == len({(kind.kind, kind.component_name()) for kind in kinds}) == 11
    for kind in kinds:
        known = set(arguments(kind))
        base = {field.name for field in kind.parameters()} - {"name", "weights", "frozen"}
        assert base <= known, kind
