"""Tests of the networks and losses that know classes: shapes, counts, agreement with plain torch, values by hand."""

import math
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import cast

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import ganforge as gf
from ganforge.errors import RecipeError
from ganforge.language.site import reading
from ganforge_conditional import (
    ACGANDiscriminator,
    ConditionalGenerator,
    ConditionalMaxout,
    ErrorRate,
    ExtraClass,
    FeatureMatching,
    GaussianLikelihood,
    ImplicitClass,
    InfoGANDiscriminator,
    InfoGANGenerator,
    NoisyClassifier,
    SoftplusGenerator,
    error_rate,
    feature_matching,
    ganforge_components,
    gaussian_likelihood,
)
from ganforge_conditional.modules.semi_supervised import NormalisedLinear

SIDES = [(8, 8), (9, 15), (16, 16), (28, 28), (30, 31), (32, 32), (8, 40), (64, 48)]


def parameters(module: nn.Module) -> int:
    return sum(values.numel() for values in module.parameters())


def on_meta(network: gf.Network, *shapes: gf.Shape) -> tuple[list[gf.Shape], list[gf.Shape]]:
    """The declared shapes of the outputs, and those that the module gives a batch of two without computing."""
    out = network(*(gf.noise(*shape) for shape in shapes))  # type: ignore[operator]
    with torch.device("meta"):
        module = network.build(*shapes)
        made = module(*(torch.empty(2, *shape) for shape in shapes))
    declared = [signal.shape for signal in (out if isinstance(out, tuple) else (out,))]
    return declared, [tuple(value.shape[1:]) for value in (made if isinstance(made, tuple) else (made,))]


def networks(shape: gf.Shape) -> list[tuple[gf.Network, list[gf.Shape], list[gf.Shape]]]:
    """Each network with the shapes of its inputs and outputs, for images of one shape."""
    return [
        (ConditionalGenerator("G", shape=shape, widths=(3, 4, 5)), [(6,), (2,)], [shape]),
        (ConditionalMaxout("D", widths=(3, 4, 5)), [shape, (2,)], [(1,)]),
        (ACGANDiscriminator("D", num_classes=7, base_channels=2), [shape], [(1,), (7,)]),
        (NoisyClassifier("D", num_classes=7, widths=(6, 5)), [shape], [(7,), (5,)]),
        (SoftplusGenerator("G", shape=shape, widths=(6, 5)), [(4,)], [shape]),
        (InfoGANGenerator("G", shape=shape, base_channels=2, hidden=5), [(6,), (3,), (2,)], [shape]),
        (InfoGANDiscriminator("D", categories=3, base_channels=2, hidden=5, reader=4), [shape], [(1,), (3,), (2,)]),
    ]


# Shapes and parameter counts


def test_every_conditional_network_takes_images_of_every_size() -> None:
    seen = 0
    for number, sides in enumerate(SIDES):
        for network, inputs, outputs in networks(((1, 3)[number % 2], *sides)):
            assert on_meta(network, *inputs) == (outputs, outputs)
            seen += 1
    assert seen == 8 * 7


def test_the_conditional_perceptrons_have_the_layers_of_the_paper() -> None:
    G = ConditionalGenerator("G", shape=(1, 28, 28)).build((100,), (10,))
    streams = (100 * 200 + 200) + (10 * 1000 + 1000)
    assert parameters(G) == streams + (1200 * 1200 + 1200) + (1200 * 784 + 784)
    D = ConditionalMaxout("D").build((1, 28, 28), (10,))
    streams = (784 * 240 + 240) * 5 + (10 * 50 + 50) * 5
    assert parameters(D) == streams + (290 * 240 + 240) * 4 + (240 + 1)


def test_the_acgan_discriminator_for_cifar_has_the_layers_of_the_paper() -> None:
    D = ACGANDiscriminator("D", num_classes=10).build((3, 32, 32))
    widths = (3, 16, 32, 64, 128, 256, 512)
    convolutions = sum(a * b * 9 for a, b in pairwise(widths)) + 16
    norms = 2 * (32 + 64 + 128 + 256 + 512)
    assert parameters(D) == convolutions + norms + 512 * 4 * 4 * 11 + 11
    layers = [layer for layer in D.modules() if isinstance(layer, nn.Conv2d)]
    assert [layer.stride[0] for layer in layers] == [2, 1, 2, 1, 2, 1]
    assert [layer.out_channels for layer in layers] == list(widths[1:])
    order = [type(layer).__name__ for layer in D.trunk]
    first, other = ["Conv2d", "LeakyReLU", "Dropout"], ["Conv2d", "BatchNorm2d", "LeakyReLU", "Dropout"]
    assert order == first + 5 * other + ["Flatten"]


@pytest.mark.parametrize(("side", "layers"), [(8, 2), (16, 4), (28, 4), (32, 6), (64, 8)])
def test_the_acgan_discriminator_has_more_layers_for_larger_images(side: int, layers: int) -> None:
    with torch.device("meta"):
        D = ACGANDiscriminator("D", num_classes=3, max_channels=64).build((3, side, side))
    widths = [layer.out_channels for layer in D.modules() if isinstance(layer, nn.Conv2d)]
    assert widths == [16, 32, 64, 64, 64, 64, 64, 64][:layers]


def test_the_semi_supervised_networks_have_the_layers_of_the_authors_code() -> None:
    D = NoisyClassifier("D", num_classes=10).build((1, 28, 28))
    widths = (784, 1000, 500, 250, 250, 250, 10)
    # A direction and a shift for each unit; scales are learnt in the last layer only.
    assert parameters(D) == sum(a * b + b for a, b in pairwise(widths)) + 10
    noises = [layer.std for layer in D.modules() if type(layer).__name__ == "GaussianNoise"]
    assert noises == [0.3, 0.5, 0.5, 0.5, 0.5, 0.5]
    G = SoftplusGenerator("G", shape=(1, 28, 28)).build((100,))
    assert parameters(G) == (100 * 500 + 500) + (500 * 500 + 500) + (500 * 784 + 2 * 784)


def test_the_infogan_networks_have_the_layers_of_the_paper() -> None:
    G = InfoGANGenerator("G", shape=(1, 28, 28)).build((62,), (10,), (2,))
    dense = 74 * 1024 + 2 * 1024 + 1024 * 7 * 7 * 128 + 2 * 7 * 7 * 128
    assert parameters(G) == dense + (128 * 64 * 16 + 2 * 64) + (64 * 1 * 16 + 1)
    D = InfoGANDiscriminator("D").build((1, 28, 28))
    trunk = (1 * 64 * 16 + 64) + (64 * 128 * 16 + 2 * 128) + (7 * 7 * 128 * 1024 + 2 * 1024)
    assert parameters(D) == trunk + (1024 + 1) + (1024 * 128 + 2 * 128) + (128 * 12 + 12)
    slopes = {layer.negative_slope for layer in D.modules() if isinstance(layer, nn.LeakyReLU)}
    assert slopes == {0.1}


# Agreement with plain torch


def test_the_conditional_perceptrons_equal_plain_layers() -> None:
    torch.manual_seed(0)
    G = ConditionalGenerator("G", shape=(1, 2, 3), widths=(4, 5, 6)).build((2,), (3,)).eval()
    z, y, x = torch.randn(7, 2), torch.randn(7, 3), torch.randn(7, 1, 2, 3)
    wz, bz, wy, by, w, b, wo, bo = G.parameters()
    hidden = torch.cat([F.relu(z @ wz.T + bz), F.relu(y @ wy.T + by)], 1)
    expected = torch.sigmoid(F.relu(hidden @ w.T + b) @ wo.T + bo).reshape(7, 1, 2, 3)
    torch.testing.assert_close(G(z, y), expected)

    D = ConditionalMaxout("D", widths=(4, 5, 6), pieces=(2, 3, 4)).build((1, 2, 3), (3,)).eval()
    wx, bx, wy, by, w, b, wo, bo = D.parameters()

    def maxout(values: Tensor, weight: Tensor, bias: Tensor, pieces: int) -> Tensor:
        lines = (values @ weight.T + bias).reshape(len(values), -1, pieces)
        return torch.stack([lines[:, :, piece] for piece in range(pieces)]).max(0).values

    hidden = torch.cat([maxout(x.reshape(7, 6), wx, bx, 2), maxout(y, wy, by, 3)], 1)
    torch.testing.assert_close(D(x, y), maxout(hidden, w, b, 4) @ wo.T + bo)


def test_the_condition_changes_what_the_conditional_networks_give() -> None:
    torch.manual_seed(0)
    G = ConditionalGenerator("G", shape=(4,), widths=(3, 3, 8)).build((2,), (3,)).eval()
    D = ConditionalMaxout("D").build((4,), (3,)).eval()
    z, one, other = torch.randn(2, 2), torch.eye(3)[[0, 0]], torch.eye(3)[[1, 1]]
    assert not torch.allclose(G(z, one), G(z, other))
    assert not torch.allclose(D(z.repeat(1, 2), one), D(z.repeat(1, 2), other))


def test_the_acgan_discriminator_equals_plain_layers_and_gives_logits() -> None:
    torch.manual_seed(0)
    D = ACGANDiscriminator("D", num_classes=3, base_channels=2, dropout=0.0, init_std=0.5).build((1, 8, 8))
    images = torch.randn(5, 1, 8, 8)
    validity, classes = D(images)
    w1, b1, w2, gain, shift, wv, bv, wc, bc = D.parameters()
    hidden = F.leaky_relu(F.conv2d(images, w1, b1, stride=2, padding=1), 0.2)
    hidden = F.batch_norm(F.conv2d(hidden, w2, padding=1), None, None, gain, shift, training=True)
    features = F.leaky_relu(hidden, 0.2).flatten(1)
    torch.testing.assert_close(validity, features @ wv.T + bv)
    torch.testing.assert_close(classes, features @ wc.T + bc)
    # Neither sigmoid nor softmax: cross-entropy takes logits.
    assert classes.min() < 0 and not torch.allclose(classes.sum(1), torch.ones(5))


def test_the_infogan_discriminator_equals_plain_layers() -> None:
    torch.manual_seed(0)
    D = InfoGANDiscriminator("D", categories=3, codes=1, base_channels=2, hidden=6, reader=4).build((1, 8, 9))
    images = torch.randn(5, 1, 8, 9)
    for values in D.parameters():
        nn.init.normal_(values, std=0.5)
    w1, b1, w2, g2, s2, w3, g3, s3, wv, bv, wr, gr, sr, wc, bc, wm, bm = D.parameters()

    def normal(values: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
        return F.leaky_relu(F.batch_norm(values, None, None, gain, shift, training=True), 0.1)

    hidden = F.leaky_relu(F.conv2d(images, w1, b1, stride=2, padding=1), 0.1)
    hidden = normal(F.conv2d(hidden, w2, stride=2, padding=1), g2, s2).flatten(1)
    hidden = normal(hidden @ w3.T, g3, s3)
    read = normal(hidden @ wr.T, gr, sr)
    expected = (hidden @ wv.T + bv, read @ wc.T + bc, read @ wm.T + bm)
    for made, wanted in zip(D(images), expected, strict=True):
        torch.testing.assert_close(made, wanted)


def test_the_infogan_generator_grows_from_a_quarter_of_the_image() -> None:
    torch.manual_seed(0)
    G = InfoGANGenerator("G", shape=(1, 28, 28), base_channels=2, hidden=6).build((3,), (2,))
    sides: list[tuple[int, ...]] = []
    for layer in (G.paint.project, *G.paint.stages, G.paint.paint):
        layer.register_forward_hook(lambda _, __, out: sides.append(tuple(out.shape[1:])))
    images = G(torch.randn(4, 3), torch.randn(4, 2))
    assert sides == [(4, 7, 7), (2, 14, 14), (1, 28, 28)]
    assert images.min() >= 0 and images.max() <= 1


def test_the_noisy_classifier_equals_plain_layers_where_nothing_is_noisy() -> None:
    torch.manual_seed(0)
    D = NoisyClassifier("D", num_classes=3, widths=(6, 5)).build((1, 2, 4)).train()
    x = torch.randn(50, 1, 2, 4)
    D(x)
    D.eval()
    hidden = x.flatten(1)
    layers = [layer for layer in D.modules() if isinstance(layer, NormalisedLinear)]
    assert len(layers) == 3
    for number, layer in enumerate(layers):
        weight = layer.direction * (layer.scale / layer.direction.norm(dim=1))[:, None]
        if number == 2:
            torch.testing.assert_close(D(x)[1], hidden)
        hidden = hidden @ weight.T + layer.shift
        hidden = hidden if number == 2 else hidden.relu()
    torch.testing.assert_close(D(x)[0], hidden)


def test_the_softplus_generator_equals_plain_layers() -> None:
    torch.manual_seed(0)
    G = SoftplusGenerator("G", shape=(1, 2, 2), widths=(5,)).build((3,))
    z = torch.randn(8, 3)
    w1, s1, direction, shift, scale = (
        dict(G.named_parameters())[f"layers.{key}"]
        for key in ("1.weight", "2.shift", "4.direction", "4.shift", "4.scale")
    )
    for values in (s1, shift, scale):
        nn.init.normal_(values)
    hidden = F.softplus(F.batch_norm(z @ w1.T, None, None, training=True, eps=1e-6) + s1)
    weight = direction * (scale / direction.norm(dim=1))[:, None]
    torch.testing.assert_close(G(z), torch.sigmoid(hidden @ weight.T + shift).reshape(8, 1, 2, 2))


# Normalised weights that begin from data


def test_the_first_batch_in_training_gives_normalised_units_mean_0_and_variance_1() -> None:
    torch.manual_seed(0)
    layer = NormalisedLinear(4, 3, direction_std=0.1, learns_scale=False, from_data=True)
    values = 5 + 2 * torch.randn(200, 4)
    layer.eval()(values)
    assert not layer.begun and (layer.scale == 1).all()
    out = layer.train()(values)
    assert layer.begun
    torch.testing.assert_close(out.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(out.var(0, correction=0), torch.ones(3), atol=1e-5, rtol=0)
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    layer(torch.randn(200, 4))
    assert all(torch.equal(before[name], value) for name, value in layer.state_dict().items())


def test_a_layer_that_has_begun_elsewhere_does_not_begin_again() -> None:
    torch.manual_seed(0)
    first, second = (NormalisedLinear(4, 3, direction_std=0.1, learns_scale=True, from_data=True) for _ in range(2))
    first(torch.randn(20, 4))
    second.load_state_dict(first.state_dict())
    values = torch.randn(20, 4)
    assert torch.equal(first(values), second(values))


def test_the_length_of_a_direction_changes_nothing() -> None:
    torch.manual_seed(0)
    layer = NormalisedLinear(4, 3, direction_std=0.1, learns_scale=True, from_data=False)
    values = torch.randn(5, 4)
    expected = layer(values)
    layer.direction.data.mul_(7)
    torch.testing.assert_close(layer(values), expected)


def test_noise_is_added_in_training_only_and_has_its_deviation() -> None:
    torch.manual_seed(0)
    D = NoisyClassifier("D", num_classes=2, widths=(3,), input_noise=0.3).build((5000,))
    x = torch.ones(2, 5000)
    assert torch.equal(D.eval()(x)[0], D(x)[0])
    D.train()
    noise = D.trunk[1](x) - x
    assert noise.std().item() == pytest.approx(0.3, rel=0.05) and noise.mean().item() == pytest.approx(0, abs=0.02)


def test_every_parameter_of_a_conditional_network_receives_a_finite_gradient() -> None:
    torch.manual_seed(0)
    seen = 0
    for network, inputs, _ in networks((3, 12, 10)):
        module = network.build(*inputs)
        out = module(*(torch.randn(16, *shape) for shape in inputs))
        outputs = out if isinstance(out, tuple) else (out,)
        cast("Tensor", sum((value.square() * (1 + torch.rand_like(value))).sum() for value in outputs)).backward()
        for name, values in module.named_parameters():
            assert values.grad is not None and values.grad.isfinite().all() and values.grad.any(), name
        seen += 1
    assert seen == 7


def test_the_conditional_networks_start_from_the_papers_distributions() -> None:
    torch.manual_seed(0)
    modules = [
        ACGANDiscriminator("D", num_classes=10).build((3, 32, 32)),
        InfoGANDiscriminator("D").build((1, 28, 28)),
        InfoGANGenerator("G", shape=(1, 28, 28)).build((62,), (10,), (2,)),
    ]
    layers = [m for module in modules for m in module.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    assert len(layers) == 8 + 7 + 2
    for layer in layers:
        assert layer.weight.std().item() == pytest.approx(0.02, rel=4 / layer.weight.numel() ** 0.5)
        assert layer.bias is None or not layer.bias.any()
    gains = torch.cat([m.weight for m in modules[1].modules() if isinstance(m, nn.BatchNorm1d)])
    assert gains.mean().item() == pytest.approx(1, abs=0.005) and gains.std().item() == pytest.approx(0.02, rel=0.1)
    maxout = ConditionalMaxout("D").build((784,), (10,))
    on_example, on_condition = maxout.example[0].linear, maxout.condition[0].linear
    assert 0.0049 < on_example.weight.abs().max() <= 0.005 and not on_example.bias.any()
    assert 0.3 < on_condition.weight.abs().max() <= 10**-0.5
    directions = NoisyClassifier("D", num_classes=2).build((784,)).trunk[2].direction
    assert directions.std().item() == pytest.approx(0.1, rel=0.01)


# Losses

LN2, LN3, LN4, LN6 = (math.log(number) for number in (2, 3, 4, 6))


def close(value: Tensor, expected: float) -> bool:
    return value.dim() == 0 and value.item() == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_the_extra_class_counts_probabilities_of_one_softmax() -> None:
    # Softmax of (ln 2, 0, 0) is (1/2, 1/4, 1/4); of (0, 0, ln 6) it is (1/8, 1/8, 3/4).
    real = torch.tensor([[LN2, 0.0, 0.0], [0.0, 0.0, LN6]], dtype=torch.float64)
    fake = torch.tensor([[0.0, 0.0, LN6], [0.0, 0.0, LN6]], dtype=torch.float64)
    on_real = (math.log(4 / 3) + LN4) / 2
    assert close(ExtraClass().discriminator_loss(real, fake), on_real + math.log(4 / 3))
    assert close(ExtraClass().generator_loss(fake), LN4)
    assert close(ExtraClass().generator_loss(real), on_real)


def test_the_implicit_class_counts_z_over_z_plus_1() -> None:
    # Z = 1 + 2 = 3, D = 3/4; Z = 1/2 + 1/2 = 1, D = 1/2.
    real = torch.tensor([[0.0, LN2], [-LN2, -LN2]], dtype=torch.float64)
    fake = torch.tensor([[-LN2, -LN2], [0.0, LN2]], dtype=torch.float64)
    on_real, on_fake = (math.log(4 / 3) + LN2) / 2, (LN2 + LN4) / 2
    assert close(ImplicitClass().discriminator_loss(real, fake), 0.5 * on_real + 0.5 * on_fake)
    assert close(ImplicitClass().generator_loss(fake), (LN2 + math.log(4 / 3)) / 2)


def test_the_implicit_class_is_half_of_an_extra_class_with_a_logit_of_0() -> None:
    torch.manual_seed(0)
    real, fake, zero = torch.randn(6, 4), torch.randn(6, 4), torch.zeros(6, 1)
    extra = ExtraClass().discriminator_loss(torch.cat([real, zero], 1), torch.cat([fake, zero], 1))
    torch.testing.assert_close(ImplicitClass().discriminator_loss(real, fake), 0.5 * extra)


def test_the_fake_classes_have_the_gradients_of_their_probabilities() -> None:
    torch.manual_seed(0)
    logits = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    plain = -(1 - logits.softmax(1)[:, -1]).log().mean()
    (expected,) = torch.autograd.grad(plain, logits)
    (made,) = torch.autograd.grad(ExtraClass().generator_loss(logits), logits)
    torch.testing.assert_close(made, expected)
    z = logits.exp().sum(1)
    plain = -0.5 * (z / (z + 1)).log().mean() - 0.5 * (1 - z / (z + 1)).log().mean()
    (expected,) = torch.autograd.grad(plain, logits)
    (made,) = torch.autograd.grad(ImplicitClass().discriminator_loss(logits, logits), logits)
    torch.testing.assert_close(made, expected)


def test_the_fake_classes_are_finite_where_probabilities_are_0() -> None:
    great = torch.tensor([[1e4, 0.0, -1e4], [-1e4, 0.0, 1e4]])
    for loss in (ExtraClass(), ImplicitClass()):
        real, fake = great.clone().requires_grad_(), great.flip(0).requires_grad_()
        total = loss.discriminator_loss(real, fake) + loss.generator_loss(fake)
        gradients = torch.autograd.grad(total, [real, fake])
        assert total.isfinite() and all(gradient.isfinite().all() for gradient in gradients)


def test_feature_matching_compares_the_means_of_batches() -> None:
    fake = torch.tensor([[1.0, 2.0], [3.0, 2.0]])
    real = torch.tensor([[0.0, 4.0], [1.0, 6.0], [2.0, 5.0]])
    # Means (2, 2) and (1, 5): apart by 1 and 3.
    assert close(FeatureMatching().compute(fake, real), (1 + 9) / 2)
    assert close(FeatureMatching(norm="l1").compute(fake, real), (1 + 3) / 2)


def test_gaussian_likelihood_is_that_of_torchs_normal_distribution() -> None:
    torch.manual_seed(0)
    codes, means = torch.randn(6, 3), torch.randn(6, 3)
    for std in (1.0, 0.3):
        expected = -torch.distributions.Normal(means, std).log_prob(codes).sum(1).mean()
        torch.testing.assert_close(GaussianLikelihood(std=std).compute(codes, means), expected)
    assert close(gaussian_likelihood.compute(torch.tensor([[1.0]]), torch.tensor([[3.0]])), 2 + 0.9189385332046727)


def test_error_rate_is_the_share_of_wrong_classes() -> None:
    logits = torch.tensor([[3.0, 1.0, 9.0], [1.0, 3.0, 0.0], [0.0, 1.0, 2.0], [5.0, 1.0, 0.0]])
    labels = torch.tensor([0, 1, 2, 1])
    assert close(error_rate.compute(logits, labels), 2 / 4)
    # The third logit stands for fakes.
    assert close(ErrorRate(classes=2).compute(logits, torch.tensor([0, 1, 0, 1])), 2 / 4)


# Messages and registration


def messages(write: Callable[[], object]) -> list[str]:
    with reading(__file__, "recipe.py") as current:
        write()
    return [problem.message for problem in current.problems]


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda: ACGANDiscriminator("D", num_classes=2)(gf.noise(3, 7, 9)), "sides of 8 pixels or more"),
        (lambda: ACGANDiscriminator("D", num_classes=2)(gf.noise(9)), "takes images of shape (channels, height"),
        (lambda: InfoGANDiscriminator("D")(gf.noise(3, 3, 9)), "sides of 4 pixels or more"),
        (lambda: ConditionalGenerator("G", shape=(4,))(gf.noise(3), gf.random_labels(10)), "holds whole numbers"),
        (lambda: ConditionalMaxout("D")(gf.noise(3), gf.random_labels(10)), "holds whole numbers"),
        (lambda: error_rate(gf.noise(3), gf.noise(1)), "takes one whole number per example as labels"),
        (lambda: error_rate(gf.noise(3, 2), gf.random_labels(3)), "takes logits of shape (classes,); received (3, 2)"),
        (lambda: ErrorRate(classes=4)(gf.noise(3), gf.random_labels(3)), "takes logits of shape (4,); received (3,)"),
        (lambda: feature_matching(gf.noise(3), gf.noise(4)), "fake is (3,), real is (4,)"),
        (lambda: gaussian_likelihood(gf.noise(3), gf.noise(4)), "codes is (3,), means is (4,)"),
        (lambda: ExtraClass().discriminator(real=gf.noise(3), fake=gf.noise(4)), "real is (3,), fake is (4,)"),
        (lambda: ImplicitClass().generator(fake=gf.noise(1)), "takes logits of two classes or more; received (1,)"),
    ],
)
def test_what_does_not_fit_a_conditional_component_is_one_sentence(write: Callable[[], object], words: str) -> None:
    (message,) = messages(write)
    assert words in message


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda: InfoGANGenerator("G", shape=(1, 3, 9)), "with sides of 4 pixels or more; received (1, 3, 9)"),
        (lambda: ConditionalGenerator("G", shape=()), "'shape' must hold one size or more"),
        (lambda: NoisyClassifier("D", num_classes=2, widths=()), "'widths' must hold one size or more"),
        (lambda: ConditionalMaxout("D", dropout=1.0), "'dropout' must be in [0, 1); received 1.0"),
        (lambda: ACGANDiscriminator("D"), "needs a value for 'num_classes'"),
        (lambda: GaussianLikelihood(std=0.0), "'std' must be in (0, inf); received 0.0"),
    ],
)
def test_a_conditional_parameter_out_of_its_range_is_one_sentence(write: Callable[[], object], words: str) -> None:
    with pytest.raises(RecipeError) as error:
        write()
    assert words in str(error.value)
    assert len(error.value.problems) == 1


def test_the_conditional_package_offers_what_it_names() -> None:
    components = ganforge_components()
    names = [component.component_name() for component in components]
    assert len(set(names)) == len(names) == 12
    assert {component.kind for component in components} == {"generator", "discriminator", "adversarial-loss", "loss"}


def test_declaring_the_conditional_networks_imports_no_torch() -> None:
    code = (
        "import sys, ganforge as gf, ganforge_conditional as c;"
        "x = gf.noise(3, 32, 32); y = gf.one_hot(gf.random_labels(10), 10);"
        "c.ConditionalMaxout('A')(c.ConditionalGenerator('B', shape=x.shape)(gf.noise(9), y), y);"
        "c.ACGANDiscriminator('C', num_classes=10)(x).classes;"
        "d = c.NoisyClassifier('D', num_classes=10)(x); c.ImplicitClass().discriminator(real=d.logits, fake=d.logits);"
        "c.feature_matching(d.features, d.features); c.error_rate(d.logits, gf.random_labels(10));"
        "c.SoftplusGenerator('E', shape=x.shape)(gf.noise(4));"
        "r = c.InfoGANDiscriminator('F')(c.InfoGANGenerator('H', shape=x.shape)(gf.noise(9), y));"
        "c.gaussian_likelihood(gf.noise(2), r.codes); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0
