"""
Moodle: the grading worksheet of an assignment filled in, or a table for the gradebook's CSV import.

The worksheet (mod/assign/feedback/offline) is read by its columns Identifier and Grade and by those of feedback; everything
but Grade stays as it was, save that what a spreadsheet would run is made text where Moodle does not read it. The gradebook's
import lets its user say which column means whom: ID number or Email address.
"""

from __future__ import annotations

from grader.batch.intake import fold
from grader.batch.roster import Table
from grader.batch.settling import named
from grader.errors import ExportError, Fault
from grader.export.sheet import Sheet, check_points, place_of, written
from grader.gradebook import Row, cell


def write(sheet: Sheet, table: Table | None) -> tuple[str, tuple[str, ...]]:
    """The table. With a worksheet that was downloaded from Moodle, the same worksheet with the grades in it."""
    if table is not None and place_of(table.header, ["Identifier"]) is not None:
        return _filled_in(sheet, table)
    known = [row for row in sheet.rows if row.student.email or "idnumber" in row.student.ids]
    unknown = [row.student.id for row in sheet.rows if not row.student.email and "idnumber" not in row.student.ids]
    if not known:
        what = "No student has an ID number or an email address, and Moodle tells them by nothing else."
        remedy = "Download the grading worksheet of the assignment from Moodle, and name that file with --roster."
        raise ExportError(Fault("moodle", what, remedy))
    header = ("ID number", "Full name", "Email address", cell(sheet.title))
    rows = (
        (*map(cell, (row.student.ids.get("idnumber", ""), row.student.name, row.student.email)), sheet.total(row))
        for row in known
    )
    left_out = (f"Left out, without ID number and email address: {named(unknown)}.",) if unknown else ()
    return written(header, rows), (*sheet.notes, *left_out)


def _filled_in(sheet: Sheet, table: Table) -> tuple[str, tuple[str, ...]]:
    who, grade = place_of(table.header, ["Identifier"]), place_of(table.header, ["Grade"])
    if who is None or grade is None:
        raise ExportError(
            Fault("moodle", "The worksheet has no column Grade.", "Download it again from Moodle, with quick grading.")
        )
    _check_maximum(sheet, table)
    rows: dict[str, Row] = {fold(row.student.ids["moodle"]): row for row in sheet.rows if "moodle" in row.student.ids}
    feedback = {place for place, name in enumerate(table.header) if fold(name).startswith("feedback")}
    found: set[str] = set()
    filled = []
    for _, cells in table.rows:
        is_whole = len(cells) > max(who, grade)
        row = rows.pop(fold(cells[who].strip().removeprefix("Participant ")), None) if is_whole else None
        filled.append([text if place in feedback else _as_it_was(text) for place, text in enumerate(cells)])
        if row is not None:
            found.add(row.student.id)
            if row.scores or sheet.absent:  # a mark that somebody gave in Moodle stays, where there is none here
                filled[-1][grade] = sheet.total(row)
    left = [row.student.id for row in sheet.rows if row.scores and row.student.id not in found]
    left_out = (f"Left out, since the worksheet does not have them: {named(left)}.",) if left else ()
    return written(table.header, filled, separator=table.separator), (*sheet.notes, *left_out)


def _as_it_was(text: str) -> str:
    """Moodle compares some cells when it reads the file again, among them `-` for no date; names may be formulas."""
    return text if text == "-" else cell(text)


def _check_maximum(sheet: Sheet, table: Table) -> None:
    place = place_of(table.header, ["Maximum Grade"])
    for line, cells in table.rows if place is not None else ():
        if place is not None and place < len(cells):
            check_points(sheet, cells[place], "Moodle", line)
