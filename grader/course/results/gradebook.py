"""Students x exercises: the table of scores."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from grader.course.results.decisions import Rules, read_rules

if TYPE_CHECKING:
    from grader.course.intake.students import Student
    from grader.course.results.database import Results
    from grader.course.results.out import Out
    from grader.exercise.assignment import Lateness, Override

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Points given by hand, and what the grader found in their place; None where it found nothing that could be graded."""

    override: Override
    found: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One student's scores, points given by hand among them.

    An exercise that is not in `scores` was not handed in; None is one that we could not grade. `lateness` is None where
    no rule asks for it, or nobody knows when this student handed in.
    """

    student: Student
    scores: Mapping[str, float | None]
    given: tuple[Given, ...] = ()
    late_seconds: float | None = None
    lateness: Lateness | None = None

    @property
    def earned(self) -> float | None:
        """The points earned; None when nothing was handed in, or while something is ungraded."""
        scores = list(self.scores.values())
        if not scores or None in scores:
            return None
        return sum(score for score in scores if score is not None)

    @property
    def penalty(self) -> float | None:
        """The points lost by being late; None where the points or the lateness are not known."""
        if self.earned is None or self.lateness is None:
            return None
        return round(self.earned * self.lateness.share, 10)

    @property
    def total(self) -> float | None:
        """The points earned, less what being late costs; None as for `earned`."""
        return None if self.earned is None else self.earned - (self.penalty or 0.0)


def rows(out: Out, results: Results) -> Iterator[Row]:
    """Every student in the order of their ids, those without results too; what is no longer asked counts for nobody."""
    marks = Marks(read_rules(out), due_of(out), lambda student, exercise: _report(results, student, exercise))
    found_of = in_turn(results.scores(), lambda one: one[0])
    for student in results.students():
        found = {exercise: score for _, exercise, score, _ in found_of(student.id) if exercise in out.state.exercises}
        yield marks.row(student, found)


def in_turn(found: Iterable[_T], student_of: Callable[[_T], str]) -> Callable[[str], Iterable[_T]]:
    """What is found of a student, to be asked in the order of their ids; whoever is not asked for is passed over."""
    groups = itertools.groupby(found, key=student_of)
    group = next(groups, None)

    def of(student: str) -> Iterable[_T]:
        nonlocal group
        while group is not None and group[0] < student:
            group = next(groups, None)
        return group[1] if group is not None and group[0] == student else ()

    return of


def due_of(out: Out) -> datetime | None:
    """When the assignment is due."""
    return datetime.fromisoformat(out.state.due) if out.state.due else None


def _report(results: Results, student: str, exercise: str) -> Mapping[str, Any] | None:
    result = results.get(student, exercise)
    return result.report if result else None


class Marks:
    """What the rules make of verdicts. `report_of` finds the report of a student on an exercise, where there is one."""

    def __init__(self, rules: Rules, due: datetime | None, report_of: Callable[[str, str], Mapping[str, Any] | None]) -> None:
        self._rules = rules
        self._due = due
        self._report_of = report_of
        self._overrides: dict[str, list[Override]] = {}
        for one in rules.overrides:
            self._overrides.setdefault(one.student, []).append(one)

    def row(self, student: Student, found: Mapping[str, float | None]) -> Row:
        """One student's row: the scores that were found, points given by hand in their place, and what being late costs."""
        overrides = self._overrides.get(student.id, ())
        scores = dict(found)
        given: list[Given] = []
        for exercise in dict.fromkeys(one.exercise for one in overrides):
            mine = [one for one in overrides if one.exercise == exercise]
            if not mine[0].target:
                given.append(Given(override=mine[0], found=found.get(exercise)))
                scores[exercise] = mine[0].points
            elif (report := self._report_of(student.id, exercise)) is not None:
                targets = {target["name"]: target["score"] for target in report["targets"]}
                given += [Given(override=one, found=targets[one.target]) for one in mine if one.target in targets]
                scores[exercise] = _with_points(report, {one.target: one.points for one in mine})
        row = Row(student=student, scores=scores, given=tuple(given))
        at, due, rule = student.submitted_at, self._due, self._rules.late
        if at is None or due is None:
            return row
        if rule is None or not scores:
            return replace(row, late_seconds=max(0.0, round((at - due).total_seconds())))
        lateness = rule.lateness(student.id, due, at, self._rules.free_days(student.id))
        return replace(row, lateness=lateness, late_seconds=lateness.seconds)


def _with_points(report: Mapping[str, Any], given: Mapping[str, float]) -> float | None:
    """The score of a report with other points for some of its targets."""
    scores = [given.get(target["name"], target["score"]) for target in report["targets"]]
    return None if None in scores else sum(scores)


def write_grades(out: Out, results: Results) -> Path:
    """
    `OUT/grades.csv`: a row a student, a column an exercise, the total, when it was handed in, what being late cost.

    Empty is not submitted, ungraded, or not known.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", *out.state.exercises, "total", "submitted_at", "late_seconds", "late_penalty"])
    for row in rows(out, results):
        at = row.student.submitted_at
        scores = (number(row.scores.get(exercise)) for exercise in out.state.exercises)
        when = (at.isoformat() if at else "", number(row.late_seconds), number(row.penalty))
        table.writerow([cell(row.student.id), *scores, number(row.total), *when])
    path = out.path / "grades.csv"
    out.write(path, text.getvalue())
    return path


def number(score: float | None) -> str:
    """A score as a table has it; nothing for none."""
    return "" if score is None else f"{score:.10g}"


def cell(text: str) -> str:
    """
    Text that a spreadsheet takes for text: `=1+1` would be run as a formula.

    >>> cell("=HYPERLINK(0)"), cell("s01")
    ("'=HYPERLINK(0)", 's01')
    """
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@"} or text[:1] in {"\t", "\r", "\n"} else text
