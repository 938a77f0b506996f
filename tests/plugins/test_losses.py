"""Tests of the losses: values worked out by hand, gradients by independent formulas, and what they refuse."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import ganforge as gf
from ganforge.errors import Problem, RecipeError
from ganforge.language.recipe import load_recipe
from ganforge_classic.adversarial import (
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    Relativistic,
    Targeted,
    Wasserstein,
)
from ganforge_classic.distances import CrossEntropy, cross_entropy, cycle, l1, l2
from ganforge_classic.penalties import GradientPenalty, gradient_penalty, r1

LN2, LN3 = math.log(2), math.log(3)
# The logistic function of ln 3 is 3/4, of 0 is 1/2, of -ln 3 is 1/4.
REAL = torch.tensor([[LN3], [0.0]], dtype=torch.float64)
FAKE = torch.tensor([[-LN3], [LN3]], dtype=torch.float64)


def problem(make: Callable[[], object]) -> Problem:
    with pytest.raises(RecipeError) as caught:
        make()
    return caught.value.problems[0]


def close(value: Tensor, expected: float) -> bool:
    return value.dim() == 0 and value.item() == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_cross_entropy_of_scores_is_minus_the_log_of_the_probability_given_to_the_truth() -> None:
    # On real: -ln 3/4 and -ln 1/2; on fake: -ln(1 - 1/4) and -ln(1 - 3/4).
    on_real = (math.log(4 / 3) + LN2) / 2
    on_fake = (math.log(4 / 3) + math.log(4)) / 2
    for adversarial in (Minimax(), NonSaturating()):
        assert close(adversarial.discriminator_loss(REAL, FAKE), on_real + on_fake)


def test_the_minimax_generator_minimises_what_the_discriminator_maximises() -> None:
    # ln(1 - 1/4) and ln(1 - 3/4).
    assert close(Minimax().generator_loss(FAKE), (math.log(3 / 4) + math.log(1 / 4)) / 2)


def test_the_non_saturating_generator_wants_its_examples_called_real() -> None:
    # -ln 1/4 and -ln 3/4.
    assert close(NonSaturating().generator_loss(FAKE), (math.log(4) + math.log(4 / 3)) / 2)


def test_cross_entropy_of_great_scores_is_finite_and_has_the_right_gradient() -> None:
    for adversarial in (Minimax(), NonSaturating(), NonSaturating(smooth=0.1), Relativistic()):
        real = torch.tensor([[1e4], [-1e4]], requires_grad=True)
        fake = torch.tensor([[-1e4], [1e4]], requires_grad=True)
        loss = adversarial.discriminator_loss(real, fake)
        gradients = torch.autograd.grad(loss, [real, fake])
        assert loss.isfinite() and all(gradient.isfinite().all() for gradient in gradients)
    # Surely wrong scores have gradient -1/2 and 1/2: the mean of two, of slope 1.
    real = torch.tensor([[1e4], [-1e4]], requires_grad=True)
    NonSaturating().discriminator_loss(real, torch.zeros(2, 1)).backward()
    assert torch.equal(real.grad, torch.tensor([[0.0], [-0.5]]))


def test_a_very_sure_score_keeps_its_tiny_loss() -> None:
    # ln(1 + exp(-30)) is exp(-30) up to exp(-60); softplus(30) - 30 would be zero in single precision.
    sure = torch.tensor([[30.0]])
    assert NonSaturating().generator_loss(sure).item() == pytest.approx(math.exp(-30), rel=1e-6)


def test_least_squares_has_the_paper_s_factor_of_one_half() -> None:
    real, fake = torch.tensor([[3.0], [0.0]]), torch.tensor([[2.0], [-1.0]])
    # With (0, 1, 1): ((3-1)^2 + (0-1)^2) / 4 on real, (2^2 + 1^2) / 4 on fake; ((2-1)^2 + (-1-1)^2) / 4.
    assert close(LeastSquares().discriminator_loss(real, fake), 5 / 4 + 5 / 4)
    assert close(LeastSquares().generator_loss(fake), 5 / 4)
    # With (-1, 1, 0): 5/4 and ((2+1)^2 + 0) / 4 = 9/4; (2^2 + 1^2) / 4 = 5/4.
    pearson = LeastSquares(a=-1.0, b=1.0, c=0.0)
    assert close(pearson.discriminator_loss(real, fake), 5 / 4 + 9 / 4)
    assert close(pearson.generator_loss(fake), 5 / 4)


def test_wasserstein_is_a_difference_of_means() -> None:
    real, fake = torch.tensor([[3.0], [1.0]]), torch.tensor([[0.5], [-1.5]])
    assert close(Wasserstein().discriminator_loss(real, fake), -0.5 - 2.0)
    assert close(Wasserstein().generator_loss(fake), 0.5)


def test_hinge_ignores_scores_beyond_the_margin() -> None:
    real, fake = torch.tensor([[3.0], [0.25]]), torch.tensor([[-2.0], [0.5]])
    # max(0, 1-3) and max(0, 1-0.25); max(0, 1-2) and max(0, 1+0.5).
    assert close(Hinge().discriminator_loss(real, fake), 0.75 / 2 + 1.5 / 2)
    # With margin 2.5: 0 and 2.25; 0.5 and 3.
    assert close(Hinge(margin=2.5).discriminator_loss(real, fake), 2.25 / 2 + 3.5 / 2)
    assert close(Hinge().generator_loss(fake), 0.75)


def test_relativistic_compares_scores_in_pairs() -> None:
    # The differences fake - real are -2 ln 3 and ln 3: ln(1 + 1/9) and ln(1 + 3).
    assert close(Relativistic().discriminator_loss(REAL, FAKE), (math.log(10 / 9) + math.log(4)) / 2)
    # ln(1 + 9) and ln(1 + 1/3).
    assert close(Relativistic().generator_loss(FAKE, REAL), (math.log(10) + math.log(4 / 3)) / 2)


ADVERSARIAL: tuple[gf.AdversarialLoss, ...] = (
    Minimax(),
    NonSaturating(),
    LeastSquares(),
    Wasserstein(),
    Hinge(),
    Relativistic(),
)


def generator_loss(adversarial: gf.AdversarialLoss, fake: Tensor, real: Tensor) -> Tensor:
    keywords = {"real": real} if isinstance(adversarial, Relativistic) else {}
    return adversarial.generator_loss(fake=fake, **keywords)


def test_adversarial_losses_are_means_over_patches_too() -> None:
    real, fake = torch.randn(3, 1, 2, 5, dtype=torch.float64), torch.randn(3, 1, 2, 5, dtype=torch.float64)
    for adversarial in ADVERSARIAL:
        flat = adversarial.discriminator_loss(real.reshape(-1, 1), fake.reshape(-1, 1))
        assert close(adversarial.discriminator_loss(real, fake), flat.item())
        flat = generator_loss(adversarial, fake.reshape(-1, 1), real.reshape(-1, 1))
        assert close(generator_loss(adversarial, fake, real), flat.item())


# The derivatives by real, by fake (discriminator) and by fake (generator), each of one pair of scores r, f.
SLOPES: dict[type[gf.AdversarialLoss], Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]] = {
    Minimax: lambda r, f: (r.sigmoid() - 1, f.sigmoid(), -f.sigmoid()),
    NonSaturating: lambda r, f: (r.sigmoid() - 1, f.sigmoid(), f.sigmoid() - 1),
    LeastSquares: lambda r, f: (r - 1, f, f - 1),
    Wasserstein: lambda r, f: (-torch.ones_like(r), torch.ones_like(f), -torch.ones_like(f)),
    Hinge: lambda r, f: (-(r < 1).double(), (f > -1).double(), -torch.ones_like(f)),
    Relativistic: lambda r, f: (-(f - r).sigmoid(), (f - r).sigmoid(), -(r - f).sigmoid()),
}


def test_the_gradients_of_adversarial_losses_are_those_of_the_formulas() -> None:
    torch.manual_seed(0)
    for adversarial in ADVERSARIAL:
        real, fake = (torch.randn(16, 1, dtype=torch.float64).mul(2).requires_grad_() for _ in range(2))
        by_real, by_fake, by_generated = SLOPES[type(adversarial)](real.detach(), fake.detach())
        found = torch.autograd.grad(adversarial.discriminator_loss(real, fake), [real, fake])
        torch.testing.assert_close(found, (by_real / 16, by_fake / 16))
        found = torch.autograd.grad(generator_loss(adversarial, fake, real), [fake])
        torch.testing.assert_close(found, (by_generated / 16,))
    assert len(SLOPES) == len(ADVERSARIAL) == 6


def test_smoothing_moves_the_target_of_real_examples_only() -> None:
    # Target 0.9 of score ln 3: -0.9 ln 3/4 - 0.1 ln 1/4; of score 0: ln 2. Fakes as without smoothing.
    on_real = (0.9 * math.log(4 / 3) + 0.1 * math.log(4) + LN2) / 2
    on_fake = (math.log(4 / 3) + math.log(4)) / 2
    for adversarial in (Minimax(smooth=0.1), NonSaturating(smooth=0.1)):
        assert close(adversarial.discriminator_loss(REAL, FAKE), on_real + on_fake)
    # Labels -1 and 1 become -1 and 1 - 0.25 * 2 = 0.5: (2 - 0.5)^2 / 2 + (0 + 1)^2 / 2.
    smoothed = LeastSquares(a=-1.0, b=1.0, c=0.0, smooth=0.25)
    assert close(smoothed.discriminator_loss(torch.tensor([[2.0]]), torch.tensor([[0.0]])), 1.125 + 0.5)


def test_the_generator_s_target_is_neither_smoothed_nor_noisy() -> None:
    for kind in (Minimax, NonSaturating, LeastSquares):
        disturbed = kind(smooth=0.3, flip=0.5, noise=0.5)
        assert torch.equal(disturbed.generator_loss(FAKE), kind().generator_loss(FAKE))


def test_a_target_that_always_flips_is_the_other_label() -> None:
    for kind in (Minimax, NonSaturating, LeastSquares):
        flipped, plain = kind(flip=1.0), kind()
        assert close(flipped.discriminator_loss(REAL, FAKE), plain.discriminator_loss(FAKE, REAL).item())


def test_targets_flip_with_the_chance_asked_for() -> None:
    torch.manual_seed(1)
    loss, scores = LeastSquares(flip=0.25), torch.zeros(40_000, 1)
    for targets, label in (
        (loss.real_targets(scores, 1.0, 0.0), 1),
        (loss.fake_targets(scores, 1.0, 0.0), 0),
    ):
        assert isinstance(targets, Tensor)
        assert set(targets.flatten().tolist()) == {0.0, 1.0}
        # Five standard deviations of a share of 40,000: 5 sqrt(0.25 * 0.75 / 40000) = 0.011.
        assert (targets != label).double().mean().item() == pytest.approx(0.25, abs=0.011)


def test_noise_moves_targets_evenly_towards_the_other_label() -> None:
    torch.manual_seed(2)
    loss, scores = NonSaturating(noise=0.2, smooth=0.1), torch.zeros(40_000, 1)
    real, fake = loss.real_targets(scores, 1.0, 0.0), loss.fake_targets(scores, 1.0, 0.0)
    assert isinstance(real, Tensor) and isinstance(fake, Tensor)
    # From 0.9 by at most 0.2 of the way to 0, which is 0.72; from 0 by at most 0.2 of the way to 0.9.
    for targets, low, high in ((real, 0.72, 0.9), (fake, 0.0, 0.18)):
        assert targets.min() >= low - 1e-6 and targets.max() <= high + 1e-6
        # The standard deviation of the mean is 0.18 / sqrt(12 * 40000) = 0.00026.
        assert targets.mean().item() == pytest.approx((low + high) / 2, abs=0.0013)
        assert targets.std().item() == pytest.approx(0.18 / math.sqrt(12), rel=0.03)


def test_the_patches_of_one_example_share_its_target() -> None:
    torch.manual_seed(3)
    targets = NonSaturating(noise=0.5).real_targets(torch.zeros(8, 1, 4, 4), 1.0, 0.0)
    assert isinstance(targets, Tensor) and targets.shape == (8, 1, 1, 1) and len(targets.unique()) == 8


def test_a_flipped_target_is_noisy_from_its_new_label() -> None:
    torch.manual_seed(6)
    loss, scores = LeastSquares(a=-1.0, flip=1.0, noise=0.25), torch.zeros(1000, 1)
    real, fake = loss.real_targets(scores, 1.0, -1.0), loss.fake_targets(scores, 1.0, -1.0)
    assert isinstance(real, Tensor) and isinstance(fake, Tensor)
    # From -1 by at most a quarter of the way to 1, and the other way about.
    for targets, low, high in ((real, -1.0, -0.5), (fake, 0.5, 1.0)):
        assert low <= targets.min() < low + 0.05 and high - 0.05 < targets.max() <= high


def test_targets_of_bfloat16_scores_are_drawn_in_single_precision() -> None:
    scores = torch.zeros(4, 1, dtype=torch.bfloat16)
    targets = NonSaturating(flip=0.5, noise=0.1).real_targets(scores, 1.0, 0.0)
    assert isinstance(targets, Tensor) and targets.dtype == torch.float32
    assert NonSaturating(noise=0.1).discriminator_loss(scores, scores).isfinite()


def test_disturbed_targets_are_used_by_the_loss() -> None:
    disturbed = NonSaturating(flip=0.4, noise=0.3)
    torch.manual_seed(4)
    on_real = disturbed.real_targets(REAL, 1.0, 0.0)
    on_fake = disturbed.fake_targets(FAKE, 1.0, 0.0)
    torch.manual_seed(4)
    loss = disturbed.discriminator_loss(REAL, FAKE)
    probability = {"real": REAL.sigmoid(), "fake": FAKE.sigmoid()}
    expected = sum(
        -(target * p.log() + (1 - target) * (1 - p).log()).mean()
        for target, p in ((on_real, probability["real"]), (on_fake, probability["fake"]))
    )
    assert close(loss, float(expected))


def test_plain_targets_draw_no_random_numbers() -> None:
    before = torch.get_rng_state()
    for adversarial in ADVERSARIAL:
        adversarial.discriminator_loss(REAL, FAKE)
    NonSaturating(smooth=0.1).discriminator_loss(REAL, FAKE)
    assert torch.equal(torch.get_rng_state(), before)


def test_l1_l2_and_cycle_are_means_over_everything() -> None:
    prediction = torch.tensor([[1.0, -2.0], [0.5, 4.0]])
    target = torch.tensor([[0.0, 1.0], [0.5, 2.0]])
    # Differences 1, -3, 0, 2.
    assert close(l1.compute(prediction, target), 6 / 4)
    assert close(cycle.compute(prediction, target), 6 / 4)
    assert close(l2.compute(prediction, target), 14 / 4)


def test_l1_l2_and_cycle_reach_both_sides() -> None:
    for loss, slope in ((l1, 0.5), (cycle, 0.5), (l2, 3.0)):
        prediction, target = (
            torch.tensor([4.0, 1.0], requires_grad=True),
            torch.tensor([1.0, 4.0], requires_grad=True),
        )
        loss.compute(prediction, target).backward()
        # Signs 1 and -1 over 2; twice the differences 3 and -3 over 2.
        assert prediction.grad.tolist() == [slope, -slope] and target.grad.tolist() == [-slope, slope]


def test_cross_entropy_takes_logits() -> None:
    # The softmax of (ln 1, ln 2, ln 5) is (1/8, 2/8, 5/8); of zeros it is 1/3 each.
    logits = torch.tensor([[0.0, LN2, math.log(5)], [0.0, 0.0, 0.0]], dtype=torch.float64)
    labels = torch.tensor([1, 2])
    assert close(cross_entropy.compute(logits, labels), (math.log(4) + LN3) / 2)
    # Smoothed by 0.3: 0.7 of that and 0.1 of -ln of each probability.
    spread = (math.log(8) + math.log(4) + math.log(8 / 5)) / 10
    expected = (0.7 * math.log(4) + spread + LN3) / 2
    assert close(CrossEntropy(smooth=0.3).compute(logits, labels), expected)


def quadratic(weight: Tensor, x: Tensor) -> Tensor:
    """A score whose gradient by x is weight * x."""
    return 0.5 * weight * x.square().flatten(1).sum(1, keepdim=True)


def test_the_gradient_penalty_takes_the_norm_of_each_example() -> None:
    weight = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    x = torch.tensor([[[[3.0, 4.0]]], [[[0.0, 0.25]]]], dtype=torch.float64, requires_grad=True)
    # Gradients (6, 8) and (0, 0.5): norms 10 and 0.5, excess 9 and -0.5.
    value = gradient_penalty.compute(quadratic(weight, x), x)
    assert close(value, (81 + 0.25) / 2)
    # Norms are weight times 5 and 0.25: mean of 2 * excess * length = (2 * 9 * 5 - 2 * 0.5 * 0.25) / 2.
    (slope,) = torch.autograd.grad(value, weight)
    assert close(slope, (90 - 0.25) / 2)
    assert close(GradientPenalty(one_sided=True).compute(quadratic(weight, x), x), 81 / 2)
    assert close(GradientPenalty(target=0.0).compute(quadratic(weight, x), x), (100 + 0.25) / 2)


def test_r1_is_the_mean_squared_norm_without_half_gamma() -> None:
    weight = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    x = torch.tensor([[[[3.0, 4.0]]], [[[0.0, 0.25]]]], dtype=torch.float64, requires_grad=True)
    value = r1.compute(quadratic(weight, x), x)
    assert close(value, (100 + 0.25) / 2)
    # The squared norms are weight^2 times 25 and 1/16: 2 * 2 * (25 + 1/16) / 2.
    (slope,) = torch.autograd.grad(value, weight)
    assert close(slope, 2 * (25 + 1 / 16))


def test_a_critic_without_slope_gives_the_penalty_a_finite_gradient() -> None:
    for penalty, expected in ((gradient_penalty, 1.0), (r1, 0.0)):
        weight = torch.zeros(4, requires_grad=True)
        x = torch.randn(3, 4, requires_grad=True)
        value = penalty.compute(x @ weight, x)
        value.backward()
        assert value.item() == expected
        assert torch.equal(weight.grad, torch.zeros(4))


def test_penalties_of_a_network_match_a_loop_over_examples() -> None:
    torch.manual_seed(5)
    critic = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.Softplus(), torch.nn.Conv2d(3, 1, 2)).double()
    x = torch.randn(4, 2, 5, 5, dtype=torch.float64, requires_grad=True)
    norms = []
    for example in x.detach():
        point = example[None].requires_grad_()
        (gradient,) = torch.autograd.grad(critic(point).sum(), point, create_graph=True)
        norms.append(gradient.pow(2).sum().sqrt())
    expected = {
        gradient_penalty: sum((norm - 1) ** 2 for norm in norms) / 4,
        r1: sum(norm**2 for norm in norms) / 4,
    }
    weights = list(critic.parameters())
    for penalty, by_loop in expected.items():
        value = penalty.compute(critic(x), x)
        torch.testing.assert_close(value, by_loop)
        # The last bias moves no gradient.
        found = torch.autograd.grad(value, weights[:-1], retain_graph=True)
        wanted = torch.autograd.grad(by_loop, weights[:-1], retain_graph=True)
        torch.testing.assert_close(found, wanted)
        assert all(gradient.abs().sum() > 0 for gradient in found)


@gf.component("test-critic")
class Critic(gf.Discriminator):
    shape: gf.Shape = (1,)

    def __call__(self, x: gf.Signal) -> gf.Signal:
        return self.output(x, shape=self.shape)


def test_losses_of_signals_are_terms_with_the_component_s_name() -> None:
    x, y = gf.noise(3, 8, 8), gf.noise(3, 8, 8)
    scores = Critic("C")(x)
    logits, labels = gf.noise(10), gf.random_labels(10)
    terms = {
        "l1": l1(x, y),
        "l2": l2(x, y),
        "cycle": cycle(x, y),
        "cross-entropy": cross_entropy(logits, labels),
        "gradient-penalty": gradient_penalty(scores, wrt=x),
        "r1": r1(scores, wrt=x),
    }
    for name, term in terms.items():
        (part,) = (10.0 * term).parts
        assert (part.label, part.factor) == (name, 10.0)
    assert terms["l1"].parts[0].measure.inputs == (x, y)
    for name in ("gradient-penalty", "r1"):
        measure = terms[name].parts[0].measure
        assert measure.inputs == (scores,) and measure.wrt is x
    assert len(terms) == 6


def test_the_relativistic_generator_needs_both_scores() -> None:
    real, fake = gf.noise(1), gf.noise(1)
    adversarial = Relativistic()
    measure = adversarial.generator(fake=fake, real=real).parts[0].measure
    assert measure.keywords == {"fake": fake, "real": real}
    assert problem(lambda: adversarial.generator(fake=fake)).message == (
        "relativistic compares fake with real scores; the generator needs both."
    )


RECIPE = """import ganforge as gf
from ganforge_classic.adversarial import NonSaturating, Relativistic
from ganforge_classic.distances import cross_entropy, cycle, l1, l2


@gf.recipe
def wrong() -> gf.Game:
    small, large = gf.noise(3, 8, 8), gf.noise(3, 16, 16)
    {statement}
    return None
"""

MISTAKES = {
    "l1(small, large)": "l1 compares signals of one shape; prediction is (3, 8, 8), target is (3, 16, 16).",
    "l2(small, large)": "l2 compares signals of one shape; prediction is (3, 8, 8), target is (3, 16, 16).",
    "cycle(small, large)": (
        "cycle compares signals of one shape; reconstruction is (3, 8, 8), original is (3, 16, 16)."
    ),
    "l1(small, 0.0)": "l1 is a loss of signals; received 0.0.",
    "Relativistic().discriminator(real=small, fake=large)": (
        "relativistic compares signals of one shape; real is (3, 8, 8), fake is (3, 16, 16)."
    ),
    "Relativistic().generator(real=small, fake=large)": (
        "relativistic compares signals of one shape; fake is (3, 16, 16), real is (3, 8, 8)."
    ),
    "cross_entropy(small, gf.random_labels(3))": (
        "cross-entropy takes logits of shape (classes,); received (3, 8, 8)."
    ),
    "cross_entropy(gf.noise(3), gf.noise(3))": (
        "cross-entropy takes one whole number per example as labels; received noise (3,), float."
    ),
    "NonSaturating(smooth=1.0)": "non-saturating: 'smooth' must be in [0, 1); received 1.0.",
    "NonSaturating(smoothing=0.1)": ("non-saturating has no parameter 'smoothing'"),
    "NonSaturating(noise='much')": "non-saturating: 'noise' must be ",
}


@pytest.mark.parametrize("statement", MISTAKES)
def test_a_loss_that_does_not_fit_is_reported_at_the_recipe_s_line(statement: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(RECIPE.format(statement=statement))
    nobody: Any = None
    with pytest.raises(RecipeError) as caught:
        load_recipe(path).read({}, nobody)
    # The recipe has a second fault, that it returns no game.
    (found,) = [problem for problem in caught.value.problems if problem.message.startswith(MISTAKES[statement])]
    assert found.site is not None
    assert (found.site.file, found.site.line, found.site.text) == (str(path), 9, statement)


def test_parameters_of_losses_have_ranges() -> None:
    cases: list[Callable[[], object]] = [
        lambda: Minimax(flip=1.5),
        lambda: Minimax(noise=-0.1),
        lambda: LeastSquares(c=math.inf),
        lambda: Hinge(margin=0.0),
        lambda: CrossEntropy(smooth=2.0),
        lambda: GradientPenalty(target=-1.0),
    ]
    for make in cases:
        found = problem(make)
        assert "must be in" in found.message and "received" in found.message
        assert found.site is not None and found.site.file.endswith("test_losses.py")
        assert found.site.text.startswith("lambda:")


def test_only_losses_with_targets_have_disturbed_targets() -> None:
    targeted = [type(adversarial) for adversarial in ADVERSARIAL if isinstance(adversarial, Targeted)]
    assert targeted == [Minimax, NonSaturating, LeastSquares]
