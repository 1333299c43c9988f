"""
Write tables for Moodle: the grading worksheet of an assignment filled in, or a table for the gradebook's CSV import.

The worksheet (mod/assign/feedback/offline) is found by its columns Identifier and Grade and by those of feedback.
Everything but Grade stays as it was, except that formulas become text in columns that Moodle does not read. The user of the
gradebook's import chooses the column by which students are found: ID number or Email address.

Feedback is HTML: Moodle takes the worksheet's Feedback comments as such. In the gradebook's import any column can be the
feedback of an item that exists; a column that is not chosen is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from grader.course.intake.names import fold, some_students
from grader.course.pages import decisions
from grader.course.results.decisions import read_rules, shown_cases_of
from grader.course.results.gradebook import Row
from grader.csv_tables import CsvTable, as_text
from grader.errors import ExportError, Fault
from grader.export.sheet import Sheet, check_points, place_of, written
from grader.render import html
from grader.render.markup import prose
from grader.render.public import from_results

if TYPE_CHECKING:
    from grader.course.results.database import Results
    from grader.course.results.out import Out
    from grader.exercise.assignment import Feedback
    from grader.exercise.model import Exercise

_COMMENTS = "Feedback comments"
_OURS = '<div class="grader-feedback">'  # marks comments that we wrote and may replace, unlike a person's


def comments(
    out: Out, results: Results, sheet: Sheet, exercises: Mapping[str, Exercise], feedback: Feedback
) -> Mapping[str, str]:
    """Return what students read of their work, as HTML in one line, for students whose total is known."""
    order = {exercise: place for place, exercise in enumerate(out.state.exercises)}
    rules = read_rules(out)
    feedback_texts = {}
    for row in (one for one in sheet.rows if one.total is not None):
        id = sheet.kept_under[row.student.id]
        asked = sorted(row.scores, key=lambda exercise: order.get(exercise, len(order)))
        found = {exercise: results.get(id, exercise) for exercise in asked}
        reports = {exercise: from_results(one.graded.final) for exercise, one in found.items() if one}
        decided = "".join(f"<p>{prose(line)}</p>" for line in decisions.lead_lines(row, reports.values())[1:])
        articles = (decisions.article(row, one, reports.get(one), exercises.get(one)) for one in asked)
        cases = shown_cases_of(rules, [one.graded for one in found.values() if one])
        shown = "".join(html.bare(article, feedback=feedback, cases=cases, level=4) for article in articles)
        feedback_texts[row.student.id] = f"{_OURS}{decided}{shown}</div>"
    return feedback_texts


def write(sheet: Sheet, table: CsvTable | None, feedback_texts: Mapping[str, str] | None = None) -> tuple[str, tuple[str, ...]]:
    """
    Write the table. A worksheet that was downloaded from Moodle is filled in.

    `feedback_texts` is the feedback, None where none is asked for.
    """
    if table is not None and place_of(table.header, ["Identifier"]) is not None:
        return _filled_in(sheet, table, feedback_texts)
    known = [row for row in sheet.rows if row.student.email or "idnumber" in row.student.ids]
    unknown = [row.student.id for row in sheet.rows if not row.student.email and "idnumber" not in row.student.ids]
    if not known:
        what = "No student has an ID number or an email address, and Moodle can find students by nothing else."
        remedy = "Download the grading worksheet of the assignment from Moodle, and name that file with --roster."
        raise ExportError(Fault("moodle", what, remedy))
    feedback = () if feedback_texts is None else (as_text(f"{sheet.title} (Feedback)"),)
    header = ("ID number", "Full name", "Email address", as_text(sheet.title), *feedback)
    rows = (
        (
            *map(as_text, (row.student.ids.get("idnumber", ""), row.student.name, row.student.email)),
            sheet.total(row),
            *(() if feedback_texts is None else (feedback_texts.get(row.student.id, ""),)),
        )
        for row in known
    )
    left_out = (f"Left out, without ID number and email address: {some_students(unknown)}.",) if unknown else ()
    return written(header, rows), (*sheet.notes, *left_out)


def _filled_in(sheet: Sheet, table: CsvTable, feedback_texts: Mapping[str, str] | None) -> tuple[str, tuple[str, ...]]:
    who, grade = place_of(table.header, ["Identifier"]), place_of(table.header, ["Grade"])
    if who is None or grade is None:
        raise ExportError(
            Fault("moodle", "The worksheet has no column Grade.", "Download it again from Moodle, with quick grading.")
        )
    comment = place_of(table.header, [_COMMENTS])
    if feedback_texts is not None and comment is None:
        what = f"The worksheet has no column {_COMMENTS}, and so no place for --feedback."
        remedy = "Turn on that feedback type in the assignment's settings and download it again, or leave the option out."
        raise ExportError(Fault("moodle", what, remedy))
    _check_maximum(sheet, table)
    rows: dict[str, Row] = {fold(row.student.ids["moodle"]): row for row in sheet.rows if "moodle" in row.student.ids}
    feedback = {place for place, name in enumerate(table.header) if fold(name).startswith("feedback")}
    found: set[str] = set()
    theirs: list[str] = []
    filled = []
    for _, cells in table.rows:
        is_whole = len(cells) > max(who, grade)
        row = rows.pop(fold(cells[who].strip().removeprefix("Participant ")), None) if is_whole else None
        filled.append([text if place in feedback else _as_it_was(text) for place, text in enumerate(cells)])
        if row is not None:
            found.add(row.student.id)
            if row.scores or sheet.absent:  # without a score here, a grade given in Moodle stays
                filled[-1][grade] = sheet.total(row)
            if feedback_texts is not None and comment is not None and row.student.id in feedback_texts and len(cells) > comment:
                if not cells[comment].strip() or cells[comment].startswith(_OURS):
                    filled[-1][comment] = feedback_texts[row.student.id]
                else:
                    theirs.append(row.student.id)
    left = [row.student.id for row in sheet.rows if row.scores and row.student.id not in found]
    left_out = (f"Left out, since they are not in the worksheet: {some_students(left)}.",) if left else ()
    kept = (f"No feedback was written where a person had commented: {some_students(theirs)}.",) if theirs else ()
    return written(table.header, filled, separator=table.separator), (*sheet.notes, *left_out, *kept)


def _as_it_was(text: str) -> str:
    """Make formulas text. A lone `-`, for no date, stays: Moodle compares it when it reads the file again."""
    return text if text == "-" else as_text(text)


def _check_maximum(sheet: Sheet, table: CsvTable) -> None:
    place = place_of(table.header, ["Maximum Grade"])
    for line, cells in table.rows if place is not None else ():
        if place is not None and place < len(cells):
            check_points(sheet, cells[place], "Moodle", line)
