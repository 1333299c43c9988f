"""What all tests share: a cache of their own, a course of nbgrader for those that ask for it, and what `--fast` leaves out."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from slow import SLOW

if TYPE_CHECKING:
    from nbgrader_class import Course


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--fast`."""
    parser.addoption("--fast", action="store_true", help="leave out what takes long: see tests/support/slow.py")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what is slow, where `--fast` is given."""
    if not config.getoption("fast"):
        return None
    return collection_path.relative_to(Path(__file__).parent).as_posix() in SLOW or None


@pytest.fixture(scope="session", autouse=True)
def own_cache() -> Iterator[None]:
    """Keep public records in a cache for this run alone, for child processes, too."""
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
    """Take Ctrl-C: a shell that starts the tests in the background has it ignored, and child processes would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def released_course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Make a course of nbgrader in which an assignment was released."""
    import nbgrader_class

    course = nbgrader_class.make(tmp_path_factory.mktemp("nbgrader") / "course")
    with chdir(course.root):
        course.run("generate_assignment", "tanh_layer")
    return course


@pytest.fixture
def course(released_course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """Copy the course for one test, which runs in its folder."""
    import nbgrader_class

    made = nbgrader_class.copy(released_course, tmp_path / "course")
    monkeypatch.chdir(made.root)
    return made
