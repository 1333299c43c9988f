"""The end of every run: what the assignment file decides is remembered in OUT, free days are booked, grades.csv is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from grader.course.results import gradebook, ledger
from grader.course.results.decisions import Rules, rules_of, write_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from grader.course.results.database import Results
    from grader.course.results.gradebook import Given, Row
    from grader.course.results.out import Out
    from grader.exercise.assignment import Assignment

MOST_NAMED = 10


def settle(out: Out, results: Results, assignment: Assignment) -> tuple[Path, tuple[str, ...]]:
    """Takes over the rules of the assignment file, and writes `grades.csv` by them; its path, and what to know of it."""
    late = assignment.late
    if late is None or not late.ledger:
        write_rules(out, current_rules(assignment))
    else:
        path = Path(late.ledger)
        with ledger.held(path):
            write_rules(out, current_rules(assignment))
            rows = gradebook.rows(out, results)
            used = {row.student.id: row.lateness.free for row in rows if row.lateness and row.lateness.free}
            ledger.write(path, assignment.id, used)
    return gradebook.write_grades(out, results), tuple(_notes(out, results, assignment))


def current_rules(assignment: Assignment) -> Rules:
    """The rules of the assignment file, by what the ledger says now."""
    late = assignment.late
    if late is None or not late.ledger:
        return rules_of(assignment, {})
    return rules_of(assignment, ledger.free_left(Path(late.ledger), assignment.id, late.free_days))


def _notes(out: Out, results: Results, assignment: Assignment) -> Iterator[str]:
    if not assignment.overrides and assignment.late is None:
        return
    rows = {row.student.id: row for row in gradebook.rows(out, results)}
    for one in assignment.overrides:
        if one.student not in rows:
            yield f"Points for {one.exercise} are given to {one.student}, whom nobody here knows: they count for no one."
        elif one not in [given.override for given in rows[one.student].given]:
            what = f"{one.student} has no verdict on {one.exercise}, so that points for {one.target} alone cannot count"
            yield f"{what}: give points for the whole exercise."
    yield from (_question(given) for row in rows.values() for given in row.given if given.override.points < (given.found or 0))
    yield from _more_than_there_are(assignment)
    if assignment.late is not None:
        yield from _notes_on_times(rows, assignment.late.extensions)


def _question(given: Given) -> str:
    """Asked where points by hand take something, as they do after those of an exercise were raised."""
    one, found = given.override, gradebook.number(given.found)
    what = f"{one.target} of {one.exercise}" if one.target else one.exercise
    return (
        f"For {what} the grader found {found}, and {one.student} has {gradebook.number(one.points)} by hand: is that still meant?"
    )


def _more_than_there_are(assignment: Assignment) -> Iterator[str]:
    """A typing error would not show in a column of totals."""
    exercises = {exercise.id: exercise for exercise in assignment.exercises}
    for one in assignment.overrides:
        targets = [target for _, target in exercises[one.exercise].targets() if one.target in ("", target.name)]
        if one.points > (most := sum(target.points for target in targets)):
            what = f"{one.target} of {one.exercise}" if one.target else one.exercise
            given, has = gradebook.number(one.points), gradebook.number(most)
            yield f"{one.student} has {given} by hand for {what}, which has {has}: is that meant?"


def _notes_on_times(rows: Mapping[str, Row], extensions: Iterable[str]) -> Iterator[str]:
    for student in extensions:
        if student not in rows:
            yield f"The extension is for {student}, whom nobody here knows."
    unknown = [row.student for row in rows.values() if row.scores and row.student.submitted_at is None]
    if unknown:
        yield (
            f"When they handed in is not known of {named([student.id for student in unknown])}: nothing is taken from them. "
            "A roster can say it in a column submitted_at."
        )
    if late := [student.id for student in unknown if student.late]:
        yield f"The download says of {named(late)} that they were late, but not by how much."


def named(students: list[str]) -> str:
    """The first of them, and how many more there are."""
    more = f" and {len(students) - MOST_NAMED} more" if len(students) > MOST_NAMED else ""
    return ", ".join(students[:MOST_NAMED]) + more
