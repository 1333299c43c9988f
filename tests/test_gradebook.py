"""The table of a class, and what its answers say of the exercises."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from classroom import assignment, exercise, report

from grader.batch.out import open_out
from grader.batch.results import Result, open_results
from grader.batch.roster import Student
from grader.gradebook import Analysis, analyse, cell, number, rows
from grader.outcome import Counterexample, Diagnosis, Report, Status

TANH, CHAIN = exercise("tanh_layer", points=2.0), exercise("chain_rule")


def wrong(actual: float, *, rule: str | None = None, student: str = "") -> Report:
    """A report on tanh_layer with one wrong entry."""
    example = Counterexample(case="one feature", sizes={"n": 1}, inputs={}, index=(0, 0), expected=1.0, actual=actual)
    diagnosis = Diagnosis(rule=rule, text=f"It is {rule}.") if rule else None
    return report(TANH, student, Status.WRONG_VALUE, counterexample=example, diagnosis=diagnosis)


def analysed(tmp_path: Path, reports: dict[str, tuple[Report, ...]]) -> Analysis:
    """What these reports of a class come to."""
    with open_out(tmp_path / "out", assignment(TANH, CHAIN)) as out:
        results = open_results(out)
        results.put_students(tuple(Student(id=student) for student in reports))
        for student, ones in reports.items():
            for one in ones:
                data = json.loads(json.dumps(one.to_json()))
                results.put(Result(student=student, exercise=one.exercise, key="", report=data))
        try:
            return analyse(out, results)
        finally:
            results.close()


def right(one, student=""):
    """A report with full marks."""
    return report(one, student, Status.CORRECT)


def test_difficulty_is_the_mean_share_of_the_points(tmp_path):
    """Ungraded answers and students who handed in nothing count nowhere."""
    reports = {
        "s01": (right(TANH),),
        "s02": (wrong(2.0),),
        "s03": (right(TANH),),
        "s04": (report(TANH, "", Status.UNGRADED),),
        "s05": (),
    }
    found = analysed(tmp_path, reports)
    item = found.items[0]
    assert (3, pytest.approx(2 / 3)) == (item.answered, item.difficulty)
    assert (5, (2.0, 0.0, 2.0)) == (found.students, found.totals)
    assert ["s04"] == [one.student for one in found.ungraded]


def test_point_biserial_and_discrimination_of_a_class_worked_by_hand(tmp_path):
    """Ten students; who is right in the one is right in the other, but for two: phi is 0.6, and so is 4/5 - 1/5."""
    kinds = [(1, 1)] * 4 + [(1, 0)] + [(0, 1)] + [(0, 0)] * 4
    reports = {
        f"s{number:02}": (right(TANH) if tanh else wrong(2.0), right(CHAIN) if chain else report(CHAIN, "", Status.RAISED))
        for number, (tanh, chain) in enumerate(kinds)
    }
    item = analysed(tmp_path, reports).items[0]
    assert item.point_biserial == pytest.approx(0.6)
    assert item.discrimination == pytest.approx(0.6)


def test_a_class_of_four_has_no_correlations(tmp_path):
    """Nor has an item that everybody gets right."""
    four = analysed(tmp_path, {f"s{n}": (right(TANH) if n else wrong(2.0), right(CHAIN)) for n in range(4)})
    assert (None, None) == (four.items[0].point_biserial, four.items[0].discrimination)
    many = analysed(tmp_path / "many", {f"s{n}": (right(TANH) if n else wrong(2.0), right(CHAIN)) for n in range(9)})
    assert many.items[1].point_biserial is None


def test_mistakes_are_counted_among_the_wrong_answers(tmp_path):
    """By rule and text, with somebody to look at."""
    reports = {
        "s01": (wrong(2.0, rule="sign"),),
        "s02": (wrong(2.0, rule="sign"),),
        "s03": (wrong(3.0, rule="transposed"),),
        "s04": (wrong(4.0),),
        "s05": (right(TANH),),
    }
    found = [(one.rule, one.count, one.wrong, one.example) for one in analysed(tmp_path, reports).mistakes]
    assert [("sign", 2, 4, "s01"), ("transposed", 1, 4, "s03")] == found


def test_equal_wrong_numbers_make_a_group(tmp_path):
    """To the last digit; unusual is what nothing explains and few share."""
    third = 0.1 + 0.2
    reports = {
        "s01": (wrong(third),),
        "s02": (wrong(third),),
        "s03": (wrong(0.3),),
        "s04": (wrong(5.0, rule="sign"),),
        "s05": (wrong(5.0, rule="sign"),),
        "s06": (wrong(math.nan),),
    }
    found = analysed(tmp_path, reports)
    assert {("s01", "s02"), ("s04", "s05")} == {one.students for one in found.behaviours}
    assert [("s01", "s02")] == [one.students for one in found.unusual]


def test_flags_are_listed_with_their_students(tmp_path):
    """For staff."""
    flagged = replace(right(TANH), flags=("mutates_inputs",))
    found = analysed(tmp_path, {"s01": (flagged,)})
    assert [("s01", "tanh_layer", "mutates_inputs")] == [(one.student, one.exercise, one.what) for one in found.flags]


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
