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

# From what everything is made of to the command line. A package imports itself and what stands in the lines above.
LINES: tuple[set[str], ...] = (
    {"version", "errors", "files", "text", "csv_tables", "installed"},
    {"lock"},
    {"sandbox"},
    {"exercise"},
    {"outcome"},
    {"reference"},
    {"render"},
    {"judging"},
    {"course"},
    {"api", "audit", "export", "wheel"},
    {"gradescope", "handout"},
    {"nbgrader"},
    {"cli"},
    {"__main__"},
)
# The same within a package: of a line, nothing imports what stands beside it. Modules that lie in the package itself are "".
INSIDE: dict[str, tuple[set[str], ...]] = {
    "sandbox": ({"wire"}, {"child", "host"}),
    "exercise": ({"formula"}, {""}, {"loading"}),
    "reference": ({"model"}, {"tolerance"}, {"torch"}, {""}),
    "judging": ({"verdict"}, {"diagnosis"}, {""}),
    "course": ({"intake"}, {"results"}, {"workers", "pages"}, {""}),
}
# Heavy libraries, and the packages that may import them.
LIBRARIES = {
    "torch": ("reference", "sandbox.child"),
    "yaml": ("exercise.loading", "course.intake"),
    "click": ("cli",),
    "rich": ("cli",),
}


def modules() -> dict[str, set[str]]:
    """Find what each module of the package imports when it runs, in functions too; not imports for type checkers."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts)] = imports(path)
    return found


def imports(path: Path) -> set[str]:
    """Return the modules that one file imports, by their full names."""
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


def line_of(name: str, lines: tuple[set[str], ...]) -> int:
    """Return the place of a package in an order."""
    return next(place for place, line in enumerate(lines) if name in line)


def test_packages_import_one_way() -> None:
    """No package imports one of its own line, or of a line below."""
    wrong = []
    for module, imported in modules().items():
        own = module.split(".")[0]
        if own == "__init__":  # names are looked up when they are first used
            assert imported <= {"__future__", "importlib", "typing", "grader.version"}
            continue
        others = {name.split(".")[1] for name in imported if name.startswith("grader.")} - {own}
        wrong += [f"{module}: {other}" for other in others if line_of(other, LINES) >= line_of(own, LINES)]
    assert wrong == []


def test_parts_of_a_package_import_one_way() -> None:
    """The trust boundary among them: neither side of the sandbox imports the other."""
    wrong = []
    for module, imported in modules().items():
        package, *rest = module.split(".")
        lines = INSIDE.get(package)
        if not lines or rest == ["__init__"]:
            continue
        own = rest[0] if any(rest[0] in line for line in lines) else ""
        for name in imported:
            parts = name.split(".")
            if parts[:2] != ["grader", package]:
                continue
            other = parts[2] if any(parts[2:3] == [one] for line in lines for one in line) else ""
            if other != own and "" in (own, other) and not any("" in line for line in lines):
                continue
            if other != own and line_of(other, lines) >= line_of(own, lines):
                wrong.append(f"{module}: {name}")
    assert wrong == []


def test_the_box_is_two_folders() -> None:
    """What is bound into the box beside student code imports nothing of the package that is not bound into it."""
    inside = ("sandbox.child.", "sandbox.wire.")
    wrong = [
        f"{module}: {name}"
        for module, imported in modules().items()
        if module.startswith(inside)
        for name in imported
        if name.startswith("grader.") and not name.removeprefix("grader.").startswith(("sandbox.child", "sandbox.wire"))
    ]
    assert wrong == []


def test_libraries_stay_where_they_belong() -> None:
    """Each heavy library is imported by the packages that are there for it, and by no other."""
    wrong = [
        f"{module}: {library}"
        for module, imported in modules().items()
        for library, homes in LIBRARIES.items()
        if library in {name.split(".")[0] for name in imported} and not module.startswith(tuple(f"{home}." for home in homes))
    ]
    assert wrong == []


def python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a fresh Python, in the repository."""
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
        ("import grader", "grader.exercise.model grader.exercise.formula numpy yaml click rich torch dataclasses"),
        ("import grader; grader.GraderError", "numpy yaml torch"),
        ("from grader.cli import run; run(['list'])", "numpy torch rich subprocess socket"),
        ("from grader.cli import run; run(['show', 'tanh_layer'])", "torch rich"),
        ("from grader.cli import run; run(['start', 'tanh_layer', '-o', 'nowhere/answer.py'])", "numpy torch rich subprocess"),
    ],
    ids=["grader", "GraderError", "list", "show", "start"],
)
def test_start_up_loads_no_more_than_it_needs(script: str, unwanted: str) -> None:
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
def test_the_core_alone_is_enough(script: str, tmp_path: Path) -> None:
    """Without fork, fcntl and resource, and with no library but the core's, the first steps of a course work."""
    shown = python(BARE + script, ANSWER=str(tmp_path / "answer.ipynb"))
    assert shown.returncode == 0, shown.stderr


def test_public_names_are_there() -> None:
    """Every name of __all__ can be had, and no other."""
    for name in grader.__all__:
        assert getattr(grader, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        grader.nothing  # noqa: B018


def test_the_wheel_holds_the_catalogue_and_no_answers(tmp_path: Path) -> None:
    """Students install the wheel: exercises, schema and styles are in it, model answers and the example class are not."""
    import zipfile

    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert built.returncode == 0, built.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert {"grader/_exercises/tanh_layer.yaml", "grader/render/report.css", "grader/py.typed"} <= names
    assert [name for name in names if "solutions" in name or "examples" in name or name.startswith("tests")] == []
