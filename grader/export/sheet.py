"""Collect what every table for an LMS is made of: students with their totals, in order, with their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from grader.course.intake.matching import match
from grader.course.intake.names import fold, some_students
from grader.course.intake.students import Student, time_of
from grader.course.results import gradebook
from grader.csv_tables import write_rows
from grader.errors import ExportError, Fault

if TYPE_CHECKING:
    from grader.course.results.database import Results
    from grader.course.results.out import Out


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A class's grades, ready to be written."""

    title: str  # the assignment's title in the system
    exercises: tuple[str, ...]
    points: tuple[float, ...]
    rows: tuple[gradebook.Row, ...]
    ungraded: tuple[str, ...]  # students whose total waits for something that we could not grade
    absent: str = ""
    kept_under: Mapping[str, str] = field(default_factory=dict)  # the student's id in the results, by that in the rows

    @property
    def total_points(self) -> float:
        """The points of the assignment."""
        return sum(self.points)

    def score(self, row: gradebook.Row, exercise: str) -> str:
        """Return one cell: a number, nothing for what we could not grade, `absent` for what was not handed in."""
        return gradebook.number(row.scores[exercise]) if exercise in row.scores else self.absent

    def total(self, row: gradebook.Row) -> str:
        """Return the total as a cell."""
        return gradebook.number(row.total) if row.scores else self.absent

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the reader of any table."""
        if not self.ungraded:
            return ()
        return (f"Empty, since something of theirs could not be graded: {some_students(self.ungraded)}.",)


def sheet_of(out: Out, results: Results, people: Sequence[Student], *, absent: str, column: str | None) -> Sheet:
    """Collect the grades in OUT. A roster, `people`, adds names, ids, and students who handed in nothing."""
    rows = {row.student.id: row for row in gradebook.rows(out, results)}
    known = match([row.student for row in rows.values()], people)
    merged = {student.id: gradebook.Row(student=student, scores={}) for student in people}
    whose = {id: known.get(id, row.student) for id, row in rows.items()}

    def rank(id: str) -> tuple[bool, bool, float]:
        return bool(rows[id].scores), whose[id].id == id, time_of(rows[id].student)

    counts = {whose[id].id: id for id in sorted(rows, key=rank)}  # where a student has several rows, the last counts
    for id, row in rows.items():
        student = whose[id]
        if counts[student.id] != id:
            merged |= {id: row} if row.scores else {}  # under its own name, so that no grade is lost
        elif row.scores or student.id not in merged:
            merged[student.id] = replace(row, student=student)
    ordered = tuple(merged[id] for id in sorted(merged))
    return Sheet(
        title=column or out.state.title or out.state.assignment,
        exercises=out.state.exercises,
        points=out.state.points,
        rows=ordered,
        ungraded=tuple(row.student.id for row in ordered if None in row.scores.values()),
        absent=absent,
        kept_under={**{id: id for id in rows}, **counts},
    )


def check_points(sheet: Sheet, text: str, system: str, line: int) -> None:
    """Raise ExportError when a cell says that the system has other points: the grades would mean something else there."""
    try:
        most = float(text.replace(",", "."))
    except ValueError:
        return
    if abs(most - sheet.total_points) > 1e-6:
        what = f"The assignment has {most:g} points in {system} and {sheet.total_points:g} here."
        remedy = f"Set its points in {system} to that number, or rescale with `points:` in the assignment file."
        raise ExportError(Fault(f"{system.lower()}, line {line}", what, remedy))


def written(header: Iterable[str], rows: Iterable[Iterable[str]], *, separator: str = ",") -> str:
    """Write a table as CSV, lines ended as RFC 4180 asks."""
    return write_rows((header, *rows), separator=separator, line_end="\r\n")


def place_of(header: Sequence[str], names: Iterable[str]) -> int | None:
    """Return the place of the first column with one of these names."""
    places: Mapping[str, int] = {fold(name.strip()): place for place, name in reversed(list(enumerate(header)))}
    return next((places[fold(name)] for name in names if fold(name) in places), None)
