"""Folders are listed without following links; what is no file of a student's has a reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from classroom import assignment, hand_in, pack
from collected import TANH, placed, reasons

from grader.course.intake.collect import collect
from grader.errors import SubmissionError
from grader.outcome import Status


def test_junk_is_ignored_quietly(tmp_path: Path) -> None:
    """What file managers and editors leave behind is nobody's submission."""
    junk = ["__MACOSX/s01/._tanh_layer.py", "s01/.DS_Store", "s01/__pycache__/tanh_layer.pyc", "s01/.ipynb_checkpoints/a.ipynb"]
    collection = collect(pack(tmp_path / "class.zip", {"s01/tanh_layer.py": TANH, **dict.fromkeys(junk, "x")}), assignment())
    assert ({("s01", "tanh_layer")}, {}) == (set(placed(collection)), reasons(collection))


def test_nothing_but_regular_files_is_opened(tmp_path: Path) -> None:
    """Links, pipes and what lies behind a linked folder are refused, with reasons."""
    secret = hand_in(tmp_path / "elsewhere", {"tanh_layer.py": "secret"})
    folder = hand_in(tmp_path / "class", {"s01/chain_rule.py": TANH})
    (folder / "s01/tanh_layer.py").symlink_to(secret / "tanh_layer.py")
    (folder / "s02").symlink_to(secret)
    (folder / "s03").mkdir()
    os.mkfifo(folder / "s03/tanh_layer.py")
    collection = collect(folder, assignment())
    assert {("s01", "chain_rule")} == placed(collection).keys()
    expected = {
        "s01/tanh_layer.py": "It is a symbolic link: hand in the file itself.",
        "s02": "It is a symbolic link: hand in the file itself.",
        "s03/tanh_layer.py": "It is not a regular file.",
    }
    assert expected == reasons(collection)
    assert {("s01", "tanh_layer"), ("s03", "tanh_layer")} == {
        (entry.student, entry.exercise) for entry in collection.entries if entry.status == Status.REFUSED
    }


def test_a_file_that_became_a_link_after_collection_is_not_followed(tmp_path: Path) -> None:
    """What is opened is what was looked at."""
    secret = hand_in(tmp_path / "elsewhere", {"tanh_layer.py": "secret"})
    folder = hand_in(tmp_path / "class", {"s01/tanh_layer.py": TANH, "s02/tanh_layer.py": TANH})
    first, _, second, _ = collect(folder, assignment()).entries
    (folder / "s01/tanh_layer.py").unlink()
    (folder / "s01/tanh_layer.py").symlink_to(secret / "tanh_layer.py")
    (folder / "s02").rename(folder / "moved")
    (folder / "s02").symlink_to(secret)
    for entry in (first, second):
        with pytest.raises(SubmissionError, match="cannot be read"):
            entry.files[0].read()


def test_what_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    """Code over 1 MiB, notebooks over 32 MiB."""
    folder = hand_in(tmp_path / "class", {"s01.py": b"#" * ((1 << 20) + 1), "s02.ipynb": b"{}"})
    os.truncate(folder / "s02.ipynb", (32 << 20) + 1)
    collection = collect(folder, assignment())
    assert {Status.REFUSED} == {entry.status for entry in collection.entries}
    assert "It is larger than 1 MiB: hand in code only, and clear a notebook's outputs." == reasons(collection)["s01.py"]
    assert "larger than 32 MiB" in reasons(collection)["s02.ipynb"]


def test_more_files_than_any_class_has_are_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """To stop somewhere would leave out students: it is said where the files lie instead."""
    monkeypatch.setattr("grader.course.intake.folders.MAX_ENTRIES", 10)
    files = {f"data/pictures/{number}.png": "x" for number in range(12)} | {"submitted/s01/tanh_layer.py": TANH}
    with pytest.raises(SubmissionError, match=r"more than 10 files and folders here; 9 of them are in data/pictures"):
        collect(hand_in(tmp_path / "course", files), assignment())
