"""Finish a run: remember what the assignment file decides, book free days in the ledger, and write grades.csv."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course.intake.names import some_students
from grader.course.results import gradebook, ledger
from grader.course.results.decisions import Rules, rules_of, write_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from grader.course.results.database import Results
    from grader.course.results.gradebook import PointsByHand, Row
    from grader.course.results.out import Out
    from grader.exercise.assignment import Assignment


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The table of grades as it was written, and what staff should know of it."""

    grades: Path
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def finish(out: Out, results: Results, assignment: Assignment) -> Finished:
    """Take over the rules of the assignment file, and write `grades.csv` by them."""
    late = assignment.late
    if late is None or not late.ledger:
        write_rules(out, current_rules(assignment))
    else:
        path = Path(late.ledger)
        with ledger.held(path):
            write_rules(out, current_rules(assignment))
            found = gradebook.rows(out, results)
            used = {row.student.id: row.lateness.free for row in found if row.lateness and row.lateness.free}
            ledger.write(path, assignment.id, used)
    rows = tuple(gradebook.rows(out, results))
    return Finished(grades=gradebook.write_grades(out, rows), rows=rows, notes=tuple(_notes(rows, assignment)))


def current_rules(assignment: Assignment) -> Rules:
    """Return the rules of the assignment file, by what the ledger says now."""
    late = assignment.late
    if late is None or not late.ledger:
        return rules_of(assignment, {})
    return rules_of(assignment, ledger.free_left(Path(late.ledger), assignment.id, late.free_days))


def _notes(table: Iterable[Row], assignment: Assignment) -> Iterator[str]:
    if not assignment.overrides and assignment.late is None:
        return
    rows = {row.student.id: row for row in table}
    for one in assignment.overrides:
        if one.student not in rows:
            yield f"{one.student} is given points for {one.exercise} but is not in this class: the points are ignored."
        elif one not in [points.override for points in rows[one.student].by_hand]:
            what = f"{one.student} has no verdict on {one.exercise}, so that points for {one.target} alone cannot count"
            yield f"{what}: give points for the whole exercise."
    yield from (
        _question(points) for row in rows.values() for points in row.by_hand if points.override.points < (points.found or 0)
    )
    yield from _notes_on_too_many_points(assignment)
    if assignment.late is not None:
        yield from _notes_on_times(rows, assignment.late.extensions)


def _question(points: PointsByHand) -> str:
    """Ask whether points by hand are still meant: the grader found more, as after an exercise's points were raised."""
    one, found = points.override, gradebook.number(points.found)
    what = f"{one.target} of {one.exercise}" if one.target else one.exercise
    return (
        f"For {what} the grader found {found}, and {one.student} has {gradebook.number(one.points)} by hand: is that still meant?"
    )


def _notes_on_too_many_points(assignment: Assignment) -> Iterator[str]:
    """Ask about points by hand above what there is to earn: a typing error would not show in a column of totals."""
    exercises = {exercise.id: exercise for exercise in assignment.exercises}
    for one in assignment.overrides:
        targets = [target for _, target in exercises[one.exercise].targets() if one.target in ("", target.name)]
        if one.points > (most := sum(target.points for target in targets)):
            what = f"{one.target} of {one.exercise}" if one.target else one.exercise
            points, has = gradebook.number(one.points), gradebook.number(most)
            yield f"{one.student} has {points} by hand for {what}, which has {has}: is that meant?"


def _notes_on_times(rows: Mapping[str, Row], extensions: Iterable[str]) -> Iterator[str]:
    for student in extensions:
        if student not in rows:
            yield f"{student} has an extension but is not in this class."
    unknown = [row.student for row in rows.values() if row.scores and row.student.submitted_at is None]
    if unknown:
        yield (
            f"It is not known when these students handed in, so they get no penalty: {some_students(one.id for one in unknown)}. "
            "A roster can give the times in a column submitted_at."
        )
    if late := [student.id for student in unknown if student.late]:
        yield f"The download says that these were late, but not by how much: {some_students(late)}."
