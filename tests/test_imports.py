"""Who may import whom, what a command loads, and what the core needs to be installed."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import grader

PACKAGE = Path(grader.__file__).parent
ROOT = PACKAGE.parent

# The parts, from the words that everything is made of to the command line. A part may import those of its own line and
# of the lines above; parts of the line of steps import only themselves and what is above, never one another.
VOCABULARY = {
    "version",
    "files",
    "folders",
    "installed",
    "errors",
    "formula",
    "call",
    "exercise",
    "agreement",
    "marking",
    "outcome",
    "trial",
    "latex",
    "statement",
}
STEPS = {
    "loading",
    "catalogue",
    "cases",
    "reference",
    "store",
    "submission",
    "sandbox",
    "compare",
    "diagnosis",
    "rubric",
    "starter",
}
STORY = {"preparing", "grading", "batch", "gradebook", "analysis", "audit", "records", "shell"}
EDGES = {"render", "showing", "python", "export", "nbgrader", "handout", "wheel", "autograder"}
TOP = {"cli", "__main__"}
LINES = (VOCABULARY, STEPS, STORY, EDGES, TOP)

PART_OF_A_STEP = {"regime": "diagnosis", "notebooks": "submission", "sizes": "cases"}  # modules of one step that lie beside it

THIRD_PARTY = {
    "numpy": VOCABULARY | STEPS | STORY | EDGES,
    "yaml": {"loading", "batch"},
    "click": {"cli"},
    "rich": {"cli"},
}


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    """The part that a module belongs to."""
    name = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return PART_OF_A_STEP.get(name, name)


def imports(path: Path) -> set[str]:
    """What a module imports when it runs, in functions too; imports for type checkers do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = [ast.Pass()]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "grader":
            found |= {f"grader.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    return found


def line_of(name: str) -> int:
    """The place of a part in the order."""
    return next(place for place, line in enumerate(LINES) if name in line)


def test_every_module_has_its_place() -> None:
    """No part is missing from the order above."""
    assert {part(path) for path in modules()} - set().union(*LINES) == {"__init__"}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path) -> None:
    """Vocabulary <- steps <- story <- edges <- cli, and no step imports another."""
    own = part(path)
    if own == "__init__":  # names are looked up when they are first used
        assert imports(path) <= {"__future__", "importlib", "typing", "grader.version"}
        return
    wrong = []
    for name in imports(path):
        if name.split(".")[0] != "grader":
            continue
        other = PART_OF_A_STEP.get(name.split(".")[1], name.split(".")[1])
        is_sideways = own in STEPS and other in STEPS and own != other
        if line_of(other) > line_of(own) or is_sideways:
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_libraries_stay_where_they_belong(path) -> None:
    """YAML is read by loading and intake, the terminal libraries belong to the command line."""
    roots = {name.split(".")[0] for name in imports(path)}
    assert [name for name, parts in THIRD_PARTY.items() if name in roots and part(path) not in parts] == []


def python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A script in a fresh Python, in the repository."""
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("script", "unwanted"),
    [
        ("import grader", "grader.exercise grader.formula numpy yaml click rich torch dataclasses"),
        ("import grader; grader.GraderError", "numpy yaml torch"),
        ("from grader.cli import run; run(['list'])", "numpy torch rich subprocess socket"),
        ("from grader.cli import run; run(['show', 'tanh_layer'])", "torch rich"),
        ("from grader.cli import run; run(['start', 'tanh_layer', '-o', 'nowhere/answer.py'])", "numpy torch rich subprocess"),
    ],
    ids=["grader", "GraderError", "list", "show", "start"],
)
def test_start_up_loads_no_more_than_it_needs(script, unwanted) -> None:
    """What is not needed is not imported: start-up time is the student's."""
    shown = python(f"import sys\n{script}\nprint(sorted(set({unwanted.split()!r}) & set(sys.modules)))")
    assert shown.stdout.splitlines()[-1:] == ["[]"], shown.stdout + shown.stderr


# As on Windows, with the core's libraries alone: these modules are made unimportable.
BARE = """
import builtins, os, sys
absent = {"fcntl", "resource", "pwd", "grp", "termios", "torch", "nbformat", "nbgrader", "sqlalchemy", "matplotlib", "dask"}
real = builtins.__import__
def guarded(name, *rest, **more):
    if name.split(".")[0] in absent:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return real(name, *rest, **more)
builtins.__import__ = guarded
for name in ("fork", "forkpty", "setsid", "getuid", "pidfd_open", "sched_getaffinity", "memfd_create"):
    if hasattr(os, name):
        delattr(os, name)
"""


@pytest.mark.parametrize(
    "script",
    [
        "import grader; grader.load('tanh_layer')",
        "from grader.cli import run; assert run(['list']) == 0",
        "from grader.cli import run; assert run(['show', 'tanh_layer']) == 0",
        "import os; from grader.cli import run; assert run(['start', 'tanh_layer', '-o', os.environ['ANSWER']]) == 0",
        "import numpy, grader; assert grader.check('tanh_derivative', dY_dx=lambda x: 1 - numpy.tanh(x) ** 2).score == 1",
    ],
    ids=["import", "list", "show", "start", "check in a notebook"],
)
def test_the_core_alone_is_enough(script, tmp_path) -> None:
    """Without fork, fcntl and resource, and with no library but the core's, the first steps of a course work."""
    shown = python(BARE + script, ANSWER=str(tmp_path / "answer.ipynb"))
    assert shown.returncode == 0, shown.stderr


def test_public_names_are_there() -> None:
    """Every name of __all__ can be had, and no other."""
    for name in grader.__all__:
        assert getattr(grader, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        grader.nothing  # noqa: B018


def test_the_wheel_holds_the_catalogue_and_no_answers(tmp_path) -> None:
    """Students install the wheel: exercises, schema and styles are in it, model answers and the example class are not."""
    import zipfile

    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert {"grader/_exercises/tanh_layer.yaml", "grader/render/report.css", "grader/py.typed"} <= names
    assert [name for name in names if "solutions" in name or "examples" in name or name.startswith("tests")] == []
