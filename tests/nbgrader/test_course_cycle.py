"""A whole course: quickstart to export with the commands of nbgrader and its exchange, several students, one twice, one late."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import chdir
from datetime import UTC, datetime
from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

import nbgrader_class
from nbgrader_class import HALF_W, RIGHT_B, RIGHT_W, WRONG, cell_of, source

pytestmark = pytest.mark.filterwarnings("ignore")  # nbgrader's own

ASSIGNMENT = "problem_set_1"
RIGHT_DERIVATIVE = "return 1 - np.tanh(x) ** 2"
ADDED = """
c.Exchange.root = {exchange!r}
c.AssignLatePenalties.plugin_class = "late_by_half.Half"
"""
LATE = """\
from nbgrader.plugins import LateSubmissionPlugin


class Half(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2
"""


class Cycle:
    """A course, its exchange, and a folder for each student."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "course"
        self.exchange = folder / "exchange"
        self.exchange.mkdir()
        self.exchange.chmod(0o777)
        self.students = folder / "students"
        self.course = nbgrader_class.Course(self.root)
        self.said = ""  # by our autograde, to stderr

    def instructor(self, *arguments: str) -> str:
        """Run a command of nbgrader in the course."""
        with chdir(self.root):
            return self.course.run(*arguments)

    def grader(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours."""
        command = [sys.executable, "-m", "grader", "nbgrader", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=self.root.parent)

    def student(self, name: str, *arguments: str) -> str:
        """Run a command of nbgrader in a student's folder."""
        home = self.students / name
        home.mkdir(parents=True, exist_ok=True)
        (home / "nbgrader_config.py").write_text(
            f"c = get_config()\nc.CourseDirectory.course_id = 'course'\nc.Exchange.root = {str(self.exchange)!r}\n"
            f"c.Exchange.cache = {str(home / 'cache')!r}\n"
        )
        with chdir(home):
            return self.course.run(*arguments)

    def answer(self, name: str, notebook: str, bodies: dict[str, str]) -> None:
        """Bodies of functions, written into a student's fetched notebook."""
        path = self.students / name / ASSIGNMENT / f"{notebook}.ipynb"
        found = json.loads(path.read_text(encoding="utf-8"))
        for function, body in bodies.items():
            cell = cell_of(found, f"{notebook}-{function}")
            head = source(cell).rpartition('"""')[0]
            cell["source"] = head + '"""\n    ' + body.replace("\n", "\n    ")
        path.write_text(json.dumps(found), encoding="utf-8")

    def submit(self, name: str) -> None:
        """Hand in as that student."""
        self.student(name, "submit", ASSIGNMENT, f"--student={name}")


@pytest.fixture(scope="module")
def cycle(tmp_path_factory: pytest.TempPathFactory) -> Cycle:
    """Grade a course, release feedback and export scores."""
    made = Cycle(tmp_path_factory.mktemp("cycle"))
    made.grader("quickstart", str(made.root))
    config = made.root / "nbgrader_config.py"
    config.write_text(config.read_text() + ADDED.format(exchange=str(made.exchange)))
    (made.root / "late_by_half.py").write_text(LATE)
    made.instructor("generate_assignment", ASSIGNMENT)
    made.instructor("release_assignment", ASSIGNMENT)
    for name in ("s01", "s02", "s03"):
        made.student(name, "fetch_assignment", ASSIGNMENT)
    made.answer("s01", "tanh_derivative", {"dY_dx": RIGHT_DERIVATIVE})
    made.answer("s01", "tanh_layer", {"dY_dW": HALF_W, "dY_dB": WRONG})
    made.submit("s01")
    made.answer("s01", "tanh_layer", {"dY_dW": HALF_W, "dY_dB": RIGHT_B})
    made.submit("s01")  # again: this one counts
    (made.students / "s02" / ASSIGNMENT / "tanh_derivative.ipynb").unlink()
    made.answer("s02", "tanh_layer", {"dY_dW": RIGHT_W, "dY_dB": RIGHT_B})
    made.submit("s02")
    made.instructor("db", "assignment", "add", ASSIGNMENT, f"--duedate={datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} UTC")
    made.answer("s03", "tanh_layer", {"dY_dW": RIGHT_W, "dY_dB": RIGHT_B})
    made.submit("s03")  # late
    made.instructor("collect", ASSIGNMENT)
    made.said = made.grader("autograde", ASSIGNMENT, "--course", str(made.root), "--jobs", "2").stderr
    made.instructor("generate_feedback", ASSIGNMENT)
    made.instructor("release_feedback", ASSIGNMENT)
    made.student("s01", "fetch_feedback", ASSIGNMENT)
    made.instructor("export")
    return made


def test_the_exported_marks(cycle: Cycle) -> None:
    """Raw points, penalties and totals in nbgrader's own table."""
    with (cycle.root / "grades.csv").open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    found = {name: tuple(float(row[column]) for column in _COLUMNS) for name, row in rows.items()}
    derivative = float(rows["s01"]["max_score"]) - 3
    assert {
        "s01": (derivative + 2.0, 0.0, derivative + 2.0),
        "s02": (3.0, 0.0, 3.0),
        "s03": (3.0, 1.5, 1.5),
    } == found


_COLUMNS = ("raw_score", "late_submission_penalty", "score")


def test_our_own_table_says_the_same(cycle: Cycle) -> None:
    """With the penalty taken off, and who was late."""
    with (cycle.root / f"grading/{ASSIGNMENT}/grades.csv").open(newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert ["2", "3", "1.5"] == [rows[name]["tanh_layer"] for name in ("s01", "s02", "s03")]
    assert ["0", "0"] == [rows[name]["tanh_derivative"] for name in ("s02", "s03")]


def test_what_was_said(cycle: Cycle) -> None:
    """Counts, and where the grades are."""
    assert "6 answers graded, 0 unchanged; 3 submissions recorded." in cycle.said


def test_students_fetch_feedback_with_the_reasons(cycle: Cycle) -> None:
    """The page that nbgrader makes shows our reasons and points, and no seed."""
    pages = list((cycle.root / "feedback/s01" / ASSIGNMENT).glob("*.html"))
    text = (cycle.root / "feedback/s01" / ASSIGNMENT / "tanh_layer.html").read_text(encoding="utf-8")
    seed = str(json.loads((cycle.root / f"grading/{ASSIGNMENT}/state.json").read_text())["seed"])
    assert 2 == len(pages)
    assert [True, True, False] == ["One factor of the chain rule" in text, "1 of 2 points" in text, seed in text]


def test_a_student_fetches_it_from_the_exchange(cycle: Cycle) -> None:
    """The feedback on the notebook that counts, the second one."""
    pages = list((cycle.students / "s01" / ASSIGNMENT / "feedback").rglob("tanh_layer.html"))
    assert ["1 of 2 points" in page.read_text(encoding="utf-8") for page in pages] == [True]


def test_plain_autograde_gives_the_same(cycle: Cycle, tmp_path_factory: pytest.TempPathFactory) -> None:
    """In a course that was not graded yet; with the penalties, too."""
    root = tmp_path_factory.mktemp("plain") / "course"
    shutil.copytree(cycle.root, root, ignore=shutil.ignore_patterns("autograded", "feedback", "reports", "*.sqlite*"))
    with sqlite3.connect(root / "gradebook.db") as database:
        database.execute("update grade set auto_score = 99")
    database.close()
    with chdir(root):
        cycle.course.run("autograde", ASSIGNMENT)
        cycle.course.run("export", "--to=plain.csv")
    assert (cycle.root / "grades.csv").read_text() == (root / "plain.csv").read_text()


def test_the_released_notebooks_have_no_answers(cycle: Cycle) -> None:
    """Nothing between BEGIN and END SOLUTION reaches the exchange."""
    texts = [path.read_text(encoding="utf-8") for path in (cycle.exchange / "course/outbound").rglob("*.ipynb")]
    assert [False] * 2 == ["SOLUTION" in text for text in texts]
