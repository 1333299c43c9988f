"""Names are compared as people see them, and shown so that they cannot deceive."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from classroom import assignment, hand_in, pack
from collected import TANH, reasons

from grader.course.intake.collect import collect


def test_names_that_differ_only_in_case_or_accents_are_told(tmp_path: Path) -> None:
    """OUT must keep students apart on every file system."""
    composed, decomposed = (unicodedata.normalize(form, "é01") for form in ("NFC", "NFD"))
    files = dict.fromkeys([f"{composed}.py", f"{decomposed}.py", "S01.py", "s01.py"], TANH)
    collection = collect(pack(tmp_path / "class.zip", files), assignment())
    assert {"S01", decomposed} == {student.id for student in collection.students}
    assert {"s01", composed} == reasons(collection).keys()


def test_name_that_looks_like_another_is_told(tmp_path: Path) -> None:
    """A letter of no width makes no second student of the same looks."""
    collection = collect(pack(tmp_path / "class.zip", dict.fromkeys(["s01.py", "s\u200b01.py"], TANH)), assignment())
    assert ["s01"] == [student.id for student in collection.students]
    (reason,) = reasons(collection).values()
    assert "Its name differs from `s01` in capitals, accents or unseen characters only: rename one of the two." == reason


@pytest.mark.parametrize("name", ["s\n01.py", "s\x1b[31m.py", "s\u202e01.py", "s\udcff.py"])
def test_names_that_cannot_be_shown_are_listed_cleaned(name: str, tmp_path: Path) -> None:
    """Control characters, bytes that are no UTF-8, letters that reverse the line."""
    folder = hand_in(tmp_path / "class", {"s01.py": TANH})
    Path(folder, name).write_text(TANH, encoding="utf-8")
    collection = collect(folder, assignment())
    assert ("s01",) == tuple(student.id for student in collection.students)
    assert all(path.isprintable() for path in reasons(collection))
    assert any("rename it" in reason for reason in reasons(collection).values())


def test_names_as_long_as_a_file_system_takes_are_graded(tmp_path: Path) -> None:
    """255 bytes."""
    collection = collect(hand_in(tmp_path / "class", {f"{'s' * 252}.py": TANH}), assignment())
    assert ("s" * 252,) == tuple(student.id for student in collection.students)
