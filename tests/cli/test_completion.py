"""Tests of shell completion: what is offered, without torch and without executing a recipe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from ganforge.cli.completing import parameter_names
from ganforge.cli.main import cli


def offered(*words: str) -> list[str]:
    *before, incomplete = words
    items = ShellComplete(cli, {}, "ganforge", "_GANFORGE_COMPLETE").get_completions(list(before), incomplete)
    return [item.value if item.type == "plain" else f"<{item.type}>" for item in items]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["s"], ["show", "sample"]),
        (["run", "dcgan_c"], ["dcgan_cifar", "dcgan_cifar_keras"]),
        (["run", "to"], ["<file>"]),
        (["run", "toy.py", "l"], ["lr=", "length="]),
        (["run", "toy.py", "lr=1", "l"], ["length="]),
        (["check", "toy.py", "b"], ["batch_size="]),
        (["check", "nothing", "b"], []),
        (["run", "toy.py", "--prec"], ["--precision"]),
        (["run", "toy.py", "--precision", "b"], ["bf16"]),
        (["show", "comp"], ["components"]),
        (["show", "ad"], ["adam", "adamw"]),
        (["show", "components", "opt"], ["optimizer"]),
        (["show", "recipes", "opt"], []),
        (["resume", "ru"], ["runs/toy-1"]),
        (["sample", "x"], ["<dir>"]),
        (["completion", "z"], ["zsh"]),
    ],
)
def test_words_are_completed(here: Path, words: list[str], expected: list[str]) -> None:
    (here / "runs/toy-1").mkdir(parents=True)
    (here / "runs/toy-1/run.json").write_text("{}")
    assert offered(*words) == expected


def test_parameters_are_read_without_executing_the_recipe(here: Path) -> None:
    (here / "bad.py").write_text("raise SystemExit\nimport ganforge as gf\n@gf.recipe\ndef f(x, *, y=1): ...\n")
    assert parameter_names(here / "bad.py") == ["x", "y"]
    (here / "worse.py").write_text("def (")
    assert parameter_names(here / "worse.py") == []


def test_completion_imports_no_torch(here: Path) -> None:
    code = "import sys\nfrom ganforge.cli.main import main\n"
    code += "try:\n    main()\nfinally:\n    print('torch' in sys.modules)"
    for words in ("ganforge run dc", "ganforge run toy.py l", "ganforge show ad"):
        environment = os.environ | {
            "_GANFORGE_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        }
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=30)
        *items, torch = done.stdout.splitlines()
        assert torch == "False" and items and all(item.startswith("plain,") for item in items)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_is_printed(ganforge, shell: str) -> None:
    result = ganforge("completion", shell)
    assert result.exit_code == 0
    assert f"_GANFORGE_COMPLETE={shell}_complete" in result.stdout


def test_completion_without_a_shell_tells_how(ganforge) -> None:
    assert ganforge("completion").stdout.splitlines()[:2] == [
        "bash: add this line to ~/.bashrc",
        '    eval "$(ganforge completion bash)"',
    ]
