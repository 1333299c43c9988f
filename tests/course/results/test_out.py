"""OUT belongs to one assignment and one run at a time, and is written whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from class_runs import GRADES, grade
from classroom import Reader, assignment, hand_in, steps
from places import SUPPORT

from grader.course.grade import grade_folder
from grader.course.results import out as out_module
from grader.errors import GraderError
from grader.lock import locked


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
