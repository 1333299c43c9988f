"""A score stays with the student and the files that it was given for, whatever a later run finds."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from class_runs import grade
from classroom import Reader, assignment, hand_in

from grader.course.intake.collect import Collection, collect
from grader.course.intake.entries import SubmissionEntry
from grader.course.intake.students import Student
from grader.course.other_files import with_earlier
from grader.errors import GraderError


def test_a_roster_that_is_not_given_again_leaves_nobody_in_the_class_twice(tmp_path: Path) -> None:
    """Files are named after an address, the class is known by ids: the new marks are theirs, which is said."""
    folder, out = (
        hand_in(tmp_path / "class", {"ann@x.edu/tanh_layer.py": "wrong_value", "s02/tanh_layer.py": "correct"}),
        tmp_path / "out",
    )
    (tmp_path / "roster.csv").write_text("id,email\nk17,ann@x.edu\nk18,bob@x.edu\n", encoding="utf-8")
    grade(folder, out, roster=tmp_path / "roster.csv")
    hand_in(folder, {"ann@x.edu/tanh_layer.py": "correct", "S02/tanh_layer.py": "correct", "s03/tanh_layer.py": "correct"})
    shutil.rmtree(folder / "s02")
    summary = grade(folder, out)
    rows = (out / "grades.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert ["k17,1,0,1,,,", "k18,,,,,,", "s02,1,0,1,,,", "s03,1,0,1,,,"] == rows
    known = "Known from an earlier run by other ids: S02 is s02 and ann@x.edu is k17. If that is wrong, give a --roster."
    assert ((known,), ()) == (summary.notes, summary.unplaced)
    assert 3 == summary.students


def test_of_who_is_known_by_another_id_the_new_time_counts(tmp_path: Path) -> None:
    """An extension that a roster told once is not for ever."""
    old, new = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    again = Collection(
        students=(Student(id="ann@x.edu", submitted_at=new),), entries=(SubmissionEntry(student="ann@x.edu", exercise="a"),)
    )
    found, known = with_earlier(again, (Student(id="k17", email="ann@x.edu", submitted_at=old),))
    assert {"ann@x.edu": "k17"} == known
    assert [("k17", new)] == [(one.id, one.submitted_at) for one in found.students]
    assert ["k17"] == [entry.student for entry in found.entries]


METADATA = "submission_7:\n  :submitters:\n  - :sid: s01\n"


LATER = {
    "Gradescope's": {"submission_metadata.yml": METADATA, "submission_7/tanh_layer.py": "wrong_value"},
    "nbgrader's": {"submitted/s01/ps1/tanh_layer.py": "wrong_value"},
}


@pytest.mark.parametrize("files", LATER.values(), ids=LATER)
@pytest.mark.parametrize("options", [{}, {"fresh": True}])
def test_a_mark_is_not_given_to_what_another_layout_says_is_the_students(
    files: dict[str, str], options: dict[str, bool], submissions: Path, tmp_path: Path
) -> None:
    """Nothing is graded, nothing is written; said outright it is done, if the files are the same person's."""
    grade(submissions, tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*") if not path.name.startswith("state.sqlite")}
    later, reader = hand_in(tmp_path / "later", files), Reader()
    layout = collect(later, assignment()).layout
    for said in ("", layout):
        with pytest.raises(GraderError, match=f"s01: students, as s01 then, {layout}(, as s01)? now. Nothing was graded"):
            grade(later, tmp_path / "out", reader, layout=said, **options)
    assert [] == reader.graded
    assert before == {path: path.read_bytes() for path in before}
    grade(later, tmp_path / "out", reader, accept_other_files=True, **options)
    assert ("s01", "tanh_layer") in reader.graded
    grade(later, tmp_path / "out", reader)  # and that is where they are from now on


@pytest.mark.parametrize("number", ["1001", "a@example.org"])
def test_a_mark_of_gradescopes_is_one_accounts(number: str, tmp_path: Path) -> None:
    """Eve, alone in a later export, wrote Ana's number, or her address in its place: numbers are the students' own word."""
    told = "submission_7:\n  :submitters:\n  - :sid: '{}'\n    :email: {}@example.org\n"
    one = {"submission_metadata.yml": told.format("1001", "a"), "submission_7/tanh_layer.py": "correct"}
    grade(hand_in(tmp_path / "class", one), tmp_path / "out")
    eves = {"submission_metadata.yml": told.format(number, "e"), "submission_7/tanh_layer.py": "wrong_value"}
    with pytest.raises(GraderError, match=r"1001: gradescope, as a@example.org then, gradescope, as e@example.org now"):
        grade(hand_in(tmp_path / "later", eves), tmp_path / "out")
    again = {name.replace("7", "8"): text.replace("7", "8") for name, text in one.items()}
    grade(hand_in(tmp_path / "again", again), tmp_path / "out")


def test_another_layout_for_others_has_to_be_said(submissions: Path, tmp_path: Path) -> None:
    """As it is where late work comes by mail; once it has marks of its own it is known."""
    grade(submissions, tmp_path / "out")
    later = hand_in(tmp_path / "later", {"lee_7_9_tanh_layer.py": "correct"})
    with pytest.raises(
        GraderError, match=r"read as students; these are read as canvas\. Nothing was graded\.\n.*--layout canvas"
    ):
        grade(later, tmp_path / "out")
    grade(later, tmp_path / "out", layout="canvas")
    grade(later, tmp_path / "out")
    assert "lee_7,1,0,1,,," in (tmp_path / "out/grades.csv").read_text(encoding="utf-8")


def test_a_student_of_the_roster_keeps_to_the_files_of_one_name(tmp_path: Path) -> None:
    """A number that moved in the roster would give one's mark to another's work."""
    folder, out, roster = tmp_path / "class", tmp_path / "out", tmp_path / "roster.csv"
    hand_in(folder, {"alice.py": "correct", "eve.py": "wrong_value"})
    roster.write_text("id,login\na,alice\ne,eve\n", encoding="utf-8")
    grade(folder, out, roster=roster)
    grade(hand_in(tmp_path / "capitals", {"ALICE.py": "wrong_value"}), out, roster=roster)
    grade(hand_in(tmp_path / "again", {"Alice/a.py": "wrong_value"}), out, roster=roster)
    grade(folder, out, roster=roster)
    roster.write_text("id,login\na,eve\ne,alice\n", encoding="utf-8")
    with pytest.raises(GraderError, match=r"a: students, as alice then, students, as eve now; e: students, as eve then"):
        grade(folder, out, roster=roster)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"s01/tanh_layer.py": "correct"}, {"s01/tanh_layer.py": "wrong_value"}),
        ({"s01/tanh_layer.py": "correct"}, {"s01/tanh_layer.py": "correct", "s01/chain_rule.py": "correct"}),
        ({"s01/tanh_layer.py": "correct"}, {"s01/v2/other.ipynb": "{}"}),
        ({"s01/tanh_layer.py": "correct"}, {"S01.py": "correct"}),
        ({"s01.py": "correct"}, {"s01/a.py": "correct"}),
        ({"s01.py": "correct"}, {"s01.py": "correct", "s02.py": "correct"}),
        ({"class/s01.py": "correct", "class/s02.py": "correct"}, {"s01.py": "wrong_value"}),
        ({"lee_7_9_tanh_layer.py": "correct"}, {"lee_LATE_7_11_tanh_layer-1.py": "wrong_value"}),
        ({"lee_7_9_tanh_layer.py": "correct"}, {"leekim_7_11_tanh_layer.py": "wrong_value"}),
        ({"L_7_assignsubmission_file_/a.py": "correct"}, {"L_7_assignsubmission_file_b.py": "wrong_value"}),
        (LATER["Gradescope's"], {name.replace("7", "8"): text.replace("7", "8") for name, text in LATER["Gradescope's"].items()}),
        ({"submitted/s01/ps1/a.ipynb": "{}"}, {"submitted/s01/ps1/b.py": "correct", "submitted/s02/ps1/b.py": "correct"}),
    ],
)
def test_what_students_change_and_hand_in_again_is_no_other_layout(
    first: dict[str, str], then: dict[str, str], tmp_path: Path
) -> None:
    """Other content, more files, another attempt, new students, a late folder."""
    grade(hand_in(tmp_path / "class", first), tmp_path / "out")
    grade(hand_in(tmp_path / "later", then), tmp_path / "out")


def test_one_students_folder_is_graded_into_the_class(tmp_path: Path) -> None:
    """Its name is what the student is called in both."""
    grade(hand_in(tmp_path / "class", {"s01/tanh_layer.py": "correct", "s02/tanh_layer.py": "correct"}), tmp_path / "out")
    hand_in(tmp_path / "class", {"s01/tanh_layer.py": "wrong_value"})
    assert "one-student" == grade(tmp_path / "class/s01", tmp_path / "out").layout
    assert "s01,0,0,0" in (tmp_path / "out/grades.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("files", [{"s02/tanh_layer.py": "correct"}, {"s02_7_9_tanh_layer.py": "correct"}])
def test_one_students_folder_is_no_class(files: dict[str, str], submissions: Path, tmp_path: Path) -> None:
    """s01's own folder, named in the class's place: s02 in it is s01's word."""
    grade(submissions, tmp_path / "out")
    with pytest.raises(GraderError, match=r"`s01` is a student of this class, s01|these are read as canvas"):
        grade(hand_in(tmp_path / "s01", files), tmp_path / "out")
    assert "s02,,1,," in (tmp_path / "out/grades.csv").read_text(encoding="utf-8")
    assert "one-student" == grade(tmp_path / "s01", tmp_path / "out", layout="one-student").layout


def test_a_folder_called_as_the_one_student_in_it_is_that_students(tmp_path: Path) -> None:
    """Nobody else's work is in it."""
    for name in ("s01", "again/s01"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        assert 1 == grade(hand_in(tmp_path / name, {"s01.py": "correct"}), tmp_path / "out").students


def test_one_students_folder_is_no_class_where_a_roster_knows_the_student(tmp_path: Path) -> None:
    """By an id of theirs, in the first run, too."""
    (tmp_path / "roster.csv").write_text("id,login\na,alice\ne,eve\n", encoding="utf-8")
    with pytest.raises(GraderError, match="`eve` is a student of this class, e, but was read as students"):
        grade(hand_in(tmp_path / "eve", {"alice/tanh_layer.py": "x"}), tmp_path / "out", roster=tmp_path / "roster.csv")


def test_a_student_without_a_mark_may_come_from_anywhere(submissions: Path, tmp_path: Path) -> None:
    """s04 had an empty folder."""
    grade(submissions, tmp_path / "out")
    grade(hand_in(tmp_path / "later", {"submitted/s04/ps1/tanh_layer.py": "correct"}), tmp_path / "out", layout="nbgrader")
    assert "s04,1,0,1" in (tmp_path / "out/grades.csv").read_text(encoding="utf-8")


def test_an_empty_folder_in_another_layout_does_not_move_a_mark(submissions: Path, tmp_path: Path) -> None:
    """Else the run after it would take the mark along."""
    grade(submissions, tmp_path / "out")
    later = hand_in(tmp_path / "later", {"submitted/s09/ps1/tanh_layer.py": "correct"})
    (later / "submitted/s01/ps1").mkdir(parents=True)
    grade(later, tmp_path / "out", layout="nbgrader")
    hand_in(later, {"submitted/s01/ps1/tanh_layer.py": "wrong_value"})
    with pytest.raises(GraderError, match="s01: students, as s01 then, nbgrader, as s01 now"):
        grade(later, tmp_path / "out", layout="nbgrader")
