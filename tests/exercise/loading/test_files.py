"""Files that hold no text."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from grader.errors import ExerciseError
from grader.exercise.loading import load_exercise


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("title: café\n".encode("latin-1"), "{}:1: It is not UTF-8: the byte 0xe9 in line 1.\n    Save it as UTF-8."),
        ("title: café\n".encode("utf-16"), "{}: It is UTF-16 text.\n    Save it as UTF-8."),
        (
            b"a" * 50_000_000,
            "{}: It holds 47.7 MiB; at most 256 KiB are read.\n    An exercise is a page of text: is this the right file?",
        ),
    ],
)
def test_a_file_that_is_no_text_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    """With the place of the first bad byte, and without reading 50 MB."""
    file = tmp_path / "test.yaml"
    file.write_bytes(data)
    with pytest.raises(ExerciseError) as raised:
        load_exercise(file)
    assert message.format(file) == str(raised.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    """Each in its own words."""
    with pytest.raises(ExerciseError, match="There is no such file"):
        load_exercise(tmp_path / "none.yaml")
    with pytest.raises(ExerciseError, match="It is a folder"):
        load_exercise(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no FIFOs")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Opening a FIFO would hang."""
    os.mkfifo(tmp_path / "test.yaml")
    with pytest.raises(ExerciseError, match="not a regular file"):
        load_exercise(tmp_path / "test.yaml")
