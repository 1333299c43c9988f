"""The table of a class."""

from __future__ import annotations

import pytest
from classroom import assignment, exercise, report

from grader.batch.out import open_out
from grader.batch.results import Result, open_results
from grader.batch.roster import Student
from grader.gradebook import cell, number, rows
from grader.outcome import Status

TANH, CHAIN = exercise("tanh_layer", points=2.0), exercise("chain_rule")


def right(one, student=""):
    """A report with full marks."""
    return report(one, student, Status.CORRECT)


def test_an_ungraded_exercise_leaves_the_total_empty(tmp_path):
    """A total that leaves something out in silence would be wrong."""
    with open_out(tmp_path / "out", assignment(TANH, CHAIN)) as out:
        results = open_results(out)
        results.put_students((Student(id="s01"), Student(id="s02")))
        for one in (right(TANH), report(CHAIN, "", Status.UNGRADED)):
            results.put(Result(student="s01", exercise=one.exercise, key="", report=one.to_json()))
        table = [(row.student.id, dict(row.scores), row.total) for row in rows(out, results)]
        results.close()
    assert [("s01", {"chain_rule": None, "tanh_layer": 2.0}, None), ("s02", {}, None)] == table


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\r=1", "\n=1"])
def test_formulas_are_made_text(text):
    """A spreadsheet shows them, and runs nothing."""
    assert f"'{text}" == cell(text)


def test_numbers_are_short_and_exact():
    """Thirds keep ten digits, whole numbers none."""
    assert ["1", "0.3333333333", "", "0.1"] == [number(1.0), number(1 / 3), number(None), number(0.1)]
