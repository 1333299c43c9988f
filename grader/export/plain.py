"""Write everything in one table, for spreadsheets and for scripts."""

from __future__ import annotations

from collections.abc import Iterator

from grader.course.results.gradebook import Row, number
from grader.csv_tables import as_text
from grader.export.sheet import Sheet, written

_WHEN = ("submitted_at", "late_seconds", "late_penalty")


def write(sheet: Sheet) -> tuple[str, tuple[str, ...]]:
    """Write a row a student: all ids that are known, each exercise, the total, and the points of the assignment."""
    kinds = tuple(dict.fromkeys(kind for row in sheet.rows for kind in sorted(row.student.ids)))
    header = ("student", "name", "email", "section", *map(as_text, kinds), *sheet.exercises, "total", "points", *_WHEN)
    return written(header, (_row(sheet, row, kinds) for row in sheet.rows)), sheet.notes


def _row(sheet: Sheet, row: Row, kinds: tuple[str, ...]) -> Iterator[str]:
    student = row.student
    who = (student.id, student.name, student.email, student.section, *(student.ids.get(kind, "") for kind in kinds))
    yield from map(as_text, who)
    yield from (sheet.score(row, exercise) for exercise in sheet.exercises)
    yield sheet.total(row)
    yield f"{sheet.total_points:.10g}"
    yield student.submitted_at.isoformat() if student.submitted_at else ""
    yield number(row.late_seconds)
    yield number(row.penalty)
