"""Tests of the escape hatch: losses, operations and modules written in the recipe file, without any plugin."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from engine_toys import Hand, play
from torch.nn.functional import softplus

from ganforge.language.component import Component
from ganforge.language.recipe import load_recipe

RECIPE = '''"""A game that no plugin knows the parts of."""
import ganforge as gf
from engine_toys import Points, Sgd


def network(sizes):
    from torch import nn
    return lambda: nn.Sequential(nn.Linear(*sizes[:2]), nn.Tanh(), nn.Linear(*sizes[1:]))


@gf.op
def shifted(x, *, by):
    return x + by


@gf.loss
def softened(real, fake, *, slope):
    return (-slope * real).exp().log1p().mean() + (slope * fake).exp().log1p().mean()


@gf.loss(name="fooled")
def g_loss(fake):
    return -fake.mean()


@gf.recipe
def own(slope: float = 1.0) -> gf.Game:
    """Points against points."""
    real, z = Points().batch().x, gf.noise(2)
    G = gf.module("G", network((2, 4, 3)), shape=(3,))
    D = gf.module("D", network((3, 4, 1)), shape=(1,))
    fake = shifted(G(z), by=0.5)
    return gf.Game(
        gf.Player("D", trains=D, minimizes=softened(D(real), D(fake), slope=slope), optimizer=Sgd()),
        gf.Player("G", trains=G, minimizes=g_loss(D(fake)), optimizer=Sgd()),
        batch_size=6,
        length=gf.steps(2),
        samples=fake,
    )
'''


class Nobody:
    """Finds no component."""

    def find(self, kind: type[Component], name: str) -> type[Component]:
        raise AssertionError(name)


@pytest.mark.parametrize("slope", [1.0, 2.0])
def test_a_loss_of_five_lines_in_the_recipe_file_trains(tmp_path: Path, slope: float) -> None:
    path = tmp_path / "own.py"
    path.write_text(RECIPE, encoding="utf-8")
    loss = RECIPE[RECIPE.index("@gf.loss\ndef softened") : RECIPE.index("@gf.loss(name=")]
    assert len(loss.strip().splitlines()) <= 5
    loop = play(load_recipe(path).read({"slope": str(slope)}, Nobody()))
    hand = Hand(loop)
    d, g = hand.sgd("D"), hand.sgd("G")
    for step in range(2):
        hand.turn(step, "D")
        real, z = hand.batch(step), torch.randn(6, 2)
        fake = hand["G"](z).detach() + 0.5
        d_loss = softplus(-slope * hand["D"](real)).mean() + softplus(slope * hand["D"](fake)).mean()
        hand.update(d, d_loss)
        hand.turn(step, "G")
        g_loss = -hand["D"](hand["G"](torch.randn(6, 2)) + 0.5).mean()
        hand.update(g, g_loss)
        assert not loop.is_over()
        loop.step()
        assert loop.scalars() == pytest.approx({"D/softened": d_loss.item(), "G/fooled": g_loss.item()}, rel=1e-5)
    assert loop.is_over()
    # The recipe writes softplus as log1p(exp()).
    hand.expect_same(lambda one, other: torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7))
