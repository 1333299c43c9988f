"""A class is graded once, in any order, kept as it comes, and gone on with where it stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from classroom import Reader, assignment, exercise, hand_in, steps
from places import SUPPORT
from popen import killed_afterwards

from grader.course.earlier import with_earlier
from grader.course.grade import Options, Progress, Summary, grade_folder
from grader.course.intake.collect import Collection, collect
from grader.course.intake.entries import SubmissionEntry
from grader.course.intake.students import Student
from grader.course.pages.pages import refresh
from grader.course.regrade import regrade
from grader.course.results import out as out_module
from grader.course.workers.request import request_of
from grader.errors import Fault, GraderError, SandboxError
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.lock import locked
from grader.outcome import Report

CLASS = {
    "s01/tanh_layer.py": "correct",
    "s01/chain_rule.py": "wrong_value",
    "s02/tanh_layer.py": "ungraded",
    "s02/chain_rule.py": "correct",
    "s03/chain_rule.py": "correct",
}
GRADES = """\
student,tanh_layer,chain_rule,total,submitted_at,late_seconds,late_penalty
s01,1,0,1,,,
s02,,1,,,,
s03,0,1,1,,,
s04,,,,,,
"""


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    """Three students with answers, one with an empty folder."""
    folder = hand_in(tmp_path / "class", CLASS)
    (folder / "s04").mkdir()
    return folder


def grade(folder: Path, out: Path, reader: Reader | None = None, **options: Any) -> Summary:
    """Grade a folder without a sandbox."""
    return grade_folder(folder, assignment(), out, options=Options(**{"jobs": 2, **options}), steps=steps(reader or Reader()))


def seed_in(out: Path) -> int:
    """Read the seed of a run from its folder."""
    state = out_module.read_state(out)
    assert state is not None
    return state.seed


def test_grades_csv_has_a_row_a_student_and_a_column_an_exercise(submissions: Path, tmp_path: Path) -> None:
    """Empty is not submitted or ungraded; missing is 0."""
    grade(submissions, tmp_path / "out")
    assert GRADES == (tmp_path / "out/grades.csv").read_text(encoding="utf-8")


def test_every_entry_has_a_report(submissions: Path, tmp_path: Path) -> None:
    """reports/STUDENT/EXERCISE.json, strict JSON; for what is missing, too."""
    grade(submissions, tmp_path / "out")
    reports = sorted(path.relative_to(tmp_path / "out/reports").as_posix() for path in tmp_path.glob("out/reports/*/*"))
    assert [f"s0{n}/{id}.json" for n in (1, 2, 3) for id in ("chain_rule", "tanh_layer")] == reports
    found = json.loads((tmp_path / "out/reports/s03/tanh_layer.json").read_bytes())
    assert ["missing", 0.0] == [found["targets"][0]["status"], found["score"]]


def test_the_outputs_do_not_depend_on_timing(submissions: Path, tmp_path: Path) -> None:
    """One worker or four, slow or quick: the same files."""
    hand_in(submissions, {"s01/tanh_layer.py": "slow"})
    for jobs in (1, 4):
        grade(submissions, tmp_path / f"out{jobs}", jobs=jobs, seed=1)
    one, four = (
        {
            path.relative_to(out): path.read_bytes()
            for path in sorted(out.rglob("*.*"))
            if path.suffix in {".csv", ".json"} and path.name != "state.json"
        }
        for out in (tmp_path / "out1", tmp_path / "out4")
    )
    assert one == four


def test_a_second_run_grades_only_what_changed(submissions: Path, tmp_path: Path) -> None:
    """The changed file, the one we failed at, and nothing else."""
    grade(submissions, tmp_path / "out")
    hand_in(submissions, {"s03/chain_rule.py": "wrong_value"})
    reader = Reader()
    summary = grade(submissions, tmp_path / "out", reader)
    assert [("s02", "tanh_layer"), ("s03", "chain_rule")] == sorted(reader.graded)
    assert (6, 4, 1) == (summary.entries, summary.reused, summary.ungraded)
    assert "s03,0,0,0," in (tmp_path / "out/grades.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("options", [{"fresh": True}, {"seed": 5}, {"fresh_seed": True}])
def test_fresh_and_another_seed_grade_everything_again(
    options: dict[str, bool] | dict[str, int], submissions: Path, tmp_path: Path
) -> None:
    """What is missing is not run at all."""
    grade(submissions, tmp_path / "out")
    reader = Reader()
    grade(submissions, tmp_path / "out", reader, **options)
    assert 5 == len(reader.graded)


def test_a_changed_exercise_is_graded_again(submissions: Path, tmp_path: Path) -> None:
    """Only that one."""
    grade(submissions, tmp_path / "out")
    reader = Reader()
    changed = assignment(exercise("tanh_layer"), replace(exercise("chain_rule"), rtol=1e-3))
    grade_folder(submissions, changed, tmp_path / "out", steps=steps(reader))
    assert [("s01", "chain_rule"), ("s02", "chain_rule"), ("s02", "tanh_layer"), ("s03", "chain_rule")] == sorted(reader.graded)


def test_late_hand_ins_join_the_others(submissions: Path, tmp_path: Path) -> None:
    """A second folder graded into the same OUT, with the same seed; whose marks are kept is said."""
    assert () == grade(submissions, tmp_path / "out").notes
    seed = seed_in(tmp_path / "out")
    summary = grade(hand_in(tmp_path / "late", {"s05/tanh_layer.py": "correct"}), tmp_path / "out")
    assert GRADES + "s05,1,0,1,,,\n" == (tmp_path / "out/grades.csv").read_text(encoding="utf-8")
    assert seed == seed_in(tmp_path / "out")
    kept = "Not among these submissions, graded in an earlier run: s01, s02 and s03. Their scores stay."
    assert (kept,) == summary.notes


def test_a_roster_that_comes_later_leaves_nobody_in_the_class_twice(tmp_path: Path) -> None:
    """What was graded under the names of files is graded under the roster's ids, and gone under the old ones."""
    files = {"lopezana_101_9_tanh_layer.py": "correct", "onejo_102_8_tanh_layer.py": "correct"}
    folder, out = hand_in(tmp_path / "class", files), tmp_path / "out"
    grade(folder, out)
    assert ["lopezana_101", "onejo_102"] == sorted(path.name for path in (out / "reports").iterdir())
    (tmp_path / "roster.csv").write_text("id,canvas\nal,101\n", encoding="utf-8")
    grade(folder, out, roster=tmp_path / "roster.csv")
    rows = (out / "grades.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert ["al,1,0,1,,,", "onejo_102,1,0,1,,,"] == rows
    assert ["al", "onejo_102"] == sorted(path.name for path in (out / "reports").iterdir())


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


def test_the_seed_is_secret_and_drawn_once(submissions: Path, tmp_path: Path) -> None:
    """Two folders have two seeds; the folder and its state are the owner's alone."""
    for out in ("a", "b"):
        grade(submissions, tmp_path / out)
    assert seed_in(tmp_path / "a") != seed_in(tmp_path / "b")
    modes = [
        oct(path.stat().st_mode & 0o777) for path in (tmp_path / "a", tmp_path / "a/state.json", tmp_path / "a/state.sqlite")
    ]
    assert ["0o700", "0o600", "0o600"] == modes


def test_a_database_file_elsewhere_is_the_owners_alone(submissions: Path, tmp_path: Path) -> None:
    """Its reports hold the seed; OUT gets no second one."""
    grade(submissions, tmp_path / "out", database=f"sqlite:///{tmp_path / 'results.db'}")
    assert "0o600" == oct((tmp_path / "results.db").stat().st_mode & 0o777)
    assert not (tmp_path / "out/state.sqlite").exists()


def test_out_may_have_any_name(submissions: Path, tmp_path: Path) -> None:
    """Also one that an address of a database would read otherwise."""
    grade(submissions, tmp_path / "week 1?mode=x%20#")
    assert (tmp_path / "week 1?mode=x%20#/state.sqlite").exists()


def test_exercises_that_clash_say_what_to_do(tmp_path: Path) -> None:
    """Without `# exercise:` lines functions of one name are nobody's; with one of them it is known what is whose."""
    both = assignment(exercise("linear_layer", "dY_dW"), exercise("tanh_layer", "dY_dW"))
    marks = {"s01": "", "s02": "# exercise: tanh_layer\n", "s03": "# Exercise: Tanh Layer"}
    files = {f"{student}.py": f"correct dY_dW\n{mark}" for student, mark in marks.items()}
    summary = grade_folder(hand_in(tmp_path / "class", files), both, tmp_path / "out", steps=steps(Reader()))
    assert ["s01,,,,,,", "s02,1,1,2,,,", "s03,1,1,2,,,"] == (tmp_path / "out/grades.csv").read_text(
        encoding="utf-8"
    ).splitlines()[1:]
    found = json.loads((tmp_path / "out/reports/s01/tanh_layer.json").read_bytes())
    assert ("ungraded", None) == (found["targets"][0]["status"], found["score"])
    assert (
        "tanh_layer and linear_layer ask for functions of the same name, and s01.py does not say "
        "which function is for which. Write a line `# exercise: tanh_layer` above the functions for this one (in a notebook: as "
        "the first line of a cell), or put them into a file tanh_layer.py."
    ) == found["targets"][0]["detail"]
    assert ["clash"] == found["flags"]
    assert [("s01", "linear_layer"), ("s01", "tanh_layer")] == [(one.student, one.exercise) for one in summary.undecided]


# Whose marks these are


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


def test_a_clash_is_asked_for_until_it_is_settled(tmp_path: Path) -> None:
    """Each run says so; then it is graded as any other."""
    both = assignment(exercise("linear_layer", "dY_dW"), exercise("tanh_layer", "dY_dW"))
    folder = hand_in(tmp_path / "class", {"s01.py": "correct dY_dW"})
    for _ in range(2):
        summary = grade_folder(folder, both, tmp_path / "out", steps=steps(Reader()))
        assert (2, 2) == (summary.ungraded, len(summary.undecided))
    hand_in(folder, {"s01.py": "correct dY_dW\n# exercise: tanh_layer\n"})
    summary = grade_folder(folder, both, tmp_path / "out", steps=steps(Reader()))
    assert (0, ()) == (summary.ungraded, summary.undecided)


def test_what_mentions_no_function_of_an_exercise_clashes_with_none(tmp_path: Path) -> None:
    """A helper beside the answers to others: the exercise was not handed in, and nobody is told to divide the file."""
    both = assignment(exercise("linear_layer", "dY_dW"), exercise("tanh_layer", "dY_dW"))
    reader = Reader()
    grade_folder(hand_in(tmp_path / "class", {"s01.py": "missing"}), both, tmp_path / "out", steps=steps(reader))
    assert [("s01", "linear_layer"), ("s01", "tanh_layer")] == sorted(reader.graded)


def test_what_a_file_imports_of_its_neighbours_comes_along(tmp_path: Path) -> None:
    """And what those import; the others stay out."""
    files = {
        "s01/tanh_layer.py": "from helpers import square",
        "s01/chain_rule.py": "correct",
        "s01/helpers.py": "import deeper",
        "s01/deeper.py": "x",
        "s01/other.py": "x",
    }
    entries = collect(hand_in(tmp_path / "class", files), assignment()).entries
    names = [tuple(request_of(entry, "").files) for entry in entries]
    assert [("tanh_layer.py", "helpers.py", "deeper.py"), ("chain_rule.py",)] == names


def test_a_notebook_that_is_none_is_refused(tmp_path: Path) -> None:
    """The report says why."""
    grade(hand_in(tmp_path / "class", {"s01/tanh_layer.ipynb": "[1"}), tmp_path / "out")
    found = json.loads((tmp_path / "out/reports/s01/tanh_layer.json").read_bytes())["targets"][0]
    assert ("refused", "tanh_layer.ipynb: This is not a notebook: it is not JSON.") == (found["status"], found["detail"])


def test_our_fault_costs_nobody_a_point(submissions: Path, tmp_path: Path) -> None:
    """A grader that fails at one submission leaves it ungraded and goes on."""
    hand_in(submissions, {"s01/tanh_layer.py": "crash"})
    summary = grade(submissions, tmp_path / "out")
    assert 2 == summary.ungraded
    found = json.loads((tmp_path / "out/reports/s01/tanh_layer.json").read_bytes())
    assert [None, "The grader failed: RuntimeError: a fault of ours"] == [found["score"], found["targets"][0]["detail"]]


def test_without_a_sandbox_nothing_is_graded(submissions: Path, tmp_path: Path) -> None:
    """A SandboxError ends the run in its own words."""
    hand_in(submissions, {"s01/tanh_layer.py": "nobox"})
    with pytest.raises(SandboxError, match="There is no sandbox here"):
        grade(submissions, tmp_path / "out")


def test_progress_counts_every_entry(submissions: Path, tmp_path: Path) -> None:
    """Done of total, reused and ungraded among them."""
    seen = []
    for _ in range(2):
        grade_folder(
            submissions,
            assignment(),
            tmp_path / "out",
            steps=steps(Reader()),
            progress=lambda at: seen.append((at.done, at.reused)),
        )
    assert [(n, 0) for n in range(7)] == seen[:7]
    assert (6, 5) == seen[-1]


def test_a_run_that_stops_leaves_no_page_with_an_old_mark(submissions: Path, tmp_path: Path) -> None:
    """Whoever was graded anew (s02 is tried again) has no page until the pages are written; nobody else loses one."""
    out = tmp_path / "out"
    grade(submissions, out)
    refresh(out, {})
    hand_in(submissions, {"s01/chain_rule.py": "correct"})
    with pytest.raises(KeyboardInterrupt):
        grade_folder(submissions, assignment(), out, steps=steps(Reader()), progress=_interrupt_at(6))
    assert ["s03.html"] == sorted(page.name for page in (out / "feedback").iterdir())
    refresh(out, {}, changed=grade(submissions, out).changed)
    assert "2 of 2 points" in (out / "feedback/s01.html").read_text(encoding="utf-8")


def _interrupt_at(done: int) -> Callable[[Progress], None]:
    """Press Ctrl-C after so many entries."""

    def interrupt(at: Progress) -> None:
        if at.done == done:
            raise KeyboardInterrupt

    return interrupt


def test_ctrl_c_keeps_what_is_graded(submissions: Path, tmp_path: Path) -> None:
    """KeyboardInterrupt passes through; grades.csv has the first results, and the next run does the rest."""
    with pytest.raises(KeyboardInterrupt):
        grade_folder(
            submissions, assignment(), tmp_path / "out", options=Options(jobs=1), steps=steps(Reader()), progress=_interrupt_at(2)
        )
    assert "s01,1,0,1," in (tmp_path / "out/grades.csv").read_text(encoding="utf-8")
    assert 2 == grade(submissions, tmp_path / "out").reused
    assert GRADES == (tmp_path / "out/grades.csv").read_text(encoding="utf-8")


KILLED = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from popen import killed_afterwards
from classroom import Reader, assignment, steps
from grader.course.grade import Options, grade_folder

def tell(at):
    if at.done >= 2:
        print("now", flush=True)
        time.sleep(60)

grade_folder(Path({folder!r}), assignment(), Path({out!r}), options=Options(jobs=1), steps=steps(Reader()), progress=tell)
"""


def test_the_rules_hold_from_the_first_moment(submissions: Path, tmp_path: Path) -> None:
    """Pages of a run that was killed show no more than the assignment says."""
    asked = replace(assignment(), feedback="score")

    def look(at: Progress) -> None:
        assert "score" == json.loads((tmp_path / "out/rules.json").read_bytes())["feedback"]

    grade_folder(submissions, asked, tmp_path / "out", steps=steps(Reader()), progress=look)


def test_a_killed_run_goes_on_and_ends_with_the_same_table(submissions: Path, tmp_path: Path) -> None:
    """In the middle, by -9: the lock is no obstacle, what was graded is not graded again."""
    program = KILLED.format(tests=str(SUPPORT), folder=str(submissions), out=str(tmp_path / "out"))
    with killed_afterwards(subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"now\n"
        process.send_signal(signal.SIGKILL)
    (tmp_path / "out/reports/s01/tanh_layer.json").unlink()
    assert 2 == grade(submissions, tmp_path / "out").reused
    assert GRADES == (tmp_path / "out/grades.csv").read_text(encoding="utf-8")
    assert (tmp_path / "out/reports/s01/tanh_layer.json").exists()


# OUT


def test_another_run_in_the_same_folder_is_refused(submissions: Path, tmp_path: Path) -> None:
    """While the first one lasts."""
    grade(submissions, tmp_path / "out")
    with locked(tmp_path / "out"), pytest.raises(GraderError, match="Another run is writing here"):
        grade(submissions, tmp_path / "out")


def test_another_assignments_folder_is_refused(submissions: Path, tmp_path: Path) -> None:
    """With its name."""
    grade(submissions, tmp_path / "out")
    with pytest.raises(GraderError, match="results of another assignment, ps1"):
        grade_folder(submissions, replace(assignment(), id="ps2"), tmp_path / "out", steps=steps(Reader()))


def test_a_file_or_a_full_folder_is_refused(submissions: Path, tmp_path: Path) -> None:
    """A file, and a folder with other things in it, whose mode stays as it is."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(GraderError, match="It is a file, not a folder"):
        grade(submissions, tmp_path / "file")
    mode = submissions.stat().st_mode
    with pytest.raises(GraderError, match="holds other things than results"):
        grade(submissions, submissions)
    assert mode == submissions.stat().st_mode


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 0}', '{"schema": 1}'])
def test_a_state_that_cannot_be_used_is_refused(text: str, submissions: Path, tmp_path: Path) -> None:
    """Torn, or of another version."""
    hand_in(tmp_path / "out", {"state.json": text})
    with pytest.raises(GraderError, match=r"cannot be read|another version"):
        grade(submissions, tmp_path / "out")


def test_a_run_that_was_killed_at_its_first_file_is_no_obstacle(submissions: Path, tmp_path: Path) -> None:
    """What it had begun to write is passed over."""
    hand_in(tmp_path / "out", {".0123456789ab.part": "{", "lock": ""})
    grade(submissions, tmp_path / "out")
    assert GRADES == (tmp_path / "out/grades.csv").read_text(encoding="utf-8")


def test_a_lock_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    """On a disk that is full or for reading only; here the folder is none."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with (
        pytest.raises(GraderError, match=r"The file lock cannot be written here: Not a directory\.\n.*copy the folder"),
        locked(tmp_path / "file"),
    ):
        pass


def test_a_full_disk_is_said_in_words_and_loses_nothing(submissions: Path, tmp_path: Path) -> None:
    """No room for a report: the message says so, earlier results stay, no half file is left."""
    grade(submissions, tmp_path / "out")
    before = (tmp_path / "out/grades.csv").read_bytes()
    program = f"""
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {str(SUPPORT)!r})
from popen import killed_afterwards
from classroom import *
from grader.course.grade import grade_folder
from grader.errors import GraderError
import grader.course.results.out, os, errno
def full(path, data):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
grader.course.results.out.write_whole = full
try:
    grade_folder(Path({str(submissions)!r}), assignment(), Path({str(tmp_path / "out")!r}), steps=steps(Reader()))
except GraderError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "The disk is full.\n    Free some space and give the same command again: what is graded is kept." in said
    assert before == (tmp_path / "out/grades.csv").read_bytes()
    assert [] == list(tmp_path.glob("out/**/*.part"))


def test_a_full_file_system_is_said_in_words(submissions: Path) -> None:
    """A real one: a file system of 64 KiB."""
    if not Path("/dev/full").exists() or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    place = submissions.parent / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with pytest.raises(GraderError, match=r"disk is full(.|\n)*what is graded is kept"):
            grade(submissions, place / "out")
    finally:
        time.sleep(0.1)
        subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("name", ["s01", "Ana López_12", "../../x", "s" * 250, "CON", ".hidden", "a/b", "é01"])
def test_safe_names_are_file_names_and_differ(name: str) -> None:
    """One path component, at most 140 bytes, never a special one."""
    safe = out_module.safe_name(name)
    assert safe == Path(safe).name
    assert len(safe.encode()) <= 140
    assert (safe == name) == (name in {"s01", "Ana López_12", "é01"})


def test_what_sleeps_is_tried_once_more_within_a_budget_of_the_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that sleeps would take days; whose only report counts is said, also by a run that finds nothing to do."""
    monkeypatch.setattr("grader.course.workers.retries.BUDGET_SECONDS", 0.05)  # less than one try takes
    folder = hand_in(tmp_path / "class", {f"s0{n}/tanh_layer.py": "waits" for n in range(1, 5)})
    reader = Reader()
    asked = assignment(exercise("tanh_layer"))
    told: list[Progress] = []
    for _ in range(2):
        summary = grade_folder(
            folder,
            asked,
            tmp_path / "out",
            options=Options(jobs=1),
            steps=steps(reader),
            progress=lambda at: told.append(replace(at)),
        )
        assert 5 == len(reader.graded)  # the second run pays for nothing again
        assert 4 == len((tmp_path / "out/grades.csv").read_text(encoding="utf-8").splitlines()[1:])
        assert 1 == len({name for name in ("s01", "s02", "s03", "s04") if name not in summary.notes[0]})
        assert "Not tried again: " in summary.notes[0]
        assert 4 == told[-1].done


def test_a_run_that_goes_on_tries_again_only_what_was_not_tried(tmp_path: Path) -> None:
    """The first report is kept at once, and says that it is to be tried; what was tried counts against the same budget."""

    class Ending(Reader):
        ends = True

        def grade(self, judge: Judge, submission: Submission) -> Report:
            if self.ends and (submission.student, judge.exercise.id) in self.graded and submission.student == "s02":
                raise SandboxError(Fault("", "There is no sandbox any more."))
            return super().grade(judge, submission)

    files = {"s01/tanh_layer.py": "waits", "s02/tanh_layer.py": "waits_once", "s03/tanh_layer.py": "correct"}
    folder = hand_in(tmp_path / "class", files)
    reader = Ending()
    asked = assignment(exercise("tanh_layer"))
    with pytest.raises(SandboxError):
        grade_folder(folder, asked, tmp_path / "out", options=Options(jobs=1), steps=steps(reader))

    def read(name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((tmp_path / f"out/reports/{name}/tanh_layer.json").read_bytes())
        return found

    assert read("s01")["tried_alone"] >= 0.1
    assert (None, "timed_out") == (read("s02")["tried_alone"], read("s02")["targets"][0]["status"])
    assert "tried_alone" not in read("s03")
    reader.ends = False
    tried = len(reader.graded)
    for _ in range(2):
        grade_folder(folder, asked, tmp_path / "out", options=Options(jobs=1), steps=steps(reader))
        assert [("s02", "tanh_layer")] == reader.graded[tried:]
        assert "correct" == read("s02")["targets"][0]["status"]


def test_a_regrade_that_was_ended_tries_again_only_what_was_not_tried(tmp_path: Path) -> None:
    """As a run of a class does; what was not agreed to yet is no reason to pay twice."""
    folder = hand_in(tmp_path / "class", {"s01/tanh_layer.py": "waits", "s02/tanh_layer.py": "waits"})
    reader = Reader()
    asked = assignment(exercise("tanh_layer"))
    grade_folder(folder, asked, tmp_path / "out", options=Options(jobs=1), steps=steps(reader))
    changed = assignment(replace(asked.exercises[0], rtol=1e-3))
    reader.graded.clear()
    for _ in range(2):
        plan = regrade(tmp_path / "out", changed, lambda _: False, options=Options(jobs=1), steps=steps(reader))
        assert (2, 4) == (plan.run_again, len(reader.graded))


def test_entries_are_looked_up_many_at_a_time(submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it makes no difference where one question ends."""
    grade(submissions, tmp_path / "out")
    for size in (1, 2, 3, 5):
        monkeypatch.setattr("grader.course.grade._AT_ONCE", size)
        assert 5 == grade(submissions, tmp_path / "out").reused


def test_what_the_wall_clock_ended_is_tried_once_more_alone(tmp_path: Path) -> None:
    """After all others, with nothing beside it; the second report counts. What used up its CPU time is not tried again."""
    files = {
        "s01/tanh_layer.py": "waits",
        "s02/tanh_layer.py": "waits_once",
        "s03/tanh_layer.py": "timed_out",
        "s04/tanh_layer.py": "slow",
        "s05/tanh_layer.py": "slow",
    }
    reader = Reader()
    one = assignment(exercise("tanh_layer"))
    grade_folder(hand_in(tmp_path / "class", files), one, tmp_path / "out", options=Options(jobs=3), steps=steps(reader))
    tried = [student for student, _ in reader.graded]
    assert {"s01": 2, "s02": 2, "s03": 1, "s04": 1, "s05": 1} == {student: tried.count(student) for student in sorted(tried)}
    assert ["s01", "s02"] == sorted(tried[5:])
    assert 1 == reader.most_beside[-1] == reader.most_beside[-2]
    marks = (tmp_path / "out/grades.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert ["s01,0,0", "s02,1,1", "s03,0,0", "s04,1,1", "s05,1,1"] == [",".join(line.split(",")[:3]) for line in marks]
