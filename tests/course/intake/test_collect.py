"""Every layout of submissions is recognised; what is hostile or has no place comes back with its reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from classroom import assignment, exercise, hand_in, pack
from collected import TANH, placed, read_as, reasons

from grader.course.intake.collect import collect
from grader.errors import SubmissionError
from grader.outcome import Status


@pytest.mark.parametrize("make", [hand_in, lambda path, files: pack(path.with_suffix(".zip"), files)], ids=["folder", "zip"])
def test_a_folder_a_student_with_files_named_after_exercises(
    make: Callable[[Path, Mapping[str, str | bytes]], Path], tmp_path: Path
) -> None:
    """STUDENT/EXERCISE.py and .ipynb, in a folder or a zip."""
    path = make(tmp_path / "class", {"s01/tanh_layer.py": TANH, "s01/chain_rule.ipynb": "{}", "s02/chain_rule.py": TANH})
    expected = {
        ("s01", "tanh_layer"): ("s01/tanh_layer.py",),
        ("s01", "chain_rule"): ("s01/chain_rule.ipynb",),
        ("s02", "chain_rule"): ("s02/chain_rule.py",),
    }
    assert expected == placed(collect(path, assignment()))


def test_who_handed_in_something_but_nothing_for_an_exercise_is_missing_there(tmp_path: Path) -> None:
    """The entry has no files, a status and a detail that names what was looked for."""
    entry = collect(hand_in(tmp_path / "class", {"s02/chain_rule.py": TANH}), assignment()).entries[0]
    assert ("s02", "tanh_layer", Status.MISSING) == (entry.student, entry.exercise, entry.status)
    assert "neither tanh_layer.py, tanh_layer.ipynb nor another file that defines d_tanh_layer" in entry.detail


def test_files_with_other_names_are_searched_by_function_name(tmp_path: Path) -> None:
    """STUDENT/*.py: all of the student's code counts for every exercise."""
    collection = collect(hand_in(tmp_path / "class", {"s01/a.py": TANH, "s01/b.ipynb": "{}"}), assignment())
    assert {("s01", id): ("s01/a.py", "s01/b.ipynb") for id in ("tanh_layer", "chain_rule")} == placed(collection)
    assert all(entry.by_name for entry in collection.entries)


def test_one_file_a_student(tmp_path: Path) -> None:
    """STUDENT.py, STUDENT.ipynb and STUDENT.zip."""
    folder = hand_in(tmp_path / "class", {"s01.py": TANH, "s02.ipynb": "{}"})
    pack(folder / "s03.zip", {"work/tanh_layer.py": TANH})
    expected = {("s03", "tanh_layer"): ("s03.zip/work/tanh_layer.py",)}
    expected |= {("s01", id): ("s01.py",) for id in ("tanh_layer", "chain_rule")}
    expected |= {("s02", id): ("s02.ipynb",) for id in ("tanh_layer", "chain_rule")}
    collection = collect(folder, assignment())
    assert expected == placed(collection)
    assert TANH.encode() == next(entry for entry in collection.entries if entry.student == "s03").files[0].read()


@pytest.mark.parametrize("zipped", [False, True])
def test_files_named_after_exercises_are_one_students(zipped: bool, tmp_path: Path) -> None:
    """The student is named as the folder or zip is."""
    files = {"tanh_layer.py": TANH, "Chain-Rule (2).py": TANH}
    path = pack(tmp_path / "s07.zip", files) if zipped else hand_in(tmp_path / "s07", files)
    assert {("s07", "tanh_layer"): ("tanh_layer.py",), ("s07", "chain_rule"): ("Chain-Rule (2).py",)} == placed(
        collect(path, assignment())
    )


def test_a_wrapping_folder_is_no_student(tmp_path: Path) -> None:
    """A zip that holds one folder named like itself is read as that folder."""
    path = pack(tmp_path / "autumn.zip", {"autumn/s01.py": TANH, "autumn/s02.py": TANH})
    assert {"s01", "s02"} == {student.id for student in collect(path, assignment()).students}


def test_a_starter_beside_many_students_is_nobodys(tmp_path: Path) -> None:
    """More folders and zips than one student keeps beside answers: each is a student's."""
    files = {"tanh_layer.py": TANH} | {f"s{number:02}/a.py": TANH for number in range(8)}
    folder = hand_in(tmp_path / "class", files)
    pack(folder / "s08.zip", {"a.py": TANH})
    found = collect(folder, assignment())
    assert [f"s{number:02}" for number in range(9)] == [student.id for student in found.students]
    assert "It is named after an exercise but lies beside the students' folders" in reasons(found)["tanh_layer.py"]


@pytest.mark.parametrize(
    "files",
    [
        ["tanh_layer.py", "s01/tanh_layer.py"],
        ["tanh_layer.py", "chain_rule.py", "old/tanh_layer.py", "lib/a.py"],
        ["tanh_layer.py", *(f"s{number:02}.py" for number in range(9))],
        ["tanh_layer.py", *(f"s{number:02}/a.py" for number in range(8))],
    ],
)
def test_answers_beside_other_work_are_one_students_or_a_starter(files: list[str], tmp_path: Path) -> None:
    """It is not guessed which: both are said, and what to say."""
    folder = hand_in(tmp_path / "s07", dict.fromkeys(files, TANH))
    with pytest.raises(
        SubmissionError, match=r"`one-student`: `.*\.py` and everything .* `students`: .* named after an exercise"
    ):
        collect(folder, assignment())
    assert ("one-student", ["s07"]) == read_as(folder, "one-student")
    students = sorted({Path(name.split("/")[0]).stem for name in files} - {"tanh_layer", "chain_rule"})
    assert ("students", students) == read_as(folder, "students")


def test_helpers_beside_answers_are_the_same_students(tmp_path: Path) -> None:
    """A few files of other names."""
    folder = hand_in(tmp_path / "s07", dict.fromkeys(["tanh_layer.py", "helper.py", "data/x.csv"], TANH))
    assert ("one-student", ["s07"]) == read_as(folder)


@pytest.mark.parametrize(
    ("files", "layout", "said"),
    [
        (["week 3/leekim_101_5001_tanh_layer.py", "week 3/ekbo_102_5002_a.ipynb"], "canvas", "canvas"),
        (["course101/submitted/s01/ps1/p.ipynb", "course101/submitted/s02/ps1/p.ipynb"], "nbgrader", "nbgrader"),
        (["submissions/s01/tanh_layer.py", "submissions/s02/tanh_layer.py", "README.txt"], "students", ""),
        (["PS1/s01/tanh_layer.py", "PS1/s02/tanh_layer.py", "README.txt"], "students", ""),
        (["Class/Submissions/s01/tanh_layer.py", "Class/Submissions/s02/a.py"], "students", ""),
        (["week 3/s01/tanh_layer.py", "week 3/s02/tanh_layer.py", "week 3/README.txt"], "students", "wrapped"),
        (["week 3/s01/a.py", "week 3/s02/b.py", "week 3/s03/c.py"], "students", "wrapped"),
    ],
)
def test_a_wrapping_folder_is_known_by_its_name_or_said(files: list[str], layout: str, said: str, tmp_path: Path) -> None:
    """Of any other name it may be one student's: what lies in it, that student chose."""
    folder = hand_in(tmp_path / "class", dict.fromkeys(files, "x"))
    if said:
        with pytest.raises(SubmissionError, match=f"`{said}`: .*`students`: .* is one student"):
            collect(folder, assignment())
        assert ("students", [files[0].partition("/")[0]]) == read_as(folder, "students")
    found = collect(folder, assignment(), layout=said)
    count = 3 if "c.py" in files[-1] else 2
    assert (layout, count) == (found.layout, len(found.students))
    assert reasons(found).keys() == ({"README.txt"} if "README" in "".join(files) else set())


def test_hidden_folders_and_environments_are_nobodys(tmp_path: Path) -> None:
    """What tools leave behind; a student's folder with nothing else in it is that of a student all the same."""
    files = ["s01/tanh_layer.py", ".tool/a.py", "s01/venv/lib/a.py", "s02/.venv/a.py", "s03/__pycache__/a.pyc", "__MACOSX/a"]
    for path in (hand_in(tmp_path / "class", dict.fromkeys(files, "x")), pack(tmp_path / "c.zip", dict.fromkeys(files, "x"))):
        found = collect(path, assignment())
        assert ["s01", "s02", "s03"] == [student.id for student in found.students]
        assert {".tool": "A folder whose name begins with a dot is no student's."} == reasons(found)


def test_a_course_of_nbgraders_without_the_assignment_is_said(tmp_path: Path) -> None:
    """Else all of `submitted` would be one student."""
    files = dict.fromkeys(["submitted/s01/ps2/p.ipynb", "submitted/s02/ps3/p.ipynb", "nbgrader_config.py"], "x")
    with pytest.raises(SubmissionError, match=r"Nobody handed in ps1 in this course of nbgrader's; there is ps2, ps3\."):
        collect(hand_in(tmp_path / "course", files), assignment())


def test_the_folder_that_a_download_was_saved_to_may_be_named_with_the_layout(tmp_path: Path) -> None:
    """One zip of an LMS is the class, or a student's zip that was made to look so; a zip that does not is that student's."""
    folder = hand_in(tmp_path / "downloads", {"notes.txt": "x"})
    files = ["PS1/Kim Lee_101_assignsubmission_file_/tanh_layer.py", "PS1/Bo Ek_102_assignsubmission_file_/tanh_layer.py"]
    pack(folder / "PS1-7.zip", dict.fromkeys(files, "x"))
    with pytest.raises(SubmissionError, match=r"download \(as `moodle`\), or the zip of one student"):
        collect(folder, assignment())
    assert ("moodle", 2) == ((found := collect(folder, assignment(), layout="moodle")).layout, len(found.students))
    assert ["notes.txt"] == list(reasons(found))
    assert ("students", ["PS1-7"]) == read_as(folder, "students")
    pack(folder / "PS1-7.zip", dict.fromkeys(["hw/tanh_layer.py", "hw/chain_rule.py"], "x"))
    assert ("students", ["PS1-7"]) == read_as(folder)


def test_nbgraders_submitted_folder(tmp_path: Path) -> None:
    """submitted/STUDENT/ASSIGNMENT/*.ipynb with the time of handing in; other assignments are left alone."""
    files = {
        "submitted/s01/ps1/problem1.ipynb": "{}",
        "submitted/s01/ps1/timestamp.txt": "2026-02-02 15:58:23.948203 UTC",
        "submitted/s01/ps2/problem1.ipynb": "{}",
        "source/ps1/problem1.ipynb": "{}",
    }
    collection = collect(hand_in(tmp_path / "course", files), assignment(exercise("tanh_layer")))
    assert {("s01", "tanh_layer"): ("submitted/s01/ps1/problem1.ipynb",)} == placed(collection)
    assert datetime(2026, 2, 2, 15, 58, 23, 948203, tzinfo=UTC) == collection.students[0].submitted_at
    assert collection.layout == "nbgrader"


def test_who_handed_in_other_assignments_only_is_in_the_class(tmp_path: Path) -> None:
    """nbgrader's, with a course and without: an empty row; what lies in no assignment's folder is listed."""
    files = ["s01/ps1/p.ipynb", "s02/ps2/p.ipynb", "s03/tanh_layer.py", "note.txt"]
    folder = hand_in(tmp_path / "course", {f"submitted/{path}": "x" for path in files})
    (folder / "submitted/s04/ps1").mkdir(parents=True)
    for path, root in ((folder, "submitted/"), (folder / "submitted", "")):
        hand_in(folder / "submitted", {"s05/ps1/p.ipynb": "x"})
        found = collect(path, assignment())
        assert ["s01", "s02", "s03", "s04", "s05"] == [student.id for student in found.students]
        assert {"s01", "s05"} == {entry.student for entry in found.entries}
        astray = {f"{root}s03/tanh_layer.py", f"{root}note.txt"}
        assert astray | (set() if root else {"s02", "s03"}) == reasons(found).keys()


def test_one_students_folder_of_the_assignments_name_makes_no_course(tmp_path: Path) -> None:
    """The others, whose answers lie in their own folders, are graded."""
    files = dict.fromkeys(["s01/ps1/tanh_layer.py", "s02/tanh_layer.py", "s03/a.py"], "x")
    found = collect(hand_in(tmp_path / "class", files), assignment())
    assert {"s01", "s02", "s03"} == {student for student, _ in placed(found)}


def test_moodles_download(tmp_path: Path) -> None:
    """NAME_PARTICIPANT_assignsubmission_file_/FILE; typed text is listed."""
    files = {
        "Ana López_1234_assignsubmission_file_/tanh_layer.py": TANH,
        "Bo Ek_77_assignsubmission_file_chain_rule.py": TANH,
        "Bo Ek_77_assignsubmission_onlinetext_/onlinetext.html": "<p>",
    }
    collection = collect(pack(tmp_path / "moodle.zip", files), assignment())
    assert {("Ana López_1234", "tanh_layer"), ("Bo Ek_77", "chain_rule")} == placed(collection).keys()
    assert ("Ana López", {"moodle": "1234"}) == (collection.students[0].name, collection.students[0].ids)
    assert ["It is text typed into Moodle, not a file."] == list(reasons(collection).values())


def test_canvas_download(tmp_path: Path) -> None:
    """NAME_LATE_USER_ATTACHMENT_FILE; of two versions of a file the last counts, and that is said."""
    files = {
        "lopezana_LATE_1234_9001_tanh_layer.py": TANH,
        "lopezana_LATE_1234_9002_tanh_layer-1.py": TANH,
        "ekbo_77_9003_answers.py": TANH,
        "ekbo_77_9004_answers-2.py": TANH,
        "anon_x7Kd2_9005_chain_rule.py": TANH,
    }
    collection = collect(pack(tmp_path / "canvas.zip", files), assignment())
    expected = {
        ("anon_x7Kd2", "chain_rule"): ("anon_x7Kd2_9005_chain_rule.py",),
        ("ekbo_77", "tanh_layer"): ("ekbo_77_9004_answers-2.py",),
        ("ekbo_77", "chain_rule"): ("ekbo_77_9004_answers-2.py",),
        ("lopezana_1234", "tanh_layer"): ("lopezana_LATE_1234_9002_tanh_layer-1.py",),
    }
    assert expected == placed(collection)
    assert {"anon_x7Kd2": False, "ekbo_77": False, "lopezana_1234": True} == {one.id: one.late for one in collection.students}
    assert {"lopezana_LATE_1234_9001_tanh_layer.py", "ekbo_77_9003_answers.py"} == reasons(collection).keys()
    assert "tanh_layer-1.py counts, the last one" in reasons(collection)["lopezana_LATE_1234_9001_tanh_layer.py"]


METADATA = """---
submission_11:
  :submitters:
  - :name: Ana López
    :sid: '1001'
    :email: s01@example.org
  - :name: Bo Ek
    :sid: ''
    :email: s02@example.org
  :created_at: 2026-02-27 06:58:05.746365000 Z
submission_12:
  :submitters: []
"""


def test_gradescopes_export(tmp_path: Path) -> None:
    """submission_metadata.yml says whose a folder is (a group's counts for each), and when it was handed in."""
    files = {
        "assignment_5_export/submission_metadata.yml": METADATA,
        "assignment_5_export/submission_11/tanh_layer.py": TANH,
        "assignment_5_export/submission_12/tanh_layer.py": TANH,
    }
    collection = collect(pack(tmp_path / "export.zip", files), assignment())
    assert {("1001", "tanh_layer"), ("s02@example.org", "tanh_layer")} == placed(collection).keys()
    assert datetime(2026, 2, 27, 6, 58, 5, 746365, tzinfo=UTC) == collection.students[0].submitted_at
    assert {"submission_12", "submission_12/tanh_layer.py"} == reasons(collection).keys()


@pytest.mark.parametrize("person", ["ann", "7", "{}", ":name: ''"])
def test_a_submitter_who_is_not_told_is_listed(person: str, tmp_path: Path) -> None:
    """The others of the group count; nobody's work is no student's of the empty name."""
    one, two = (f"submission_{number}:\n  :submitters:\n  - {person}\n" for number in (1, 2))
    text = f"{one}  - :sid: '1001'\n{two}"
    files = {"submission_metadata.yml": text, "submission_1/tanh_layer.py": TANH, "submission_2/tanh_layer.py": TANH}
    found = collect(hand_in(tmp_path / "class", files), assignment())
    assert ["1001"] == [student.id for student in found.students]
    assert "submission_metadata.yml does not say all who handed it in." == reasons(found)["submission_1"]
    assert "submission_metadata.yml does not say who handed it in." == reasons(found)["submission_2"]


@pytest.mark.parametrize("text", ["- a", "a: &x [1]\nb: *x", "a: [", "12"])
def test_metadata_that_is_none_is_refused_in_words(text: str, tmp_path: Path) -> None:
    """Not a mapping, aliases, broken YAML: one error with the remedy."""
    with pytest.raises(SubmissionError, match="not the metadata of a Gradescope export"):
        collect(hand_in(tmp_path / "class", {"submission_metadata.yml": text}), assignment())


def test_a_file_beside_the_students_folder_is_listed(tmp_path: Path) -> None:
    """s01.py and s01/: the folder counts."""
    collection = collect(hand_in(tmp_path / "class", {"s01/tanh_layer.py": TANH, "s01.py": TANH}), assignment())
    assert {"s01.py": "s01 has a folder, too, and only that counts: put the file into it."} == reasons(collection)


def test_an_empty_folder_is_a_student_without_entries(tmp_path: Path) -> None:
    """Nothing at all is not the same as nothing for an exercise."""
    folder = hand_in(tmp_path / "class", {"s01/tanh_layer.py": TANH})
    (folder / "s02").mkdir()
    collection = collect(folder, assignment())
    assert ("s01", "s02") == tuple(student.id for student in collection.students)
    assert {"s01"} == {entry.student for entry in collection.entries}


def test_entries_come_in_the_order_of_students_and_exercises(tmp_path: Path) -> None:
    """Whatever the order on the disk is."""
    collection = collect(hand_in(tmp_path / "class", {"s10.py": TANH, "s02.py": TANH, "s01.py": TANH}), assignment())
    assert [(s, e) for s in ("s01", "s02", "s10") for e in ("tanh_layer", "chain_rule")] == [
        (entry.student, entry.exercise) for entry in collection.entries
    ]


def test_results_among_the_submissions_are_nobodys(tmp_path: Path) -> None:
    """OUT in the folder of submissions is no student there; a folder whose name begins like it is one."""
    folder = hand_in(tmp_path / "class", {"s01.py": "x", "OUT/state.json": "{}", "OUT/reports/s01/x.py": "x", "OUT2/a.py": "x"})
    assert ["OUT2", "s01"] == [student.id for student in collect(folder, assignment(), exclude=folder / "OUT").students]


def test_nothing_there_is_an_error_in_words(tmp_path: Path) -> None:
    """No such place, an empty folder."""
    with pytest.raises(SubmissionError, match="There is no such folder or zip"):
        collect(tmp_path / "none", assignment())
    with pytest.raises(SubmissionError, match="Nothing was handed in here"):
        collect(hand_in(tmp_path / "class", {}), assignment())
