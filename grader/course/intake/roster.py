"""Read a class list: students with the ids that learning management systems know them by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from grader.course.intake.names import fold, unreadable_name
from grader.course.intake.students import Student
from grader.csv_tables import CsvError, CsvTable, read_rows, separator_of
from grader.errors import Fault, SubmissionError

MAX_ROSTER_BYTES = 256 << 20


# The name of a column, in lower case -> its meaning. Canvas: lib/gradebook_exporter.rb; Moodle: the participants list and
# the grading worksheet; Gradescope: the roster download.
_FIELDS = {
    "name": "name",
    "full name": "name",
    "student name": "name",
    "first name": "first",
    "firstname": "first",
    "given name": "first",
    "last name": "last",
    "lastname": "last",
    "surname": "last",
    "email": "email",
    "e-mail": "email",
    "email address": "email",
    "section": "section",
    "sections": "section",
    "group": "section",
    "groups": "section",
    "sis user id": "sis",
    "sis login id": "login",
    "integration id": "integration",
    "identifier": "moodle",
    "id number": "idnumber",
    "sid": "gradescope",
    "submitted_at": "submitted_at",
    "submitted at": "submitted_at",
}
_ID_COLUMNS = ("student", "student id", "student_id", "id", "username", "user name", "user")
# Ids that serve where there is no column for the student's id.
ID_FIELDS = ("login", "sis", "gradescope", "idnumber", "email", "moodle", "canvas")


def read_roster(path: Path) -> tuple[Student, ...]:
    """
    Read the students of a CSV file: `id,name,email` and any ids of an LMS, or a Canvas, Moodle or Gradescope export.

    Raises SubmissionError with every fault at once: no column to tell students by, rows without an id, ids that occur twice.
    """
    table = read_table(path)
    columns = _columns(table.header)
    if "id" not in columns.values() and not set(ID_FIELDS) & set(columns.values()):
        found = ", ".join(table.header) or "none"
        remedy = "Name the students' ids in a column `id`; `name`, `email` and ids of an LMS are welcome beside it."
        raise SubmissionError(Fault(f"{path}:1", f"No column says who a student is. Columns: {found}.", remedy))
    students: list[Student] = []
    faults: list[Fault] = []
    lines: dict[str, int] = {}
    for line, cells in table.rows:
        student = _student(columns, cells)
        if _is_no_student(student, cells):
            continue
        if fault := _fault_of(student, lines) or _fault_of_time(columns, cells):
            faults.append(Fault(f"{path}:{line}", fault[0], fault[1]))
        else:
            lines[fold(student.id)] = line
            students.append(student)
    if not faults and not students:
        faults.append(Fault(str(path), "There is no student in it.", "A row for each student belongs below the header."))
    if faults:
        raise SubmissionError(*faults)
    return tuple(students)


def _fault_of(student: Student, lines: Mapping[str, int]) -> tuple[str, str] | None:
    if not student.id:
        return "This student has no id.", "Fill in the id, or remove the row."
    if fault := unreadable_name(student.id):
        return f"The id cannot be used: {fault}", "Write it anew."
    if fold(student.id) in lines:
        return f"The id {student.id} is that of line {lines[fold(student.id)]}, too.", "Remove one of the two rows."
    return None


def _fault_of_time(columns: Mapping[int, str], cells: Sequence[str]) -> tuple[str, str] | None:
    text = _facts(columns, cells).get("submitted_at", "")
    if text and _time(text) is None:
        return f"submitted_at is {text}, no time with its zone.", "Write it as 2026-10-01T23:59:00+02:00, or leave it empty."
    return None


def _time(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _facts(columns: Mapping[int, str], cells: Sequence[str]) -> dict[str, str]:
    return {what: cells[place] for place, what in columns.items() if place < len(cells) and cells[place]}


def read_table(path: Path, *, as_it_is: bool = False) -> CsvTable:
    """
    Read a CSV file with commas, semicolons or tabs, without blanks around its cells unless `as_it_is`.

    Raises SubmissionError when it cannot be read as one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_ROSTER_BYTES + 1)
    except OSError as error:
        what = f"The file cannot be opened: {error.strerror}."
        raise SubmissionError(Fault(str(path), what, "Is the name right, and may you read it?")) from None
    if len(data) > MAX_ROSTER_BYTES:
        raise SubmissionError(Fault(str(path), "It is larger than 256 MiB.", "Name a CSV file of students."))
    try:
        text = data.decode("utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError:
        raise SubmissionError(Fault(str(path), "It is not UTF-8 text.", "Save it as `CSV UTF-8`.")) from None
    separator = separator_of(text)
    try:
        filled = read_rows(text, separator)
        rows = tuple((line, tuple(row if as_it_is else map(str.strip, row))) for line, row in filled)
    except CsvError as error:
        raise SubmissionError(Fault(f"{path}:{error.line}", f"It is not CSV: {error.reason}.", "Save it as CSV.")) from None
    if not rows:
        remedy = "It needs a header such as `id,name,email`, then a row a student."
        raise SubmissionError(Fault(str(path), "The file is empty.", remedy))
    return CsvTable(header=rows[0][1], rows=rows[1:], separator=separator)


def _columns(header: Sequence[str]) -> Mapping[int, str]:
    """Return the meaning of each column: id, name, first, last, email, section, or the name of an LMS's id."""
    lower = [name.lower().strip() for name in header]
    is_canvas = "sis login id" in lower or {"student", "id", "section"} <= set(lower)
    columns = {place: _FIELDS[name] for place, name in enumerate(lower) if name in _FIELDS}
    if is_canvas:
        columns |= {
            place: {"student": "name", "id": "canvas"}[name] for place, name in enumerate(lower) if name in {"student", "id"}
        }
        # Everything to the right of these is assignments and totals.
        return columns
    if "identifier" in lower:  # Moodle's grading worksheet: the other columns are grades and dates
        return columns
    named = next((name for name in _ID_COLUMNS if name in lower), None)
    if named is not None:
        columns[lower.index(named)] = "id"
    for place, name in enumerate(lower):
        if place not in columns and name:
            columns[place] = name.removesuffix(" id").removesuffix("_id").replace(" ", "_")
    return columns


def _student(columns: Mapping[int, str], cells: Sequence[str]) -> Student:
    facts = _facts(columns, cells)
    if "moodle" in facts:
        facts["moodle"] = facts["moodle"].removeprefix("Participant ").strip()
    name = facts.get("name") or " ".join(facts[part] for part in ("first", "last") if part in facts)
    id = facts.get("id") or next((facts[what] for what in ID_FIELDS if what in facts), "")
    own = {"id", "name", "first", "last", "email", "section", "submitted_at"}
    ids = {what: value for what, value in facts.items() if what not in own}
    at = _time(facts.get("submitted_at", ""))
    return Student(id=id, name=name, email=facts.get("email", ""), section=facts.get("section", ""), ids=ids, submitted_at=at)


def _is_no_student(student: Student, cells: Sequence[str]) -> bool:
    """Return whether a row is one that Canvas writes below the header, or its test student."""
    first = cells[0].lower()
    return first in {"points possible", "student, test"} or (not first and not student.id and not student.name)
