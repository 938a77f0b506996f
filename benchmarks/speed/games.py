"""The games that are timed: recipe, sizes, and the plain loops of the same mathematics."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

HERE = Path(__file__).resolve().parent
RECIPES = HERE.parents[1] / "recipes"

PEERS = ("torchgan", "mimicry")


@attrs.frozen(kw_only=True)
class Game:
    """A game that several contenders play.

    Args:
        name: What the command line calls it.
        recipe: The recipe's file.
        renames: The recipe's parameter for each of ``sizes`` that it takes.
        sizes: The game's numbers, as the plain loops call them.
        count: Images in memory, of each domain.
        fields: What a batch holds.
        loops: The plain loops, each as ``module:class`` below ``speed``.
        peers: Whether peers' trainers can play it.
        small: Other sizes for the comparison of weights.
        exempt: Plain loops that are another game's mathematics on purpose, and that game.
    """

    name: str
    recipe: Path
    renames: Mapping[str, str]
    sizes: Mapping[str, Any]
    count: int
    fields: tuple[str, ...] = ("images",)
    loops: Mapping[str, str]
    peers: bool = False
    small: Mapping[str, Any]
    exempt: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def contenders(self) -> tuple[str, ...]:
        """Everyone who can play it."""
        return (*self.loops, "ganforge", *(PEERS if self.peers else ()))

    def smaller(self) -> Game:
        """The same game, small enough to be played in double precision."""
        return attrs.evolve(self, sizes={**self.sizes, **self.small}, count=32)

    @property
    def data(self) -> str:
        """The embedded data, as a recipe's parameter."""
        channels = self.sizes["shape"][0] if "shape" in self.sizes else 3
        return f"shapes(size={self.sizes['size']}, channels={channels}, count={self.count})"

    @property
    def overrides(self) -> dict[str, str]:
        """The recipe's parameters."""
        return {"data": self.data} | {name: str(self.sizes[size]) for size, name in self.renames.items()}


_DCGAN = {"latent": 128, "width": 64, "size": 32, "batch": 64}
_DCGAN_NAMES = {"latent": "latent_dim", "width": "base_channels", "batch": "batch_size"}
_CYCLEGAN = {"width": 64, "blocks": 6, "size": 64, "batch": 1, "pool": 50}

_SHARED = Game(
    name="dcgan32",
    recipe=RECIPES / "dcgan_cifar.py",
    renames=_DCGAN_NAMES,
    sizes=_DCGAN,
    count=4096,
    loops={"textbook": "textbook.dcgan:Dcgan", "tuned": "tuned.dcgan:SharedDcgan"},
    peers=True,
    small={"width": 8, "latent": 16, "batch": 8},
    exempt={"textbook": "dcgan32-own"},
)

_TRANSLATION = Game(
    name="cyclegan64",
    recipe=RECIPES / "cyclegan_horse2zebra.py",
    renames={"width": "base_channels", "batch": "batch_size", "pool": "pool_size"},
    sizes=_CYCLEGAN,
    count=256,
    fields=("a", "b"),
    loops={
        "textbook": "textbook.cyclegan:CycleGan",
        "naive": "textbook.cyclegan:NaiveCycleGan",
        "tuned": "tuned.cyclegan:CycleGan",
    },
    # A pool of one image gives images back from the second step on.
    small={"width": 4, "size": 32, "pool": 1},
)

_ALL = (
    _SHARED,
    attrs.evolve(
        _SHARED,
        name="dcgan32-own",
        recipe=HERE / "recipes" / "dcgan_own.py",
        loops={"textbook": "textbook.dcgan:Dcgan", "tuned": "tuned.dcgan:Dcgan"},
        peers=False,
        exempt={},
    ),
    attrs.evolve(
        _SHARED,
        name="dcgan64",
        sizes={**_DCGAN, "size": 64},
        count=2048,
        peers=False,
        exempt={"textbook": "dcgan32-own"},
    ),
    Game(
        name="wgan-gp32",
        recipe=RECIPES / "wgan_gp_cifar.py",
        renames=_DCGAN_NAMES | {"critics": "n_critic"},
        sizes={**_DCGAN, "critics": 5},
        count=4096,
        loops={"textbook": "textbook.wgan_gp:WganGp", "tuned": "tuned.wgan_gp:WganGp"},
        peers=True,
        small={"width": 8, "latent": 16, "batch": 8},
    ),
    _TRANSLATION,
    attrs.evolve(
        _TRANSLATION,
        name="cyclegan128",
        sizes={**_CYCLEGAN, "size": 128},
        count=128,
        small={"width": 4, "size": 64, "pool": 1},
    ),
    Game(
        name="mlp",
        recipe=RECIPES / "vanilla_mnist.py",
        renames={"latent": "latent_dim", "dropout": "dropout", "batch": "batch_size"},
        sizes={"latent": 128, "shape": (1, 28, 28), "size": 28, "dropout": 0.3, "batch": 64},
        count=4096,
        loops={"textbook": "textbook.mlp:Mlp", "tuned": "tuned.mlp:Mlp"},
        small={"latent": 16, "shape": (1, 8, 8), "size": 8, "batch": 8},
    ),
    Game(
        name="acgan32",
        recipe=RECIPES / "acgan.py",
        renames={
            "latent": "latent_dim",
            "width_g": "generator_channels",
            "width_d": "discriminator_channels",
            "dropout": "dropout",
            "batch": "batch_size",
        },
        sizes={"latent": 100, "classes": 8, "width_g": 96, "width_d": 16, "size": 32, "dropout": 0.5, "batch": 64},
        count=4096,
        fields=("images", "labels"),
        loops={"textbook": "textbook.acgan:Acgan", "tuned": "tuned.acgan:Acgan"},
        small={"width_g": 8, "width_d": 4, "latent": 16, "batch": 8},
    ),
)

GAMES: Mapping[str, Game] = {game.name: game for game in _ALL}
