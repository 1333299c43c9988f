"""`grader grade`: the table, the notes beside it, and its exit statuses."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from command_line import QUICK, run, write
from places import ROOT
from popen import killed_afterwards


def test_grade_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """A row a student, empty for what was not handed in; where the results lie goes to stderr."""
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    write("class/s02/twice.py", "def dy_dx(x):\n    return 3.0\n")
    status, out, err = run(capsys, "grade", "class", "-a", write("exercises/twice.yaml", QUICK), "-o", "OUT", "--jobs", "1")
    assert status == 0
    assert [line.split() for line in out.splitlines()] == [
        ["student", "twice", "total"],
        ["points", "1", "1"],
        ["s01", "1", "1"],
        ["s02", "0", "0"],
    ]
    assert "OUT/grades.csv" in err
    assert "OUT/report.html" in err


def test_a_second_run_grades_only_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    """What did not change is said to be unchanged."""
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    arguments = ("grade", "class", "-a", write("exercises/twice.yaml", QUICK), "-o", "OUT", "--jobs", "1")
    run(capsys, *arguments)
    status, _, err = run(capsys, *arguments)
    assert status == 0
    assert "1 unchanged since the last run" in err


@pytest.mark.parametrize("missing", ["submissions", "assignment"])
def test_grade_without_its_input(missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Unusable input is exit status 2, told in words."""
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    write("exercises/twice.yaml", QUICK)
    folder = "nowhere" if missing == "submissions" else "class"
    status, out, err = run(capsys, "grade", folder, "-a", "nothing" if missing == "assignment" else "twice", "-o", "OUT")
    assert (status, out) == (2, "")
    assert ("nowhere" if missing == "submissions" else "`nothing`") in err


def test_an_output_that_is_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """OUT has to be a folder."""
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    write("exercises/twice.yaml", QUICK)
    status, _, err = run(capsys, "grade", "class", "-a", "twice", "-o", write("OUT", "mine"))
    assert (status, Path("OUT").read_text()) == (2, "mine")
    assert "OUT" in err


def kept(database: Path) -> list[str]:
    """Read the students with a result from a database that may not be there yet."""
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return [student for (student,) in connection.execute("SELECT student FROM grader_result")]
    except sqlite3.OperationalError:
        return []


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
def test_ctrl_c_keeps_what_is_graded() -> None:
    """An interrupted run ends with 130, says so, and has written the grades so far."""
    write("exercises/twice.yaml", QUICK.replace("seconds: 1", "seconds: 60"))
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    write("class/s02/twice.py", "def dy_dx(x):\n    while True: pass\n")
    command = [sys.executable, "-m", "grader", "grade", "class", "-a", "twice", "-o", "OUT", "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with killed_afterwards(subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)) as process:
        deadline = time.monotonic() + 60
        while "s01" not in kept(Path("OUT/state.sqlite")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Stopped." in err
    assert "s01,1,1" in Path("OUT/grades.csv").read_text()


@pytest.mark.parametrize("width", [60, 44])
def test_the_table_of_a_class_fits_the_terminal(width: int) -> None:
    """Where ids of exercises make it too wide, they are numbers in the head, and are listed first, none broken."""
    from grader.cli.class_summary import _fitting

    ids = [f"an_exercise_with_a_long_name_{letter}" for letter in "abcde"]
    lines = list(_fitting(("student", *ids, "total"), [("s01", *("1.5" for _ in ids), "7.5")], ids, width))
    assert max(map(len, lines)) <= width
    assert [f"{place} {id}" in " ".join(lines) for place, id in enumerate(ids, 1)] == [True] * 5
    assert lines[-2].split() == ["student", "1", "2", "3", "4", "5", "total"]


JUNK = {f"class/eve/j{number:02}.txt": "x" for number in range(40)}


def test_one_students_junk_hides_nobody_elses_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    """Of each student something is said, and how much more there is."""
    write("exercises/twice.yaml", QUICK)
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    for path in (*JUNK, "class/s02/twice.docx", "class/s03.rar"):
        write(path, "x")
    _, _, err = run(capsys, "grade", "class", "-a", "twice", "-o", "OUT", "--quiet")
    said = [line for line in err.splitlines() if line.startswith(("Not placed", "..."))]
    assert said[0].startswith("Not placed: s03.rar: ")
    assert "... and 34 more beside eve/j00.txt." in said
    assert any(line.startswith("Not placed: s02/twice.docx: ") for line in said)
    assert len(said) < 20
    assert "report.html lists all files that are not placed." in err


def test_the_trouble_of_many_students_is_a_line_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """Work that is not graded comes before what nobody grades."""
    write("exercises/twice.yaml", QUICK)
    for number in range(30):
        write(f"class/s{number:02}/notes.txt", "x")
    for path in (*JUNK, "class/s07/empty.zip", "class/s08.py"):
        write(path, "x")
    write("class/s08/twice.py", "def dy_dx(x):\n    return 2.0\n")
    _, _, err = run(capsys, "grade", "class", "-a", "twice", "-o", "OUT", "--quiet")
    said = [line for line in err.splitlines() if line.startswith("Not placed")]
    assert said[0].startswith("Not placed: s08.py (and 1 more): s08 has a folder, too")
    assert said[1].startswith("Not placed: s07/empty.zip")
    assert "(and 39 more)" in said[2]
    assert "... (29 students): It is not a .py or .ipynb file." in said[2]
    assert len(said) == 3
    assert "Handed in something, but nothing that can be graded: " in err
    assert ", s06, s07, s09" in err


def test_every_run_says_which_layout_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    """And the folder around it; another one may be said."""
    write("exercises/twice.yaml", QUICK)
    for student in ("s01", "s02"):
        write(f"class/week 3/{student}/twice.py", "def dy_dx(x):\n    return 2.0\n")
    arguments = ("grade", "class", "-a", "twice", "-o", "OUT", "--quiet")
    status, _, err = run(capsys, *arguments)
    assert status == 2
    assert "`wrapped`: `week 3` lies around the work of 2 students (s01, s02)." in err
    assert "Say which it is: --layout wrapped, or --layout students." in err
    status, out, err = run(capsys, *arguments, "--layout", "wrapped")
    assert status == 0
    assert "Layout: students in week 3/." in err
    assert ["s01", "1", "1"] in [line.split() for line in out.splitlines()]


def test_a_later_run_that_reads_other_files_for_a_mark_stops(capsys: pytest.CaptureFixture[str]) -> None:
    """Told with both, and what to give."""
    write("exercises/twice.yaml", QUICK)
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    arguments = ("-a", "twice", "-o", "OUT", "--quiet")
    run(capsys, "grade", "class", *arguments)
    write("later/submission_1/twice.py", "def dy_dx(x):\n    return 3.0\n")
    write("later/submission_metadata.yml", "submission_1:\n  :submitters:\n  - :sid: s01\n")
    status, _, err = run(capsys, "grade", "later", *arguments)
    assert status == 2
    assert "s01: students, as s01 then, gradescope, as s01 now. Nothing was graded." in err
    assert run(capsys, "grade", "later", *arguments, "--accept-other-files")[0] == 0


def test_two_functions_of_one_name_cost_nothing_and_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    """With the files' names on the console; exit status 3, since somebody has to look."""
    write("exercises/twice.yaml", QUICK)
    write("class/s01/answer_v1.py", "def dy_dx(x):\n    return 2.0\n")
    write("class/s01/answer_final.py", "def dy_dx(x):\n    return 3.0\n")
    status, out, err = run(capsys, "grade", "class", "-a", "twice", "-o", "OUT", "--quiet")
    assert status == 3
    assert ["s01", "-", "-"] in [line.split() for line in out.splitlines()]
    what = "answer_final.py and answer_v1.py define dy_dx differently. Keep one of them: rename or remove the other."
    assert f"s01, twice: Not graded, no points lost: {what}" in err
    assert "our fault" not in err


def test_students_who_are_not_on_the_roster_are_graded_and_named_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """They were listed as not placed, a line each, among the files that nobody grades."""
    for number in range(1, 11):
        write(f"in/s{number:02}/tanh_derivative.py", "def dY_dx(x):\n    return 2.0\n")
    write("in/readme.txt", "Hello")
    write("roster.csv", "id\ns01\n")
    _, _, err = run(capsys, "grade", "in", "-a", "tanh_derivative", "-o", "out", "--roster", "roster.csv", "--isolation", "best")
    others = ", ".join(f"s{number:02}" for number in range(2, 10))
    told = "Graded, but not found on the roster by id, by email or by a name that only one student has"
    assert f"{told}: {others} and 1 more.\n" in err
    assert ["Not placed: readme.txt: It is not a .py, .ipynb or .zip file."] == [
        line for line in err.splitlines() if line.startswith("Not placed")
    ]
    graded, _, unplaced = Path("out/report.html").read_text("utf-8").partition("Handed in and not graded")
    assert "Graded, and not on the roster" in graded
    assert ("nobody on the roster" in graded, "nobody on the roster" in unplaced) == (True, False)


def test_an_exercise_that_was_handed_in_does_not_replace_the_one_that_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """`grade` in the folder of a download with a folder `exercises` in it."""
    Path("exercises").mkdir()
    write("exercises/tanh_derivative.yaml", QUICK.replace("dy_dx", "dY_dx"))
    Path("course").mkdir()
    write("course/ps1.yaml", "schema: 1\ntitle: Set 1\nexercises: [tanh_derivative]\n")
    write("in/s01/tanh_derivative.py", "def dY_dx(x):\n    return 2.0\n")
    for number, assignment in enumerate(("course/ps1.yaml", "tanh_derivative")):
        _, out, err = run(capsys, "grade", "in", "-a", assignment, "-o", f"out{number}", "--isolation", "best")
        assert "s01                    0      0" in out, out
        assert "which hides exercises/tanh_derivative.yaml." in err
