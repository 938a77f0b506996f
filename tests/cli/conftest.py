"""A toy recipe in a folder of its own, and the command line as a function."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ganforge.cli.main import cli

TOY = '''"""Grey squares, for tests."""

import ganforge as gf


@gf.component("greys")
class Greys(gf.ImageData):
    """Images of one grey each."""

    count: int = 16

    @property
    def shape(self):
        return (1, 8, 8)

    def open(self, root):
        return [Squares(self.count)]


class Squares(gf.Examples):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def read(self, indices):
        import torch

        return {"images": (indices * 15).reshape(-1, 1, 1, 1).expand(-1, 1, 8, 8).to(torch.uint8)}


@gf.component("plain")
class Plain(gf.Optimizer):
    """Gradient descent."""

    lr: float = 0.1

    def build(self, parameters):
        from torch.optim import SGD

        return SGD(list(parameters), lr=self.lr)


@gf.loss
def near(scores, wanted):
    return (scores - wanted).square().mean()


def make_judge():
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(64, 1))


def make_maker():
    from torch import nn

    return nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8)))


@gf.recipe
def toy(
    data: gf.ImageData = Greys(),
    *,
    lr: float = 0.01,
    batch_size: int = 4,
    length: gf.Length = gf.steps(4),
) -> gf.Game:
    """A maker and a judge of grey squares.

    Args:
        data: Squares to imitate.
        lr: Learning rate of both players.
        batch_size: Squares per update.
        length: How long to play.
    """
    real, z = data.batch().images, gf.noise(4)
    G = gf.module("G", make_maker, shape=(1, 8, 8))
    D = gf.module("D", make_judge, shape=(1,))
    fake = G(z)
    plain = Plain(lr=lr)
    judged = near(D(real), wanted=1.0).named("real") + near(D(fake), wanted=0.0).named("fake")
    return gf.Game(
        gf.Player("D", trains=D, minimizes=judged, optimizer=plain),
        gf.Player("G", trains=G, minimizes=2.0 * near(D(fake), wanted=1.0), optimizer=plain),
        batch_size=batch_size,
        length=length,
        samples=fake,
    )
'''
# Networks that a registry knows can be built without the recipe.
REGISTERED = TOY.replace(
    "import ganforge as gf\n", "import ganforge as gf\nfrom ganforge_classic import MLPGenerator\n", 1
).replace('gf.module("G", make_maker, shape=(1, 8, 8))', 'MLPGenerator("G", shape=(1, 8, 8), widths=(8,))')

Ganforge = Callable[..., Result]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with ``toy.py`` in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GANFORGE_PLUGINS", raising=False)
    monkeypatch.setenv("GANFORGE_DATA", str(tmp_path / "data"))
    (tmp_path / "toy.py").write_text(TOY)
    return tmp_path


@pytest.fixture
def ganforge(here: Path) -> Ganforge:
    """The command line, called with its words."""

    def call(*words: str) -> Result:
        return CliRunner().invoke(cli, words, prog_name="ganforge")

    return call


def line_of(text: str, source: str = TOY) -> int:
    """The number of the only line of a source that holds a text."""
    (number,) = [index for index, line in enumerate(source.splitlines(), 1) if text in line]
    return number
