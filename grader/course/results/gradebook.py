"""The table of scores: students in rows, exercises in columns."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from grader.course.results.decisions import Rules, read_rules
from grader.csv_tables import as_text, write_rows

if TYPE_CHECKING:
    from grader.course.intake.students import Student
    from grader.course.results.database import Results
    from grader.course.results.out import Out
    from grader.course.results.stored import Graded
    from grader.exercise.assignment import Lateness, Override
    from grader.outcome import Report

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsByHand:
    """Points given by hand, and those that the grader found in their place; None where it found no answer to grade."""

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
    by_hand: tuple[PointsByHand, ...] = ()
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
        """The points earned less the penalty; None where `earned` is."""
        return None if self.earned is None else self.earned - (self.penalty or 0.0)


class RowBuilder:
    """
    Builds a student's row from scores by the rules of the assignment.

    `graded_of` finds the result of a student for an exercise; None where there is none.
    """

    def __init__(self, rules: Rules, due: datetime | None, graded_of: Callable[[str, str], Graded | None]) -> None:
        self._rules = rules
        self._due = due
        self._graded_of = graded_of
        self._overrides: dict[str, list[Override]] = {}
        for one in rules.overrides:
            self._overrides.setdefault(one.student, []).append(one)

    def row(self, student: Student, found: Mapping[str, float | None]) -> Row:
        """Put points given by hand in place of the scores that were found, and find out what being late costs."""
        overrides = self._overrides.get(student.id, ())
        scores = dict(found)
        by_hand: list[PointsByHand] = []
        for exercise in dict.fromkeys(one.exercise for one in overrides):
            mine = [one for one in overrides if one.exercise == exercise]
            if not mine[0].target:
                by_hand.append(PointsByHand(override=mine[0], found=found.get(exercise)))
                scores[exercise] = mine[0].points
            elif (graded := self._graded_of(student.id, exercise)) is not None:
                judged = {target.name: target.score for target in graded.final.targets}
                by_hand += [PointsByHand(override=one, found=judged[one.target]) for one in mine if one.target in judged]
                scores[exercise] = _score_with(graded.final, {one.target: one.points for one in mine})
        row = Row(student=student, scores=scores, by_hand=tuple(by_hand))
        at, due, rule = student.submitted_at, self._due, self._rules.late
        if at is None or due is None:
            return row
        if rule is None or not scores:
            return replace(row, late_seconds=max(0.0, round((at - due).total_seconds())))
        lateness = rule.lateness(student.id, due, at, self._rules.free_days(student.id))
        return replace(row, lateness=lateness, late_seconds=lateness.seconds)


def rows(out: Out, results: Results) -> Iterator[Row]:
    """Yield every student's row by id, without results too. Exercises removed from the assignment are ignored."""

    def graded_of(student: str, exercise: str) -> Graded | None:
        result = results.get(student, exercise)
        return result.graded if result else None

    builder = RowBuilder(read_rules(out), due_of(out), graded_of)
    scores_of = merge_by_student(results.scores(), lambda one: one[0])
    for student in results.students():
        found = {exercise: score for _, exercise, score, _ in scores_of(student.id) if exercise in out.state.exercises}
        yield builder.row(student, found)


def merge_by_student(items: Iterable[_T], student_of: Callable[[_T], str]) -> Callable[[str], Iterable[_T]]:
    """
    Return a function that finds a student's items without holding those of the whole class.

    The items are sorted by student, and the function is called with students in the same order; it skips those in between.
    """
    groups = itertools.groupby(items, key=student_of)
    group = next(groups, None)

    def items_of(student: str) -> Iterable[_T]:
        nonlocal group
        while group is not None and group[0] < student:
            group = next(groups, None)
        return group[1] if group is not None and group[0] == student else ()

    return items_of


def due_of(out: Out) -> datetime | None:
    """Return when the assignment is due."""
    return datetime.fromisoformat(out.state.due) if out.state.due else None


def write_grades(out: Out, table: Iterable[Row]) -> Path:
    """
    Write `OUT/grades.csv`: a row a student, a column an exercise, the total, the time of handing in, and the penalty.

    An empty cell means not submitted, ungraded, or not known.
    """
    path = out.path / "grades.csv"
    header = ("student", *out.state.exercises, "total", "submitted_at", "late_seconds", "late_penalty")
    out.write(path, write_rows((header, *(_cells(row, out.state.exercises) for row in table))))
    return path


def number(score: float | None) -> str:
    """Return a score as a table shows it; nothing for None."""
    return "" if score is None else f"{score:.10g}"


def _cells(row: Row, exercises: Iterable[str]) -> Iterator[str]:
    at = row.student.submitted_at
    yield as_text(row.student.id)
    yield from (number(row.scores.get(exercise)) for exercise in exercises)
    yield number(row.total)
    yield at.isoformat() if at else ""
    yield number(row.late_seconds)
    yield number(row.penalty)


def _score_with(report: Report, points: Mapping[str, float]) -> float | None:
    """Return the score of a report with other points for some of its targets."""
    scores = [points.get(target.name, target.score) for target in report.targets]
    return None if None in scores else sum(score for score in scores if score is not None)
