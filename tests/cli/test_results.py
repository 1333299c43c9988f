"""report, export and doctor on the command line, on a class that is graded for real."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from grader.cli import cli
from grader.cli.finding import exercises_of
from grader.exercise.catalogue import shipped

ANSWER = "import numpy as np\ndef dY_dx(x):\n    return 1 - np.tanh(x) ** 2\n"


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OUT of two students, one right and one wrong."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "in").mkdir()
    (folder / "in" / "s01.py").write_text(ANSWER, "utf-8")
    (folder / "in" / "s02.py").write_text(ANSWER.replace("1 -", "1 +"), "utf-8")
    (folder / "roster.csv").write_text("id,name,email\ns01,,\ns02,,\ns03,,\n", "utf-8")
    arguments = ["grade", str(folder / "in"), "-a", "tanh_derivative", "-o", str(folder / "out"), "--quiet"]
    result = CliRunner().invoke(cli, [*arguments, "--roster", str(folder / "roster.csv")], standalone_mode=False)
    assert result.return_value == 0, result.output
    return folder / "out"


def test_grade_writes_the_pages_too(graded: Path) -> None:
    """The class's page, and one for each student who handed something in."""
    assert (graded / "report.html").is_file()
    assert {page.stem for page in (graded / "feedback").iterdir()} >= {"s01", "s02"}


def test_who_handed_in_nothing_is_empty_never_zero(graded: Path) -> None:
    """Known from the roster alone; s02 made a declared mistake, which earns half."""
    rows = (graded / "grades.csv").read_text("utf-8").splitlines()
    assert [row.split(",")[:3] for row in rows[1:]] == [["s01", "1", "1"], ["s02", "0.5", "0.5"], ["s03", "", ""]]


def test_report_and_export_read_the_folder_again(graded: Path, tmp_path: Path) -> None:
    """Their paths are what they print."""
    report = CliRunner().invoke(cli, ["report", str(graded), "--feedback", "score"], standalone_mode=False)
    assert report.output.strip() == str(graded / "report.html")
    target = tmp_path / "grades.csv"
    arguments = ["export", str(graded), "--format", "csv", "-o", str(target)]
    assert CliRunner().invoke(cli, arguments, standalone_mode=False).return_value == 0
    assert target.read_text("utf-8").splitlines()[0].startswith("student,")


def test_what_gradescope_has_no_use_for_is_refused(graded: Path, tmp_path: Path) -> None:
    """A roster that is passed over in silence would be believed to count."""
    arguments = [
        "export",
        str(graded),
        "--format",
        "gradescope",
        "-o",
        str(tmp_path / "to"),
        "--roster",
        "x.csv",
        "--absent",
        "0",
    ]
    result = CliRunner().invoke(cli, arguments)
    assert (2, True) == (result.exit_code, "--roster, --absent: that is for the tables" in result.output)
    assert not (tmp_path / "to").exists()


def test_pages_have_the_notation_of_the_exercise_that_was_graded(
    graded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not of another one that has the same id where the command is given; unless it is named."""
    (tmp_path / "exercises").mkdir()
    other = (shipped() / "tanh_derivative.yaml").read_text("utf-8").replace("title: ", "title: Another ")
    (tmp_path / "exercises" / "tanh_derivative.yaml").write_text(other, "utf-8")
    monkeypatch.chdir(tmp_path)
    titles = [exercises_of(graded, folders)["tanh_derivative"].title for folders in ((), (tmp_path / "exercises",))]
    assert [False, True] == [title.startswith("Another ") for title in titles]
    assert {"tanh_derivative"} == set(exercises_of(graded, ()))


def test_doctor_says_what_holds() -> None:
    """Its exit status is about what is required; the data says the same."""
    result = CliRunner().invoke(cli, ["doctor", "--json", "--require", "seccomp"], standalone_mode=False)
    data = json.loads(result.output)
    assert data["holds"] == ("seccomp" in data["layers"]) == (result.return_value == 0)
