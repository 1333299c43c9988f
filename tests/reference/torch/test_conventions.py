"""The table of kinks, ties and singular points in docs/formulas.md: true of the torch installed here, and of us."""

from __future__ import annotations

import pytest
import torch
from conventions import DOCUMENT, POINTS, SAME_AS, SMOOTH, Point, cell, header, key, ours_done, read_table, torch_measured

from grader.exercise.formula import FUNCTIONS
from grader.reference.torch.kinks import KINKS

HEADER, *ROWS = read_table(DOCUMENT.read_text("utf-8"))
BY_KEY = {row[0]: row for row in ROWS}
VERSION = torch.__version__.partition("+")[0]


def _name(point: Point) -> str:
    return f"{point.function} {point.at}"


def test_every_function_has_its_place() -> None:
    """Each function of the language has a row, behaves as one that has, or is smooth."""
    in_table = {point.function for point in POINTS}
    assert set(FUNCTIONS) == in_table | set(SAME_AS) | SMOOTH
    assert not SMOOTH & (in_table | set(SAME_AS))
    assert set(SAME_AS.values()) <= in_table


def test_the_rows_are_the_points() -> None:
    """No row is missing from the document or left over, and its columns say the versions."""
    assert [key(point) for point in POINTS] == [row[0] for row in ROWS]
    assert HEADER == header(HEADER[1].removeprefix("torch "))
    assert {len(HEADER)} == {len(row) for row in ROWS}


@pytest.mark.parametrize("point", POINTS, ids=_name)
def test_what_is_said_of_torch_is_true(point: Point) -> None:
    """The installed torch says at the point what its column says; of a version without a column nothing is said."""
    if f"torch {VERSION}" not in HEADER:
        pytest.skip(f"no column for torch {VERSION}")
    row = BY_KEY[key(point)]
    said = row[HEADER.index(f"torch {VERSION}")]
    assert (row[1] if said == "the same" else said) == cell(torch_measured(point))


@pytest.mark.parametrize("point", POINTS, ids=_name)
def test_what_is_said_of_us_is_true(point: Point) -> None:
    """A case at the point is drawn again, refused, or has torch's number for its key, as the last column says."""
    assert BY_KEY[key(point)][-1] == ours_done(point)


def test_the_kinks_that_are_measured_have_a_row_that_stays_away() -> None:
    """Every function whose distance from a kink is measured is in the table, and its cases stay away from one there."""
    away = {point.function for point in POINTS if BY_KEY[key(point)][-1] == "stay away"}
    assert {SAME_AS.get(name, name) for name in KINKS} <= away
