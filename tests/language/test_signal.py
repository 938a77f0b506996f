"""Tests of signals and of the expressions they come from."""

import time

import pytest
from ganforge_toys import Classes, Gen, Images, Shelf, Translator, score, told

import ganforge as gf
from ganforge.language import signal as signals
from ganforge.language.graph import ordered


def test_noise_has_a_shape_and_a_prior():
    z = gf.noise(3, 4, 4, prior="uniform", low=0.0, high=2.0)
    assert (z.shape, z.dtype, str(z), repr(z)) == ((3, 4, 4), "float", "noise (3, 4, 4)", "<signal noise (3, 4, 4)>")
    assert (z.origin.prior, z.origin.low, z.origin.high) == ("uniform", 0.0, 2.0)
    assert gf.noise(4).origin is not gf.noise(4).origin


def test_labels_are_whole_numbers():
    y = gf.random_labels(10)
    assert (y.shape, y.dtype, y.origin.num_classes, str(y)) == ((), "int", 10, "random labels ()")


@pytest.mark.parametrize("wrap", [gf.per_step, lambda s: gf.image_pool(s, size=5), gf.sampling])
def test_a_wrapped_signal_keeps_its_shape_and_type(wrap):
    for inner in (Gen("G")(gf.noise(4)), gf.random_labels(3)):
        wrapped = wrap(inner)
        assert (wrapped.shape, wrapped.dtype, wrapped.origin.inputs) == (inner.shape, inner.dtype, (inner,))


def test_wrapped_signals_are_named_by_what_they_wrap():
    fake = Gen("G")(gf.noise(4))
    assert str(gf.per_step(fake)) == "per-step G(…) (1, 8, 8)"
    assert str(gf.sampling(gf.per_step(fake))) == "G(…) (1, 8, 8)"
    assert str(gf.image_pool(fake, size=2)) == "image pool (1, 8, 8)"
    assert gf.sampling(fake).origin.mode == "train" and gf.sampling(fake, mode="eval").origin.mode == "eval"


def test_a_point_between_real_and_fake_has_their_shape():
    real, fake = Images().batch().images, Gen("G")(gf.noise(4))
    point = gf.interpolate(real, fake)
    assert point.shape == (1, 8, 8) and point.origin.inputs == (real, fake)


def test_a_function_of_tensors_becomes_an_operation():
    @gf.op
    def halve(x, *, times=1):
        """Make it smaller."""

    @gf.op(shape=lambda x, y: (x[0] + y[0], *x[1:]))
    def joined(x, y):
        """Join channels."""

    image = Images().batch().images
    half = halve(image, times=2)
    assert half.shape == (1, 8, 8) and half.origin.options == {"times": 2} and half.origin.inputs == (image,)
    assert joined(image, half).shape == (2, 8, 8) and str(joined(image, half)) == "joined (2, 8, 8)"
    assert (halve.__name__, halve.__doc__) == ("halve", "Make it smaller.")


def test_a_function_that_hides_what_it_takes_becomes_an_operation():
    image = Images().batch().images
    assert gf.op(max)(image).shape == image.shape


@gf.op
def doubled(x, y=None, *, scale=1.0):
    """An operation of one or two tensors."""


NOISE = "noise takes whole sizes of one or more, such as gf.noise(100); received "
MISTAKES = [
    (lambda: gf.noise(), f"{NOISE}()."),
    (lambda: gf.noise(0), f"{NOISE}(0,)."),
    (lambda: gf.noise(3.0), f"{NOISE}(3.0,)."),
    (lambda: gf.noise(True), f"{NOISE}(True,)."),
    (lambda: gf.noise(3, prior="gauss"), "the prior of noise is 'normal' or 'uniform'; received 'gauss'."),
    (lambda: gf.noise(3, low=1.0, high=1.0),
     "uniform noise lies between low and a greater high; received 1.0 and 1.0."),
    (lambda: gf.noise(3, low="x"), "uniform noise lies between low and a greater high; received 'x' and 1.0."),
    (lambda: gf.random_labels(0), "random_labels takes one class or more; received 0."),
    (lambda: gf.random_labels("x"), "random_labels takes one class or more; received 'x'."),
    (lambda: gf.per_step(3), "per_step takes a signal; received 3."),
    (lambda: gf.image_pool(None, size=3), "image_pool takes a signal; received None."),
    (lambda: gf.image_pool(score(), size=-1), "image_pool keeps zero images or more; received size=-1."),
    (lambda: gf.image_pool(score(), size=1.5), "image_pool keeps zero images or more; received size=1.5."),
    (lambda: gf.sampling("x"), "sampling takes a signal; received 'x'."),
    (lambda: gf.sampling(score(), mode="test"), "the mode of sampling is 'train' or 'eval'; received 'test'."),
    (lambda: gf.interpolate(score(), 3), "interpolate takes a signal; received 3."),
    (lambda: gf.interpolate(3, score()), "interpolate takes a signal; received 3."),
    (lambda: gf.interpolate(score(), gf.noise(3)), "interpolate takes two signals of one shape; (1,) is not (3,)."),
    (lambda: doubled(3), "argument 1 of doubled takes a signal; received 3."),
    (lambda: doubled(), "doubled cannot be applied so: missing a required argument: 'x'."),
    (lambda: doubled(score(), score(), score()), "doubled cannot be applied so: too many positional arguments."),
    (lambda: doubled(score(), zoom=3), "doubled cannot be applied so: got an unexpected keyword argument 'zoom'."),
    (lambda: doubled(score(), scale=score()), "doubled takes signals by position; 'scale' is a signal given by name."),
    (lambda: gf.op(lambda *x: x)(), "<lambda> takes one signal or more."),
]  # fmt: skip


@pytest.mark.parametrize("make, message", MISTAKES)
def test_what_signals_are_not_made_of_is_told(make, message):
    assert told(make) == (message, "")


def test_authors_of_components_report_what_they_expect():
    gf.expect(True, "never told")
    assert told(lambda: gf.expect(False, "images are wanted.", "give some")) == ("images are wanted.", "give some")


def test_only_signals_are_left_of_arguments():
    one = score()
    assert signals.only_signals((one, 3, None)) == (one,)


def test_a_chain_of_five_thousand_operations_is_read_in_two_seconds(read):
    text = (
        '"""Deep."""\nimport ganforge as gf\nfrom ganforge_toys import *\n'
        "@gf.recipe\ndef deep() -> gf.Game:\n"
        "    x, G = gf.noise(1, 8, 8), Translator('G')\n"
        "    for turn in range(5_000):\n        x = G(x) if turn % 2 else gf.per_step(x)\n"
        "    for turn in range(3_000):\n        x = gf.sampling(gf.per_step(x))\n"
        "    player = gf.Player('G', trains=G, minimizes=penalty(x, wrt=x), optimizer=Adam())\n"
        "    return gf.Game(player, batch_size=2, length=gf.steps(5), samples=x)\n"
    )
    begin = time.process_time()
    game = read(text)
    assert time.process_time() - begin < 2.0
    assert len(ordered(list(game.samples.values()))) == 11_001
    assert repr(game.samples["samples"]) == "<signal G(…) (1, 8, 8)>"


def test_a_recipe_of_ten_thousand_networks_is_read_in_two_seconds(read):
    text = (
        '"""Wide."""\nimport ganforge as gf\nfrom ganforge_toys import *\n'
        "@gf.recipe\ndef wide() -> gf.Game:\n"
        "    z, adv = gf.noise(4), Plain()\n"
        "    D = Critic('D', frozen=True)\n"
        "    nets = [Gen(f'G{number}') for number in range(10_000)]\n"
        "    loss = gf.Term(tuple(adv.generator(fake=D(G(z))).named(G.name).parts[0] for G in nets))\n"
        "    player = gf.Player('P', trains=nets, minimizes=loss, optimizer=Adam())\n"
        "    return gf.Game(player, batch_size=2, length=gf.steps(5))\n"
    )
    begin = time.process_time()
    game = read(text)
    assert len(game.players[0].trains) == 10_000 and time.process_time() - begin < 2.0


def test_the_shelf_and_the_toys_are_what_these_tests_need():
    assert Shelf().find(gf.Network, "translator") is Translator and Classes().num_classes == 10
