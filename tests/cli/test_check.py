"""`grader check`: what it prints where, and its exit statuses."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import FORGOT_TANH, HOSTILE_NAME, OBEYED, QUICK, run, write
from places import ROOT
from reports import report, right_report, target_report

from grader.exercise.loading import load_exercise
from grader.handout import exercise_files
from grader.sandbox.host.walls import Isolation
from grader.sandbox.limits import Arrays

SOLUTIONS = ROOT / "solutions"


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


def test_expected_and_returned_are_written_alike(capsys: pytest.CaptureFixture[str]) -> None:
    """A one beside them does not turn small numbers into powers of ten: people compare the two by eye."""
    ones = "import numpy as np\ndef dY_dB(W, X, B):\n    Y = np.tanh(W @ X + B)\n    return 1 - np.diag(Y) ** 2\n"
    Path("ones.py").write_text(ones, "utf-8")
    _, out, _ = run(capsys, "check", "tanh_layer", "ones.py", "--case", "small 1")
    expected, returned = (re.findall(rf"{name} 3×3 =\n +\[\[(\S+),", out)[0] for name in ("expected", "returned"))
    assert expected == returned


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
    assert OBEYED.search(out + err) is None


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
