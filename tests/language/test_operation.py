"""Tests of the language's own operations: what they give and what they refuse."""

from typing import NamedTuple

import pytest
import torch
from ganforge_toys import score, told

import ganforge as gf
from ganforge.engine.operations import OPERATIONS
from ganforge.language.operation import Builtin


def value(signal, *tensors):
    """What the operation behind a signal gives for tensors."""
    assert isinstance(signal.origin, Builtin)
    return OPERATIONS[signal.origin.name](*tensors, **signal.origin.options)


def test_labels_become_vectors_with_a_one_at_the_class():
    signal = gf.one_hot(gf.random_labels(4), 4)
    assert (signal.shape, signal.dtype) == ((4,), "float")
    given = value(signal, torch.tensor([2, 0]))
    assert given.tolist() == [[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]]


def test_images_are_resized_by_averages():
    signal = gf.resize(gf.noise(1, 4, 4), (2, 4))
    assert signal.shape == (1, 2, 4)
    image = torch.arange(16.0).view(1, 1, 4, 4)
    # Antialiased bilinear weights of half the size are 1, 3, 3, 1 over eight; 3, 3, 1 over seven at the edge.
    rows = (3 * image[0, 0, 0] + 3 * image[0, 0, 1] + image[0, 0, 2]) / 7
    torch.testing.assert_close(value(signal, image)[0, 0, 0], rows)
    assert gf.resize(gf.noise(3, 8, 8), 4).shape == (3, 4, 4)


class Heads(NamedTuple):
    validity: gf.Signal
    logits: gf.Signal


def test_together_joins_batches_and_gives_each_its_share():
    calls = []

    def judge(image: gf.Signal, code: gf.Signal) -> Heads:
        calls.append((image, code))
        return Heads(image, code)

    a, b, y = gf.noise(1, 2, 2), gf.noise(1, 2, 2), gf.random_labels(3)
    first, second = gf.together(judge, (a, y), (b, y))
    ((image, code),) = calls
    assert (image.shape, image.dtype, code.dtype) == ((1, 2, 2), "float", "int")
    assert isinstance(first, Heads) and isinstance(second, Heads)
    assert [signal.origin for signal in image.origin.inputs] == [a.origin, b.origin]
    whole = torch.arange(4.0)
    assert value(image, whole[:2], whole[2:]).tolist() == [0.0, 1.0, 2.0, 3.0]
    assert [value(share.validity, whole).tolist() for share in (first, second)] == [[0.0, 1.0], [2.0, 3.0]]


def test_every_operation_has_a_name_for_records():
    assert sorted(OPERATIONS) == ["interpolate", "join", "one_hot", "resize", "share"]


MISTAKES = [
    (lambda: gf.one_hot(3, 4), "one_hot takes a signal; received 3."),
    (lambda: gf.one_hot(gf.noise(3), 4), "one_hot takes one whole number per example; received noise (3,), float."),
    (lambda: gf.one_hot(gf.random_labels(3), 0), "one_hot takes one class or more; received 0."),
    (lambda: gf.resize(score(), 4), "resize takes images of shape (channels, height, width); received D(…) (1,)."),
    (lambda: gf.resize(gf.noise(1, 4, 4), 0), "resize gives sides of one pixel or more; received 0."),
    (lambda: gf.together(lambda x: x, 3), "together takes a signal; received 3."),
    (lambda: gf.together(lambda x: x), "together takes one batch or more, each of as many signals as the network."),
    (lambda: gf.together(lambda x: x, gf.noise(3), gf.noise(4)), "together joins signals of one shape; received "),
    (lambda: gf.together(lambda x: 3, gf.noise(3)), "together takes a network that gives signals; it gave 3."),
]


@pytest.mark.parametrize("make, message", MISTAKES)
def test_what_operations_do_not_take_is_told(make, message):
    found, hint = told(make)
    assert found.startswith(message) and hint == ""
