"""Tests of run and resume through click's runner, errors with their texts and exit codes included."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .conftest import TOY, line_of

ENDING = """done: 4 steps in 00:00; the run is at step 4.
  samples  runs/toy-1/samples/step-00000004.png
  weights  runs/toy-1/weights
  metrics  runs/toy-1/metrics.jsonl
next:
  ganforge sample runs/toy-1 -n 64 --out grid.png
  ganforge resume runs/toy-1 --steps 8
"""


def record(run: Path) -> dict:
    return json.loads((run / "run.json").read_text())


def logged(run: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()]


def test_a_recipe_trains_and_the_end_says_where_things_are(ganforge, here: Path) -> None:
    result = ganforge("run", "toy.py", "--device", "cpu", "--log-every", "2")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ENDING
    lines = [line for line in result.stderr.splitlines() if line.startswith("step ")]
    assert [line.split()[1] for line in lines] == ["1/4", "2/4", "4/4"]
    # Sixteen squares, four to a batch: four steps are one epoch.
    assert "epoch 1.00" in lines[-1] and "img/s" in lines[-1] and "00:00 left" in lines[-1]
    assert logged(here / "runs/toy-1") == [1, 2, 4]


def test_the_record_holds_the_text_and_the_parameters(ganforge, here: Path) -> None:
    assert ganforge("run", "toy.py", "lr=0.05", "length=2steps", "--seed", "7", "--quiet").exit_code == 0
    kept = record(here / "runs/toy-1")
    assert kept["recipe"] == {"name": "toy", "path": str(here / "toy.py"), "text": TOY}
    assert kept["overrides"] == {"lr": "0.05", "length": "2steps"}
    assert kept["parameters"] == {"data": "greys", "lr": "0.05", "batch_size": "4", "length": "2steps"}
    assert kept["settings"]["seed"] == 7
    assert kept["settings"]["data_root"] == str(here / "data")


def test_quiet_shows_no_progress(ganforge) -> None:
    result = ganforge("run", "toy.py", "--quiet")
    assert "step 1/4" not in result.stderr and "img/s" not in result.stderr
    assert result.stdout == ENDING


def test_the_next_run_takes_the_next_number(ganforge, here: Path) -> None:
    (here / "runs/toy-1").mkdir(parents=True)
    result = ganforge("run", "toy.py", "--steps", "1", "--quiet")
    assert "runs/toy-2/weights" in result.stdout


def test_a_folder_that_holds_a_run_is_refused(ganforge) -> None:
    assert ganforge("run", "toy.py", "--out", "mine", "--steps", "1", "--quiet").exit_code == 0
    result = ganforge("run", "toy.py", "--out", "mine")
    assert result.exit_code == 2
    assert result.stderr == "error: mine already holds a run.\nhint: go on with: ganforge resume mine\n"


def test_every_wrong_parameter_is_told_at_once(ganforge, here: Path) -> None:
    result = ganforge("run", "toy.py", "lr=fast", "batchsize=3")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: lr=fast: expected float.\n\n"
        "error: toy has no parameter 'batchsize'. It takes: data, lr, batch_size, length.\n"
        "hint: did you mean 'batch_size'?\n"
    )
    assert not (here / "runs").exists()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["lr"], "error: 'lr' is not of the form name=value.\nhint: parameters are written name=value, flags --name\n"),
        (["lr=1", "lr=2"], "error: 'lr' is given twice: lr=1 and lr=2.\n"),
    ],
)
def test_a_parameter_is_written_with_an_equals_sign_and_once(ganforge, words: list[str], text: str) -> None:
    result = ganforge("run", "toy.py", *words)
    assert (result.exit_code, result.stderr) == (2, text)


def test_a_parameter_written_as_a_flag_is_answered(ganforge) -> None:
    result = ganforge("run", "toy.py", "--lr", "3")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == (
        "Error: No such option '--lr'. A recipe's parameter is written without dashes: lr=VALUE."
    )


def test_an_error_shows_file_line_and_source(ganforge, here: Path) -> None:
    source = TOY.replace('near(D(real), wanted=1.0).named("real")', "D(real)")
    (here / "toy.py").write_text(source)
    result = ganforge("run", "toy.py")
    assert result.exit_code == 2
    first, text, message = result.stderr.splitlines()[:3]
    assert first == f"error: toy.py:{line_of('judged = ', source)}"
    assert text.startswith("    judged = D(real) + ")
    assert "Traceback" not in result.stderr and message


def test_a_recipe_that_does_not_exist_is_told(ganforge) -> None:
    result = ganforge("run", "toi.py")
    assert result.exit_code == 2
    assert result.stderr == "error: there is no recipe file toi.py.\nhint: did you mean 'toy.py'?\n"


SECRET = "    return (scores - wanted).square().mean()"


def change(here: Path, new: str) -> str:
    source = TOY.replace(SECRET, new)
    assert source != TOY
    (here / "toy.py").write_text(source)
    return source


def test_what_torch_raises_in_a_recipe_is_told_with_the_recipe_line(ganforge, here: Path) -> None:
    # A trial without memory comes first, so this fails on real tensors only.
    raises = "    if scores.requires_grad:\n        raise RuntimeError('too deep')\n"
    source = change(here, raises + SECRET)
    result = ganforge("run", "toy.py")
    assert result.exit_code == 1
    assert "error: RuntimeError: too deep\n" in result.stderr
    assert f"recipe line: toy.py:{line_of('judged = ', source)}" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in ganforge("--debug", "run", "toy.py").stderr


def test_a_loss_that_is_not_finite_ends_with_6(ganforge, here: Path) -> None:
    change(here, SECRET + " * float('nan')")
    result = ganforge("run", "toy.py", "--quiet")
    assert result.exit_code == 6
    assert "the term 'real' of player 'D' at step 1 (turn 1) is nan; nothing was updated.\n" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_exception_that_nobody_foresaw_is_a_bug_with_a_traceback(ganforge, here: Path) -> None:
    (here / "toy.py").write_text(TOY.replace("return [Squares(self.count)]", "raise LookupError('lost')"))
    result = ganforge("run", "toy.py")
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback") and "LookupError: lost" in result.stderr


def test_a_run_that_cannot_begin_leaves_no_folder(ganforge, here: Path) -> None:
    raises = "from ganforge.errors import DataError; raise DataError('no data.')"
    (here / "toy.py").write_text(TOY.replace("return [Squares(self.count)]", raises))
    result = ganforge("run", "toy.py")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (4, "error: no data.")
    assert not (here / "runs").exists()


def test_a_device_that_is_not_there_is_told(ganforge) -> None:
    result = ganforge("run", "toy.py", "--device", "abacus")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: there is no device 'abacus'.\nhint: the devices are auto, cpu, cuda and cuda:INDEX\n"
    )


def test_precisions_are_those_of_the_engine() -> None:
    from ganforge.cli.options import PRECISIONS
    from ganforge.engine import device

    assert PRECISIONS == device.PRECISIONS


def test_a_complete_run_has_nothing_to_do(ganforge, here: Path) -> None:
    ganforge("run", "toy.py", "--quiet")
    before = record(here / "runs/toy-1")
    result = ganforge("resume", "runs/toy-1", "--steps", "3")
    assert result.exit_code == 0
    assert result.stdout == (
        "nothing to do: runs/toy-1 is complete at step 4.\nhint: play on with: ganforge resume runs/toy-1 --steps 8\n"
    )
    assert record(here / "runs/toy-1") == before


def test_a_run_goes_on_with_more_steps(ganforge, here: Path) -> None:
    ganforge("run", "toy.py", "lr=0.05", "--log-every", "1", "--quiet")
    result = ganforge("resume", "runs/toy-1", "--steps", "6", "--quiet")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("done: 2 steps in ") and "the run is at step 6." in result.stdout
    kept = record(here / "runs/toy-1")
    assert kept["recipe"]["text"] == TOY and kept["overrides"] == {"lr": "0.05"}
    assert [(s["from_step"], s["to_step"]) for s in kept["sessions"]] == [(0, 4), (4, 6)]
    assert logged(here / "runs/toy-1") == [1, 2, 3, 4, 5, 6]


def test_a_resumed_run_equals_one_that_was_not_interrupted(ganforge, here: Path) -> None:
    ganforge("run", "toy.py", "--steps", "7", "--out", "whole", "--log-every", "1", "--quiet")
    ganforge("run", "toy.py", "--steps", "3", "--out", "parts", "--log-every", "1", "--quiet")
    assert ganforge("resume", "parts", "--steps", "7", "--quiet").exit_code == 0
    for name in ("metrics.jsonl", "weights/G.safetensors", "weights/D.safetensors"):
        assert (here / "whole" / name).read_bytes() == (here / "parts" / name).read_bytes(), name


def test_a_recipe_that_changed_since_is_noted_and_not_used(ganforge, here: Path) -> None:
    ganforge("run", "toy.py", "--quiet")
    (here / "toy.py").write_text("raise RuntimeError('never executed')\n")
    result = ganforge("resume", "runs/toy-1", "--steps", "5", "--quiet")
    assert result.exit_code == 0, result.stderr
    assert "note: toy.py has changed since; the run's own copy of it is used.\n" in result.stderr
    (here / "toy.py").unlink()
    result = ganforge("resume", "runs/toy-1", "--steps", "6", "--quiet")
    assert result.exit_code == 0 and "note:" not in result.stderr


def test_a_run_can_be_moved_and_resumed(ganforge, here: Path) -> None:
    ganforge("run", "toy.py", "--quiet")
    shutil.move(here / "runs/toy-1", here / "elsewhere")
    assert "the run is at step 5." in ganforge("resume", "elsewhere", "--steps", "5", "--quiet").stdout


def test_resuming_into_another_folder_leaves_the_run_as_it_is(ganforge, here: Path) -> None:
    ganforge("run", "toy.py", "--quiet")
    before = (here / "runs/toy-1/run.json").read_bytes()
    result = ganforge("resume", "runs/toy-1", "--out", "branch", "--steps", "5", "--quiet")
    assert result.exit_code == 0, result.stderr
    assert logged(here / "branch")[-1] == 5 and logged(here / "runs/toy-1")[-1] == 4
    assert (here / "runs/toy-1/run.json").read_bytes() == before
    result = ganforge("resume", "runs/toy-1", "--out", "branch")
    assert result.exit_code == 2
    assert result.stderr == "error: branch exists already; a run is copied to a new folder.\n"


def test_a_folder_without_a_run_is_told(ganforge) -> None:
    result = ganforge("resume", "nowhere")
    assert result.exit_code == 5
    assert result.stderr == "error: nowhere holds no run: there is no run.json in it.\n"


def test_another_seed_is_another_run(ganforge) -> None:
    ganforge("run", "toy.py", "--quiet", "--steps", "1")
    result = ganforge("resume", "runs/toy-1", "--seed", "3")
    assert result.exit_code == 5
    assert result.stderr == ("error: runs/toy-1 was begun with seed 0, not 3.\nhint: begin another run in --out DIR\n")


def test_a_run_made_from_python_says_so(ganforge, here: Path) -> None:
    import ganforge as gf
    from ganforge.language.recipe import load_recipe

    gf.train(load_recipe(here / "toy.py")(), out="mine", steps=1, quiet=True)
    result = ganforge("resume", "mine")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: mine was made by gf.train in Python; its record holds no recipe.\n"
        'hint: go on there with gf.train(game, out="mine", resume=True)\n'
    )


def test_resuming_from_python_keeps_what_was_recorded(ganforge, here: Path) -> None:
    import ganforge as gf
    from ganforge.language.recipe import load_recipe

    ganforge("run", "toy.py", "--quiet")
    gf.train(load_recipe(here / "toy.py")(), out="runs/toy-1", steps=5, resume=True, quiet=True)
    assert record(here / "runs/toy-1")["recipe"]["text"] == TOY


def test_a_batch_is_evaluated_in_pieces_and_resumed_so(ganforge, here: Path) -> None:
    words = ("--accumulate", "2", "--recompute", "--without", "merged-calls", "--without", "kept-memory")
    assert ganforge("run", "toy.py", "--steps", "2", "--quiet", *words).exit_code == 0
    chosen = {"accumulate": 2, "recompute": True, "without": ["merged-calls", "kept-memory"], "compile": "off"}
    assert chosen.items() <= record(here / "runs/toy-1")["settings"].items()
    result = ganforge("resume", "runs/toy-1", "--steps", "3", "--quiet")
    assert result.exit_code == 0 and "not bit-exactly" not in result.stderr
    assert chosen.items() <= record(here / "runs/toy-1")["settings"].items()


def test_resuming_with_other_pieces_is_said_not_to_be_exact(ganforge) -> None:
    ganforge("run", "toy.py", "--steps", "1", "--quiet")
    result = ganforge("resume", "runs/toy-1", "--steps", "2", "--accumulate", "4")
    assert "resuming, but not bit-exactly: summation pieces 1 -> pieces 4" in result.stderr


def test_pieces_that_are_not_equal_are_refused(ganforge) -> None:
    result = ganforge("run", "toy.py", "--accumulate", "3")
    assert result.exit_code == 2
    assert "batch_size=4 cannot be divided into 3 equal pieces." in result.stderr
    assert "hint: --accumulate takes a divisor of the batch size" in result.stderr


def test_an_optimisation_that_does_not_exist_is_told(ganforge) -> None:
    result = ganforge("run", "toy.py", "--without", "luck")
    assert result.exit_code == 2
    assert "there is no optimisation 'luck'." in result.stderr and "merged-calls" in result.stderr


def test_a_run_too_short_to_be_worth_compiling_says_so_and_stays_plain(ganforge, here: Path) -> None:
    result = ganforge("run", "toy.py", "--steps", "12", "--compile", "auto")
    assert result.exit_code == 0
    assert "not compiled: the run will be over in 0 s" in result.stderr
    assert record(here / "runs/toy-1")["settings"]["compile"] == "off"


def test_choices_of_compiling_are_those_of_the_engine() -> None:
    from ganforge.cli.options import COMPILE as offered
    from ganforge.engine.compiling import COMPILE

    assert offered == COMPILE


def test_recording_turns_needs_a_cuda_device(ganforge, here: Path) -> None:
    result = ganforge("run", "toy.py", "--device", "cpu", "--capture")
    assert result.exit_code == 2
    assert result.stderr == ("error: turns are recorded on CUDA devices; this one is cpu.\nhint: leave out --capture\n")
    assert not (here / "runs").exists()
