"""
What one more submission costs nbgrader: with its kernel, with our sandbox one by one and in a pool, and with nothing run.

`python tests/benchmarks/nbgrader.py [SUBMISSIONS] [numpy|torch]`. Right answers to the notebook of `tanh_layer`, the same for
all; seconds of the commands with that many more submissions than one, divided by them. The variants take three turns, so that a
busy machine is busy for all of them, and the quickest of each counts. CPU seconds are those of the command and of all that it
started; they are the steadier figure where other programs run, and leave out what is only waited for.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader.exercise import catalogue
from grader.exercise.loading import load_exercise
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.reference.prepare import prepare
from grader.sandbox import Sandbox
from grader.sandbox.host import sandbox as sandboxes
from grader.sandbox.host import zygote

_HERE = Path(__file__).resolve().parent
_SOLUTIONS = _HERE.parents[1] / "solutions"
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
_SUBMISSIONS = 40
_FLOOR = "nbgrader, nothing run (--no-execute)"


def _course(root: Path, arrays: str) -> None:
    """Make a course in which the notebook of `tanh_layer` is released."""
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


def _run(root: Path, *command: str) -> tuple[float, float]:
    """Seconds of a command in the course, and CPU seconds."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    began, used = time.perf_counter(), _used()
    done = subprocess.run(command, cwd=root, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
    if done.returncode:  # now and then a kernel loses its port to another process, and nbgrader drops the submission
        raise ChildProcessError(done.stderr[-2000:])
    return time.perf_counter() - began, _used() - used


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _hand_in(root: Path, count: int) -> None:
    """Hand in the source notebook, with its model answer, for so many students."""
    for number in range(count):
        folder = root / f"submitted/s{number:03}/tanh_layer"
        folder.mkdir(parents=True)
        shutil.copy(root / "source/tanh_layer/tanh_layer.ipynb", folder)


def _turn(
    course: Path, configuration: str, command: tuple[str, ...], count: int, look: Callable[[Path], None]
) -> tuple[float, float]:
    """Seconds and CPU seconds for `count` submissions in a copy of the course, which is looked at before it goes."""
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
    ones: dict[str, list[tuple[float, float]]] = {name: [] for name in _VARIANTS}
    many: dict[str, list[tuple[float, float]]] = {name: [] for name in _VARIANTS}
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
                with contextlib.suppress(ChildProcessError):  # a turn that failed does not count
                    ones[variant].append(_turn(course, configuration, command, 1, look))
                    many[variant].append(_turn(course, configuration, command, 1 + count, look))
    print(f"For each of {count} more submissions, arrays: {arrays}; load {os.getloadavg()[0]:.1f}")
    print(f"{'':36} seconds  CPU seconds  times the floor, times the floor in CPU seconds")
    seconds, cpu = ({name: (_least(many[name], at) - _least(ones[name], at)) / count for name in _VARIANTS} for at in (0, 1))
    for name in _VARIANTS:
        print(f"{name:36}{seconds[name]:8.3f}{cpu[name]:13.3f}", end="")
        print(f"{seconds[name] / seconds[_FLOOR]:17.2f}{cpu[name] / cpu[_FLOOR]:33.2f}")
    usual, inside, plain = statistics.median(sandboxed), _inside(arrays), "nbgrader, in our sandbox"
    print(f"Grading in our sandbox: {usual * 1000:.1f} ms from sending the notebook to having the verdicts, ", end="")
    print(f"{usual / seconds[plain]:.0%}; inside the sandbox {inside * 1000:.1f} ms of CPU, {inside / cpu[plain]:.0%}.")


def _inside(arrays: str) -> float:
    """CPU seconds of the sandboxed processes that grade one right submission."""
    exercise = replace(load_exercise(catalogue.find("tanh_layer").path), arrays="torch" if arrays == "torch" else "numpy")
    folder = _SOLUTIONS / "torch" if arrays == "torch" else _SOLUTIONS
    submission, judge = Submission.from_file(folder / "tanh_layer.py"), Judge(exercise, prepare(exercise, 0))
    told: list[float] = []

    class Listening(zygote.Zygote):
        """A zygote, of which is noted what it says of the ends of its children."""

        def _receive(self, seconds: float) -> dict[str, Any]:
            reply = super()._receive(seconds)
            told.extend([reply["cpu"]] if "cpu" in reply else [])
            return reply

    sandboxes.Zygote = Listening  # type: ignore[attr-defined]  # the name by which the sandbox starts one
    with Sandbox(exercise.arrays) as sandbox:
        for _ in range(_SUBMISSIONS):
            assert judge.grade(submission, sandbox).score == exercise.points
    return sum(told) / _SUBMISSIONS


def _least(found: list[tuple[float, float]], at: int) -> float:
    return min(pair[at] for pair in found)


if __name__ == "__main__":
    main()
