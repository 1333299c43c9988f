"""The command line: what it prints where, and its exit statuses."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest
from made import report, right_report, target_report
from places import ROOT

from grader import cli
from grader.cli import streams
from grader.exercise.loading import load_exercise
from grader.exercise.model import Arrays
from grader.handout import exercise_files
from grader.sandbox.host.walls import Isolation

SOLUTIONS = ROOT / "solutions"

FORGOT_TANH = """
import numpy as np

def dY_dW(W, X, B):
    return np.einsum('ki,j->kij', np.eye(len(B)), X)

def dY_dB(W, X, B):
    return np.diag(1 - np.tanh(W @ X + B) ** 2)
"""

QUICK = """
schema: 1
title: Twice
inputs:
  x: scalar
forward:
  y: 2 * x
tasks:
  - call: dy_dx(x)
    returns:
      dy_dx: {gradient: y, wrt: x}
cases: {random: 3}
limits: {seconds: 1}
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in an empty folder."""
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """A command in this process: exit status, stdout, stderr."""
    status = cli.run([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def grader(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    command = [sys.executable, "-m", "grader", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120, **options)


def write(name: str, text: str) -> Path:
    """A file in the current folder."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# help


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_each_command_s_help_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`grader NAME --help` carries one worked example that begins with the command."""
    status, out, _ = run(capsys, name, "--help")
    assert status == 0
    assert f"$ grader {name} " in out


def test_help_lists_every_command_without_importing_one() -> None:
    """The overview is printed from the table, before YAML or NumPy are touched."""
    heavy = "{'yaml', 'numpy', 'torch', 'rich', 'grader.exercise.model'}"
    script = f"import sys; from grader.cli import run; run(['--help']); assert not {heavy} & set(sys.modules), sys.modules"
    shown = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert [name for name in cli.COMMANDS if f"  {name} " not in shown.stdout] == []


def test_an_unknown_command_is_unusable_input(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, and the usage on stderr."""
    status, out, err = run(capsys, "chekc")
    assert (status, out) == (2, "")
    assert "No such command" in err


# list, show, start


def test_list_names_every_exercise(capsys: pytest.CaptureFixture[str]) -> None:
    """Id, points, kinds and title of the seed course."""
    status, out, err = run(capsys, "list")
    assert (status, err) == (0, "")
    assert ["tanh_layer", "3", "jacobian", "Jacobians", "of", "a", "tanh", "layer"] in [line.split() for line in out.splitlines()]


def test_list_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The same as data."""
    _, out, _ = run(capsys, "list", "--json")
    rows = {row["id"]: row for row in json.loads(out)}
    assert (rows["tanh_layer"]["points"], rows["tanh_layer"]["kinds"]) == (3, ["jacobian"])


def test_list_says_which_file_is_faulty(capsys: pytest.CaptureFixture[str]) -> None:
    """A faulty exercise is told on stderr with its line, the others are still listed."""
    write("exercises/broken.yaml", "schema: 1\ntitle: Broken\n")
    status, out, err = run(capsys, "list")
    assert status == 2
    assert "tanh_layer" in out
    assert "exercises/broken.yaml" in err


def test_show_says_what_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Title, statement without LaTeX, calls, shapes and points."""
    status, out, _ = run(capsys, "show", "tanh_layer")
    assert status == 0
    for part in ("Jacobians of a tanh layer", "dY_dW[k,i,j] = ∂Y[k]/∂W[i,j]", "shape (m, m, n); 2 points", "Σ(j=1..n) W_kj X_j"):
        assert part in out
    assert "\\" not in out


def test_show_does_not_give_mistakes_away(capsys: pytest.CaptureFixture[str]) -> None:
    """Hints of declared mistakes are not shown."""
    _, out, _ = run(capsys, "show", "tanh_layer")
    assert "You squared" not in out


def test_the_course_s_printed_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    """tanh(2) = 0.9640 and dY/dx = 0.0707; z = 0.7461, dz/dy = 0.4434, dz/dx = 0.0313; 10, 3, 2 and 1."""
    assert _numbers(run(capsys, "show", "tanh_derivative", "--key", "--set", "x=2")[1]) == {"x": 2, "Y": 0.9640, "dY_dx": 0.0707}
    chain = _numbers(run(capsys, "show", "chain_rule", "--key", "--set", "x=2")[1])
    assert (chain["z"], chain["dz_dy"], chain["dz_dx"]) == (0.7461, 0.4434, 0.0313)
    scalar = _numbers(run(capsys, "show", "scalar_linear", "--key", "--set", "w=3", "--set", "x=2", "--set", "b=4")[1])
    assert (scalar["y"], scalar["dy_dx"], scalar["dy_dw"], scalar["dy_db"]) == (10, 3, 2, 1)


def _numbers(shown: str) -> dict[str, float]:
    """Lines such as `dY_dx = ∂Y/∂x = 0.0706508`, rounded as the course prints them."""
    pairs = (line.replace("−", "-").split("=") for line in shown.splitlines() if "=" in line)
    return {pair[0].strip(): round(float(pair[-1]), 4) for pair in pairs}


def test_the_key_at_given_matrices(capsys: pytest.CaptureFixture[str]) -> None:
    """Sizes follow the given arrays; inputs that are not given are drawn, and marked."""
    status, out, _ = run(capsys, "show", "linear_layer", "--key", "--set", "W=[[1,2,3],[4,5,6]]", "--set", "B=0")
    assert status == 0
    assert "X 3 = [" in out
    assert "(drawn)" in out
    assert "dY_dX = ∂Y/∂X 2×3 =\n      [[1., 2., 3.],\n       [4., 5., 6.]]" in out


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("Q=1", "'Q' is no input of linear_layer"),
        ("W", "neither a number nor rectangular lists"),
        ("W=two", "neither a number nor rectangular lists"),
        ("W=[[1,2],[3]]", "neither a number nor rectangular lists"),
        ("W=[1,2]", "W has shape (m, n), you gave (2,)"),
    ],
)
def test_settings_that_do_not_fit(setting: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What was given, what is wrong, what to write; exit status 2."""
    status, out, err = run(capsys, "show", "linear_layer", "--key", "--set", setting)
    assert (status, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("t=1.5", "t has the entry 1.5, which is no class index."),
        ("t=[0,99]", "t has the entry 99, which is no class index."),
        ("t=-1", "t has the entry -1, which is no class index."),
        ("S=1e999", "neither a number nor rectangular lists"),
        ("S=" + "[" * 5000, "neither a number nor rectangular lists"),
    ],
)
def test_settings_that_an_input_cannot_have(setting: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Class indices are whole and below their axis; numbers are finite; lists are not endless."""
    status, out, err = run(capsys, "show", "softmax_cross_entropy", "--key", "--set", setting)
    assert (status, out) == (2, "")
    assert message in err
    assert len(err) < 500


def test_settings_that_contradict_one_another(capsys: pytest.CaptureFixture[str]) -> None:
    """One axis cannot have two sizes."""
    status, _, err = run(capsys, "show", "linear_layer", "--key", "--set", "W=[[1,2]]", "--set", "X=[1,2,3]")
    assert status == 2
    assert "The axis n is 3 long in X, elsewhere 2." in err


@pytest.mark.parametrize("name", ["answer.py", "answer.ipynb"])
def test_a_starter_can_be_checked_and_earns_nothing(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`start` writes a file that `check` reads: not written yet, 0 points, exit status 1."""
    assert run(capsys, "start", "tanh_layer", "-o", name)[0] == 0
    status, out, err = run(capsys, "check", "tanh_layer", name)
    assert (status, err) == (1, "")
    assert out.count("Not written yet") == 2
    assert out.endswith("0 of 3 points.\n")


def test_the_check_cell_of_a_notebook_is_harmless_here(capsys: pytest.CaptureFixture[str]) -> None:
    """The starter's last cell calls grader.check; in the sandbox that is nothing, and no error of loading."""
    run(capsys, "start", "tanh_layer", "-o", "answer.ipynb")
    _, out, _ = run(capsys, "check", "tanh_layer", "answer.ipynb", "--json")
    assert json.loads(out)["flags"] == []


def test_start_does_not_write_over_your_work(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is there stays, unless --force is given."""
    write("answer.py", "mine")
    status, _, err = run(capsys, "start", "tanh_layer", "-o", "answer.py")
    assert (status, Path("answer.py").read_text()) == (2, "mine")
    assert "--force" in err
    assert run(capsys, "start", "tanh_layer", "-o", "answer.py", "--force")[0] == 0
    assert Path("answer.py").read_text() != "mine"


def test_start_into_a_folder_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Where, what, what to do."""
    status, _, err = run(capsys, "start", "tanh_layer", "-o", "nowhere/answer.py")
    assert status == 2
    assert "nowhere/answer.py" in err


# check


@pytest.mark.parametrize("arrays", ["numpy", "torch"])
def test_a_right_answer(arrays: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Full marks, exit status 0."""
    file = SOLUTIONS / ("torch" if arrays == "torch" else "") / "tanh_layer.py"
    status, out, err = run(capsys, "check", "tanh_layer", file, "--arrays", arrays)
    assert (status, err) == (0, "")
    assert out.endswith("3 of 3 points.\n")


def test_a_wrong_answer_is_told_its_likely_cause(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1, one entry, one cause, one next step that works."""
    file = write("answer.py", FORGOT_TANH)
    status, out, _ = run(capsys, "check", "tanh_layer", file)
    assert status == 1
    assert "Likely cause: That is ∂Z/∂W." in out
    assert 'grader check tanh_layer answer.py --case "one feature"' in out
    status, out, _ = run(capsys, "check", "tanh_layer", "answer.py", "--case", "one feature")
    assert status == 1
    assert "✗ dY_dW(W, X, B): wrong values" in out
    assert "furthest apart: ∂Y[0]/∂W[0,0]" in out
    assert "✓ dY_dB(W, X, B): right" in out


def test_the_next_step_repeats_what_was_typed(capsys: pytest.CaptureFixture[str]) -> None:
    """Seed, arrays and names with spaces are in the command that it names."""
    file = write("my answer.py", FORGOT_TANH)
    _, out, _ = run(capsys, "check", "tanh_layer", file, "--seed", "3")
    assert 'grader check tanh_layer "my answer.py" --seed 3 --case' in out


def test_json_is_all_there_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints one strict JSON document of schema 1."""
    file = write("answer.py", FORGOT_TANH)
    status, out, err = run(capsys, "check", "tanh_layer", file, "--json")
    data = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is not strict JSON"))
    assert (status, err) == (1, "")
    assert (data["schema"], data["exercise"], data["score"], data["points"]) == (1, "tanh_layer", 2.0, 3.0)
    assert data["targets"][0]["status"] == "wrong_value"


@pytest.mark.parametrize(
    ("exercise", "name", "content", "message"),
    [
        ("tanh_lair", "answer.py", b"", "There is no exercise `tanh_lair`."),
        ("tanh_layer", "missing.py", None, "missing.py"),
        ("tanh_layer", "empty.py", b"", "The file is empty."),
        ("tanh_layer", "huge.py", b"#" * (50 << 20), "huge.py"),
        ("tanh_layer", "broken.ipynb", b"{", "broken.ipynb"),
        ("tanh_layer", "text.ipynb", b'{"cells": []}', "no code"),
        ("nowhere/tanh.yaml", "answer.py", b"x = 1", "There is no such file."),
    ],
)
def test_unusable_input(
    exercise: str, name: str, content: bytes | None, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One or two lines on stderr, nothing on stdout, exit status 2, no traceback."""
    if content is not None:
        Path(name).write_bytes(content)
    status, out, err = run(capsys, "check", exercise, name)
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err
    assert len(err.splitlines()) <= 3


def test_a_folder_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """A directory in place of a file is unusable input."""
    Path("answer.py").mkdir()
    status, _, err = run(capsys, "check", "tanh_layer", "answer.py")
    assert status == 2
    assert "answer.py" in err


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def dy_dx(x):\n    while True: pass\n", "It did not finish within 1 second"),
        ("while True: pass\n", "did not finish"),
        ("def dy_dx(x):\n    import os\n    os._exit(0)\n", "dy_dx"),
        ("def dy_dx(x):\n    return undefined\n", "It raised at line 2: NameError: name 'undefined' is not defined."),
        ("def dy_dx(x)\n    return 2\n", "SyntaxError"),
        ("x\0y\n", "null bytes"),
        ("def dydx(x):\n    return 2.0\n", "Not written yet"),
        ("def dy_dx(x):\n    return [2.0]\n", "It returned shape (1,), not ()."),
        ("def dy_dx(x):\n    return None\n", "It returned None. Is a `return` missing?"),
        ("def dy_dx(x):\n    return float('nan')\n", "It returned NaN or infinity in at least one case; 0 of 3 cases agree."),
    ],
    ids=["loops", "loops while loading", "exits", "raises", "no Python", "null bytes", "other name", "shape", "None", "NaN"],
)
def test_a_student_s_failure_is_a_verdict(source: str, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever student code does, it costs its points and is told in words: exit status 1, nothing on stderr."""
    write("exercises/twice.yaml", QUICK)
    status, out, err = run(capsys, "check", "twice", write("answer.py", source))
    assert (status, err) == (1, "")
    assert line in out


def test_an_unknown_case_is_answered_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, and the names that there are."""
    status, _, err = run(capsys, "check", "tanh_layer", write("answer.py", FORGOT_TANH), "--case", "two features")
    assert status == 2
    assert '"one feature"' in err


def test_a_shadowed_exercise_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """An exercise of the current folder hides the shipped one of that id, and that is told."""
    write("exercises/tanh_layer.yaml", QUICK)
    status, _, err = run(capsys, "check", "tanh_layer", write("answer.py", "def dy_dx(x):\n    return 2.0\n"))
    assert status == 0
    assert "which hides" in err


@pytest.mark.parametrize("command", [("check", "answer.py"), ("show",), ("start",)], ids=lambda command: command[0])
def test_an_assignment_in_place_of_an_exercise_is_said(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """In place of a fault for each of its keys."""
    write("ps1.yaml", "schema: 1\ntitle: Set 1\nexercises: [tanh_layer]\n")
    write("answer.py", FORGOT_TANH)
    status, out, err = run(capsys, command[0], "ps1.yaml", *command[1:])
    assert (status, out) == (2, "")
    assert err == (
        "ps1.yaml: This is an assignment: it lists exercises, and here one of them is asked for.\n"
        "    Name the exercise by its id, as the list has it.\n"
    )


def test_an_exercise_beside_the_answer_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    """As nbgrader's students have their course's own exercises: feedback names them by id, with `FILE` for the answer."""
    write("exercises/twice.yaml", QUICK)
    folder = Path("home")
    for name, data in exercise_files(load_exercise(Path("exercises/twice.yaml"))).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    Path("exercises/twice.yaml").unlink()
    answer = write("home/answer.py", "def dy_dx(x):\n    return 2.0\n")
    assert (0, "") == run(capsys, "check", "twice", answer)[::2]
    shutil.rmtree(folder / "records")  # a file of that name alone may be anything
    status, _, err = run(capsys, "check", "twice", answer)
    assert status == 2
    assert "There is no exercise `twice`." in err


def test_check_imports_no_torch() -> None:
    """A catalogue exercise's stored references are enough."""
    script = (
        "import sys; from grader.cli import run; "
        f"status = run(['check', 'tanh_layer', {str(SOLUTIONS / 'tanh_layer.py')!r}]); "
        "assert (status, 'torch' in sys.modules) == (0, False)"
    )
    shown = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")


@pytest.mark.parametrize(
    ("scores", "status"),
    [((3.0, 2.0), 0), ((3.0, 1.9), 1), ((None, 2.0), 3), ((None, 0.0), 3)],
    ids=["full", "less", "ungraded", "both"],
)
def test_the_exit_status_of_a_report(scores: tuple[float | None, float], status: int) -> None:
    """0 for full marks, 1 for less, 3 where our fault left something ungraded."""
    from grader.cli.check import exit_status

    assert exit_status(report(target_report(score=scores[0]), right_report(score=scores[1]))) == status


# grade


def test_grade_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """A row a student, empty for what was not handed in; where the results lie goes to stderr."""
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    write("class/s02/twice.py", "def dy_dx(x):\n    return 3.0\n")
    status, out, err = run(capsys, "grade", "class", "-a", write("exercises/twice.yaml", QUICK), "-o", "OUT", "--jobs", "1")
    assert status == 0
    assert [line.split() for line in out.splitlines()] == [
        ["student", "twice", "total"],
        ["points", "1", "1"],
        ["s01", "1", "1"],
        ["s02", "0", "0"],
    ]
    assert "OUT/grades.csv" in err
    assert "OUT/report.html" in err


def test_a_second_run_grades_only_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    """What did not change is said to be unchanged."""
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    arguments = ("grade", "class", "-a", write("exercises/twice.yaml", QUICK), "-o", "OUT", "--jobs", "1")
    run(capsys, *arguments)
    status, _, err = run(capsys, *arguments)
    assert status == 0
    assert "1 unchanged since the last run" in err


@pytest.mark.parametrize("missing", ["submissions", "assignment"])
def test_grade_without_its_input(missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Unusable input is exit status 2, told in words."""
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    write("exercises/twice.yaml", QUICK)
    folder = "nowhere" if missing == "submissions" else "class"
    status, out, err = run(capsys, "grade", folder, "-a", "nothing" if missing == "assignment" else "twice", "-o", "OUT")
    assert (status, out) == (2, "")
    assert ("nowhere" if missing == "submissions" else "`nothing`") in err


def test_an_output_that_is_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """OUT has to be a folder."""
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    write("exercises/twice.yaml", QUICK)
    status, _, err = run(capsys, "grade", "class", "-a", "twice", "-o", write("OUT", "mine"))
    assert (status, Path("OUT").read_text()) == (2, "mine")
    assert "OUT" in err


def kept(database: Path) -> list[str]:
    """The students with a result in a database that may not be there yet."""
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return [student for (student,) in connection.execute("SELECT student FROM grader_result")]
    except sqlite3.OperationalError:
        return []


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")
def test_ctrl_c_keeps_what_is_graded() -> None:
    """An interrupted run ends with 130, says so, and has written the grades so far."""
    write("exercises/twice.yaml", QUICK.replace("seconds: 1", "seconds: 60"))
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    write("class/s02/twice.py", "def dy_dx(x):\n    while True: pass\n")
    command = [sys.executable, "-m", "grader", "grade", "class", "-a", "twice", "-o", "OUT", "--jobs", "1"]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while "s01" not in kept(Path("OUT/state.sqlite")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Stopped." in err
    assert "s01,1,1" in Path("OUT/grades.csv").read_text()


# the terminal, and our own faults


def test_plain_ascii_where_the_terminal_cannot_show_more() -> None:
    """∂ becomes d, − becomes -, and nothing is lost to a question mark."""
    file = write("answer.py", FORGOT_TANH)
    shown = grader("check", "tanh_layer", file, env={"PYTHONIOENCODING": "ascii"})
    assert shown.returncode == 1
    assert "x dY_dW(W, X, B)" in shown.stdout
    assert "dY[0]/dW[0,0]" in shown.stdout
    assert "?" not in shown.stdout


def test_a_reader_that_went_away_is_no_error() -> None:
    """`grader list | head -1` ends in silence; here nobody reads at all, so that it is no matter of chance who is first."""
    reads, writes = os.pipe()
    os.close(reads)
    command, environment = (
        [sys.executable, "-m", "grader", "list"],
        {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""},
    )
    try:
        shown = subprocess.run(command, env=environment, stdout=writes, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writes)
    assert ("", cli.PIPE_CLOSED) == (shown.stderr, shown.returncode)


def test_our_own_fault_is_one_line_and_a_file(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that nobody foresaw: exit status 3, no traceback on the screen, its file is named."""

    @click.command("broken")
    def broken() -> None:
        raise RuntimeError("oops\nand more")

    monkeypatch.setitem(sys.modules, "broken_family", type(sys)("broken_family"))
    monkeypatch.setattr(sys.modules["broken_family"], "command_broken", broken, raising=False)
    monkeypatch.setitem(cli.COMMANDS, "broken", ("broken_family", ""))
    status, out, err = run(capsys, "broken")
    assert (status, out, len(err.splitlines())) == (3, "", 1)
    assert "RuntimeError: oops" in err
    path = Path(err.split("Traceback: ")[1].strip())
    assert "and more" in path.read_text(encoding="utf-8")
    path.unlink()


@pytest.mark.parametrize(
    ("is_terminal", "environment", "expected"),
    [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False), (True, {"TERM": "dumb"}, False)],
)
def test_colour_only_where_it_is_wanted(
    is_terminal: bool, environment: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a terminal that knows colours, unless NO_COLOR is set."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = type("Stream", (), {"isatty": lambda self: is_terminal})()
    assert streams.has_colour(stream) is expected


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("200", 80), ("7", 40), ("0", 80), ("wide", 80), ("", 80)])
def test_the_width_is_the_terminal_s_up_to_80(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS says it; without it and a terminal it is 80."""
    monkeypatch.setenv("COLUMNS", columns)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        assert streams.width_of(nowhere) == width


@pytest.mark.parametrize("width", [60, 44])
def test_the_table_of_a_class_fits_the_terminal(width: int) -> None:
    """Where ids of exercises make it too wide, they are numbers in the head, and are listed first, none broken."""
    from grader.cli.grade import _fitting

    ids = [f"an_exercise_with_a_long_name_{letter}" for letter in "abcde"]
    lines = list(_fitting(("student", *ids, "total"), [("s01", *("1.5" for _ in ids), "7.5")], ids, width))
    assert max(map(len, lines)) <= width
    assert [f"{place} {id}" in " ".join(lines) for place, id in enumerate(ids, 1)] == [True] * 5
    assert lines[-2].split() == ["student", "1", "2", "3", "4", "5", "total"]


def test_python_m_grader_is_the_command() -> None:
    """`python -m grader --version` says the version."""
    assert grader("--version").stdout.startswith("grader ")


@pytest.mark.parametrize("fails", ["at once", "at the first use"])
def test_check_works_where_there_are_no_walls(
    fails: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a student's own machine a plain child process has to do; the report says so."""
    from grader.cli import check
    from grader.errors import Fault, SandboxError
    from grader.sandbox import Sandbox

    class Unwalled(Sandbox):
        def __init__(self, arrays: Arrays, isolation: Isolation = "best") -> None:
            if fails == "at once" and isolation != "none":
                raise SandboxError(Fault("sandbox", "no walls"))
            super().__init__(arrays, "none")
            self.is_refused = isolation != "none"

        @property
        def layers(self) -> tuple[str, ...]:
            if self.is_refused:
                raise SandboxError(Fault("sandbox", "no walls"))
            return super().layers

    monkeypatch.setattr(check, "Sandbox", Unwalled)
    status, out, err = run(capsys, "check", "tanh_layer", SOLUTIONS / "tanh_layer.py", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["isolation"] == "none"


def test_the_example_of_show_works(capsys: pytest.CaptureFixture[str]) -> None:
    """What the help tells people to type is accepted, down to the name of the input."""
    from grader.cli.exercises import command_show

    example = (command_show.epilog or "").partition("$ grader ")[2].split()
    assert 0 == run(capsys, *example)[0]


def test_start_names_the_next_step_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    """Functions written for tensors are checked with tensors."""
    _, _, err = run(capsys, "start", "chain_rule", "-o", "a.py", "--arrays", "torch")
    assert "grader check chain_rule a.py --arrays torch" in err
    assert "grader check chain_rule a.py --arrays torch\n" in Path("a.py").read_text("utf-8")


def test_a_starter_of_a_file_names_that_file(capsys: pytest.CaptureFixture[str]) -> None:
    """The id of an exercise that lies elsewhere would not be found."""
    Path("course").mkdir()
    Path("course/twice.yaml").write_text(QUICK, "utf-8")
    run(capsys, "start", "course/twice.yaml", "-o", "a.py")
    assert "Check your answer:  grader check course/twice.yaml a.py\n" in Path("a.py").read_text("utf-8")
    run(capsys, "start", "course/twice.yaml", "-o", "a.ipynb")
    assert 'grader.check(\\"course/twice.yaml\\", dy_dx=dy_dx)' in Path("a.ipynb").read_text("utf-8")


def test_show_says_what_holds_for_tensors(capsys: pytest.CaptureFixture[str]) -> None:
    """Who writes with torch is told before that its derivatives are not what is asked for."""
    Path("twice.yaml").write_text(f"{QUICK}arrays: torch\n", "utf-8")
    assert "automatic differentiation is flagged." in " ".join(run(capsys, "show", "./twice.yaml")[1].split())


def test_expected_and_returned_are_written_alike(capsys: pytest.CaptureFixture[str]) -> None:
    """A one beside them does not turn small numbers into powers of ten: people compare the two by eye."""
    ones = "import numpy as np\ndef dY_dB(W, X, B):\n    Y = np.tanh(W @ X + B)\n    return 1 - np.diag(Y) ** 2\n"
    Path("ones.py").write_text(ones, "utf-8")
    _, out, _ = run(capsys, "check", "tanh_layer", "ones.py", "--case", "small 1")
    expected, returned = (re.findall(rf"{name} 3×3 =\n +\[\[(\S+),", out)[0] for name in ("expected", "returned"))
    assert expected == returned


def test_audit_tells_an_unknown_exercise_from_a_faulty_one(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each, the reason on stderr."""
    Path("faulty.yaml").write_text("schema: 1\n", "utf-8")
    status, out, err = run(capsys, "audit", "nosuch", "./nosuch.yaml", "./faulty.yaml")
    lines = [
        "✗ nosuch: there is no such exercise",
        "✗ ./nosuch.yaml: there is no such exercise",
        "✗ ./faulty.yaml: the file is faulty",
    ]
    assert (1, lines) == (status, out.splitlines())
    assert "There is no exercise `nosuch`" in err


JUNK = {f"class/eve/j{number:02}.txt": "x" for number in range(40)}


def test_one_students_junk_hides_nobody_elses_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    """Of each student something is said, and how much more there is."""
    write("exercises/twice.yaml", QUICK)
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    for path in (*JUNK, "class/s02/twice.docx", "class/s03.rar"):
        write(path, "x")
    _, _, err = run(capsys, "grade", "class", "-a", "twice", "-o", "OUT", "--quiet")
    said = [line for line in err.splitlines() if line.startswith(("Not placed", "..."))]
    assert said[0].startswith("Not placed: s03.rar: ")
    assert "... and 34 more beside eve/j00.txt." in said
    assert any(line.startswith("Not placed: s02/twice.docx: ") for line in said)
    assert len(said) < 20
    assert "report.html lists all that is not placed." in err


def test_the_trouble_of_many_students_is_a_line_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    """Work that is not graded comes before what nobody grades."""
    write("exercises/twice.yaml", QUICK)
    for number in range(30):
        write(f"class/s{number:02}/notes.txt", "x")
    for path in (*JUNK, "class/s07/empty.zip", "class/s08.py"):
        write(path, "x")
    write("class/s08/twice.py", "def dy_dx(x):\n    return 2.0\n")
    _, _, err = run(capsys, "grade", "class", "-a", "twice", "-o", "OUT", "--quiet")
    said = [line for line in err.splitlines() if line.startswith("Not placed")]
    assert said[0].startswith("Not placed: s08.py (and 1 more): s08 has a folder, too")
    assert said[1].startswith("Not placed: s07/empty.zip")
    assert "(and 39 more)" in said[2]
    assert "of 29 students: It is not a .py or .ipynb file." in said[2]
    assert len(said) == 3
    assert "Handed in something, but nothing that can be graded: " in err
    assert ", s06, s07, s09" in err


def test_every_run_says_which_layout_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    """And the folder around it; another one may be said."""
    write("exercises/twice.yaml", QUICK)
    for student in ("s01", "s02"):
        write(f"class/week 3/{student}/twice.py", "def dy_dx(x):\n    return 2.0\n")
    arguments = ("grade", "class", "-a", "twice", "-o", "OUT", "--quiet")
    status, _, err = run(capsys, *arguments)
    assert status == 2
    assert "`wrapped`: `week 3` lies around the work of 2 students (s01, s02)." in err
    assert "Say which it is: --layout wrapped, or --layout students." in err
    status, out, err = run(capsys, *arguments, "--layout", "wrapped")
    assert status == 0
    assert "Layout: students in week 3/." in err
    assert ["s01", "1", "1"] in [line.split() for line in out.splitlines()]


def test_a_later_run_that_reads_other_files_for_a_mark_stops(capsys: pytest.CaptureFixture[str]) -> None:
    """Told with both, and what to give."""
    write("exercises/twice.yaml", QUICK)
    write("class/s01/twice.py", "def dy_dx(x):\n    return 2.0\n")
    arguments = ("-a", "twice", "-o", "OUT", "--quiet")
    run(capsys, "grade", "class", *arguments)
    write("later/submission_1/twice.py", "def dy_dx(x):\n    return 3.0\n")
    write("later/submission_metadata.yml", "submission_1:\n  :submitters:\n  - :sid: s01\n")
    status, _, err = run(capsys, "grade", "later", *arguments)
    assert status == 2
    assert "s01: students, as s01 then, gradescope, as s01 now. Nothing was graded." in err
    assert run(capsys, "grade", "later", *arguments, "--accept-other-files")[0] == 0


def test_two_functions_of_one_name_cost_nothing_and_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    """With the files' names on the console; exit status 3, since somebody has to look."""
    write("exercises/twice.yaml", QUICK)
    write("class/s01/answer_v1.py", "def dy_dx(x):\n    return 2.0\n")
    write("class/s01/answer_final.py", "def dy_dx(x):\n    return 3.0\n")
    status, out, err = run(capsys, "grade", "class", "-a", "twice", "-o", "OUT", "--quiet")
    assert status == 3
    assert ["s01", "-", "-"] in [line.split() for line in out.splitlines()]
    what = "answer_final.py and answer_v1.py define dy_dx differently. Keep one of them: rename or remove the other."
    assert f"s01, twice: Not graded, no points lost: {what}" in err
    assert "our fault" not in err


HOSTILE_NAME = "a\x1b[31m\u202egnp$(touch ran)`touch ran`;x.py"
LEFT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@pytest.mark.parametrize(
    ("exercise", "file", "options", "status"),
    [
        ("tanh_layer", HOSTILE_NAME, (), 1),
        ("tanh_layer", f"no{HOSTILE_NAME}", (), 2),
        (f"no{HOSTILE_NAME}", HOSTILE_NAME, (), 2),
        (f"./no{HOSTILE_NAME}.yaml", HOSTILE_NAME, (), 2),
        ("tanh_layer", HOSTILE_NAME, ("--case", HOSTILE_NAME), 2),
        ("tanh_layer", HOSTILE_NAME, ("--arrays", HOSTILE_NAME), 2),
    ],
    ids=["answer", "no such file", "no such exercise", "no such path", "no such case", "no such choice"],
)
def test_check_prints_no_name_that_a_terminal_obeys(
    exercise: str, file: str, options: tuple[str, ...], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files come from others: with escape sequences, bidi marks and commands in their names."""
    write(HOSTILE_NAME, FORGOT_TANH)
    found, out, err = run(capsys, "check", exercise, file, *options)
    assert status == found, err
    assert LEFT.search(out + err) is None


def test_no_command_tells_a_terminal_what_to_do_by_a_path(capsys: pytest.CaptureFixture[str]) -> None:
    """`audit` of a folder that somebody sent, and a class graded into one: also where the paths are of ours."""
    place = HOSTILE_NAME.replace(";x.py", "")
    write(f"{place}/exercises/quick.yaml", QUICK)
    write("in/s01/quick.py", "def dy_dx(x):\n    return 7.0\n")
    status, out, err = run(capsys, "audit", f"{place}/exercises/quick.yaml", "--solutions", "none")
    assert status == 1
    assert "There is no model answer to try." in err
    assert LEFT.search(out + err) is None
    _, out, err = run(capsys, "grade", "in", "-a", f"{place}/exercises/quick.yaml", "-o", f"{place}/OUT", "--quiet")
    assert "grades.csv" in err
    assert LEFT.search(out + err) is None
    _, out, err = run(capsys, "regrade", f"{place}/OUT", "--yes")
    assert "Written: " in err
    assert LEFT.search(out + err) is None


def test_the_next_step_can_be_copied_whatever_the_file_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    """A shell that is given the line calls `grader check` with that file, and nothing else."""
    write(HOSTILE_NAME, FORGOT_TANH)
    _, out, _ = run(capsys, "check", "tanh_layer", HOSTILE_NAME)
    (line,) = re.findall(r"See it: +grader (.*)", out)
    done = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True)
    assert ["check", "tanh_layer", HOSTILE_NAME, "--case", "one feature"] == done.stdout.decode().split("\0")[:-1]
    assert not Path("ran").exists()


def test_a_file_whose_name_begins_with_a_dash_is_named_as_a_path(capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise the next step would take it for an option."""
    write("-a.py", FORGOT_TANH)
    _, out, _ = run(capsys, "check", "tanh_layer", "./-a.py")
    assert "grader check tanh_layer ./-a.py --case" in out


def test_students_who_are_not_on_the_roster_are_graded_and_named_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """They were listed as not placed, a line each, among the files that nobody grades."""
    for number in range(1, 11):
        write(f"in/s{number:02}/tanh_derivative.py", "def dY_dx(x):\n    return 2.0\n")
    write("in/readme.txt", "Hello")
    write("roster.csv", "id\ns01\n")
    _, _, err = run(capsys, "grade", "in", "-a", "tanh_derivative", "-o", "out", "--roster", "roster.csv", "--isolation", "best")
    others = ", ".join(f"s{number:02}" for number in range(2, 10))
    assert f"Graded, and on the roster neither by id nor by email nor by a name of theirs alone: {others} and 1 more.\n" in err
    assert ["Not placed: readme.txt: It is not a .py, .ipynb or .zip file."] == [
        line for line in err.splitlines() if line.startswith("Not placed")
    ]
    graded, _, unplaced = Path("out/report.html").read_text("utf-8").partition("Handed in and not graded")
    assert "Graded, and not on the roster" in graded
    assert ("nobody on the roster" in graded, "nobody on the roster" in unplaced) == (True, False)


def test_an_exercise_that_was_handed_in_does_not_replace_the_one_that_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """`grade` in the folder of a download with a folder `exercises` in it."""
    Path("exercises").mkdir()
    write("exercises/tanh_derivative.yaml", QUICK.replace("dy_dx", "dY_dx"))
    Path("course").mkdir()
    write("course/ps1.yaml", "schema: 1\ntitle: Set 1\nexercises: [tanh_derivative]\n")
    write("in/s01/tanh_derivative.py", "def dY_dx(x):\n    return 2.0\n")
    for number, assignment in enumerate(("course/ps1.yaml", "tanh_derivative")):
        _, out, err = run(capsys, "grade", "in", "-a", assignment, "-o", f"out{number}", "--isolation", "best")
        assert "s01                    0      0" in out, out
        assert "which hides exercises/tanh_derivative.yaml." in err
