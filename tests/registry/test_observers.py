"""Observers and commands: each plugin's implementation is guarded by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from ganforge.errors import Stopped
from ganforge.registry.commands import add_commands
from ganforge.registry.observers import Observers

RUN = Path("runs/one")
GOOD = """
seen = []
@gf.hookimpl
def ganforge_run_started(run): seen.append(("started", run))
@gf.hookimpl
def ganforge_scalars_logged(scalars, step): seen.append((step, dict(scalars)))
@gf.hookimpl
def ganforge_run_finished(run, error): seen.append(("finished", error))
"""
BAD = """
seen = []
@gf.hookimpl
def ganforge_scalars_logged(step, scalars):
    seen.append(step)
    raise {error}
@gf.hookimpl
def ganforge_run_finished(error): seen.append("finished")
"""


def seen(plugins: Any, name: str) -> list[Any]:
    found: list[Any] = plugins.manager.get_plugin(name).seen
    return found


def test_observers_are_told_what_they_ask_for(installation: Any) -> None:
    installation.offer("ganforge-foo", "foo", GOOD)
    plugins = installation.discover()
    observers, error = Observers(plugins), ValueError()
    observers.started(RUN)
    observers.logged(RUN, 7, {"D/hinge": 0.5})
    observers.finished(RUN, error)
    assert seen(plugins, "foo") == [("started", RUN), (7, {"D/hinge": 0.5}), ("finished", error)]


@pytest.mark.parametrize("error", ["OSError('disk gone')", "SystemExit(1)"])
def test_an_observer_that_raises_is_warned_about_once_and_not_called_again(
    installation: Any, capsys: pytest.CaptureFixture[str], error: str
) -> None:
    installation.offer("aaa", "aaa", GOOD)
    path = installation.offer("mmm", "mmm", BAD.format(error=error))
    installation.offer("zzz", "zzz", GOOD)
    plugins = installation.discover()
    observers = Observers(plugins)
    for step in (1, 2, 3):
        observers.logged(RUN, step, {})
    observers.finished(RUN, None)
    told = {"OSError('disk gone')": "OSError: disk gone", "SystemExit(1)": "it calls sys.exit(1)"}[error]
    number = path.read_text().splitlines().index(f"    raise {error}") + 1
    assert capsys.readouterr().err == (
        f"warning: plugin 'mmm' raises in ganforge_scalars_logged: {told}; it is not called again. ({path}:{number})\n"
    )
    assert seen(plugins, "mmm") == [1, "finished"]
    assert seen(plugins, "aaa") == seen(plugins, "zzz") == [(1, {}), (2, {}), (3, {}), ("finished", None)]


def test_observers_are_called_in_the_order_they_ask_for(installation: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for name, option in (("aaa", "trylast=True"), ("mmm", ""), ("zzz", "tryfirst=True")):
        installation.offer(
            name, name, f"@gf.hookimpl({option})\ndef ganforge_run_started(run): print({name!r}, end=' ')"
        )
    Observers(installation.discover()).started(RUN)
    assert capsys.readouterr().out == "zzz mmm aaa "


def test_an_observer_cannot_change_the_scalars(installation: Any, capsys: pytest.CaptureFixture[str]) -> None:
    installation.offer("mmm", "mmm", "@gf.hookimpl\ndef ganforge_scalars_logged(scalars): scalars['x'] = 1.0")
    scalars = {"x": 0.0}
    Observers(installation.discover()).logged(RUN, 1, scalars)
    assert scalars == {"x": 0.0} and "TypeError" in capsys.readouterr().err


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "Stopped('saved', 15)"])
def test_ctrl_c_and_a_stop_pass_through_an_observer(installation: Any, error: str) -> None:
    installation.offer("mmm", "mmm", "from ganforge.errors import Stopped" + BAD.format(error=error))
    observers = Observers(installation.discover())
    with pytest.raises((KeyboardInterrupt, Stopped)):
        observers.logged(RUN, 1, {})


def test_calls_are_traced_on_request(
    installation: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.offer("foo", "foo", GOOD)
    monkeypatch.setenv("GANFORGE_TRACE_PLUGINS", "1")
    Observers(installation.discover()).logged(RUN, 7, {})
    assert capsys.readouterr().err == (
        f"ganforge: plugin 'foo': ganforge_scalars_logged(run={RUN!r}, step=7, scalars=mappingproxy({{}}))\n"
    )
    monkeypatch.setenv("GANFORGE_TRACE_PLUGINS", "0")
    Observers(installation.discover()).logged(RUN, 7, {})
    assert capsys.readouterr().err == ""


def test_commands_of_a_plugin_survive_another_that_raises(installation: Any) -> None:
    good = "@gf.hookimpl\ndef ganforge_commands(cli): cli.command('greet')(lambda: None)"
    installation.offer("aaa", "aaa", good)
    installation.offer("mmm", "mmm", "@gf.hookimpl\ndef ganforge_commands(cli): raise OSError('boom')")
    installation.offer("zzz", "zzz", good.replace("greet", "part"))
    cli = click.Group()
    (warning,) = add_commands(installation.discover(), cli)
    assert warning.startswith("plugin 'mmm' raises in ganforge_commands: OSError: boom. (")
    assert sorted(cli.commands) == ["greet", "part"]
