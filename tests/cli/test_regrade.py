"""replay, regrade and purge as an instructor uses them, on a class that is graded for real."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from places import ROOT

from grader.cli import cli

ANSWER = "import numpy as np\ndef dY_dx(x):\n    return 1 - np.tanh(x) ** 2\n"
PS1 = "schema: 1\ntitle: Problem set 1\nexercises: [./tanh_derivative.yaml]\n"


def grader(*arguments: str | Path) -> Result:
    """One command."""
    return CliRunner().invoke(cli, list(map(str, arguments)), standalone_mode=False)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grade an assignment of one exercise: s01 is right, s02 made a declared mistake that earns half."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "exercises" / "tanh_derivative.yaml", folder)
    (folder / "ps1.yaml").write_text(PS1, "utf-8")
    (folder / "in").mkdir()
    (folder / "in" / "s01.py").write_text(ANSWER, "utf-8")
    (folder / "in" / "s02.py").write_text(ANSWER.replace("1 -", "1 +"), "utf-8")
    result = grader("grade", folder / "in", "-a", folder / "ps1.yaml", "-o", folder / "OUT", "--quiet")
    assert 0 == result.return_value, result.output
    return folder


@pytest.fixture
def own(course: Path, tmp_path: Path) -> Path:
    """Copy the course, so that a test may change it. The exercise's file is where the copy is."""
    copy = tmp_path / "course"
    shutil.copytree(course, copy)
    return copy


def changed(own: Path, old: str, new: str) -> Path:
    """Replace a text of the exercise; return the assignment to name with -a."""
    file = own / "tanh_derivative.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    return own / "ps1.yaml"


def test_a_replay_shows_what_the_terminal_would(course: Path) -> None:
    """And that it is the same as recorded, without naming the assignment again."""
    result = grader("replay", course / "OUT", "s02", "tanh_derivative")
    assert 0 == result.return_value
    assert "0.5 of 1 point" in result.stdout
    assert result.stderr.startswith("The same as recorded, byte for byte but for the time.\n")


def test_a_replay_of_a_changed_exercise_is_refused(own: Path) -> None:
    """What is wrong, what to do."""
    result = grader("replay", own / "OUT", "s02", "tanh_derivative", "-a", changed(own, "credit: 0.5", "credit: 0.25"))
    assert "tanh_derivative was changed since this was graded" in str(result.exception)


def test_a_regrade_that_nobody_agrees_to_changes_nothing(own: Path) -> None:
    """Away from a terminal, without --yes; it says whose scores change and by how much."""
    before = (own / "OUT" / "grades.csv").read_bytes()
    result = grader("regrade", own / "OUT", "-a", changed(own, "credit: 0.5", "credit: 0.25"))
    assert 1 == result.return_value
    expected = [
        "before  after  change",
        "s02",
        "  tanh_derivative     0.5   0.25   -0.25",
        "  total               0.5   0.25   -0.25",
    ]
    assert expected == [line if line.startswith("  t") else line.strip() for line in result.stdout.splitlines()]
    assert "The scores of 1 student change. Nothing had to be run again." in result.stderr
    assert "Nothing was changed. Give the same command with --yes to go on." in result.stderr
    assert before == (own / "OUT" / "grades.csv").read_bytes()


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 1)])
def test_on_a_terminal_it_asks(answer: str, status: int, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once, after the table."""
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True, raising=False)
    arguments = ["regrade", str(own / "OUT"), "-a", str(changed(own, "credit: 0.5", "credit: 0.25"))]
    result = CliRunner().invoke(cli, arguments, input=answer, standalone_mode=False)
    assert status == result.return_value
    assert ("0.25" if status == 0 else "0.5") == (own / "OUT" / "grades.csv").read_text("utf-8").splitlines()[2].split(",")[1]


def test_a_regrade_writes_grades_reports_and_pages(own: Path) -> None:
    """With --yes; the page has the new hint."""
    changed(own, "For tanh the sign is the other one", "Look at the sign")
    result = grader("regrade", own / "OUT", "-a", changed(own, "credit: 0.5", "credit: 0.25"), "--yes")
    assert 0 == result.return_value
    assert "s02,0.25,0.25,,,\n" in (own / "OUT" / "grades.csv").read_text("utf-8")
    assert "Look at the sign" in (own / "OUT" / "feedback" / "s02.html").read_text("utf-8")
    again = grader("regrade", own / "OUT", "-a", own / "ps1.yaml")
    assert (0, "Nobody's scores change. Nothing") == (again.return_value, again.stderr[:31])
    reworded = grader("regrade", own / "OUT", "-a", changed(own, "Look at the sign", "Mind the sign"))
    assert reworded.stderr.startswith(
        "Nobody's scores change, but 1 report will say something else. Nothing had to be run again."
    )


def test_a_purge_says_what_goes_and_what_stays(own: Path) -> None:
    """Nothing without --yes; then scores only."""
    asked = grader("purge", own / "OUT")
    assert 1 == asked.return_value
    assert "For 2 students, this removes:\n  2 files handed in\n" in asked.stdout
    assert "It keeps 2 scores" in asked.stdout
    assert 0 == grader("purge", own / "OUT", "--yes").return_value
    assert not (own / "OUT" / "report.html").exists()
    assert "s01,1,1,,,\ns02,0.5,0.5,,,\n" in (own / "OUT" / "grades.csv").read_text("utf-8")
    refused = grader("replay", own / "OUT", "s02", "tanh_derivative", "-a", own / "ps1.yaml")
    assert "no longer kept" in str(refused.exception)


def test_an_unknown_student_is_no_empty_purge(course: Path) -> None:
    """A slip of the pen would leave everything there."""
    assert "There is no student s99." in str(grader("purge", course / "OUT", "--student", "s99", "--yes").exception)


def test_an_assignment_that_moved_is_to_be_named(own: Path, tmp_path: Path) -> None:
    """In words."""
    state = own / "OUT" / "state.json"
    state.write_text(state.read_text("utf-8").replace("ps1.yaml", "gone.yaml"), "utf-8")
    text = str(grader("regrade", own / "OUT").exception)
    assert "is not there any more.\n    Name it with -a." in text


def test_handout_and_gradescope_build_write_their_zips(own: Path) -> None:
    """And print where they are."""
    for command in (("handout",), ("gradescope", "build")):
        target = own / f"{command[0]}.zip"
        result = grader(*command, own / "ps1.yaml", "-o", target)
        assert (0, f"{target}\n") == (result.return_value, result.stdout)
        assert target.read_bytes().startswith(b"PK")
    assert 0o600 == (own / "gradescope.zip").stat().st_mode & 0o777  # the secret seed is in it


def test_a_zip_that_cannot_be_written_is_said(own: Path) -> None:
    """With the remedy."""
    result = grader("handout", own / "ps1.yaml", "-o", own / "ps1.yaml" / "x.zip")
    assert "It cannot be written" in str(result.exception)
    assert "Choose another place with -o." in str(result.exception)
