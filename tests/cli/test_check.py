"""Tests of check: the plan in words, and every problem at once."""

from __future__ import annotations

from pathlib import Path

from .conftest import TOY, line_of

PLAN = f"""toy (toy.py:{line_of("@gf.recipe")})
A maker and a judge of grey squares.
batch size 4
data greys
phase train: 4 steps
  D x1 trains D; holds G
      plain(lr=0.01)
      real   [toy.py:{line_of("judged = ")}]
      fake   [toy.py:{line_of("judged = ")}]
  G x1 trains G; holds D
      plain(lr=0.01)
      2 * near   [toy.py:{line_of('gf.Player("G"')}]
networks
  D  Module  (1, 8, 8) -> (1,)  65 parameters
  G  Module  (4,) -> (1, 8, 8)  320 parameters
samples
  samples  G(…) (1, 8, 8)
"""


def test_a_recipe_is_told_in_words(ganforge) -> None:
    result = ganforge("check", "toy.py")
    assert (result.exit_code, result.stdout, result.stderr) == (0, PLAN, "")


def test_without_building_there_are_no_counts(ganforge) -> None:
    # A linear layer from 64 to 1 has 65 parameters, one from 4 to 64 has 320.
    expected = PLAN.replace("  65 parameters", "").replace("  320 parameters", "")
    assert ganforge("check", "toy.py", "--no-build").stdout == expected


def test_parameters_change_the_plan(ganforge) -> None:
    text = ganforge("check", "toy.py", "lr=0.5", "length=2epochs", "batch_size=8", "--no-build").stdout
    assert "plain(lr=0.5)" in text and "phase train: 2 epochs" in text and "batch size 8" in text


def test_every_problem_is_told_at_once_ordered_by_line(ganforge, here: Path) -> None:
    source = TOY.replace("trains=D", "trains=G").replace("batch_size=batch_size", "batch_size=0")
    (here / "toy.py").write_text(source)
    result = ganforge("check", "toy.py")
    assert result.exit_code == 2 and result.stdout == ""
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: toy.py:")]
    lines = [int(line.rpartition(":")[2]) for line in errors]
    assert len(errors) >= 2 and lines == sorted(lines)
    assert "batch_size is a whole number, one or more; received 0." in result.stderr
    assert "no player trains network 'D'." in result.stderr


def test_a_module_that_does_not_keep_its_shape_is_told_before_data_is_opened(ganforge, here: Path) -> None:
    source = TOY.replace("nn.Unflatten(1, (1, 8, 8))", "nn.Unflatten(1, (1, 4, 16))")
    (here / "toy.py").write_text(source.replace("return [Squares(self.count)]", "raise LookupError"))
    result = ganforge("check", "toy.py")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[:3] == [
        f"error: toy.py:{line_of('fake = G(z)')}",
        "    fake = G(z)",
        "network 'G' declares output (1, 8, 8), but its module gives (1, 4, 16).",
    ]
    assert ganforge("check", "toy.py", "--no-build").exit_code == 0


def test_every_bundled_recipe_can_be_told(ganforge) -> None:
    from ganforge.registry.recipes import bundled_folder

    names = sorted(path.stem for path in bundled_folder().glob("*.py"))
    for name in names:
        result = ganforge("check", name, "data=shapes", "--no-build")
        assert result.exit_code == 0, result.stderr
        assert "\nphase " in result.stdout
    assert len(names) >= 4
