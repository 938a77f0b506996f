"""A game as ganforge plays it: the engine's own loop on the recipe."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ganforge.engine.device import Machine, Precision
from ganforge.engine.loop import Loop
from ganforge.engine.run import Settings, open_data
from ganforge.engine.tuning import Tuning
from ganforge.language.graph import game_batches
from ganforge.language.recipe import load_recipe
from ganforge.registry.catalogue import Catalogue
from ganforge.registry.discovery import installed

from .games import Game


def loop(game: Game, device: torch.device, precision: Precision = "fp32", without: Sequence[str] = ()) -> Loop:
    """The engine's loop, ready for its first step.

    Args:
        game: Which recipe, of which sizes.
        device: Where it is played.
        precision: As the engine spells it.
        without: Optimisations to leave out.
    """
    declared = load_recipe(game.recipe).read(game.overrides, Catalogue(installed()))
    machine = Machine(device, precision, Tuning.without(without))
    machine.prepare()
    data = open_data(game_batches(declared), declared.batch_size, machine, Settings(), lambda text: None)
    return Loop(declared, machine, 0, data)
