"""What all tests share: no test reads or writes the user's own cache. And a course of nbgrader, for those that want one."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from nbgrader_class import Course


@pytest.fixture(scope="session", autouse=True)
def own_cache() -> Iterator[None]:
    """A cache of public records for this run alone, for child processes, too."""
    with tempfile.TemporaryDirectory(prefix="grader-cache-") as folder:
        before = os.environ.get("GRADER_CACHE")
        os.environ["GRADER_CACHE"] = folder
        yield
        if before is None:
            del os.environ["GRADER_CACHE"]
        else:
            os.environ["GRADER_CACHE"] = before


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A shell that starts the tests in the background has Ctrl-C ignored, and child processes would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def released_course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course of nbgrader in which an assignment was released."""
    import nbgrader_class

    course = nbgrader_class.make(tmp_path_factory.mktemp("nbgrader") / "course")
    with chdir(course.root):
        course.run("generate_assignment", "tanh_layer")
    return course


@pytest.fixture
def course(released_course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A copy of it for one test, which runs in its folder."""
    import nbgrader_class

    made = nbgrader_class.copy(released_course, tmp_path / "course")
    monkeypatch.chdir(made.root)
    return made
