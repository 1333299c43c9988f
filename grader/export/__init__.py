"""Write the results of a class in the form that a learning management system takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from grader.course.intake.roster import read_roster, read_table
from grader.course.results.database import open_results
from grader.course.results.out import disk_errors, existing_out
from grader.csv_tables import CsvTable
from grader.errors import ExportError, Fault
from grader.export import canvas, gradescope, moodle, plain
from grader.export.sheet import Sheet, sheet_of
from grader.files import write_whole

if TYPE_CHECKING:
    from grader.exercise.assignment import Feedback
    from grader.exercise.model import Exercise

Format: TypeAlias = Literal["csv", "canvas", "moodle", "gradescope"]
FORMATS: tuple[str, ...] = get_args(Format)
_WITHOUT_FEEDBACK: Mapping[str, str] = {"csv": "The table of grades", "canvas": "Canvas's gradebook import"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """
    The choices of whoever exports results.

    `roster` is a list of students, or the system's own export to be filled in. Students who handed in nothing get `absent`.
    `column` names the assignment where the system has another title. `exercises` by id lend feedback their notation.
    `feedback` is how much students read: None means the assignment's choice for Gradescope, and no feedback for Moodle.
    """

    roster: Path | None = None
    absent: str = ""
    column: str | None = None
    exercises: Mapping[str, Exercise] = field(default_factory=dict)
    feedback: Feedback | None = None
    database: str | None = None


def export(path: Path, format: Format, target: Path, options: ExportOptions | None = None) -> tuple[str, ...]:
    """
    Write the results in the folder `path` to `target`: a CSV file, or for Gradescope a folder of `results.json` files.

    Returns notes for the reader, such as students that were left out. Raises ExportError when students lack the ids that the
    system needs, or feedback is asked for where there is no place for it, GraderError when something cannot be read or
    written.
    """
    options = options or ExportOptions()
    if options.feedback and format in _WITHOUT_FEEDBACK:
        what = f"{_WITHOUT_FEEDBACK[format]} has no place for feedback."
        remedy = "Leave it out. The formats that take it are moodle and gradescope; `grader report` writes students' pages."
        raise ExportError(Fault("--feedback", what, remedy))
    with existing_out(path) as out:
        results = open_results(out, options.database)
        try:
            if format == "gradescope":
                return gradescope.write(out, results, target, options.exercises, options.feedback)
            table = read_table(options.roster, as_it_is=format == "moodle") if options.roster is not None else None
            people = read_roster(options.roster) if options.roster is not None else ()
            sheet = sheet_of(out, results, people, absent=options.absent, column=options.column)
            texts = moodle.comments(out, results, sheet, options.exercises, options.feedback) if options.feedback else None
        finally:
            results.close()
    text, notes = _written(format, sheet, table, texts)
    with disk_errors(target):
        write_whole(target, text.encode("utf-8"))
    return notes


def _written(
    format: Format, sheet: Sheet, table: CsvTable | None, texts: Mapping[str, str] | None
) -> tuple[str, tuple[str, ...]]:
    match format:
        case "csv":
            return plain.write(sheet)
        case "canvas":
            return canvas.write(sheet, table)
        case "moodle":
            return moodle.write(sheet, table, texts)
        case _:
            raise ExportError(Fault("", f"There is no format {format}.", f"Formats: {', '.join(FORMATS)}."))
