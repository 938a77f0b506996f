"""Tests of numbers that change, and of their products."""

import pytest
from ganforge_toys import Ramp

from ganforge.language.number import Product


def test_products_are_flattened_whatever_their_order():
    one, two = Ramp(start=2.0), Ramp(start=3.0)
    for product in (0.5 * one * two * 4, one * 0.5 * (4 * two), (one * two) * 2):
        assert product == Product(2.0, (one, two))
    assert -one == Product(-1.0, (one,)) and -(2 * one) == Product(-2.0, (one,))


def test_a_product_reads_as_it_was_written():
    ramp = Ramp()
    assert str(0.5 * ramp) == "0.5 * ramp(start=1.0, until=100 steps)"
    assert str(1.0 * ramp) == "ramp(start=1.0, until=100 steps)"
    assert str(Product(2.0, ())) == "2" and str(Product(1.0, ())) == "1"


@pytest.mark.parametrize("other", [True, "x", None])
def test_only_numbers_multiply_a_schedule(other):
    with pytest.raises(TypeError):
        Ramp() * other
