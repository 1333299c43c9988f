"""A roster says who is in the class, in the form that a course already has it in."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from classroom import Reader, assignment, hand_in, pack, steps

from grader.course.grade import Options, grade_folder
from grader.course.intake.collect import Collection, collect, with_roster
from grader.course.intake.entries import SubmissionEntry
from grader.course.intake.matching import match
from grader.course.intake.roster import read_roster
from grader.course.intake.students import Student
from grader.errors import SubmissionError
from grader.outcome import Status

CANVAS = """\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Problem set 1 (44),Final Score
,,,,,Manual Posting,
    Points Possible,,,,,5.00,(read only)
"López, Ana",1234,u-1,s01,Group A,,
"Ek, Bo",77,u-2,s02,Group A,,
"Student, Test",99,,test,Group A,,
"""


def roster(tmp_path: Path, text: str, name: str = "roster.csv") -> tuple[Student, ...]:
    """Read the students of a file with this text."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_roster(path)


def test_a_plain_roster_keeps_every_other_column_as_an_id(tmp_path: Path) -> None:
    """id, name, email; canvas_id and whatever else there is."""
    found = roster(tmp_path, "id;name;email;canvas_id;lti\ns01;Ana;a@example.org;1234;x\n")
    assert (Student(id="s01", name="Ana", email="a@example.org", ids={"canvas": "1234", "lti": "x"}),) == found


def test_canvas_own_export_is_a_roster(tmp_path: Path) -> None:
    """Its rows of points and postings and its test student are no students."""
    first, second = roster(tmp_path, CANVAS)
    expected = Student(id="s01", name="López, Ana", section="Group A", ids={"canvas": "1234", "sis": "u-1", "login": "s01"})
    assert (expected, "s02") == (first, second.id)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Identifier,Full name,ID number,Email address,Status\nParticipant 12,Ana López,1001,s01@example.org,x\n",
            Student(id="1001", name="Ana López", email="s01@example.org", ids={"moodle": "12", "idnumber": "1001"}),
        ),
        (
            "First Name,Last Name,SID,Email\nAna,López,1001,s01@example.org\n",
            Student(id="1001", name="Ana López", email="s01@example.org", ids={"gradescope": "1001"}),
        ),
    ],
    ids=["moodle", "gradescope"],
)
def test_other_systems_lists_are_rosters(text: str, expected: Student, tmp_path: Path) -> None:
    """Moodle's grading worksheet, Gradescope's roster."""
    assert (expected,) == roster(tmp_path, text)


def test_every_fault_of_a_roster_comes_at_once(tmp_path: Path) -> None:
    """With its line and what to do."""
    with pytest.raises(SubmissionError) as caught:
        roster(tmp_path, "id,name\ns01,Ana\n,Bo\nS01,Ana\n")
    said = str(caught.value).replace(str(tmp_path), "")
    assert said == (
        "/roster.csv:3: This student has no id.\n    Fill in the id, or remove the row.\n"
        "/roster.csv:4: The id S01 is that of line 2, too.\n    Remove one of the two rows."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,mark\nAna,1\n", "No column says who a student is. Columns: name, mark."),
        ("id,name\n", "There is no student in it."),
        ("\n", "The file is empty."),
    ],
)
def test_a_table_that_is_no_roster_is_refused(text: str, said: str, tmp_path: Path) -> None:
    """The columns that were found are named."""
    with pytest.raises(SubmissionError) as caught:
        roster(tmp_path, text)
    assert said in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A spreadsheet instead of a CSV."""
    (tmp_path / "roster.xlsx").write_bytes(b"PK\x03\x04\xff\xfe\x00\x81")
    with pytest.raises(SubmissionError, match="not UTF-8"):
        read_roster(tmp_path / "roster.xlsx")


def test_students_are_matched_by_email_then_any_id_then_name() -> None:
    """A name that two have matches nobody."""
    people = [
        Student(id="s01", name="Ana López", ids={"canvas": "1234"}),
        Student(id="s02", name="Bo Ek", email="s02@example.org"),
        Student(id="s03", name="Bo Ek"),
        Student(id="s04", name="Cy Oh"),
    ]
    handed_in = [
        Student(id="lopezana_1234", ids={"canvas": "1234"}),
        Student(id="S02@example.org"),
        Student(id="Bo Ek_7", name="Bo Ek", ids={"moodle": "7"}),
        Student(id="ohcy_9", ids={"canvas": "9"}),
    ]
    found = {name: student.id for name, student in match(handed_in, people).items()}
    assert {"lopezana_1234": "s01", "S02@example.org": "s02", "ohcy_9": "s04"} == found


@pytest.mark.parametrize(
    ("ids", "numbers", "expected"),
    [
        ({"moodle": "101"}, ("101", "205"), {"101": "s01"}),  # by its own number: the namesake is not on the roster
        ({"moodle": "101"}, ("205",), {}),  # the number is another one
        ({"canvas": "7"}, ("101", "205"), {}),  # two of the name: whose is whose?
        ({"canvas": "7"}, ("205",), {"205": "s01"}),
    ],
)
def test_a_namesakes_work_is_nobody_elses(ids: dict[str, str], numbers: tuple[str, ...], expected: dict[str, str]) -> None:
    """A name counts where it is one student's on both sides, and no id says otherwise."""
    people = [Student(id="s01", name="Kim Lee", ids=ids), Student(id="s02", name="Bo Ek")]
    handed_in = [Student(id=number, name="Kim Lee", ids={"moodle": number}) for number in numbers]
    assert expected == {name: student.id for name, student in match(handed_in, people).items()}


@pytest.mark.parametrize(
    "told", [{"id": "s01", "ids": {"gradescope": "s01"}}, {"id": "s02", "name": "Ana"}, {"id": "s02", "name": "Ana", "email": ""}]
)
def test_what_students_write_themselves_moves_nobodys_work(told: dict[str, Any]) -> None:
    """On Gradescope, a number and a name: Bo, whose address is proved or whose number is known, is not Ana."""
    people = [Student(id="s01", name="Ana", email="a@example.org"), Student(id="s02", name="Bo", email="b@example.org")]
    one = Student(**{"email": "b@example.org", **told})
    assert {one.id: "s02"} == {name: student.id for name, student in match([one], people).items()}


def test_the_table_has_a_row_for_who_handed_in_nothing(tmp_path: Path) -> None:
    """Empty, never 0; who is not on the roster is graded, and listed."""
    files = {"lopezana_1234_1_tanh_layer.py": "correct", "nobody_5_2_tanh_layer.py": "correct"}
    path = pack(tmp_path / "canvas.zip", files)
    (tmp_path / "roster.csv").write_text(CANVAS, encoding="utf-8")
    summary = grade_folder(
        path, assignment(), tmp_path / "out", options=Options(roster=tmp_path / "roster.csv"), steps=steps(Reader())
    )
    rows = (tmp_path / "out/grades.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert ["nobody_5,1,0,1,,,", "s01,1,0,1,,,", "s02,,,,,,"] == rows
    assert [("nobody_5", True)] == [(item.path, item.is_graded) for item in summary.unplaced]


def test_of_two_submissions_of_one_student_the_last_counts(tmp_path: Path) -> None:
    """s01 by id and by Canvas's number."""
    people = roster(tmp_path, "id,canvas_id\ns01,1234\n")
    path = hand_in(tmp_path / "class", {"1234.py": "x", "s01.py": "x"})
    collection = with_roster(collect(path, assignment()), people)
    assert ["s01.py"] == sorted({file.path for entry in collection.entries for file in entry.files})
    assert ["1234"] == [item.path for item in collection.unplaced]


def test_of_two_submissions_of_one_student_the_latest_counts() -> None:
    """By the time; an empty folder never, and where nobody says, the last by name."""
    entries = tuple(SubmissionEntry(student=id, exercise="tanh_layer", status=Status.MISSING) for id in ("a", "b"))
    early, late = (datetime(2026, 10, day, tzinfo=UTC) for day in (1, 2))
    people = [Student(id="s01", ids={"one": "a", "two": "b", "three": "c"})]
    for times, counts in (((late, early, None), "a"), ((early, late, None), "b"), ((None, None, late), "b")):
        students = tuple(Student(id=id, submitted_at=at) for id, at in zip("abc", times, strict=True))
        found = with_roster(Collection(students=students, entries=entries), people)
        assert {"a", "b", "c"} - {counts} == {item.path for item in found.unplaced}


def test_a_roster_can_say_when_somebody_handed_in(tmp_path: Path) -> None:
    """For systems whose downloads do not; it counts before what a download says."""
    (tmp_path / "roster.csv").write_text("id,submitted_at\ns01,2026-10-01T23:59:00+02:00\ns02,\n", encoding="utf-8")
    roster = read_roster(tmp_path / "roster.csv")
    handed_in = [Student(id=id, submitted_at=datetime(2026, 10, 3, tzinfo=UTC)) for id in ("s01", "s02")]
    times = {id: one.submitted_at for id, one in match(handed_in, roster).items()}
    assert {"s01": datetime.fromisoformat("2026-10-01T23:59+02:00"), "s02": datetime(2026, 10, 3, tzinfo=UTC)} == times


@pytest.mark.parametrize("text", ["2026-10-01T23:59", "yesterday"])
def test_a_time_without_its_zone_is_a_fault_of_the_roster(text: str, tmp_path: Path) -> None:
    """Late or not late is never guessed."""
    (tmp_path / "roster.csv").write_text(f"id,submitted_at\ns01,{text}\n", encoding="utf-8")
    with pytest.raises(SubmissionError, match=rf"roster\.csv:2: submitted_at is {text}, no time with its zone"):
        read_roster(tmp_path / "roster.csv")


def test_a_column_that_several_share_is_no_id() -> None:
    """A tutor's name is nobody's own; nor is a number that is one student's here and another's there."""
    roster = [
        Student(id="s01", ids={"tutor": "Ek", "canvas": "7", "room": "s03"}),
        Student(id="s02", ids={"tutor": "Ek", "moodle": "7"}),
        Student(id="s03", ids={"tutor": "Oh"}),
    ]
    handed_in = [Student(id=id) for id in ("Ek", "Oh", "7", "s03")]
    assert {"s03": "s03"} == {id: one.id for id, one in match(handed_in, roster).items()}
    assert {"x": "s02"} == {id: one.id for id, one in match([Student(id="x", ids={"moodle": "7"})], roster).items()}
