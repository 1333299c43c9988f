"""The wheel that goes out with handouts: the same as hatchling's, from any copy, and enough for a student without an index."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from places import ROOT

from grader import handout, installed, wheel
from grader.cli.finding import find_assignment
from grader.exercise import catalogue

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
RIGHT = "import numpy as np\ndef dY_dx(x):\n    return 1 - np.tanh(x) ** 2\n"


def names(data: bytes) -> set[str]:
    """Return the names in a wheel."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return set(archive.namelist())


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Run a command, which must succeed; return what it prints."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=120
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack a handout for a student, and run its README's command in a venv, without an index."""
    folder = tmp_path_factory.mktemp("student")
    (folder / "ps1.yaml").write_text("schema: 1\ntitle: Set 1\nexercises: [tanh_derivative]\n", "utf-8")
    with zipfile.ZipFile(io.BytesIO(handout.pack(find_assignment(str(folder / "ps1.yaml"), ())))) as archive:
        archive.extractall(folder)
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv/bin/python"
    (command,) = re.findall(r"python3 -m pip install .*", (folder / "ps1/README.md").read_text("utf-8"))
    _, _, _, *arguments = shlex.split(command)
    run(*PIP, "--python", python, arguments[0], "--no-deps", "--no-index", *arguments[1:], cwd=folder / "ps1")
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib"), "utf-8")  # NumPy and the others
    (Path(site) / "sitecustomize.py").write_text("import sys\nsys.modules['torch'] = None\n", "utf-8")
    return folder


def test_a_student_installs_the_checker_from_the_handout(student: Path) -> None:
    """And it runs from there: lists exercises, and checks an answer without torch."""
    grader = student / "venv/bin/grader"
    assert "tanh_derivative" in run(grader, "list", cwd=student)
    (student / "ps1" / "tanh_derivative.py").write_text(RIGHT, "utf-8")
    said = run(grader, "check", "tanh_derivative", "tanh_derivative.py", cwd=student / "ps1", GRADER_CACHE=str(student / "cache"))
    assert "16 of 16 cases agree." in said
    assert str(student) in run(student / "venv/bin/python", "-c", "import grader; print(grader.__file__)", cwd=student)


def test_an_installed_wheel_packs_itself_again(student: Path) -> None:
    """Bit for bit: a handout does not depend on how the instructor's copy was installed, nor on when it is packed."""
    code = "import sys; from grader import wheel; sys.stdout.buffer.write(wheel.pack())"
    again = subprocess.run([student / "venv/bin/python", "-c", code], cwd=student, capture_output=True, check=True)
    assert wheel.pack() == again.stdout == (student / "ps1" / wheel.NAME).read_bytes()


def test_it_can_be_had_alone(student: Path, tmp_path: Path) -> None:
    """`python -m grader.wheel FOLDER`, for a hub or another machine."""
    said = run(student / "venv/bin/python", "-m", "grader.wheel", tmp_path, cwd=student)
    assert said == f"{tmp_path / wheel.NAME}\n"
    assert (tmp_path / wheel.NAME).read_bytes() == wheel.pack()


@pytest.mark.parametrize("arguments", [("--help",), ("nowhere",), (".", ".")])
def test_other_arguments_are_told_how_to_write_it(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """In a line; it was a traceback."""
    command = [sys.executable, "-m", "grader.wheel", *arguments]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == "Write: python -m grader.wheel [FOLDER]. The folder must exist.\n"
    assert not list(tmp_path.iterdir())


def test_pip_finds_it_whole(student: Path) -> None:
    """Every file of RECORD is there, and the extras are named."""
    show = run(*PIP, "--python", student / "venv/bin/python", "show", "-f", "autograd-grader", cwd=student)
    assert "Requires: click, numpy, PyYAML, rich".lower() in show.lower()
    assert "grader/_exercises/tanh_layer.yaml" in show
    assert "licenses/LICENSE" in show


def test_it_holds_what_hatchling_would_pack(tmp_path: Path) -> None:
    """But for the description in its metadata."""
    source = tmp_path / "source"
    ignored = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, source, ignore=ignored)
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist", cwd=source)
    (built,) = (tmp_path / "dist").glob("*.whl")
    assert built.name == wheel.NAME
    assert names(built.read_bytes()) == names(wheel.pack())


def test_nothing_in_it_gives_an_answer_away() -> None:
    """No model answer, no example class, no test."""
    places = {name.split("/")[0] for name in names(wheel.pack())}
    assert {"grader", wheel._INFO} == places
    assert not [name for name in names(wheel.pack()) if "solution" in name or "example" in name or "test" in name]


def test_an_exercise_of_ones_own_in_a_checkout_stays_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who works in a clone may keep next week's exam in its folder."""
    shutil.copytree(catalogue.shipped(), tmp_path / "exercises")
    (tmp_path / "exercises" / "exam.yaml").write_text("schema: 1\n", "utf-8")
    before = names(wheel.pack())
    monkeypatch.setattr(catalogue, "shipped", lambda: tmp_path / "exercises")
    assert before == names(wheel.pack())


def test_its_requirements_are_those_of_pyproject() -> None:
    """Written twice, since a copy that runs need not have its metadata."""

    def normal(lines: list[str]) -> set[str]:
        return {line.lower() if "," not in line else ",".join(sorted_parts(line)).lower() for line in lines}

    def sorted_parts(line: str) -> list[str]:
        name, *rest = re.split(r"(?=[<>])", line, maxsplit=1)
        first, *others = sorted(rest[0].split(","))
        return [name + first, *others]

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == installed.PYTHON
    assert normal(project["dependencies"]) == normal(list(installed.CORE))
    extras = {name: normal(lines) for name, lines in project["optional-dependencies"].items() if name not in ("all", "dev")}
    assert extras == {name: normal(list(lines)) for name, lines in installed.EXTRAS.items()}
