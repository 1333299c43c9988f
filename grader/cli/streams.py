"""Find out what the terminal can show: characters, colours, columns."""

from __future__ import annotations

import codecs
import io
import os
import sys
from typing import TextIO

NARROWEST, WIDEST = 40, 80
_ASCII = {
    "✓": "+", "✗": "x", "∂": "d", "−": "-", "×": "x", "·": "*", "Σ": "sum", "²": "^2", "³": "^3", "′": "'", "∞": "inf",
    "–": "-", "—": "-", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'", "→": "->", "≤": "<=", "≥": ">=", "≠": "!=",
    "∇": "grad ", "√": "sqrt", "│": "|", "─": "-", "━": "-", "╸": "-", "╺": "-", "█": "#",
}  # fmt: skip


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_ASCII.get(char, "?") for char in error.object[error.start : error.end]), error.end


def show_what_the_terminal_can() -> None:
    """Have stdout and stderr write `d` for ∂, and so on, where their encoding lacks a character."""
    codecs.register_error("grader", _in_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a test's or an editor's stand-in may be another thing
            stream.reconfigure(errors="grader")


def has_colour(stream: TextIO) -> bool:
    """Whether colour is wanted on a stream: a terminal that knows it, and no NO_COLOR."""
    if sys.platform == "win32" and "WT_SESSION" not in os.environ:
        return False  # the old console prints escape sequences as they are
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def width_of(stream: TextIO) -> int:
    """Return how many columns to fill: those of the terminal, or COLUMNS, but from 40 to 80; 80 where there is no terminal."""
    asked = os.environ.get("COLUMNS", "")
    try:
        columns = int(asked) if asked.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # no terminal, or no descriptor
        return WIDEST
    return max(NARROWEST, min(columns or WIDEST, WIDEST))
