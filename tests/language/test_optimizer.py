"""Tests of optimizers and constraints as declarations."""

import pytest
from ganforge_toys import Adam, Clip, Ramp, told


def test_an_optimizer_holds_plain_and_changing_numbers():
    ramp = Ramp()
    adam = Adam(lr=ramp, betas=(0.5, ramp), clip_norm=1)
    assert adam.values() == {"clip_value": None, "clip_norm": 1, "lr": ramp, "betas": (0.5, ramp)}
    assert Clip(limit=2 * ramp).limit == 2 * ramp


@pytest.mark.parametrize("name", ["clip_value", "clip_norm"])
def test_gradients_are_clipped_at_positive_numbers_only(name):
    for value in (0, -1.0):
        assert told(lambda value=value: Adam(**{name: value})) == (f"adam: '{name}' must be > 0: {value}.", "")
    assert told(lambda: Adam(**{name: "x"})) == (f"adam: '{name}' must be float or None; received 'x'.", "")
