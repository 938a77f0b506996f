"""Tests of the engine's optimisations: none changes a number by more than rounding, and each is seen to work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import attrs
import pytest
import torch
from engine_toys import Adam, Pictures, critic, distance, expect_equal_states, fool, module_of, play, slope
from torch import Tensor, nn
from torch.autograd.function import Function
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

import ganforge as gf
from ganforge.engine.device import Machine
from ganforge.engine.loop import Loop
from ganforge.engine.recomputing import Recomputing
from ganforge.engine.shortcuts import meets_pixels, shortcuts
from ganforge.engine.tuning import Tuning, TuningError
from ganforge.language.network import Evaluation

TUNED = Machine(torch.device("cpu"))


@gf.component("fused-adam")
class FusedAdam(Adam):
    """Torch's Adam as one kernel."""

    def build(self, parameters: Any) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, lr=self.lr, betas=self.betas, fused=True)  # type: ignore[arg-type]


def painter() -> nn.Module:
    """A vector to a 4x4 image as DCGAN's code has it: a transposed convolution of a single pixel first."""
    return nn.Sequential(
        nn.Unflatten(1, (6, 1, 1)),
        nn.ConvTranspose2d(6, 8, 2, 1, 0, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(8, 1, 4, 2, 1),
        nn.Tanh(),
    )


def drawer() -> nn.Module:
    """A vector to a 4x4 image without batch statistics."""
    return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Unflatten(1, (1, 4, 4)))


def judge() -> nn.Module:
    """A 4x4 image to a score: a convolution to a single pixel last, no batch statistics."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, 1, 1),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(8, 8, 3, 1, 1),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 1, 4, 1, 0),
        nn.Flatten(),
    )


def adversaries() -> gf.Game:
    """A critic with a penalty on a gradient, a generator, its average: something for every optimisation."""
    real, z = Pictures().batch().images, gf.noise(6)
    G = gf.module("G", painter, shape=(1, 4, 4))
    C = gf.module("C", judge, shape=(1,))
    fake = G(z)
    point = gf.interpolate(real, fake)
    loss = critic(C(real), C(fake)) + slope(C(point), wrt=point)
    return gf.Game(
        gf.Player("C", trains=C, minimizes=loss, optimizer=FusedAdam()),
        gf.Player("G", trains=G, minimizes=fool(C(fake)), optimizer=FusedAdam()),
        batch_size=4,
        length=gf.steps(9),
        samples=gf.ema(G, decay=0.5)(z),
    )


class Counts(TorchDispatchMode):
    """Counts torch's operators as they are executed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        self.seen[func.overloadpacket.__name__] += 1
        return func(*args, **(kwargs or {}))


def counted(machine: Machine) -> tuple[Loop, Counter[str]]:
    """The operators of the third step; before it, optimizers have no state yet."""
    loop = play(adversaries(), 2, machine=machine)
    with Counts() as counts:
        loop.step()
    return loop, counts.seen


def nearly(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", Tuning.names())
def test_an_optimisation_changes_no_number_beyond_rounding(name: str) -> None:
    tuned, apart = play(adversaries(), 3, machine=TUNED), play(adversaries(), 3, machine=without(name))
    networks = (*apart.state.networks.items(), *apart.state.averages.items())
    assert len(networks) == 3
    others = {**tuned.state.networks, **{f"ema {name}": each for name, each in tuned.state.averages.items()}}
    for (label, network), other in zip(networks, others.values(), strict=True):
        expect_equal_states(tuned.state.modules[other], apart.state.modules[network], label, nearly)
    assert tuned.scalars() == pytest.approx(apart.scalars(), rel=1e-3, abs=1e-4)


def test_optimisations_by_their_names() -> None:
    assert len(Tuning.names()) == 8
    assert Tuning.without(["merged-calls"]) == Tuning(merged_calls=False)
    with pytest.raises(TuningError, match="no optimisation 'speed'") as caught:
        Tuning.without(["merged-calls", "speed"])
    assert "channels-last, held-networks" in str(caught.value)


def without(name: str) -> Machine:
    return attrs.evolve(TUNED, tuning=Tuning.without([name]))


@pytest.mark.parametrize(
    ("name", "operator"),
    [
        ("merged-calls", "convolution"),
        ("vector-convolutions", "convolution"),
        ("piecewise-activations", "convolution_backward"),
        ("fused-updates", "lerp_"),
        ("fresh-gradients", "_foreach_zero_"),
    ],
)
def test_an_optimisation_saves_operators(name: str, operator: str) -> None:
    (_, tuned), (_, apart) = counted(TUNED), counted(without(name))
    assert apart[operator] > tuned[operator], (apart, tuned)


def test_fused_updates_are_one_operator_for_each_player() -> None:
    assert counted(TUNED)[1]["_fused_adam_"] == 2
    assert counted(without("fused-updates"))[1]["_fused_adam_"] == 0


def test_a_step_reads_nothing_from_the_device_but_whether_each_turn_is_finite() -> None:
    # On CUDA that is left to the optimizer, too.
    assert counted(TUNED)[1]["_local_scalar_dense"] == 2


def test_networks_that_are_not_held_get_gradients_in_vain() -> None:
    def weights_asking(machine: Machine) -> set[bool]:
        loop, asked = play(adversaries(), machine=machine), list[bool]()
        module_of(loop, "C").register_forward_pre_hook(
            lambda module, _: asked.append(module.get_parameter("0.weight").requires_grad)
        )
        loop.step()
        return {asked[-1]}  # The last call is that of G's turn.

    assert weights_asking(TUNED) == {False}
    assert weights_asking(without("held-networks")) == {True}


def test_networks_and_images_have_their_channels_last() -> None:
    for machine, last in ((TUNED, True), (without("channels-last"), False)):
        weight = module_of(play(adversaries(), machine=machine), "C").get_parameter("2.weight")
        assert weight.is_contiguous(memory_format=torch.channels_last) == last


# --- joined calls -------------------------------------------------------------------------------------------


def joined_names(game: gf.Game) -> list[list[str]]:
    loop = play(game, 1, machine=TUNED)
    plans = [plan for plans in loop._plans.values() for plan in plans]
    return [[str(call) for call in group] for plan in plans for group in plan.joined.values()]


def test_calls_on_real_and_fake_are_joined_and_that_on_a_gradient_point_is_not() -> None:
    loop = play(adversaries(), machine=TUNED)
    batches: list[int] = []
    module_of(loop, "C").register_forward_hook(lambda _, inputs, out: batches.append(len(inputs[0])))
    loop.step()
    assert batches == [8, 4, 4]


class Mixing(nn.Module):
    """Adds the mean over the batch, as minibatch discrimination does."""

    def forward(self, images: Tensor) -> Tensor:
        return images + images.mean(0, keepdim=True)


class Noisy(nn.Module):
    """Draws random numbers and leaves its input almost as it is."""

    def forward(self, images: Tensor) -> Tensor:
        return images + 1e-9 * torch.randn_like(images)


class Late(nn.Module):
    """Sets its weights when it is first called, by what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.is_set = False

    def forward(self, images: Tensor) -> Tensor:
        if not self.is_set:
            self.is_set = True
            with torch.no_grad():
                self.scale.copy_(1 / images.std())
        return images * self.scale


class Counting(nn.Module):
    """Changes a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))

    def forward(self, images: Tensor) -> Tensor:
        self.count += 1
        return images


@pytest.mark.parametrize(
    ("layer", "joins"),
    [
        (nn.Identity, True),
        (lambda: nn.GroupNorm(2, 8), True),
        (lambda: nn.InstanceNorm2d(8), True),
        (lambda: nn.BatchNorm2d(8), False),
        (lambda: nn.Dropout(0.5), False),
        (Mixing, False),
        (Noisy, False),
        (Late, False),
        (Counting, False),
    ],
)
def test_calls_are_joined_only_of_networks_that_take_each_example_by_itself(layer: Any, joins: bool) -> None:
    def build() -> nn.Module:
        return nn.Sequential(nn.Conv2d(1, 8, 3, 1, 1), layer(), nn.Conv2d(8, 1, 4), nn.Flatten())

    real, fake = Pictures().batch().images, Pictures(salt=1).batch().images
    D = gf.module("D", build, shape=(1,))
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=critic(D(real), D(fake)), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(9),
    )
    assert bool(joined_names(game)) == joins
    # Trying it out leaves the network as it was.
    tuned, apart = play(game, machine=TUNED), play(game, machine=without("merged-calls"))
    assert not any(getattr(part, "is_set", False) for part in module_of(tuned, "D").modules())
    expect_equal_states(module_of(tuned, "D"), module_of(apart, "D"))


def test_a_network_of_spectral_norm_is_called_apart() -> None:
    def build() -> nn.Module:
        layer = nn.utils.parametrizations.spectral_norm(nn.Conv2d(1, 3, 4))
        return nn.Sequential(layer, nn.Flatten(), nn.Linear(3, 1))

    real, fake = Pictures().batch().images, Pictures(salt=1).batch().images
    D = gf.module("D", build, shape=(1,))
    game = gf.Game(
        gf.Player("D", trains=D, minimizes=critic(D(real), D(fake)), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(9),
    )
    assert joined_names(game) == []


def test_trying_a_network_out_leaves_its_buffers_as_they_were() -> None:
    game = adversaries()
    loop, other = play(game, machine=TUNED), play(game, machine=without("merged-calls"))
    for name, network in loop.state.networks.items():
        expect_equal_states(loop.state.modules[network], other.state.modules[network], name)


def test_calls_that_need_each_other_stay_apart() -> None:
    real, z = Pictures().batch().images, gf.noise(1, 4, 4)
    A = gf.module("A", lambda: nn.Conv2d(1, 1, 3, 1, 1), shape=(1, 4, 4))
    there = A(z)
    back = A(there)
    game = gf.Game(
        gf.Player("A", trains=A, minimizes=critic(back, A(real)), optimizer=Adam()),
        batch_size=4,
        length=gf.steps(9),
    )
    loop = play(game, 1, machine=TUNED)
    (plan,) = next(iter(loop._plans.values()))
    (group,) = plan.joined.values()
    calls = [origin for origin in plan.order if isinstance(origin, Evaluation)]
    # The first way and the real batch are one call; the way back waits for it.
    assert len(group) == 2 and len(calls) == 2 and calls[1] is back.origin


def test_calls_recorded_for_different_turns_stay_apart() -> None:
    def game() -> gf.Game:
        real, z = Pictures().batch().images, gf.noise(6)
        G, D = gf.module("G", drawer, shape=(1, 4, 4)), gf.module("D", judge, shape=(1,))
        on_real, fake = gf.per_step(D(real)), G(z)
        return gf.Game(
            # D on real is evaluated here, and differentiated through in D's turn only.
            gf.Player("G", trains=G, minimizes=distance(D(fake), on_real), optimizer=Adam()),
            gf.Player("D", trains=D, minimizes=critic(on_real, D(fake)), optimizer=Adam()),
            batch_size=4,
            length=gf.steps(9),
        )

    tuned, apart = play(game(), 3, machine=TUNED), play(game(), 3, machine=without("merged-calls"))
    for name, network in tuned.state.networks.items():
        other = apart.state.modules[apart.state.networks[name]]
        expect_equal_states(tuned.state.modules[network], other, name, nearly)
    ((first, _),) = tuned._plans.values()
    assert first.kept and first.recorded and not first.kept & first.recorded and not first.joined


# --- shortcuts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_convolutions_of_single_pixels_are_matrix_products(bias: bool, last: bool) -> None:
    torch.manual_seed(0)
    pixels, images = torch.randn(5, 6, 1, 1), torch.randn(5, 6, 3, 4)
    if last:
        images = images.contiguous(memory_format=torch.channels_last)
    for layer, given in (
        (nn.ConvTranspose2d(6, 7, (3, 4), bias=bias), pixels),
        (nn.ConvTranspose2d(6, 7, (3, 4), 2, bias=bias), pixels),
        (nn.Conv2d(6, 7, (3, 4), bias=bias), images),
        (nn.Conv2d(6, 7, (3, 4), padding="valid", bias=bias), images),
    ):
        if last:
            layer = layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        expected = layer(given)
        with Counts() as counts, shortcuts(pixels=True, twice=False):
            found = layer(given)
        assert found.shape == expected.shape
        assert counts.seen["convolution"] == 0 and counts.seen["mm"] + counts.seen["addmm"] == 1, counts.seen
        assert bias or counts.seen["clone"] == 0, "no weight is copied"
        torch.testing.assert_close(found, expected)


def test_other_convolutions_are_left_as_they_are() -> None:
    images, pixels = torch.randn(5, 6, 4, 4), torch.randn(5, 6, 1, 1)
    for layer, given in (
        (nn.Conv2d(6, 6, 3), images),
        (nn.Conv2d(6, 6, 4, padding=1), images),
        (nn.Conv2d(6, 6, 4, groups=2), images),
        (nn.ConvTranspose2d(6, 6, 4, groups=3), pixels),
        (nn.ConvTranspose2d(6, 6, 4, padding=1), pixels),
        (nn.ConvTranspose2d(6, 6, 4, 2, output_padding=1), pixels),
        (nn.ConvTranspose2d(6, 6, 4), images),
    ):
        with Counts() as counts, shortcuts(pixels=True, twice=False):
            found = layer(given)
        assert counts.seen["convolution"] == 1
        assert torch.equal(found, layer(given))


def test_networks_without_such_convolutions_are_evaluated_as_they_are() -> None:
    assert meets_pixels(painter()) and meets_pixels(judge())
    assert not meets_pixels(nn.Sequential(nn.Conv2d(3, 8, 4, 2, 1), nn.Conv2d(8, 8, 1), nn.Linear(8, 1)))


@pytest.mark.parametrize(
    "activation",
    [
        nn.ReLU(),
        nn.ReLU(inplace=True),
        nn.LeakyReLU(0.2),
        nn.LeakyReLU(0.2, inplace=True),
        nn.LeakyReLU(-0.3),
        torch.relu,
        torch.relu_,
        Tensor.relu,
        Tensor.relu_,
    ],
)
def test_piecewise_activations_have_the_derivatives_of_torchs_own(activation: Any) -> None:
    torch.manual_seed(0)
    first, second = nn.Linear(5, 5), nn.Linear(5, 1)

    def gradients(twice: bool) -> list[Tensor]:
        images = torch.randn(7, 5, generator=torch.Generator().manual_seed(1)).requires_grad_()
        with shortcuts(pixels=False, twice=twice):
            scores = second(activation(first(images)))
        (slopes,) = torch.autograd.grad(scores.sum(), images, create_graph=True)
        loss = slopes.square().sum() + scores.square().mean()
        weights = [*first.parameters(), *second.parameters()]
        return [loss, *torch.autograd.grad(loss, [images, *weights])]

    for one, other in zip(gradients(twice=True), gradients(twice=False), strict=True):
        assert torch.equal(one, other)


def test_piecewise_activations_pass_torchs_numerical_check_of_both_derivatives() -> None:
    torch.manual_seed(0)
    values = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)

    def bent(values: Tensor) -> Tensor:
        with shortcuts(pixels=False, twice=True):
            return functional.leaky_relu(values, 0.2)

    node = bent(values).grad_fn
    assert isinstance(node, Function) or "Bend" in type(node).__name__
    assert torch.autograd.gradcheck(bent, values)
    assert torch.autograd.gradgradcheck(lambda values: bent(values).square(), values)


# --- saving memory ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [2, 4])
def test_accumulated_gradients_are_those_of_the_whole_batch(pieces: int) -> None:
    def game() -> gf.Game:
        real, z = Pictures().batch().images, gf.noise(6)
        G = gf.module("G", drawer, shape=(1, 4, 4))
        C = gf.module("C", judge, shape=(1,))
        fake, point = gf.per_step(G(z)), gf.per_step(gf.interpolate(real, real))
        return gf.Game(
            gf.Player("C", trains=C, minimizes=critic(C(real), C(fake)) + slope(C(point), wrt=point), optimizer=Adam()),
            gf.Player("G", trains=G, minimizes=fool(C(fake)), optimizer=Adam()),
            batch_size=8,
            length=gf.steps(9),
        )

    whole = play(game(), 3, machine=TUNED)
    parts = play(game(), 3, machine=attrs.evolve(TUNED, accumulate=pieces))
    sizes: list[int] = []
    module_of(parts, "G").register_forward_hook(lambda _, inputs, out: sizes.append(len(inputs[0])))
    for name, network in whole.state.networks.items():
        module = parts.state.modules[parts.state.networks[name]]
        expect_equal_states(whole.state.modules[network], module, name, nearly)
    assert parts.scalars() == pytest.approx(whole.scalars(), rel=1e-4)
    parts.step()
    assert set(sizes) == {8 // pieces}


def test_a_piece_has_its_own_batch_statistics() -> None:
    whole = play(adversaries(), 1, machine=TUNED)
    parts = play(adversaries(), 1, machine=attrs.evolve(TUNED, accumulate=2))
    counts = [module_of(loop, "G").state_dict()["2.num_batches_tracked"].item() for loop in (whole, parts)]
    assert counts == [2, 4]


class Blocks(nn.Module):
    """Blocks that are hard to compute again: batch statistics, dropout, spectral norm, an input overwritten."""

    def __init__(self) -> None:
        super().__init__()
        conv = nn.utils.parametrizations.spectral_norm(nn.Conv2d(8, 8, 3, 1, 1))
        self.stages = nn.ModuleList(
            [
                nn.Sequential(nn.Conv2d(1, 8, 3, 1, 1), nn.BatchNorm2d(8)),
                nn.Sequential(nn.LeakyReLU(0.3, inplace=True), conv, nn.Dropout(0.3)),
                nn.Sequential(nn.Conv2d(8, 1, 4), nn.Flatten()),
            ]
        )

    def forward(self, images: Tensor) -> Tensor:
        for stage in self.stages:
            images = stage(images)
        return images


def test_recomputed_activations_change_no_bit() -> None:
    def game() -> gf.Game:
        real, z = Pictures().batch().images, gf.noise(6)
        G, D = gf.module("G", painter, shape=(1, 4, 4)), gf.module("D", Blocks, shape=(1,))
        fake = gf.per_step(G(z))
        loss = critic(D(real), D(fake)) + slope(D(real), wrt=real)
        return gf.Game(
            gf.Player("D", trains=D, minimizes=loss, optimizer=Adam()),
            gf.Player("G", trains=G, minimizes=fool(D(fake)), optimizer=Adam()),
            batch_size=4,
            length=gf.steps(9),
        )

    def played(recompute: bool) -> tuple[Loop, int]:
        loop = play(game(), 1, machine=attrs.evolve(TUNED, recompute=recompute))
        with Counts() as counts:
            loop.step()
        loop.step()
        return loop, counts.seen["convolution"]

    (kept, few), (again, more) = played(False), played(True)
    for name, network in kept.state.networks.items():
        expect_equal_states(again.state.modules[again.state.networks[name]], kept.state.modules[network], name)
    assert more > few, "activations were computed again"


def test_recomputing_keeps_less_memory_between_the_passes() -> None:
    def kept(recompute: bool) -> int:
        """Bytes that the graph of a deep network's loss holds on to."""
        net = nn.Module()
        layers = [(nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh()) for _ in range(8)]
        net.stages = nn.ModuleList([nn.Sequential(*each) for each in layers])
        net.forward = lambda values: [values := stage(values) for stage in net.stages][-1]  # type: ignore[assignment]
        if recompute:
            Recomputing(net)
        values = torch.randn(256, 64)
        net(values)  # The first call learns whether blocks overwrite their inputs.
        held: dict[int, int] = {}

        def note(value: Tensor) -> Tensor:
            held[value.data_ptr()] = value.nbytes
            return value

        with torch.autograd.graph.saved_tensors_hooks(note, lambda value: value):
            net(values)
        return sum(held.values())

    assert kept(recompute=True) < 0.6 * kept(recompute=False)
