"""The table of a class."""

from __future__ import annotations

from pathlib import Path

from classroom import assignment, exercise, report

from grader.course.intake.students import Student
from grader.course.results.database import open_results
from grader.course.results.gradebook import number, rows
from grader.course.results.out import open_out
from grader.course.results.stored import Graded, Result
from grader.exercise.model import Exercise
from grader.outcome import Report, Status

TANH, CHAIN = exercise("tanh_layer", points=2.0), exercise("chain_rule")


def right(one: Exercise, student: str = "") -> Report:
    """Return a report with full marks."""
    return report(one, student, Status.CORRECT)


def test_an_ungraded_exercise_leaves_the_total_empty(tmp_path: Path) -> None:
    """A total that leaves something out in silence would be wrong."""
    with open_out(tmp_path / "out", assignment(TANH, CHAIN)) as out:
        results = open_results(out)
        results.put_students((Student(id="s01"), Student(id="s02")))
        for one in (right(TANH), report(CHAIN, "", Status.UNGRADED)):
            results.put(Result(student="s01", exercise=one.exercise, key="", graded=Graded(report=one)))
        table = [(row.student.id, dict(row.scores), row.total) for row in rows(out, results)]
        results.close()
    assert [("s01", {"chain_rule": None, "tanh_layer": 2.0}, None), ("s02", {}, None)] == table


def test_an_exercise_that_was_taken_out_counts_no_more(tmp_path: Path) -> None:
    """Neither its points nor that it could not be graded; the result stays for when it comes back."""
    for asked, expected in ((assignment(TANH, CHAIN), None), (assignment(TANH), 2.0), (assignment(TANH, CHAIN), None)):
        with open_out(tmp_path / "out", asked) as out:
            results = open_results(out)
            results.put_students((Student(id="s01"),))
            for one in (right(TANH), report(CHAIN, "", Status.UNGRADED)):
                results.put(Result(student="s01", exercise=one.exercise, key="", graded=Graded(report=one)))
            (row,) = rows(out, results)
            results.close()
        assert (expected, {one.id for one in asked.exercises}) == (row.total, set(row.scores))


def test_a_result_of_nobody_empties_no_other_row(tmp_path: Path) -> None:
    """One whose student is not in the class comes before, between and after those who are."""
    with open_out(tmp_path / "out", assignment(TANH)) as out:
        results = open_results(out)
        results.put_students((Student(id="s02"), Student(id="s03"), Student(id="s05")))
        for student in ("s01", "s02", "s04", "s05", "s06"):
            results.put(Result(student=student, exercise=TANH.id, key="", graded=Graded(report=right(TANH))))
        totals = [(row.student.id, row.total) for row in rows(out, results)]
        results.close()
    assert [("s02", 2.0), ("s03", None), ("s05", 2.0)] == totals


def test_numbers_are_short_and_exact() -> None:
    """Thirds keep ten digits, whole numbers none."""
    assert ["1", "0.3333333333", "", "0.1"] == [number(1.0), number(1 / 3), number(None), number(0.1)]
