"""
Write the table for Canvas's gradebook import: Student, ID, SIS User ID, SIS Login ID, Section, and the assignment.

As lib/gradebook_importer.rb of canvas-lms reads it: students are found by ID, then by SIS ids, then by name; a row
"Points Possible" stands below the header; a column `TITLE (NUMBER)` is the assignment of that number, any other title a new
one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from grader.course.intake.names import fold, some_students
from grader.course.results.gradebook import Row
from grader.csv_tables import CsvTable, as_text
from grader.errors import ExportError, Fault
from grader.export.sheet import Sheet, check_points, place_of, written

_WHO = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


def write(sheet: Sheet, table: CsvTable | None) -> tuple[str, tuple[str, ...]]:
    """Write the table. With Canvas's own export as `table`, the assignment is looked for among its columns."""
    known = [row for row in sheet.rows if {"canvas", "sis", "login"} & row.student.ids.keys()]
    unknown = [row.student.id for row in sheet.rows if not {"canvas", "sis", "login"} & row.student.ids.keys()]
    if not known:
        what = "No student has an id that Canvas knows."
        remedy = "Export the gradebook from Canvas, and name that file with --roster."
        raise ExportError(Fault("canvas", what, remedy))
    title = _title(sheet, table.header if table else ())
    notes = (*sheet.notes, *(_checked(sheet, table, title) if table else ()))
    rows: list[tuple[str, ...]] = [("    Points Possible", "", "", "", "", f"{sheet.total_points:.10g}")]
    rows += [_row(sheet, row) for row in known]
    left_out = (f"Left out, since they have no id that Canvas knows: {some_students(unknown)}.",) if unknown else ()
    separator = table.separator if table and table.separator == ";" else ","
    return written((*_WHO, as_text(title)), rows, separator=separator), (*notes, *left_out)


def _checked(sheet: Sheet, table: CsvTable, title: str) -> tuple[str, ...]:
    """Say where Canvas would make a new assignment. Raises ExportError where its own has other points."""
    place = place_of(table.header, [title])
    if place is None:
        return (
            f"Canvas has no assignment called {title} and will make one; if it has another title there, give that with --column.",
        )
    for line, cells in table.rows:
        if place < len(cells) and cells[0].lower() == "points possible":
            check_points(sheet, cells[place], "Canvas", line)
    return ()


def _row(sheet: Sheet, row: Row) -> tuple[str, ...]:
    student, ids = row.student, row.student.ids
    who = (student.name or student.id, ids.get("canvas", ""), ids.get("sis", ""), ids.get("login", ""), student.section)
    return (*map(as_text, who), sheet.total(row))


def _title(sheet: Sheet, header: Sequence[str]) -> str:
    """Return the column's title in Canvas, with its number, where the export has such a column."""
    titles: Mapping[str, str] = {fold(re.sub(r" \(\d+\)$", "", name)): name for name in header}
    if place_of(header, [sheet.title]) is not None:
        return sheet.title
    return titles.get(fold(sheet.title), sheet.title)
