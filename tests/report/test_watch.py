"""Tests of the observers of every run: plugins are told, and one that raises is a warning."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
import torch

from ganforge.engine.folder import RunFolder
from ganforge.registry.discovery import discover
from ganforge.report.watch import watchers

PLUGIN = """
    import ganforge as gf

    told = []

    @gf.hookimpl
    def ganforge_run_started(run):
        told.append(("started", run))

    @gf.hookimpl
    def ganforge_scalars_logged(run, step, scalars):
        told.append(("logged", run, step, dict(scalars)))
        {raises}

    @gf.hookimpl
    def ganforge_run_finished(run, error):
        told.append(("finished", run, error))
"""


def watch(tmp_path: Path, raises: str = "pass") -> list[tuple[object, ...]]:
    """What a plugin is told of a short run."""
    folder = tmp_path / "plugs"
    folder.mkdir()
    (folder / "listener.py").write_text(textwrap.dedent(PLUGIN.format(raises=raises)))
    plugins = discover([], folder=folder)
    told: list[tuple[object, ...]] = plugins.manager.get_plugin("listener").told
    run = RunFolder(tmp_path / "run")
    run.create()
    for observer in watchers(run, {"value_range": [0.0, 1.0]}, plugins, quiet=True):
        observer.started(run.path, 0, 2, 4)
        for step in (1, 2):
            observer.stepped(step)
            observer.reached(step, "train", 0.004, 0.5)
            observer.logged(step, {"D/a": float(step)})
        observer.sampled(2, {"fake": torch.ones(1, 1, 64, 64)})
        observer.finished(None)
    return told


def test_plugins_are_told_what_happens(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert watch(tmp_path) == [
        ("started", run),
        ("logged", run, 1, {"D/a": 1.0}),
        ("logged", run, 2, {"D/a": 2.0}),
        ("finished", run, None),
    ]
    assert (run / "samples/step-00000002.png").exists()


def test_a_hook_that_raises_is_a_warning_and_is_not_called_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = watch(tmp_path, raises="raise ValueError('tired')")
    assert [entry[0] for entry in told] == ["started", "logged", "finished"]
    err = capsys.readouterr().err
    assert err.count("warning: plugin 'listener' raises in ganforge_scalars_logged: ValueError: tired") == 1
