"""Of one student's files the right ones count for each exercise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from classroom import assignment, exercise, hand_in, pack
from collected import TANH, placed, reasons

from grader.course.intake.collect import collect
from grader.outcome import Status


def test_exercises_that_ask_for_one_name_clash_by_name(tmp_path: Path) -> None:
    """Two exercises want dY_dW: files found by name carry the clash, files named after an exercise do not."""
    both = assignment(exercise("linear_layer", "dY_dW"), exercise("tanh_layer", "dY_dW"), exercise("chain_rule"))
    path = hand_in(tmp_path / "class", {"s01.py": TANH, "s02/linear_layer.py": TANH, "s02/rest.py": TANH})
    clashes = {(entry.student, entry.exercise): entry.clashes for entry in collect(path, both).entries if entry.clashes}
    assert {("s01", "linear_layer"): ("tanh_layer",), ("s01", "tanh_layer"): ("linear_layer",)} == clashes


def test_of_two_files_for_one_exercise_the_last_counts(tmp_path: Path) -> None:
    """A .py and a .ipynb: the later one; the other is listed."""
    folder = hand_in(tmp_path / "class", {"s01/tanh_layer.py": TANH, "s01/tanh_layer.ipynb": "{}"})
    os.utime(folder / "s01/tanh_layer.py", (2e9, 2e9))
    collection = collect(folder, assignment())
    assert {("s01", "tanh_layer"): ("s01/tanh_layer.py",)} == placed(collection)
    assert ["s01/tanh_layer.ipynb"] == list(reasons(collection))


def test_numbered_files_of_a_plain_folder_are_not_versions(tmp_path: Path) -> None:
    """week-1.py and week-2.py both count."""
    collection = collect(hand_in(tmp_path / "class", {"s01/week-1.py": TANH, "s01/week-2.py": TANH}), assignment())
    assert ("s01/week-1.py", "s01/week-2.py") == placed(collection)["s01", "tanh_layer"]


def test_other_code_beside_a_full_set_is_listed(tmp_path: Path) -> None:
    """When every exercise has its own file, another .py has nothing to do."""
    files = {"s01/tanh_layer.py": TANH, "s01/chain_rule.py": TANH, "s01/scratch.py": TANH, "s01/report.pdf": "%PDF"}
    collection = collect(hand_in(tmp_path / "class", files), assignment())
    assert {
        "s01/scratch.py": "Every exercise has a file of its own; this one counts only where one of them imports it.",
        "s01/report.pdf": "It is not a .py or .ipynb file.",
    } == reasons(collection)


def test_too_many_files_of_one_student_do_not_stop_the_others(tmp_path: Path) -> None:
    """The rest of that folder is not looked at, and that is said."""
    files = {f"s01/{number:04}.py": TANH for number in range(2100)}
    collection = collect(pack(tmp_path / "class.zip", files | {"s02.py": TANH}), assignment())
    assert {"s01", "s02"} == {student.id for student in collection.students}
    assert any("more than 50 files of code" in reason for reason in reasons(collection).values())


def test_how_many_files_there_are_is_counted_for_each_student(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All students of a course lie below one folder: whoever comes late in the alphabet is graded, too."""
    monkeypatch.setattr("grader.course.intake.entries.MAX_FILES", 3)
    files = {f"submitted/s{number:02}/ps1/tanh_layer.ipynb": "{}" for number in range(20)}
    assert 20 == len(placed(collect(hand_in(tmp_path / "course", files), assignment())))


def test_of_too_many_files_the_answers_are_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A student handed in an environment as well; what was not looked at is said, in a zip, too."""
    monkeypatch.setattr("grader.course.intake.entries.MAX_FILES", 3)
    files = dict.fromkeys(["env/a.py", "env/b.py", "env/c.txt", "src/tanh_layer.py", "z.py"], "x")
    folder = hand_in(tmp_path / "class", {f"s01/{path}": text for path, text in files.items()})
    (folder / "s02").mkdir()
    for name in ("a.zip", "b.zip"):
        pack(folder / "s02" / name, dict.fromkeys(["one.txt", "two.txt", "chain_rule.py"], "x"))
    found = collect(folder, assignment())
    looked_at = {("s01", "tanh_layer"): "src/tanh_layer.py", ("s01", "chain_rule"): "env/a.py"}
    assert {key: f"s01/{path}" for key, path in looked_at.items()} == {key: placed(found)[key][0] for key in looked_at}
    assert "There are 5 files of this student; 3 of them were looked at, answers and code first." == reasons(found)["s01"]
    assert "With what other zips hold there are more than 3 files here." == reasons(found)["s02/b.zip"]


def test_an_empty_answer_is_refused_and_counts_after_an_earlier_one(tmp_path: Path) -> None:
    """An upload that failed; an empty helper is nothing to speak of."""
    files = {"s01/tanh_layer.py": "", "s01/__init__.py": "", "s02/tanh_layer.py": "x", "s02/tanh_layer (1).py": ""}
    found = collect(hand_in(tmp_path / "class", files), assignment())
    entries = {entry.student: entry for entry in found.entries if entry.exercise == "tanh_layer"}
    refusal = "s01/tanh_layer.py was not opened: it is empty: the upload failed, or nothing was saved."
    assert (Status.REFUSED, refusal) == (entries["s01"].status, entries["s01"].detail)
    assert ["s02/tanh_layer.py"] == [file.path for file in entries["s02"].files]
    empty = "It is empty: the upload failed, or nothing was saved."
    assert (empty, empty) == tuple(reasons(found)[path] for path in ("s01/tanh_layer.py", "s02/tanh_layer (1).py"))
