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

if TYPE_CHECKING:
    from nbgrader_class import Course

# Left out by `pytest --fast`, which is `make test-fast`: files and folders that take long for what they tell while one writes.
SLOW = {
    "audit": "audits whole exercises",
    "benchmarks": "no tests",
    "cli/test_demo.py": "grades the demo's class",
    "course/pages/test_pages.py": "a browser",
    "course/results/test_database.py": "PostgreSQL",
    "course/test_hostile_files.py": "archives that want all memory",
    "course/test_rescore.py": "grades one class in many ways",
    "course/workers/test_cluster.py": "a Dask cluster",
    "course/workers/test_processes.py": "worker processes, killed and started anew",
    "exercise/test_exercise_package.py": "builds and installs a package",
    "judging/test_notebooks.py": "notebooks that want all memory",
    "nbgrader": "nbgrader's own commands",
    "reference/torch/test_symbolic.py": "exact arithmetic",
    "sandbox/host": "limits that have to be waited for",
    "sandbox/test_endings.py": "boxes that are killed at many moments",
    "sandbox/test_hostile.py": "every attack, in two boxes",
    "sandbox/test_walls.py": "boxes of every kind",
    "test_docs.py": "every session of the documents",
    "test_gradescope.py": "what Gradescope's container runs",
    "test_wheel.py": "builds and installs the package",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--fast`."""
    parser.addoption("--fast", action="store_true", help="leave out what takes long: see SLOW in tests/conftest.py")


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
