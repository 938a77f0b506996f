"""Tests of networks: declared modules that are called on signals."""

import math

import pytest
from ganforge_toys import Critic, Gen, Ramp, told

import ganforge as gf


@gf.component("heads")
class Heads(gf.Discriminator):
    """A network with two outputs."""

    def __call__(self, x: gf.Signal) -> tuple[gf.Signal, ...]:
        return self.outputs(x, shapes=[(1,), (10,)])


def test_every_call_is_an_evaluation_of_its_own():
    z, net = gf.noise(4), Gen("G", shape=(3, 8, 8))
    one, two = net(z), net(z)
    assert one.origin is not two.origin and one.origin.network is two.origin.network is net
    assert (one.shape, one.origin.inputs, str(one)) == ((3, 8, 8), (z,), "G(…) (3, 8, 8)")


def test_a_network_may_have_several_outputs_of_one_evaluation():
    validity, logits = Heads("D")(gf.noise(1, 8, 8))
    assert validity.origin is logits.origin and validity.origin.shapes == ((1,), (10,))
    assert [(s.output, s.shape) for s in (validity, logits)] == [(0, (1,)), (1, (10,))]


def test_any_module_factory_is_a_network():
    def factory() -> str:
        return "module"

    net = gf.module("N", factory, shape=(2, 3))
    assert net(gf.noise(4), gf.noise(5)).shape == (2, 3) and net.build((4,), (5,)) == "module"
    assert net.any_size and net.name == "N"


def test_an_average_is_called_like_its_network_and_remembers_it():
    net, decay = Gen("G", shape=(3, 4, 4)), Ramp()
    averaged = gf.ema(net, decay=decay)
    assert averaged(gf.noise(4)).shape == (3, 4, 4) and averaged.name == "G" and averaged != net
    assert averaged.average.of is net and averaged.average.decay is decay and net.average is None
    assert gf.ema(net).average.decay == 0.999


DECAY = "the decay of an average is a number from 0 to 1 or a schedule; received "


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Critic("D")(3), "network 'D' is called on signals; argument 1 is 3."),
        (lambda: Gen("G")(gf.noise(1), "x"), "network 'G' is called on signals; argument 2 is 'x'."),
        (lambda: Critic("1"), "a network's name is a letter, then letters, digits or '_'; received '1'."),
        (lambda: Critic("../x"), "a network's name is a letter, then letters, digits or '_'; received '../x'."),
        (lambda: gf.ema(3), "ema averages a network; received 3."),
        (lambda: gf.ema(gf.ema(Gen("G"))), "network 'G' is an average already."),
        (lambda: gf.ema(Gen("G"), decay=1.5), f"{DECAY}1.5."),
        (lambda: gf.ema(Gen("G"), decay=math.nan), f"{DECAY}nan."),
        (lambda: gf.ema(Gen("G"), decay="x"), f"{DECAY}'x'."),
    ],
)
def test_what_a_network_does_not_take_is_told(make, message):
    assert told(make) == (message, "")
