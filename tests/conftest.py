"""Fixtures that several test modules share."""

from __future__ import annotations

from contextlib import chdir
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from nbgrader_class import Course


@pytest.fixture(scope="session")
def released_course(tmp_path_factory) -> Course:
    """A course of nbgrader in which an assignment was released."""
    import nbgrader_class

    course = nbgrader_class.make(tmp_path_factory.mktemp("nbgrader") / "course")
    with chdir(course.root):
        course.run("generate_assignment", "tanh_layer")
    return course


@pytest.fixture
def course(released_course, tmp_path, monkeypatch) -> Course:
    """A copy of it for one test, which runs in its folder."""
    import nbgrader_class

    made = nbgrader_class.copy(released_course, tmp_path / "course")
    monkeypatch.chdir(made.root)
    return made
