"""A class can be regraded without the submissions' folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from classroom import Reader, assignment, exercise, hand_in, report, steps
from graded_class import CORRECTED, TWO, Stricter, grade_three, grades

from grader.course.grade import grade_folder
from grader.course.purge import purge
from grader.course.regrade import RegradePlan, regrade
from grader.course.results.database import Results
from grader.course.results.out import Out
from grader.errors import GraderError
from grader.exercise.assignment import Assignment
from grader.exercise.formula import parse
from grader.exercise.model import Mistake
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.outcome import Diagnosis, Report, Status


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Grade three students; the folder they came from is gone."""
    return grade_three(tmp_path)


def test_a_regrade_says_whose_marks_change_before_it_writes(out: Path) -> None:
    """Only the corrected exercise is graded again; a no leaves everything as it was."""
    seen: list[RegradePlan] = []
    before = grades(out)
    reader = Stricter()

    def refuse(plan: RegradePlan) -> bool:
        seen.append(plan)
        return False

    assert not regrade(out, CORRECTED, refuse, steps=steps(reader)).is_written
    assert [("s02", 1.0, 0.0), ("s03", 0.0, 1.0)] == [(one.student, one.before, one.after) for one in seen[0].changes]
    assert [("s02", 2.0, 1.0), ("s03", 1.0, 2.0)] == [(one.student, one.before, one.after) for one in seen[0].totals]
    assert 3 == seen[0].run_again
    assert [("s01", "chain_rule"), ("s02", "chain_rule"), ("s03", "chain_rule")] == sorted(reader.graded)
    assert before == grades(out)


def test_a_regrade_is_written_when_it_is_agreed_to(out: Path) -> None:
    """Table, reports and database."""
    plan = regrade(out, CORRECTED, lambda plan: True, steps=steps(Stricter()))
    assert ["s02", "s03"] == [one.student for one in plan.changes]
    assert ["s01,1,1,2", "s02,1,0,1", "s03,1,1,2"] == grades(out)
    assert 1.0 == json.loads((out / "reports/s03/chain_rule.json").read_bytes())["score"]
    assert () == regrade(out, CORRECTED, lambda plan: True, steps=steps(Stricter())).changes


def test_marks_that_would_fall_stay_on_request(out: Path) -> None:
    """And a later run does not take them."""
    plan = regrade(out, CORRECTED, lambda plan: True, only_up=True, steps=steps(Stricter()))
    assert 1 == plan.kept
    assert ["s01,1,1,2", "s02,1,1,2", "s03,1,1,2"] == grades(out)
    grade_folder(out.parent / "away", CORRECTED, out, steps=steps(Stricter()))
    assert ["s01,1,1,2", "s02,1,1,2", "s03,1,1,2"] == grades(out)


@pytest.mark.parametrize("dies_in", ["grader.course.results.out.Out.write_report", "grader.course.results.database.Results._put"])
def test_a_regrade_that_is_killed_is_done_again_as_a_whole(dies_in: str, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any file or row: the next one says and writes the same, marks that must not fall among them."""
    module, _, name = dies_in.rpartition(".")
    owner = {"Out": Out, "Results": Results}[module.rpartition(".")[2]]
    real, calls = getattr(owner, name), []

    def dying(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(owner, name, dying)
        regrade(out, CORRECTED, lambda plan: True, only_up=True, steps=steps(Stricter()))
    plan = regrade(out, CORRECTED, lambda plan: True, only_up=True, steps=steps(Stricter()))
    assert [("s03", 0.0, 1.0)] == [(one.student, one.before, one.after) for one in plan.changes]
    assert 1 == plan.kept
    assert ["s01,1,1,2", "s02,1,1,2", "s03,1,1,2"] == grades(out)
    assert 1.0 == json.loads((out / "reports/s03/chain_rule.json").read_bytes())["score"]


class Failing(Reader):
    """Fails at the corrected exercise of `s02` and `s03`, as where a sandbox does not start."""

    def grade(self, judge: Judge, submission: Submission) -> Report:
        """Ungraded."""
        if judge.exercise.rtol == 1e-4 and submission.student in {"s02", "s03"}:
            return report(judge.exercise, str(submission.student), Status.UNGRADED, seed=judge.record.seed)
        return super().grade(judge, submission)


def test_what_we_fail_at_is_no_mark_that_would_fall(out: Path) -> None:
    """The result stays as it was, it is said of whom, and the next run judged_by it; nothing was kept."""
    plan = regrade(out, CORRECTED, lambda plan: True, only_up=True, steps=steps(Failing()))
    assert (0, 2) == (plan.kept, plan.ungraded)
    assert ("We could not grade something of s02 and s03 again: it stays as it was, and the next regrade tries.",) == plan.notes
    assert ["s01,1,1,2", "s02,1,1,2", "s03,1,0,1"] == grades(out)
    regrade(out, CORRECTED, lambda plan: True, only_up=True, steps=steps(Stricter()))
    assert ["s01,1,1,2", "s02,1,1,2", "s03,1,1,2"] == grades(out)


def test_what_was_judged_again_is_not_judged_twice(out: Path) -> None:
    """After a no, and after a run that was killed: but for what we failed at, the reports are there already."""
    regrade(out, CORRECTED, lambda plan: False, steps=steps(Failing()))
    reader = Stricter()
    plan = regrade(out, CORRECTED, lambda plan: True, steps=steps(reader))
    assert [("s02", "chain_rule"), ("s03", "chain_rule")] == sorted(reader.graded)
    assert 3 == plan.run_again
    assert ["s01,1,1,2", "s02,1,0,1", "s03,1,1,2"] == grades(out)


def test_what_an_exercise_that_is_taken_out_takes_is_said(out: Path) -> None:
    """Its column, and what it gave to the totals."""
    plan = regrade(out, assignment(TWO.exercises[0]), lambda plan: True, steps=steps(Reader()))
    assert [("s01", 2.0, 1.0), ("s02", 2.0, 1.0)] == [(one.student, one.before, one.after) for one in plan.totals]
    assert ["s01,1,1", "s02,1,1", "s03,1,1"] == grades(out)


def test_a_score_that_was_kept_outlives_its_target(out: Path) -> None:
    """The corrected exercise asks for another function, and then for other points: what was kept stays as it is told."""
    asked, points = (assignment(TWO.exercises[0], exercise("chain_rule", "another", points=points)) for points in (1.0, 3.0))

    class Strict(Reader):
        def grade(self, judge: Judge, submission: Submission) -> Report:
            return report(judge.exercise, str(submission.student), Status.WRONG_VALUE, seed=judge.record.seed)

    regrade(out, asked, lambda plan: True, only_up=True, steps=steps(Strict()))
    assert ["s01,1,1,2", "s02,1,1,2", "s03,1,0,1"] == grades(out)
    assert () == regrade(out, asked, lambda plan: True, steps=steps(Strict())).changes
    regrade(out, points, lambda plan: True, steps=steps(Strict()))
    assert ["s01,1,1,2", "s02,1,1,2", "s03,1,0,1"] == grades(out)


@pytest.mark.parametrize("again", ["regrade", "grade"])
def test_the_results_of_an_assignment_in_nbgrader_are_nbgraders(out: Path, again: str) -> None:
    """Its penalties would be taken twice, and points that people gave would be lost."""
    (out / "nbgrader.json").write_text("{}", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in out.glob("*.*")}
    with pytest.raises(GraderError, match="grader nbgrader autograde out --force"):
        if again == "regrade":
            regrade(out, TWO, lambda plan: True, steps=steps(Reader()))
        else:
            grade_folder(out.parent / "away", TWO, out, steps=steps(Reader()))
    assert before == {path.name: path.read_bytes() for path in out.glob("*.*")}


def test_an_exercise_that_the_assignment_did_not_have_needs_the_submissions(out: Path) -> None:
    """A regrade does not make up what was handed in."""
    more = assignment(*TWO.exercises, exercise("scalar_linear"))
    with pytest.raises(GraderError, match="scalar_linear came to the assignment since it was graded"):
        regrade(out, more, lambda plan: True, steps=steps(Reader()))
    with pytest.raises(GraderError, match="holds the results of ps1, not of ps2"):
        regrade(out, assignment(*TWO.exercises, id="ps2"), lambda plan: True, steps=steps(Reader()))


# What needs no running


def mistaken(hint: str, credit: float = 0.0, **changes: Any) -> Assignment:
    """Return the two exercises, the second with a declared mistake."""
    plain = exercise("chain_rule")
    (task,) = plain.tasks
    mistakes = (Mistake(returned=parse("2 * x"), hint="Not this one."), Mistake(returned=parse("x"), hint=hint, credit=credit))
    asked = replace(task, targets=(replace(task.targets[0], mistakes=mistakes),))
    return assignment(exercise("tanh_layer"), replace(plain, tasks=(asked,), **changes))


class Diagnosing(Reader):
    """Names the second declared mistake of every wrong answer."""

    def grade(self, judge: Judge, submission: Submission) -> Report:
        """Name the mistake, as the real judge does."""
        found = super().grade(judge, submission)
        target = next(target for _, target in judge.exercise.targets())
        if found.targets[0].status is not Status.WRONG_VALUE:
            return found
        named = Diagnosis(rule="declared", text=target.mistakes[1].hint)
        return replace(found, targets=(replace(found.targets[0], diagnosis=named, score=target.mistakes[1].credit),))


@pytest.fixture
def diagnosed(tmp_path: Path) -> Path:
    """Grade a class in which s02 made a declared mistake; no answer may be run again."""
    folder = hand_in(tmp_path / "class", {"s01/chain_rule.py": "correct", "s02/chain_rule.py": "wrong_value"})
    grade_folder(folder, mistaken("You forgot it."), tmp_path / "out", steps=steps(Diagnosing()))
    return tmp_path / "out"


def said(out: Path, student: str) -> tuple[str, float, str]:
    """Return the hint, the score and the title in a report on disk."""
    data = json.loads((out / f"reports/{student}/chain_rule.json").read_bytes())
    return data["targets"][0]["diagnosis"]["text"], data["score"], data["title"]


@pytest.mark.parametrize("again", ["regrade", "grade"])
def test_new_words_for_a_mistake_reach_the_reports_without_a_run(diagnosed: Path, again: str) -> None:
    """Hints and titles: nobody's mark changes."""
    changed = mistaken("Look at the inner function.", title="The chain")
    reader = Reader()
    if again == "regrade":
        plan = regrade(diagnosed, changed, lambda plan: True, steps=steps(reader))
        assert ((), 0, 2) == (plan.changes, plan.run_again, plan.results)
    else:
        summary = grade_folder(diagnosed.parent / "class", changed, diagnosed, steps=steps(reader))
        assert {"s01", "s02"} == summary.changed
    assert [] == reader.graded
    assert ("Look at the inner function.", 0.0, "The chain") == said(diagnosed, "s02")


@pytest.mark.parametrize("again", ["regrade", "grade"])
def test_the_credit_of_a_mistake_changes_for_the_whole_class_without_a_run(diagnosed: Path, again: str) -> None:
    """With its hint at the same time, and the points of the exercise."""
    changed = mistaken("Half of it.", credit=0.5)
    reader = Reader()
    if again == "regrade":
        plan = regrade(diagnosed, changed, lambda plan: True, steps=steps(reader))
        assert [("s02", 0.0, 0.5)] == [(one.student, one.before, one.after) for one in plan.changes]
    else:
        grade_folder(diagnosed.parent / "class", changed, diagnosed, steps=steps(reader))
    assert [] == reader.graded
    assert ("Half of it.", 0.5, "Chain rule") == said(diagnosed, "s02")
    assert ["s01,0,1,1", "s02,0,0.5,0.5"] == grades(diagnosed)
    rescaled = replace(changed.exercises[1], tasks=exercise("chain_rule", points=4.0).tasks)
    doubled = replace(rescaled.tasks[0].targets[0], mistakes=changed.exercises[1].tasks[0].targets[0].mistakes)
    rescaled = replace(rescaled, tasks=(replace(rescaled.tasks[0], targets=(doubled,)),))
    regrade(diagnosed, assignment(exercise("tanh_layer"), rescaled), lambda plan: True, steps=steps(reader))
    assert ["s01,0,4,4", "s02,0,2,2"] == grades(diagnosed)
    assert [] == reader.graded


def test_a_credit_that_falls_is_kept_on_request_and_new_words_do_not_take_it(diagnosed: Path) -> None:
    """`only_up`, then another hint."""
    regrade(diagnosed, mistaken("You forgot it.", credit=0.5), lambda plan: True, steps=steps(Reader()))
    regrade(diagnosed, mistaken("You forgot it.", credit=0.25), lambda plan: True, only_up=True, steps=steps(Reader()))
    grade_folder(diagnosed.parent / "class", mistaken("Aha.", credit=0.25), diagnosed, steps=steps(Reader()))
    assert ("Aha.", 0.5) == said(diagnosed, "s02")[:2]


def test_what_is_judged_otherwise_is_run_again(diagnosed: Path) -> None:
    """Another tolerance; and a second mistake with the same words makes it unclear which one was made."""
    reader = Diagnosing()
    regrade(diagnosed, mistaken("You forgot it.", rtol=1e-3), lambda plan: True, steps=steps(reader))
    assert [("s01", "chain_rule"), ("s02", "chain_rule")] == sorted(reader.graded)


def test_marks_of_purged_students_do_not_stop_a_regrade(out: Path) -> None:
    """They stay as they are, which is said of those whom it concerns; the others are judged again."""
    purge(out, lambda removal: True, "s02")
    plan = regrade(out, CORRECTED, lambda plan: True, steps=steps(Stricter()))
    assert ("Not regraded, since their files are no longer kept: s02. Their scores stay.",) == plan.notes
    assert ["s01,1,1,2", "s02,1,1,2", "s03,1,1,2"] == grades(out)
    purge(out, lambda removal: True, "s01")
    assert plan.notes == regrade(out, CORRECTED, lambda plan: True, steps=steps(Stricter())).notes
