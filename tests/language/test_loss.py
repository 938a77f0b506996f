"""Tests of losses: functions of tensors that a recipe applies to signals."""

import pytest
from ganforge_toys import Critic, Hinge, Images, Plain, Relative, l1, penalty, score, told

import ganforge as gf


@gf.loss
def gap(a, b=None, *, scale=1.0):
    """How far apart."""
    return (a - b) * scale


@gf.loss(name="slope")
def _slope(scores, wrt):
    return scores


def test_a_loss_makes_a_term_with_its_name_and_signals():
    a, b = score("A"), score("B")
    (part,) = l1(a, b).parts
    assert (part.label, part.factor, part.interval) == ("l1", 1.0, 1)
    assert (part.measure.inputs, part.measure.keywords, part.measure.wrt) == ((a, b), {}, None)
    assert part.measure.function == l1.compute and part.measure.signals == (a, b)


def test_a_gradient_point_is_among_the_signals():
    image = Images().batch().images
    scores = Critic("D")(image)
    measure = penalty(scores, wrt=image).parts[0].measure
    assert measure.wrt is image and measure.signals == (scores, image)


def test_an_adversarial_loss_is_a_pair_and_takes_scores_by_name():
    real, fake = score("A"), score("B")
    adv = Hinge(margin=2.0)
    first, second = adv.discriminator(real=real, fake=fake), adv.generator(fake=fake)
    assert first.parts[0].measure.keywords == {"real": real, "fake": fake}
    assert second.parts[0].measure.keywords == {"fake": fake} and first.parts[0].label == "hinge"
    assert first.parts[0].measure.function == adv.discriminator_loss
    # A loss that does not compare both ignores the real scores it is offered.
    assert adv.generator(fake=fake, real=real).parts[0].measure.keywords == {"fake": fake}
    assert Relative().generator(fake=fake, real=real).parts[0].measure.keywords == {"fake": fake, "real": real}


def test_a_function_in_the_recipe_is_a_loss_with_constants_by_name():
    a, b = score("A"), score("B")
    measure = gap(a, b, scale=3.0).parts[0].measure
    assert measure.name == "gap" and measure.inputs == (a, b) and measure.function(5.0, 3.0) == 6.0
    assert (gap.__name__, gap.__doc__) == ("gap", "How far apart.")
    sloped = _slope(a, wrt=b).parts[0]
    assert sloped.label == "slope" and sloped.measure.wrt is b and sloped.measure.function(1, wrt=2) == 1


MISTAKES = [
    (lambda: gap(3, score()), "gap is a loss of signals; received 3.", ""),
    (lambda: Plain().generator(fake=None), "plain is a loss of signals; received None.", ""),
    (lambda: _slope(score(), wrt="x"), "slope is a loss of signals; received 'x'.", ""),
    (lambda: gap(), "gap cannot be applied so: missing a required argument: 'a'.", ""),
    (lambda: gap(score(), sclae=2), "gap cannot be applied so: got an unexpected keyword argument 'sclae'.", ""),
    (lambda: gap(score(), scale=score()), "gap takes signals by position; 'scale' is a signal given by name.", ""),
    (lambda: l1.term(score()), "l1 cannot be applied so: missing a required argument: 'b'.", ""),
    (lambda: penalty.term(score()), "penalty cannot be applied so: missing a required argument: 'wrt'.", ""),
    (lambda: l1.term(score(), score(), wrt=score()),
     "l1 cannot be applied so: got an unexpected keyword argument 'wrt'.", ""),
    (lambda: l1(score(), gf.noise(3)), "l1 compares signals of one shape; a is (1,), b is (3,).", ""),
    (lambda: Relative().generator(fake=score()),
     "relative compares fake with real scores; the generator needs both.",
     "adv.generator(fake=D(fake), real=D(real))"),
]  # fmt: skip


@pytest.mark.parametrize("make, message, hint", MISTAKES)
def test_what_a_loss_does_not_take_is_told(make, message, hint):
    assert told(make) == (message, hint)


def test_a_pair_whose_function_takes_other_names_is_told():
    @gf.component("swapped")
    class Swapped(gf.AdversarialLoss):
        def generator_loss(self, scores):
            return scores

    message = "swapped cannot be applied so: missing a required argument: 'scores'."
    assert told(lambda: Swapped().generator(fake=score())) == (message, "")


def test_reading_goes_on_without_what_is_no_signal(problems):
    lines = {
        10: "d = gf.Player('D', trains=D, minimizes=adv.discriminator(real=D(3), fake=None), optimizer=adam)",
        11: "g = gf.Player('G', trains=G, minimizes=adv.generator(fake=D(fake)) + penalty(z, wrt=7), optimizer=adam)",
        12: "return gf.Game(d, g, batch_size=0, length=gf.steps(5))",
    }
    assert [(line, message) for line, message, _ in problems(lines=lines)] == [
        (10, "network 'D' is called on signals; argument 1 is 3."),
        (10, "plain is a loss of signals; received None."),
        (11, "penalty is a loss of signals; received 7."),
        (11, "network 'D' takes nothing at recipe.py:10, but (1, 8, 8) here."),
        (12, "batch_size is a whole number, one or more; received 0."),
    ]
