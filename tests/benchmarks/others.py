"""
The same submissions graded in the ways that courses use without us: nbgrader's kernel, pytest, a fresh process.

Each judges by the model answer at the cases of the exercises' public records, with `numpy.testing.assert_allclose`; each is
as fast as its own documentation has it, with no protection. Seconds a student.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from generated import SOLUTIONS  # type: ignore[import-not-found]  # beside this program when it runs

from grader.exercise import catalogue
from grader.exercise.loading import load_exercise
from grader.reference import prepare
from grader.sandbox.wire.call import Name

_TEST = """
import json
import numpy as np
{start}
model = {{}}
exec({model!r}, model)
for name, calls in json.loads({calls!r}).items():
    for call in calls:
        values = [np.array(value) if isinstance(value, list) else np.float64(value) for value in call]
        np.testing.assert_allclose({scope}[name](*values), model[name](*values), rtol=1e-6)
"""


def _test(exercise: str, *, start: str = "", scope: str = "globals()") -> str:
    """Write a test of one exercise as Python; it finds the student's functions in `scope`."""
    found = load_exercise(catalogue.find(exercise, ()).path)
    calls = {}
    for task in found.tasks:
        names = [argument.name for argument in task.call.arguments if isinstance(argument, Name)]
        cases = [case for case, _ in prepare.prepare(found).cases]
        calls[task.function] = [[case.values[name].tolist() for name in names] for case in cases]
    model = (SOLUTIONS / f"{exercise}.py").read_text(encoding="utf-8")
    return _TEST.format(start=start, model=model, calls=json.dumps(calls), scope=scope)


def nbgrader_together(root: Path, students: Sequence[Path], exercises: Sequence[str]) -> float:
    """One `nbgrader autograde` for all."""
    _course(root, students, exercises)
    seconds = _run(root, "nbgrader", "autograde", "ps1")
    assert len(students) == len(list(root.glob("autograded/*/ps1/ps1.ipynb")))
    return seconds / len(students)


def nbgrader_each(root: Path, students: Sequence[Path], exercises: Sequence[str]) -> float:
    """One `nbgrader autograde` a student, as its formgrader's button does."""
    _course(root, students, exercises)
    seconds = sum(_run(root, "nbgrader", "autograde", "ps1", "--student", student.name) for student in students)
    assert len(students) == len(list(root.glob("autograded/*/ps1/ps1.ipynb")))
    return seconds / len(students)


def _course(root: Path, students: Sequence[Path], exercises: Sequence[str]) -> None:
    """Stock nbgrader's course with a notebook a student: a solution cell and a test cell an exercise."""
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    def cell(source: str, id: str, **facts: object) -> nbformat.NotebookNode:
        metadata = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3, **facts}
        made: nbformat.NotebookNode = new_code_cell(source, metadata={"nbgrader": {"grade_id": id, **metadata}})
        return made

    def notebook(answers: Sequence[str]) -> str:
        cells = []
        for exercise, answer in zip(exercises, answers, strict=True):
            cells.append(cell(answer, exercise, solution=True))
            cells.append(cell(_test(exercise), f"test_{exercise}", grade=True, locked=True, points=1))
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        return str(nbformat.writes(new_notebook(cells=cells, metadata=kernel)))

    def write(folder: Path, text: str) -> None:
        folder.mkdir(parents=True)
        (folder / "ps1.ipynb").write_text(text, encoding="utf-8")

    write(root / "source/ps1", notebook(["### BEGIN SOLUTION\n### END SOLUTION"] * len(exercises)))
    (root / "nbgrader_config.py").write_text("c = get_config()\n", encoding="utf-8")
    _run(root, "nbgrader", "generate_assignment", "ps1")
    for student in students:
        answers = [(student / f"{exercise}.py").read_text(encoding="utf-8") for exercise in exercises]
        write(root / "submitted" / student.name / "ps1", notebook(answers))


def pytest(root: Path, students: Sequence[Path], exercises: Sequence[str]) -> float:
    """Run pytest for each student, with a test for each exercise."""
    program = "".join(f"def test_{exercise}():{_body(exercise)}\n" for exercise in exercises)
    folders = _with_program(root, students, "test_answers.py", program)
    return sum(_run(folder, "pytest", "-q", "-p", "no:cacheprovider", fails=True) for folder in folders) / len(students)


def fresh_torch(root: Path, students: Sequence[Path], exercises: Sequence[str]) -> float:
    """Run a fresh Python that imports torch for each student."""
    program = "import torch\n" + "".join(f"try:{_body(exercise)}\nexcept Exception:\n    pass\n" for exercise in exercises)
    folders = _with_program(root, students, "run_all.py", program)
    return sum(_run(folder, sys.executable, "run_all.py") for folder in folders) / len(students)


def _body(exercise: str) -> str:
    """Indent the test of an exercise."""
    return _test(exercise, start=f"import {exercise} as answer", scope="vars(answer)").replace("\n", "\n    ")


def _with_program(root: Path, students: Sequence[Path], name: str, program: str) -> list[Path]:
    """Copy the students' folders, with a program in each."""
    folders = [Path(shutil.copytree(student, root / student.name)) for student in students]
    for folder in folders:
        (folder / name).write_text(program, encoding="utf-8")
    return folders


def _run(folder: Path, *command: str, fails: bool = False) -> float:
    """Seconds of a command; `fails` where an exit status of 1 only says that an answer is wrong."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or (fails and done.returncode == 1), done.stdout + done.stderr
    return time.perf_counter() - began
