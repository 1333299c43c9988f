"""The command line as a whole: its help, its exit statuses, and what it does about its own faults."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from command_line import HOSTILE_NAME, OBEYED, QUICK, grader, run, write
from places import ROOT

from grader import cli


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


def test_python_m_grader_is_the_command() -> None:
    """`python -m grader --version` says the version."""
    assert grader("--version").stdout.startswith("grader ")


def test_no_command_tells_a_terminal_what_to_do_by_a_path(capsys: pytest.CaptureFixture[str]) -> None:
    """`audit` of a folder that somebody sent, and a class graded into one: also where the paths are of ours."""
    place = HOSTILE_NAME.replace(";x.py", "")
    write(f"{place}/exercises/quick.yaml", QUICK)
    write("in/s01/quick.py", "def dy_dx(x):\n    return 7.0\n")
    status, out, err = run(capsys, "audit", f"{place}/exercises/quick.yaml", "--solutions", "none")
    assert status == 1
    assert "There is no model answer to try." in err
    assert OBEYED.search(out + err) is None
    _, out, err = run(capsys, "grade", "in", "-a", f"{place}/exercises/quick.yaml", "-o", f"{place}/OUT", "--quiet")
    assert "grades.csv" in err
    assert OBEYED.search(out + err) is None
    _, out, err = run(capsys, "regrade", f"{place}/OUT", "--yes")
    assert "Written: " in err
    assert OBEYED.search(out + err) is None
