"""Tests of the progress display: lines, the bar, closed streams, and how numbers are shortened."""

from __future__ import annotations

import io
import math
import os
from pathlib import Path

import pytest

from ganforge.report import progress
from ganforge.report.progress import Bar, Lines, Notes, Pace, clock, display, losses, where
from ganforge.report.stream import Tolerant

RUN = Path("runs/a-1")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    time = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: time[0])
    return time


def test_a_terminal_gets_a_bar_and_a_file_lines() -> None:
    assert type(display(Tolerant(Terminal()))) is Bar
    assert type(display(Tolerant(io.StringIO()))) is Lines
    assert type(display(Tolerant(Terminal()), quiet=True)) is Notes


def test_each_logging_step_is_a_line(now: list[float]) -> None:
    stream = io.StringIO()
    lines = Lines(Tolerant(stream))
    lines.note("decoding")
    lines.started(RUN, 10, 50, 8)
    for step, seconds in ((20, 2.0), (30, 5.0)):
        now[0] += seconds
        lines.stepped(step)
        lines.reached(step, "train", step * 0.016, step / 40)
        lines.logged(step, {"D/hinge": 0.5, "G/hinge": -1.23456})
    lines.finished(None)
    # Ten steps of eight in two seconds at first; then 160 images in five, with 20 steps left at half a second.
    assert stream.getvalue().splitlines() == [
        "decoding",
        "runs/a-1: steps 11 to 50",
        "step 20/50  epoch 0.50  40 img/s  00:06 left  D 0.5  G -1.23",
        "step 30/50  epoch 0.75  32 img/s  00:10 left  D 0.5  G -1.23",
    ]


def test_a_phase_counts_its_images_anew(now: list[float]) -> None:
    pace = Pace(0, 100, 4)
    now[0] += 1
    pace.reached(10, "one", 0.2)
    now[0] += 1
    pace.reached(20, "two", 0.01)
    # Where the count begins anew, ten batches of four stand in for it.
    assert pace.images_per_second == pytest.approx(40.0)
    now[0] += 1
    pace.reached(30, "two", 0.11)
    assert pace.images_per_second == pytest.approx(100.0)


def test_the_bar_shows_steps_speed_and_losses() -> None:
    stream = Terminal()
    bar = Bar(Tolerant(stream))
    bar.note("before")
    bar.started(RUN, 0, 4, 8)
    assert bar.bar is not None
    bar.bar.dynamic_ncols, bar.bar.ncols, bar.bar.nrows = None, 120, 20
    for step in range(1, 5):
        bar.stepped(step)
        bar.reached(step, "stage-1", step * 0.008, math.nan)
        bar.logged(step, {"D/a": 0.5, "D/b": 2.0, "G/a": 1.0})
    bar.note("between")
    bar.finished(None)
    last = stream.getvalue().rstrip().rpartition("\r")[2]
    assert last.startswith("stage-1  4/4 ")
    assert "img/s  D/a 0.5  D/b 2  G 1" in last
    assert "before\n" in stream.getvalue() and "between\n" in stream.getvalue()


def test_a_complete_run_shows_no_bar() -> None:
    stream = Terminal()
    bar = Bar(Tolerant(stream))
    bar.started(RUN, 4, 4, 8)
    bar.finished(None)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("kind", [Lines, Bar])
def test_a_stream_that_breaks_ends_nothing(kind: type[Notes]) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        tolerant = Tolerant(stream)
        shown = kind(tolerant)
        shown.started(RUN, 0, 100, 8)
        for step in range(1, 101):
            shown.stepped(step)
            shown.reached(step, "train", step * 0.008, 0.1)
            shown.logged(step, {"D/a": 0.5})
        shown.note("unheard")
        shown.finished(None)
        assert tolerant.closed


def test_a_closed_stream_is_tolerated() -> None:
    stream = io.StringIO()
    stream.close()
    tolerant = Tolerant(stream)
    tolerant.line("unheard")
    assert tolerant.closed and not tolerant.isatty()


def test_a_player_with_one_loss_goes_by_its_name_and_six_numbers_are_shown() -> None:
    assert losses({"D/real": 1.0, "D/fake": 2.0, "G/hinge": 12345.678, "balance": 1e-7}) == [
        "D/real 1",
        "D/fake 2",
        "G 1.23e+04",
        "balance 1e-07",
    ]
    assert len(losses({f"D/{index}": 0.0 for index in range(9)})) == 6


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "00:00"), (61, "01:01"), (3599.6, "1:00:00"), (90061, "25:01:01"), (math.nan, "?")]
)
def test_durations_are_read_at_a_glance(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_the_phase_is_named_where_there_are_several() -> None:
    assert where("train", 0.5) == "epoch 0.50"
    assert where("stage-2", 1.25) == "stage-2  epoch 1.25"
    assert where("train", math.nan) == ""
