"""What a terminal can show, and a reader that goes away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import FORGOT_TANH, grader, write
from places import ROOT

from grader import cli
from grader.cli import streams


def test_plain_ascii_where_the_terminal_cannot_show_more() -> None:
    """∂ becomes d, − becomes -, and nothing is lost to a question mark."""
    file = write("answer.py", FORGOT_TANH)
    shown = grader("check", "tanh_layer", file, env={"PYTHONIOENCODING": "ascii"})
    assert shown.returncode == 1
    assert "x dY_dW(W, X, B)" in shown.stdout
    assert "dY[0]/dW[0,0]" in shown.stdout
    assert "?" not in shown.stdout


def test_a_reader_that_went_away_is_no_error() -> None:
    """`grader list | head -1` ends in silence; here nobody reads at all, so that it is no matter of chance who is first."""
    reads, writes = os.pipe()
    os.close(reads)
    command, environment = (
        [sys.executable, "-m", "grader", "list"],
        {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""},
    )
    try:
        shown = subprocess.run(command, env=environment, stdout=writes, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writes)
    assert ("", cli.PIPE_CLOSED) == (shown.stderr, shown.returncode)


@pytest.mark.parametrize(
    ("is_terminal", "environment", "expected"),
    [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False), (True, {"TERM": "dumb"}, False)],
)
def test_colour_only_where_it_is_wanted(
    is_terminal: bool, environment: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal that knows colours, unless NO_COLOR is set."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = type("Stream", (), {"isatty": lambda self: is_terminal})()
    assert streams.has_colour(stream) is expected


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("200", 80), ("7", 40), ("0", 80), ("wide", 80), ("", 80)])
def test_the_width_is_the_terminal_s_up_to_80(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS says it; without it and a terminal it is 80."""
    monkeypatch.setenv("COLUMNS", columns)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        assert streams.width_of(nowhere) == width
