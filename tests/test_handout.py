"""A handout is all that a student needs: starters, exercises without mistakes, no torch."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from places import ROOT

from grader import wheel
from grader.cli.finding import find_assignment
from grader.errors import ExerciseError
from grader.exercise.loading import load_assignment, load_exercise
from grader.handout import pack

PS1 = """\
schema: 1
title: Problem set 1
exercises: [tanh_layer, tanh_derivative]
points: {tanh_layer: 6}
due: 2026-11-30T12:00+01:00
late: {per_day: 12.5%, grace: 15 minutes, free_days: 2, at_most: 50%, extensions: {s03: 2026-12-30T12:00+01:00}, ledger: l.csv}
overrides: by_hand.csv
"""
RIGHT = "import numpy as np\ndef dY_dx(x):\n    return 1 - np.tanh(x) ** 2\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Unzip a handout; return its files by name."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "ps1.yaml").write_text(PS1, "utf-8")
    (folder / "by_hand.csv").write_text("student,exercise,target,points,reason,by\ns07,tanh_layer,,3,oral exam,by01\n", "utf-8")
    data = pack(find_assignment(str(folder / "ps1.yaml"), ()))
    assert data == pack(find_assignment(str(folder / "ps1.yaml"), ()))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.fixture
def unpacked(files: dict[str, bytes], tmp_path: Path) -> Path:
    """Unpack the handout into a student's folder."""
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path / "ps1"


def check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`grader check` there, with an empty cache and without torch."""
    without = folder.parent / "without"
    without.mkdir()
    (without / "sitecustomize.py").write_text("import sys\nsys.modules['torch'] = None\n", "utf-8")
    environment = os.environ | {"PYTHONPATH": f"{without}{os.pathsep}{ROOT}", "GRADER_CACHE": str(folder.parent / "cache")}
    command = [sys.executable, "-m", "grader", "check", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_student_checks_an_answer_without_torch(unpacked: Path) -> None:
    """Right answers are right; nothing had to be computed."""
    (unpacked / "tanh_derivative.py").write_text(RIGHT, "utf-8")
    done = check(unpacked, "tanh_derivative", "tanh_derivative.py")
    assert 0 == done.returncode, done.stderr
    assert "16 of 16 cases agree." in done.stdout
    assert "hides" not in done.stderr  # that the handout's exercise hides the catalogue's is no news to a student
    assert not (unpacked.parent / "cache").exists()


def test_it_says_when_answers_come_from_beside_the_exercise(tmp_path: Path) -> None:
    """An exercise of the course's own, where nothing can compute them."""
    text = "schema: 1\ntitle: x\ninputs: {x: scalar}\nforward: {y: x ** 2}\n"
    (tmp_path / "slope.yaml").write_text(f"{text}tasks:\n  - call: d(x)\n    returns: {{d: {{gradient: y, wrt: x}}}}\n", "utf-8")
    with zipfile.ZipFile(io.BytesIO(pack(find_assignment(str(tmp_path / "slope.yaml"), ())))) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "slope" / "slope.py").write_text("def d(x):\n    return 2 * x\n", "utf-8")
    done = check(tmp_path / "slope", "slope", "slope.py")
    assert 0 == done.returncode, done.stderr
    said = "Compared with the answers in exercises/records: PyTorch, which computes them, is not installed.\n"
    assert said == done.stderr


def test_a_starter_is_not_written_yet_and_counts_as_many_points_as_the_assignment_says(unpacked: Path) -> None:
    """The exercises are as the assignment overrides them."""
    done = check(unpacked, "tanh_layer", "tanh_layer.py")
    assert 1 == done.returncode, done.stderr
    assert "0 of 6 points." in done.stdout


def test_nothing_in_it_is_for_staff(files: dict[str, bytes]) -> None:
    """No declared mistake, no student, no reason."""
    everything = b"\n".join(data for name, data in files.items() if name != f"ps1/{wheel.NAME}")
    assert not [word for word in (b"mistakes", b"s03", b"s07", b"oral exam", b"ledger", b"overrides") if word in everything]
    asked = files["ps1/exercises/tanh_layer.yaml"].decode()
    assert not [key for key in ("hint:", "returned:", "credit:") if key in asked]
    assert files[f"ps1/{wheel.NAME}"] == wheel.pack()  # it is the same whatever the assignment


def test_its_assignment_file_is_one(unpacked: Path) -> None:
    """Of the exercises beside it; the public part of the late rule is said."""
    found = load_assignment(unpacked / "ps1.yaml", lambda id: unpacked / "exercises" / f"{id}.yaml")
    assert {"tanh_layer": 6.0, "tanh_derivative": 1.0} == {one.id: one.points for one in found.exercises}
    assert found.late is not None
    assert (0.125, 900.0, 2, 0.5) == (found.late.per_day, found.late.grace_seconds, found.late.free_days, found.late.at_most)
    assert ({}, "", ()) == (found.late.extensions, found.late.ledger, found.overrides)


def test_the_readme_says_what_to_do(files: dict[str, bytes]) -> None:
    """Files, points, the due time, the command."""
    text = files["ps1/README.md"].decode()
    assert "- `tanh_layer.py`: Jacobians of a tanh layer, 6 points" in text
    assert "Due 2026-11-30 12:00 UTC+01:00." in text
    assert "    grader check tanh_layer tanh_layer.py" in text
    assert "`python3 -m venv .venv`" in text
    assert r"`.venv\Scripts\activate`" in text
    assert "The last cell" not in text


def test_starters_can_be_notebooks() -> None:
    """And an exercise alone is a handout, too."""
    exercise = load_exercise(ROOT / "exercises" / "tanh_derivative.yaml")
    data = pack(find_assignment(exercise.path, ()), notebooks=True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert "tanh_derivative/tanh_derivative.ipynb" in archive.namelist()
        assert b"\nThe last cell of a notebook checks it, too" in archive.read("tanh_derivative/README.md")


def test_an_assignment_that_is_faulty_makes_no_handout(tmp_path: Path) -> None:
    """Its faults are said."""
    (tmp_path / "ps1.yaml").write_text("schema: 1\ntitle: x\nexercises: [tanh_derivativ]\n", "utf-8")
    with pytest.raises(ExerciseError, match="Did you mean `tanh_derivative`"):
        pack(find_assignment(str(tmp_path / "ps1.yaml"), ()))
