"""Makes the toy components importable, as a plugin's would be, and reads recipes that are given as text."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


def _load_toys() -> None:
    spec = importlib.util.spec_from_file_location("ganforge_toys", Path(__file__).with_name("toys.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)


_load_toys()

RECIPE = '''"""Toys that play a game."""
import ganforge as gf
from ganforge_toys import *
@gf.recipe
def toys(data: gf.ImageData = Images(), adv: gf.AdversarialLoss = Plain(), *, lr: float = 1e-3) -> gf.Game:
    real, z = data.batch().images, gf.noise(4)
    G, D = Gen("G", shape=real.shape), Critic("D")
    fake = G(z)
    adam = Adam(lr=lr)
    d = gf.Player("D", trains=D, minimizes=adv.discriminator(real=D(real), fake=D(fake)), optimizer=adam)
    g = gf.Player("G", trains=G, minimizes=adv.generator(fake=D(fake)), optimizer=adam)
    return gf.Game(d, g, batch_size=2, length=gf.steps(10), samples=fake)
'''


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write recipe.py: the toy recipe with some of its lines replaced, or another text."""
    monkeypatch.chdir(tmp_path)

    def write(text: str = RECIPE, lines: dict[int, str] | None = None, name: str = "recipe.py") -> Path:
        written = text.splitlines()
        for number, line in (lines or {}).items():
            indent = written[number - 1][: len(written[number - 1]) - len(written[number - 1].lstrip())]
            written[number - 1] = indent + line
        Path(name).write_text("\n".join(written) + "\n", encoding="utf-8")
        return Path(name)

    return write


@pytest.fixture
def read(write: Callable[..., Path]) -> Callable[..., object]:
    """Write recipe.py and read it with overrides."""
    from ganforge_toys import Shelf

    from ganforge.language.recipe import load_recipe

    def read(text: str = RECIPE, lines: dict[int, str] | None = None, **overrides: str) -> object:
        return load_recipe(write(text, lines)).read(overrides, Shelf())

    return read


@pytest.fixture
def problems(read: Callable[..., object]) -> Callable[..., list[tuple[int, str, str]]]:
    """Read a recipe that has problems; each problem's line (0 without a place), message and hint."""
    from ganforge.errors import RecipeError

    def problems(*args: object, **overrides: object) -> list[tuple[int, str, str]]:
        with pytest.raises(RecipeError) as caught:
            read(*args, **overrides)
        source = Path("recipe.py").read_text(encoding="utf-8").splitlines()
        for problem in caught.value.problems:
            if problem.site is not None:
                assert problem.site.file == "recipe.py"
                assert problem.site.text == source[problem.site.line - 1].strip()
        return [(p.site.line if p.site else 0, p.message, p.hint) for p in caught.value.problems]

    return problems
