"""
What one more submission costs nbgrader: with its kernel, with our sandbox one by one and in a pool, and with nothing run.

`python benchmarks/nbgrader.py [SUBMISSIONS] [numpy|torch]`. Right answers to the notebook of `tanh_layer`, the same for all;
seconds of the commands with that many more submissions than one, divided by them. The variants take three turns, so that a
busy machine is busy for all of them, and the quickest of each counts.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_SOLUTIONS = _HERE.parent / "solutions"
_STOCK = "c = get_config()\n"
_OURS = f"from grader.nbgrader import configure\n\n{_STOCK}configure(c)\n"
_PLAIN = ("nbgrader", "autograde", "tanh_layer")
_POOL = ("grader", "nbgrader", "autograde", "tanh_layer", "--jobs", "2")
_VARIANTS = {  # the configuration, the command
    "nbgrader, in the kernel": (_STOCK, _PLAIN),
    "nbgrader, nothing run (--no-execute)": (_STOCK, (*_PLAIN, "--no-execute")),
    "nbgrader, in our sandbox": (_OURS, _PLAIN),
    "grader nbgrader autograde --jobs 2": (_OURS, _POOL),
}
_TURNS = 3
_FLOOR = "nbgrader, nothing run (--no-execute)"


def _course(root: Path, arrays: str) -> None:
    """A course with the notebook of `tanh_layer`, released."""
    root.mkdir()
    (root / "tanh_layer.yaml").write_text(f"schema: 1\ntitle: T\nexercises: [tanh_layer]\narrays: {arrays}\n")
    (root / "nbgrader_config.py").write_text(_STOCK)
    folder = _SOLUTIONS / "torch" if arrays == "torch" else _SOLUTIONS
    _run(root, "grader", "nbgrader", "build", "tanh_layer.yaml", "--solutions", str(folder))
    _run(root, "nbgrader", "generate_assignment", "tanh_layer")

    def keep_record(graded: Path) -> None:  # the expected arrays of the seed, which are made once an assignment
        for file in graded.glob("grading/tanh_layer/*.record"):
            shutil.copy(file, root / "grading/tanh_layer")

    _turn(root, _OURS, _PLAIN, 1, keep_record)


def _run(root: Path, *command: str) -> float:
    """Seconds of a command in the course."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    began = time.perf_counter()
    done = subprocess.run(command, cwd=root, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - began


def _hand_in(root: Path, count: int) -> None:
    """The source notebook, with its model answer, from so many students."""
    for number in range(count):
        folder = root / f"submitted/s{number:03}/tanh_layer"
        folder.mkdir(parents=True)
        shutil.copy(root / "source/tanh_layer/tanh_layer.ipynb", folder)


def _turn(course: Path, configuration: str, command: tuple[str, ...], count: int, look: Callable[[Path], None]) -> float:
    """Seconds for `count` submissions in a copy of the course, which is looked at before it goes."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "course"
        shutil.copytree(course, root)
        (root / "nbgrader_config.py").write_text(configuration)
        _hand_in(root, count)
        seconds = _run(root, *command)
        look(root)
    return seconds


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    arrays = sys.argv[2] if len(sys.argv) > 2 else "numpy"
    ones: dict[str, list[float]] = {name: [] for name in _VARIANTS}
    many: dict[str, list[float]] = {name: [] for name in _VARIANTS}
    sandboxed: list[float] = []

    def look(root: Path) -> None:
        for file in root.glob("grading/tanh_layer/reports/*/*.json"):
            report = json.loads(file.read_bytes())
            assert report["score"] == 3.0, report
            sandboxed.append(report["seconds"])

    with tempfile.TemporaryDirectory() as name:
        course = Path(name) / "course"
        _course(course, arrays)
        for _ in range(_TURNS):
            for variant, (configuration, command) in _VARIANTS.items():
                ones[variant].append(_turn(course, configuration, command, 1, look))
                many[variant].append(_turn(course, configuration, command, 1 + count, look))
    seconds = {name: (min(many[name]) - min(ones[name])) / count for name in _VARIANTS}
    print(f"Seconds for each of {count} more submissions, arrays: {arrays}; load {os.getloadavg()[0]:.1f}")
    for variant, found in seconds.items():
        print(f"{variant:40}{found:7.3f}   {found / seconds[_FLOOR]:5.2f} times the floor")
    ours = seconds["nbgrader, in our sandbox"]
    print(f"{seconds['nbgrader, in the kernel'] / ours:.1f} times faster than with the kernel;", end=" ")
    usual = statistics.median(sandboxed)
    print(f"grading in the sandbox took {usual * 1000:.1f} ms, {usual / ours:.1%} of it.")


if __name__ == "__main__":
    main()
