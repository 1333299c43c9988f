"""A gradebook in PostgreSQL, as large courses keep it, works as the one in SQLite does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

import nbgrader_class
import postgresql
from nbgrader_class import CONFIGURATION, HALF_W, WRONG, B, Course, Notebook, W

from grader.errors import GraderError
from grader.nbgrader.recording import autograde

pytestmark = [postgresql.needed, pytest.mark.filterwarnings("ignore")]  # warnings of nbgrader's own


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Start a server for this module."""
    with postgresql.running() as where:
        yield where


@pytest.fixture(scope="module")
def graded(released_course: nbgrader_class.Course, address: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Course]:
    """Grade the same three submissions with each gradebook."""
    made = {}
    for name, database in {"SQLite": "", "PostgreSQL": address}.items():
        root = tmp_path_factory.mktemp(name) / "course"
        course = made[name] = replace(nbgrader_class.copy(released_course, root), database=database)
        with chdir(root):
            if database:
                (root / "gradebook.db").unlink()
                (root / "nbgrader_config.py").write_text(f"{CONFIGURATION}c.CourseDirectory.db_url = {database!r}\n")
                course.run("generate_assignment", "tanh_layer", "--force")
            course.hand_in("s01")
            course.hand_in("s02", HALF_W, WRONG)
            course.hand_in("s03", edit=_without_cells)
            assert () == autograde(root, "tanh_layer", jobs=2).lost
    return made


def _without_cells(notebook: Notebook) -> None:
    del notebook["cells"][2:]


def test_the_marks_are_the_same(graded: dict[str, Course]) -> None:
    """Point by point, and in the table of the OUT folder."""
    found = {name: [course.marks(student) for student in ("s01", "s02", "s03")] for name, course in graded.items()}
    assert [{W: 2.0, B: 1.0}, {W: 1.0, B: 0.0}, {W: 0.0, B: 0.0}] == found["PostgreSQL"]
    assert found["SQLite"] == found["PostgreSQL"]
    assert graded["SQLite"].grades() == graded["PostgreSQL"].grades()
    assert not (graded["PostgreSQL"].root / "gradebook.db").exists()


def test_plain_autograde_and_feedback(graded: dict[str, Course], monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of nbgrader's own on the same gradebook."""
    course = graded["PostgreSQL"]
    monkeypatch.chdir(course.root)
    course.autograde("--force")
    course.run("generate_feedback", "tanh_layer")
    assert {W: 1.0, B: 0.0} == course.marks("s02")
    assert "1 of 2 points" in (course.root / "feedback/s02/tanh_layer/tanh_layer.html").read_text(encoding="utf-8")


def test_marks_of_people_are_read_back(graded: dict[str, Course], monkeypatch: pytest.MonkeyPatch) -> None:
    """As from SQLite."""
    course = graded["PostgreSQL"]
    monkeypatch.chdir(course.root)
    with course.gradebook() as gradebook:
        gradebook.find_grade(W, "tanh_layer", "tanh_layer", "s02").manual_score = 1.5
        gradebook.db.commit()
    autograde(course.root, "tanh_layer", jobs=1)
    assert 1.5 == course.report("s02")["targets"][0]["score"]


def test_a_server_that_is_down(graded: dict[str, Course], tmp_path: Path) -> None:
    """Said in words; nothing is graded in vain, since results are kept."""
    course = nbgrader_class.copy(graded["PostgreSQL"], tmp_path / "course")
    url = "postgresql+psycopg://nobody@127.0.0.1:1/nbgrader"
    (course.root / "nbgrader_config.py").write_text(f"{CONFIGURATION}c.CourseDirectory.db_url = {url!r}\n")
    with pytest.raises(GraderError, match=r"The gradebook cannot be used: .*Connection refused"):
        autograde(course.root, "tanh_layer", jobs=1)
