"""Marks are made of verdicts and of what the instructor decided: points by hand, late days, a ledger of free ones."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from classroom import Reader, assignment, exercise, hand_in, steps

from grader.course.grade import Options, Summary, grade_folder
from grader.course.regrade import regrade
from grader.course.results import ledger
from grader.course.results.database import open_results
from grader.course.results.decisions import Rules, read_rules, rules_of, without_reasons, write_rules
from grader.course.results.gradebook import rows
from grader.course.results.out import Out, existing_out, open_out
from grader.errors import GraderError
from grader.exercise.assignment import Assignment, LateRule, Override

DUE = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATE = LateRule(per_day=0.1, free_days=2, extensions={"s02": DUE + timedelta(days=9)})
TWO = assignment(exercise("tanh_layer", "dY_dW", "dY_dB"), exercise("chain_rule", points=4.0))


def override(student: str, id: str, target: str, points: float) -> Override:
    """Points given by hand."""
    return Override(student=student, exercise=id, target=target, points=points, reason="oral exam", by="by01")


def graded(tmp_path: Path, files: Mapping[str, str], problems: Assignment, late_days: Mapping[str, int]) -> Summary:
    """Grade a class, each student so many days late by a roster."""
    folder = hand_in(tmp_path / "class", files)
    rows = [f"{who},{(DUE + timedelta(days=days)).isoformat()}" for who, days in late_days.items()]
    (tmp_path / "roster.csv").write_text("\n".join(["id,submitted_at", *rows]) + "\n", "utf-8")
    options = Options(seed=7, roster=tmp_path / "roster.csv" if rows else None)
    return grade_folder(folder, problems, tmp_path / "out", options=options, steps=steps(Reader()))


def table(tmp_path: Path) -> dict[str, dict[str, str]]:
    """grades.csv by student."""
    with (tmp_path / "out" / "grades.csv").open(encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


RIGHT = {f"s0{n}/{id}.py": "correct" for n in (1, 2, 3) for id in ("tanh_layer", "chain_rule")}


def test_points_by_hand_take_the_place_of_what_was_found(tmp_path: Path) -> None:
    """Of a target, of an exercise, of one that we could not grade, and of one that nobody handed in."""
    files = {**RIGHT, "s02/tanh_layer.py": "wrong_value", "s03/chain_rule.py": "ungraded"}
    by_hand = (
        override("s01", "chain_rule", "", 1.5),
        override("s02", "tanh_layer", "dY_dB", 0.5),
        override("s03", "chain_rule", "", 3.0),
        override("s04", "chain_rule", "", 2.0),
    )
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "s04").mkdir()
    graded(tmp_path, files, replace(TWO, overrides=by_hand), {})
    found = {who: (row["tanh_layer"], row["chain_rule"], row["total"]) for who, row in table(tmp_path).items()}
    assert {"s01": ("2", "1.5", "3.5"), "s02": ("0.5", "4", "4.5"), "s03": ("2", "3", "5"), "s04": ("", "2", "2")} == found


def test_nobody_is_late_twice(tmp_path: Path) -> None:
    """In nbgrader's cycle results are less its penalties: a late rule that the folder has from elsewhere takes nothing more."""
    graded(tmp_path, RIGHT, replace(TWO, due=DUE, late=LateRule(per_day=0.5)), {"s01": 1})
    with existing_out(tmp_path / "out") as out, closing(open_results(out)) as results:
        totals = []
        for name in ("another.json", "nbgrader.json"):
            (out.path / name).write_text("{}", encoding="utf-8")
            totals.append(next(rows(out, results)).total)
    assert [3.0, 6.0] == totals


def test_points_by_hand_survive_a_regrade_and_go_when_they_are_taken_back(tmp_path: Path) -> None:
    """They are no part of the results."""
    graded(tmp_path, RIGHT, replace(TWO, overrides=(override("s01", "chain_rule", "", 1.0),)), {})
    corrected = assignment(TWO.exercises[0], replace(TWO.exercises[1], rtol=1e-3))
    with_points = replace(corrected, overrides=(override("s01", "chain_rule", "", 1.0),))
    assert 3 == regrade(tmp_path / "out", with_points, lambda plan: True, steps=steps(Reader())).run_again
    assert "1" == table(tmp_path)["s01"]["chain_rule"]
    plan = regrade(tmp_path / "out", corrected, lambda plan: True, steps=steps(Reader()))
    assert [("s01", "chain_rule", 1.0, 4.0)] == [(one.student, one.exercise, one.before, one.after) for one in plan.changes]
    assert "4" == table(tmp_path)["s01"]["chain_rule"]


def test_points_that_count_for_nobody_are_said(tmp_path: Path) -> None:
    """A student who is not there; a target of something that was not handed in."""
    by_hand = (override("s09", "chain_rule", "", 1.0), override("s04", "tanh_layer", "dY_dW", 1.0))
    (tmp_path / "class" / "s04").mkdir(parents=True)
    notes = graded(tmp_path, RIGHT, replace(TWO, overrides=by_hand), {}).notes
    assert [
        "s09 is given points for chain_rule but is not in this class: the points are ignored.",
        "s04 has no verdict on tanh_layer, so that points for dY_dW alone cannot count: give points for the whole exercise.",
    ] == list(notes)


def test_points_by_hand_that_take_something_are_asked_about(tmp_path: Path) -> None:
    """As after the points of an exercise were raised; they count all the same."""
    notes = graded(tmp_path, RIGHT, replace(TWO, overrides=(override("s01", "chain_rule", "", 1.0),)), {}).notes
    assert ("For chain_rule the grader found 4, and s01 has 1 by hand: is that still meant?",) == notes
    assert "1" == table(tmp_path)["s01"]["chain_rule"]


def test_more_points_by_hand_than_there_are_are_asked_about(tmp_path: Path) -> None:
    """4 and 40 are a key apart, and no total shows it; they count all the same."""
    by_hand = (override("s01", "chain_rule", "", 40.0), override("s02", "tanh_layer", "dY_dW", 1.0))
    notes = graded(tmp_path, RIGHT, replace(TWO, overrides=by_hand), {}).notes
    assert ("s01 has 40 by hand for chain_rule, which has 4: is that meant?",) == notes
    assert "40" == table(tmp_path)["s01"]["chain_rule"]


def test_late_work_loses_its_share_and_the_table_says_why(tmp_path: Path) -> None:
    """After free days and extensions; the exercises keep their scores."""
    problems = replace(TWO, due=DUE, late=LATE)
    graded(tmp_path, RIGHT, problems, {"s01": 3, "s02": 9, "s03": 1})
    found = {who: (row["total"], row["late_seconds"], row["late_penalty"]) for who, row in table(tmp_path).items()}
    assert {"s01": ("5.4", "259200", "0.6"), "s02": ("6", "0", "0"), "s03": ("6", "86400", "0")} == found
    assert "2" == table(tmp_path)["s01"]["tanh_layer"]


def test_nobody_is_late_without_a_time(tmp_path: Path) -> None:
    """And it is said of whom none is known."""
    notes = graded(tmp_path, RIGHT, replace(TWO, due=DUE, late=LATE), {}).notes
    assert ("6", "", "") == tuple(table(tmp_path)["s01"][name] for name in ("total", "late_seconds", "late_penalty"))
    assert "It is not known when these students handed in, so they get no penalty: s01, s02 and s03." in notes[0]


def test_rules_are_remembered_as_they_are(tmp_path: Path) -> None:
    """What is written is what is read."""
    rules = rules_of(
        replace(TWO, feedback="hints", due=DUE, late=LATE, overrides=(override("s01", "chain_rule", "", 1.0),)), {"s01": 1}
    )
    with open_out(tmp_path / "out", TWO) as out:
        assert Rules() == read_rules(out)
        write_rules(out, rules)
        assert rules == read_rules(out)
        (out.path / "rules.json").write_text("{", "utf-8")
        with pytest.raises(GraderError, match=r"rules\.json: It cannot be read"):
            read_rules(out)


def test_reasons_can_be_forgotten_and_points_kept() -> None:
    """Of one student, or of all; or everything that names one."""
    rules = Rules(late=LATE, overrides=(override("s01", "chain_rule", "", 1.0), override("s02", "chain_rule", "", 1.0)))
    assert ["", "oral exam"] == [one.reason for one in without_reasons(rules, "s01", keep_scores=True).overrides]
    bare = without_reasons(rules, None, keep_scores=False)
    assert () == bare.overrides
    assert bare.late is not None
    assert {} == bare.late.extensions


# The ledger


def with_ledger(path: Path, id: str, free_days: int = 3) -> Assignment:
    """Return an assignment of a course with free days."""
    rule = LateRule(per_day=0.1, free_days=free_days, ledger=str(path))
    return replace(assignment(exercise("chain_rule", points=10.0), id=id), due=DUE, late=rule)


def graded_as(tmp_path: Path, id: str, days: int) -> dict[str, str]:
    """One student's row of one assignment."""
    (tmp_path / id).mkdir(exist_ok=True)
    graded(tmp_path / id, {"s01/chain_rule.py": "correct"}, with_ledger(tmp_path / "free_days.csv", id), {"s01": days})
    return table(tmp_path / id)["s01"]


def test_free_days_are_those_of_the_whole_course(tmp_path: Path) -> None:
    """What one assignment uses is gone for the next; grading again in any order changes nothing."""
    assert ("10", "8", "9") == tuple(graded_as(tmp_path, f"ps{n}", days)["total"] for n, days in ((1, 2), (2, 3), (3, 1)))
    assert "student,assignment,days\ns01,ps1,2\ns01,ps2,1\n" == (tmp_path / "free_days.csv").read_text("utf-8")
    assert ("10", "8", "9") == tuple(graded_as(tmp_path, f"ps{n}", days)["total"] for n, days in ((1, 2), (2, 3), (3, 1)))


def test_days_that_are_given_back_can_be_used_elsewhere(tmp_path: Path) -> None:
    """By a time that was put right."""
    graded_as(tmp_path, "ps1", 3)
    assert "8" == graded_as(tmp_path, "ps2", 2)["total"]
    graded_as(tmp_path, "ps1", 1)
    assert "10" == graded_as(tmp_path, "ps2", 2)["total"]


def test_a_ledger_is_safe_to_open_in_a_spreadsheet_and_reads_back(tmp_path: Path) -> None:
    """Whatever students call themselves."""
    path = tmp_path / "free_days.csv"
    ledger.write(path, "ps1", {"=1+1": 2, "s01": 1, "s02": 0})
    assert ["student,assignment,days", "'=1+1,ps1,2", "s01,ps1,1"] == path.read_text("utf-8").splitlines()
    assert {"=1+1": 1, "s01": 2} == ledger.free_left(path, "ps2", 3)


def test_a_ledger_saved_by_a_spreadsheet_is_read(tmp_path: Path) -> None:
    """With semicolons and a mark of the encoding; it is written with commas."""
    path = tmp_path / "free_days.csv"
    path.write_text("\ufeffstudent;assignment;days\ns01;ps1;2\n", "utf-8")
    assert {"s01": 1} == ledger.free_left(path, "ps2", 3)
    ledger.write(path, "ps2", {"s01": 1})
    assert "student,assignment,days\ns01,ps1,2\ns01,ps2,1\n" == path.read_text("utf-8")


def test_a_faulty_ledger_is_said_before_anything_is_run(tmp_path: Path) -> None:
    """Not after an hour."""
    (tmp_path / "free_days.csv").write_text("nonsense\n", "utf-8")
    reader = Reader()
    folder = hand_in(tmp_path / "class", {"s01.py": "correct"})
    with pytest.raises(GraderError, match=r"free_days\.csv:1: This row of the ledger"):
        grade_folder(folder, with_ledger(tmp_path / "free_days.csv", "ps1"), tmp_path / "out", steps=steps(reader))
    assert [] == reader.graded


@pytest.mark.parametrize(("text", "where"), [("s01,ps1\n", ":1"), ("student,assignment,days\ns01,ps1,two\n", ":2")])
def test_a_faulty_ledger_says_where(text: str, where: str, tmp_path: Path) -> None:
    """It is never read as an empty one."""
    (tmp_path / "free_days.csv").write_text(text, "utf-8")
    with pytest.raises(GraderError, match=rf"free_days\.csv{where}: This row of the ledger"):
        ledger.free_left(tmp_path / "free_days.csv", "ps2", 3)


def test_a_ledger_waits_for_who_holds_it(tmp_path: Path, monkeypatch: Any) -> None:
    """And says who it is when that takes too long."""
    monkeypatch.setattr(ledger, "_PATIENCE_SECONDS", 0.3)
    with (
        ledger.held(tmp_path / "free_days.csv"),
        pytest.raises(GraderError, match="another assignment holds the ledger"),
        ledger.held(tmp_path / "free_days.csv"),
    ):
        pass


def test_marks_do_not_need_the_rules_twice(tmp_path: Path) -> None:
    """Another program that reads OUT gets the same rows: the rules are in it."""
    from grader.course.results import gradebook

    graded(tmp_path, RIGHT, replace(TWO, due=DUE, late=LATE), {"s01": 3})
    out: Out
    with existing_out(tmp_path / "out") as out:
        results = open_results(out)
        found = {row.student.id: row.total for row in gradebook.rows(out, results)}
        results.close()
    assert 5.4 == found["s01"]
