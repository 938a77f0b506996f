"""Every bundled recipe gives the same numbers however the engine plays it: tuned, plainly, recomputing, compiled."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
import torch
from recipes_operators import Operators
from recipes_settings import SMALL
from torch import Tensor

import ganforge as gf
from ganforge.engine import compiling
from ganforge.engine.device import Machine
from ganforge.engine.loop import Loop
from ganforge.engine.run import Settings, open_data
from ganforge.engine.tuning import Tuning
from ganforge.language.graph import game_batches
from ganforge.language.recipe import load_recipe
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
TUNED = Machine(torch.device("cpu"))
# Dropout draws in the order in which values lie in memory, so that the layout decides what is dropped.
PLAIN = Machine(torch.device("cpu"), tuning=Tuning.without(set(Tuning.names()) - {"channels-last"}))
STEPS = 3
# Its classifier adds noise to values that one turn does not read; a compiler does not draw it.
DRAWS_IN_VAIN = {"sgan_mnist"}
# They have image pools, or options that change in every step.
NEVER_REPLAYED = {"cyclegan_horse2zebra", "r3gan"}


def small(name: str) -> gf.Game:
    return load_recipe(RECIPES / f"{name}.py").read(SMALL[name], Catalogue(installed()))


def opened(name: str, machine: Machine, told: list[str] | None = None) -> Loop:
    game = small(name)
    data = open_data(game_batches(game), game.batch_size, machine, Settings(), lambda text: None)
    return Loop(game, machine, 5, data, (told if told is not None else []).append)


def gradients(loop: Loop) -> dict[str, Tensor]:
    """The gradients of the step's last turn; where nothing is held, it adds to those of others."""
    named = loop.state.parameters(loop.phase.players[-1])
    return {name: weight.grad.clone() for name, weight in named if weight.grad is not None}


def expect_alike(name: str, machine: Machine, told: list[str] | None = None, bits: bool = False) -> Loop:
    """Three steps beside the plain engine: the gradients of the first, the losses of all."""
    loop, plain = opened(name, machine, told), opened(name, TUNED if bits else PLAIN)
    for step in range(STEPS):
        loop.step()
        plain.step()
        assert loop.scalars() == pytest.approx(plain.scalars(), rel=0 if bits else 2e-3, abs=0 if bits else 2e-4), step
        if step == 0 or bits:
            mine, theirs = gradients(loop), gradients(plain)
            assert mine.keys() == theirs.keys() and mine
            # Gradients that cancel out, such as those of a shift before a normalisation, are rounding and no more.
            least = 1e-4 * max(float(value.abs().max()) for value in theirs.values())
            for key, value in mine.items():
                bound = 0.0 if bits else least + 1e-3 * float(theirs[key].abs().max())
                assert float((value - theirs[key]).abs().max()) <= bound, key
    return loop


def test_every_bundled_recipe_is_played_in_every_way() -> None:
    assert {path.stem for path in RECIPES.glob("*.py")} == SMALL.keys() and len(SMALL) == 27


@pytest.mark.parametrize("name", SMALL)
def test_a_tuned_recipe_has_the_numbers_of_a_plain_one(name: str) -> None:
    expect_alike(name, TUNED)


@pytest.mark.parametrize("name", SMALL)
def test_a_recipe_that_recomputes_has_every_bit(name: str) -> None:
    expect_alike(name, attrs.evolve(TUNED, recompute=True), bits=True)


@pytest.mark.parametrize("name", SMALL)
def test_a_recipe_whose_turns_are_replayed_has_every_bit(name: str) -> None:
    loop, plain, made = opened(name, TUNED), opened(name, TUNED), list[Operators]()

    def recorder() -> Operators:
        made.append(Operators(loop))
        return made[-1]

    loop.recorder = recorder
    for step in range(7):
        loop.step()
        plain.step()
        assert loop.scalars() == plain.scalars(), step
    mine, theirs = loop.state.tensors(), plain.state.tensors()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    replayed = sum(each.replayed for each in made)
    assert (replayed == 0) == (name in NEVER_REPLAYED), replayed


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_compiled_recipe_has_the_numbers_of_a_plain_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Everything but the generation of machine code, which takes half a minute for each.
    monkeypatch.setattr(compiling, "_BACKEND", {"backend": "aot_eager"})
    torch._dynamo.reset()
    told: list[str] = []
    machine = attrs.evolve(TUNED, compiled=True)
    loop = opened(name, machine, told) if name in DRAWS_IN_VAIN else expect_alike(name, machine, told)
    loop.step()
    parts = [part for tape in loop.play._tapes.values() for part in tape.parts]
    assert any(isinstance(part, compiling._Compiled) for part in parts)
    reasons = ("which is differentiated twice or keeps a history", "which takes numbers that change")
    assert all(line.endswith(reasons) for line in told), told
    assert len(told) == len(set(told))
