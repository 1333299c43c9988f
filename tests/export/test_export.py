"""Every table is one that the system reads: its columns, its students, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from classroom import assignment, exercise, report

from grader.course.intake.students import Student
from grader.course.results.database import open_results
from grader.course.results.decisions import Rules, write_rules
from grader.course.results.out import existing_out, open_out
from grader.course.results.stored import Graded, Result
from grader.errors import ExportError, GraderError
from grader.exercise.assignment import LateRule, Override
from grader.export import ExportOptions, Format, export
from grader.outcome import Status

PROBLEMS = assignment(exercise("tanh_layer", points=2.0), exercise("chain_rule", points=3.0))
STUDENTS = (
    Student(
        id="s01", name="López, Ana", email="s01@example.org", section="A", ids={"canvas": "1234", "sis": "u-1", "login": "s01"}
    ),
    Student(id="s02", name="=HYPERLINK(0)", ids={"canvas": "77", "moodle": "8"}, submitted_at=datetime(2026, 2, 2, tzinfo=UTC)),
    Student(id="s03", name="Oh, Cy", ids={"canvas": "78", "idnumber": "1003"}),
    Student(id="s04", name="Absent", ids={"canvas": "79"}),
    Student(id="s05", name="Nobody"),
)
VERDICTS = {
    "s01": (Status.CORRECT, Status.CORRECT),
    "s02": (Status.CORRECT, Status.WRONG_VALUE),
    "s03": (Status.UNGRADED, Status.CORRECT),
    "s05": (Status.MISSING, Status.CORRECT),
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Five students: right, half right, partly ungraded, absent, unknown to every system."""
    with open_out(tmp_path / "out", PROBLEMS) as folder:
        results = open_results(folder)
        results.put_students(STUDENTS)
        for student, statuses in VERDICTS.items():
            for one, status in zip(PROBLEMS.exercises, statuses, strict=True):
                data = report(one, student, status).to_json()
                results.put(Result(student=student, exercise=one.id, key="", graded=Graded.from_json(data)))
        results.close()
    return tmp_path / "out"


def exported(out: Path, format: Format, **options: Any) -> tuple[list[list[str]], tuple[str, ...]]:
    """Export; return the table that was written, and the notes."""
    target = out.parent / "table.csv"
    notes = export(out, format, target, ExportOptions(**options))
    return list(csv.reader(io.StringIO(target.read_text(encoding="utf-8"), newline=""))), notes


def roster(out: Path, text: str) -> Path:
    """Write a roster with this text."""
    path = out.parent / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_has_everything_that_is_known(out: Path) -> None:
    """Ids of every system, each exercise, the total and of how many points; names that are formulas are text."""
    rows, notes = exported(out, "csv")
    head = "student,name,email,section,canvas,login,sis,moodle,idnumber,tanh_layer,chain_rule,total,points,submitted_at"
    head += ",late_seconds,late_penalty"
    assert head.split(",") == rows[0]
    assert ["s01", "López, Ana", "s01@example.org", "A", "1234", "s01", "u-1", "", "", "2", "3", "5", "5", "", "", ""] == rows[1]
    assert ["s02", "'=HYPERLINK(0)"] == rows[2][:2]
    assert ["", "3", "", "5", "", "", ""] == rows[3][-7:]
    assert ["", "", "", "5", "", "", ""] == rows[4][-7:]
    assert ("Empty, since something of theirs could not be graded: s03.",) == notes


def test_who_handed_in_nothing_gets_zero_only_on_request(out: Path) -> None:
    """`absent`: what we could not grade stays empty all the same."""
    rows, _ = exported(out, "csv", absent="0")
    assert [["", "3", ""], ["0", "0", "0"]] == [row[-7:-4] for row in rows[3:5]]


def test_two_rows_of_one_student_are_both_there(out: Path) -> None:
    """The latest counts as the student's, the other keeps its own name: no grade is lost."""
    with open_out(out, PROBLEMS) as folder:
        results = open_results(folder)
        early, late = (datetime(2026, 2, day, tzinfo=UTC) for day in (1, 2))
        results.put_students((Student(id="x7", submitted_at=late), Student(id="y7", submitted_at=early)))
        for id in ("x7", "y7"):
            data = report(PROBLEMS.exercises[0], id, Status.CORRECT).to_json()
            results.put(Result(student=id, exercise="tanh_layer", key="", graded=Graded.from_json(data)))
        results.close()
    table, _ = exported(out, "csv", roster=roster(out, "id,first_login,second_login\ns07,x7,y7\n"))
    place = table[0].index("tanh_layer")
    assert {"s07": "2", "y7": "2"} == {row[0]: row[place] for row in table[1:] if row[0] in {"s07", "x7", "y7"}}


def test_canvas_gets_its_columns_and_a_row_of_points(out: Path) -> None:
    """Student, ID, SIS ids, Section, one assignment; who has no id there is left out, and that is said."""
    rows, notes = exported(out, "canvas")
    expected = [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Problem set 1"],
        ["    Points Possible", "", "", "", "", "5"],
        ["López, Ana", "1234", "u-1", "s01", "A", "5"],
        ["'=HYPERLINK(0)", "77", "", "", "", "2"],
        ["Oh, Cy", "78", "", "", "", ""],
        ["Absent", "79", "", "", "", ""],
    ]
    assert expected == rows
    assert "Left out, since they have no id that Canvas knows: s05." == notes[-1]


def test_canvas_own_export_lends_students_ids_and_the_assignments_number(out: Path) -> None:
    """`Problem set 1 (44)` is the column of that title; students of the export who handed in nothing are empty."""
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Warm-up (43),Problem set 1 (44),Final Score\n"
        "    Points Possible,,,,,1,5,(read only)\n"
        '"Nobody",85,u-5,s05,B,,,\n"New, One",90,u-9,s09,B,1,,\n'
    )
    rows, notes = exported(out, "canvas", roster=roster(out, text))
    assert "Problem set 1 (44)" == rows[0][-1]
    assert ["Nobody", "85", "u-5", "s05", "B", "3"] in rows
    assert ["New, One", "90", "u-9", "s09", "B", ""] in rows
    assert () == notes[1:]


@pytest.mark.parametrize(("points", "separator"), [("100.00", ","), ("100,00", ";")])
def test_canvas_other_points_are_an_error(points: str, separator: str, out: Path) -> None:
    """5 points of 100 would be a bad grade; Canvas writes numbers as its user's language does."""
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Problem set 1 (44)"]
    rows = [header, ["    Points Possible", "", "", "", "", points], ["A", "79", "", "", "", ""]]
    text = "".join(separator.join(row) + "\n" for row in rows)
    with pytest.raises(ExportError, match=r"canvas, line 2: The assignment has 100 points in Canvas and 5 here\."):
        exported(out, "canvas", roster=roster(out, text))


def test_an_assignment_that_canvas_does_not_have_is_said(out: Path) -> None:
    """It makes a new one of any other title."""
    _, notes = exported(out, "canvas", roster=roster(out, "Student,ID,SIS User ID,SIS Login ID,Section,Set 1 (4)\nA,79,,,,\n"))
    assert (
        "Canvas has no assignment called Problem set 1 and will make one; if it has another title there, give that with --column."
        in notes
    )


def test_moodles_worksheet_is_filled_in(out: Path) -> None:
    """Its columns, rows and dates stay; only Grade changes; an empty total leaves the cell empty."""
    sheet = (
        "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (grade),Feedback comments\n"
        'Participant 8,Bo Ek,s02@example.org,"Submitted, late",,5.00,-,\n'
        "Participant 9,=SUM(1),s09@example.org,No submission,,5.00,-,\n"
    )
    rows, notes = exported(out, "moodle", roster=roster(out, sheet))
    assert ["Participant 8", "Bo Ek", "s02@example.org", "Submitted, late", "2", "5.00", "-", ""] == rows[1]
    assert ["Participant 9", "'=SUM(1)", "s09@example.org", "No submission", "", "5.00", "-", ""] == rows[2]
    assert "Left out, since they are not in the worksheet: s01, s03 and s05." == notes[-1]


def test_feedback_in_moodles_worksheet_stays_as_it_is(out: Path) -> None:
    """Space and signs, too: Moodle takes what is there for what was written. Elsewhere a formula is made text."""
    sheet = (
        "Identifier,Full name,Grade,Feedback comments,Feedback files\n"
        'Participant 8,-Bo,,- good ,=x\n Participant 9 , Cy,7.5,"+1,\n good",\n'
    )
    rows, _ = exported(out, "moodle", roster=roster(out, sheet))
    expected = [["Participant 8", "'-Bo", "2", "- good ", "=x"], [" Participant 9 ", " Cy", "7.5", "+1,\n good", ""]]
    assert expected == rows[1:]


COMMENTED = (
    "Identifier,Full name,Grade,Feedback comments\n"
    'Participant 8,Bo,,"{}"\nParticipant 9,Cy,,\n'  # in quotes, since what we write may hold commas
)


@pytest.mark.parametrize(("feedback", "is_said"), [("full", (True, True)), ("hints", (True, False)), ("score", (False, False))])
def test_moodles_worksheet_gets_feedback_of_the_level_asked_for(feedback: str, is_said: tuple[bool, bool], out: Path) -> None:
    """As HTML in one line, with what its level lets students read; who has no row of results gets none."""
    with existing_out(out) as folder, closing(open_results(folder)) as results:
        wrong = replace(report(PROBLEMS.exercises[1], "s02", Status.WRONG_VALUE), output="one\n\ntwo")
        results.put(Result(student="s02", exercise="chain_rule", key="", graded=Graded(report=wrong)))
    rows, _ = exported(out, "moodle", roster=roster(out, COMMENTED.format("")), feedback=feedback)
    said = rows[1][3]
    assert ("2", True, 1) == (rows[1][2], said.startswith("<div"), len(said.splitlines()))
    assert is_said == ("the values differ" in said, "<pre>one<br><br>two</pre>" in said)
    assert "2 of 2 points" in said
    assert "" == rows[2][3]


def test_a_comment_of_a_person_in_moodle_stays_and_one_of_ours_is_written_anew(out: Path) -> None:
    """The first is named; nothing is said by the second that holds no longer."""
    rows, notes = exported(out, "moodle", roster=roster(out, COMMENTED.format("See me")), feedback="hints")
    assert "See me" == rows[1][3]
    assert "No feedback was written where a person had commented: 8." == notes[-1]
    before, _ = exported(out, "moodle", roster=roster(out, COMMENTED.format("")), feedback="score")
    again = COMMENTED.format(before[1][3].replace('"', '""'))
    rows, notes = exported(out, "moodle", roster=roster(out, again), feedback="hints")
    assert "the values differ" in rows[1][3]
    assert not any("comment" in note for note in notes)


def test_feedback_without_a_place_in_the_worksheet_is_an_error(out: Path) -> None:
    """Moodle has the column only where the assignment takes comments; the remedy says where that is turned on."""
    with pytest.raises(ExportError, match=r"no column Feedback comments(.|\n)*settings"):
        exported(out, "moodle", roster=roster(out, "Identifier,Grade\nParticipant 8,\n"), feedback="hints")


def test_moodles_gradebook_gets_a_column_of_feedback_when_it_is_asked_for(out: Path) -> None:
    """Of any column its import can be told that it is the feedback of an item; what is not graded yet has none."""
    rows, _ = exported(out, "moodle", feedback="score")
    assert "Problem set 1 (Feedback)" == rows[0][-1]
    assert [True, False] == ["2 of 2 points" in row[-1] for row in rows[1:]]


@pytest.mark.parametrize("format", ["csv", "canvas"])
def test_feedback_is_refused_where_a_table_has_no_place_for_it(format: Format, out: Path) -> None:
    """Passed over in silence, it would be believed to be there; the formats that take it are named."""
    with pytest.raises(ExportError, match=r"no place for feedback\.(.|\n)*moodle and gradescope"):
        exported(out, format, feedback="hints")
    assert not (out.parent / "table.csv").exists()


def test_a_short_row_of_moodles_worksheet_stays_as_it_is(out: Path) -> None:
    """Nobody's grade is in it; who has one is named."""
    rows, notes = exported(
        out, "moodle", roster=roster(out, "Email address,Identifier,Grade\nb@x.org\ns02@example.org,Participant 8\n")
    )
    assert [["b@x.org"], ["s02@example.org", "Participant 8"]] == rows[1:]
    assert "Left out, since they are not in the worksheet: s01, s02@example.org, s03 and s05." == notes[-1]


@pytest.mark.parametrize("format", ["canvas", "moodle"])
def test_of_many_who_are_left_out_the_first_are_named(format: Format, out: Path) -> None:
    """A class of thousands has more than a terminal shows."""
    with existing_out(out) as folder, closing(open_results(folder)) as results:
        results.put_students(tuple(Student(id=f"x{n:02}") for n in range(20)))
    _, notes = exported(out, format)
    assert notes[-1].endswith(" more.")


def test_moodles_other_maximum_is_an_error(out: Path) -> None:
    """5 points of 100 would be a bad grade."""
    sheet = "Identifier,Grade,Maximum Grade\nParticipant 8,,100.00\n"
    with pytest.raises(ExportError, match="100 points in Moodle and 5 here"):
        exported(out, "moodle", roster=roster(out, sheet))


def test_moodles_gradebook_gets_id_numbers_and_addresses(out: Path) -> None:
    """Without a worksheet: what its CSV import maps."""
    rows, notes = exported(out, "moodle")
    expected = [
        ["ID number", "Full name", "Email address", "Problem set 1"],
        ["", "López, Ana", "s01@example.org", "5"],
        ["1003", "Oh, Cy", "", ""],
    ]
    assert expected == rows
    assert "Left out, without ID number and email address: s02, s04 and s05." == notes[-1]


@pytest.mark.parametrize(
    ("format", "said"), [("canvas", "No student has an id that Canvas knows"), ("moodle", "ID number or an email")]
)
def test_a_class_without_ids_is_an_error_with_the_remedy(format: Format, said: str, tmp_path: Path) -> None:
    """The remedy is the system's own export."""
    with open_out(tmp_path / "out", PROBLEMS) as folder:
        results = open_results(folder)
        results.put_students((Student(id="s01"),))
        results.close()
    with pytest.raises(ExportError, match=rf"{said}(.|\n)*--roster"):
        exported(tmp_path / "out", format)


def test_gradescope_gets_a_test_an_exercise(out: Path) -> None:
    """Scores, maxima and pages; who has something ungraded has no file, so that no score is shown."""
    notes = export(out, "gradescope", out.parent / "gradescope")
    files = sorted(path.name for path in (out.parent / "gradescope").iterdir())
    assert ["s01.json", "s02.json", "s05.json"] == files
    found = json.loads((out.parent / "gradescope/s02.json").read_bytes())
    assert [2.0, "hidden"] == [found["score"], found["stdout_visibility"]]
    shown = [(test["name"], test["score"], test["max_score"], test["status"], test["output_format"]) for test in found["tests"]]
    assert [("Tanh layer", 2.0, 2.0, "passed", "html"), ("Chain rule", 0.0, 3.0, "failed", "html")] == shown
    assert ("Left out, since something of theirs could not be graded: s03.",) == notes


def test_a_mark_of_an_earlier_export_does_not_stay(out: Path) -> None:
    """Who has nothing to be uploaded now has no file: uploaded, it would be an old mark."""
    folder = out.parent / "gradescope"
    for student in ("s03", "s04"):
        folder.mkdir(exist_ok=True)
        (folder / f"{student}.json").write_text('{"score": 5}', encoding="utf-8")
    export(out, "gradescope", folder)
    assert ["s01.json", "s02.json", "s05.json"] == sorted(path.name for path in folder.iterdir())


@pytest.fixture
def settled(out: Path) -> Path:
    """Return the class with s02 a day late by the rule, and points given by hand to s05, who handed in nothing, too."""
    late = LateRule(per_day=0.25)
    by_hand = [Override(student="s05", exercise="tanh_layer", target="", points=1.5, reason="On `paper`", by="by01")]
    by_hand.append(Override(student="s04", exercise="chain_rule", target="", points=3.0, reason="Oral exam", by="by01"))
    with open_out(out, replace(PROBLEMS, due=datetime(2026, 2, 1, tzinfo=UTC))) as folder:
        write_rules(folder, Rules(late=late, overrides=tuple(by_hand), feedback="score"))
    return out


@pytest.mark.parametrize("format", ["csv", "canvas"])
def test_every_table_has_the_total_by_the_rules(format: Format, settled: Path) -> None:
    """Less what being late costs, with points given by hand."""
    rows, _ = exported(settled, format)
    totals = {row[0].removeprefix("'"): row[rows[0].index("total") if format == "csv" else -1] for row in rows[1:]}
    names = ("s02", "s04") if format == "csv" else ("=HYPERLINK(0)", "Absent")
    assert ("1.5", "3") == tuple(totals[name] for name in names)


def test_csv_says_what_being_late_cost(settled: Path) -> None:
    """Seconds and points."""
    rows, _ = exported(settled, "csv")
    assert ["86400", "0.5"] == rows[2][-2:]
    assert ["4.5", "5"] == rows[5][-5:-3]


def test_moodles_feedback_says_what_an_instructor_decided(settled: Path) -> None:
    """What being late cost, and points given by hand with their reason, in place of those that were found."""
    sheet = "Identifier,Grade,Feedback comments\nParticipant 8,,\n"
    rows, _ = exported(settled, "moodle", roster=roster(settled, sheet), feedback="score")
    assert "25% of the points earned: 2 less 0.5" in rows[1][2]
    sheet = "ID number,Email address,id\n1005,,s05\n"
    rows, _ = exported(settled, "moodle", roster=roster(settled, sheet), feedback="score")
    said = next(row[-1] for row in rows if row[0] == "1005")
    assert "On <code>paper</code>" in said
    assert "1.5 of 2 points" in said


def test_gradescope_says_what_an_instructor_decided(settled: Path) -> None:
    """The total with it, a reason with each, as much else as the assignment shows, and escaped."""
    export(settled, "gradescope", settled.parent / "gradescope")
    late, given, oral = (json.loads((settled.parent / f"gradescope/s0{n}.json").read_bytes()) for n in (2, 5, 4))
    assert 1.5 == late["score"]
    assert "25% of the points earned: 2 less 0.5" in late["output"]
    assert [1.5, 3.0] == [test["score"] for test in given["tests"]]
    assert "On <code>paper</code>" in given["tests"][0]["output"]
    assert [("chain_rule", 3.0)] == [(test["name"], test["score"]) for test in oral["tests"]]


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    """In words."""
    with pytest.raises(GraderError, match="There are no results of a run here"):
        export(tmp_path, "csv", tmp_path / "table.csv")
