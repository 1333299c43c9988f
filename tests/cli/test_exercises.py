"""`grader list`, `show` and `start`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import FORGOT_TANH, QUICK, run, write


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
