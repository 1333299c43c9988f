"""
What a class costs: generated submissions of the five seed exercises, beside no isolation at all and beside other ways to grade.

`python tests/benchmarks/in_class.py [--students 1000] [--jobs 2] [--sample 10]`, or `make bench`. All in one run, so that the
ratios are of one machine in one hour; the load is printed with them. `--sample 0` leaves the other ways out.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import others  # type: ignore[import-not-found]  # beside this program when it runs
from generated import EXERCISES, write_assignment, write_class  # type: ignore[import-not-found]

_LOOK_SECONDS = 0.5  # a look takes 7 ms, which the class would wait for
_LARGE = """
schema: 1
title: A Jacobian of 128 MiB
dims: {n: 256, m: 256}
inputs:
  W: m n ~ uniform(-0.05, 0.05)
  X: n
forward: {Y: tanh(W @ X)}
tasks:
  - call: dY_dW(W, X)
    returns: {dY_dW: {jacobian: Y, wrt: W}}
cases: {random: 1}
"""
_LARGE_ANSWER = """
import numpy as np
def dY_dW(W, X):
    found = np.zeros((256, 256, 256))
    each = np.arange(256)
    found[each, each] = np.outer(1 - np.tanh(W @ X) ** 2, X)
    return found
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one command: wall time, the time of its grading, the largest memory of it and of all its processes together."""

    seconds: float
    grading_seconds: float
    parent_mib: float
    tree_mib: float


def grade(submissions: Path, assignment: Path, out: Path, jobs: int) -> Cost:
    """`grader grade` from nothing."""
    return watched("grade", str(submissions), "-a", str(assignment), "-o", str(out), "--jobs", str(jobs))


def watched(*arguments: str, cwd: Path | None = None, expected: int = 0) -> Cost:
    """Measure what a command of ours costs."""
    command = (sys.executable, "-m", "grader", *arguments)
    environment = {**os.environ, "XDG_CACHE_HOME": str(cwd)} if cwd else None
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=cwd, env=environment
    ) as process:
        watch = _Watch(process.pid)
        said = process.communicate()[1]
        seconds = time.perf_counter() - began
        watch.end()
    assert process.returncode == expected, said
    found = re.search(r"answers in ([\d.]+) s", said)
    grading = float(found[1]) if found else seconds
    return Cost(seconds=seconds, grading_seconds=grading, parent_mib=watch.parent_mib, tree_mib=watch.tree_mib)


class _Watch:
    """Looks at the memory of a process and its descendants until told to end; pages that they share count once."""

    def __init__(self, pid: int) -> None:
        self.parent_mib = self.tree_mib = 0.0
        self._pid = pid
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def end(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(_LOOK_SECONDS):
            self.parent_mib = max(self.parent_mib, _mib(self._pid, "Rss"))
            self.tree_mib = max(self.tree_mib, sum(_mib(pid, "Pss") for pid in _tree(self._pid)))


def _mib(pid: int, what: str) -> float:
    with suppress(OSError):
        found = re.search(rf"^{what}: +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        with suppress(OSError):  # it may have ended meanwhile
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def floor(submissions: Path, students: int) -> float:
    """Seconds an answer in this process: the same functions called and judged in the same way, with no isolation at all."""
    from grader.exercise import catalogue
    from grader.exercise.loading import load_exercise
    from grader.judging.in_process import check_functions
    from grader.reference import prepare

    exercises = [load_exercise(catalogue.find(id, ()).path) for id in EXERCISES]
    records = [prepare.prepare(exercise) for exercise in exercises]
    seconds = 0.0
    for student in sorted(submissions.iterdir())[:students]:
        for exercise, record in zip(exercises, records, strict=True):
            file = student / f"{exercise.id}.py"
            began = time.perf_counter()
            namespace: dict[str, object] = {}
            exec(compile(file.read_bytes(), file.name, "exec"), namespace)
            functions = {task.function: namespace[task.function] for task in exercise.tasks}
            check_functions(exercise, functions, record=record)  # type: ignore[arg-type]
            seconds += time.perf_counter() - began
    return seconds / students / len(exercises)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--students", type=int, default=1000, help="of the class; each hands in all five exercises")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sample", type=int, default=10, help="students graded in each of the other ways")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grader-bench-") as name:
        _bench(Path(name), chosen.students, chosen.jobs, chosen.sample)


def _bench(root: Path, students: int, jobs: int, sample: int) -> None:
    few = max(20, students // 10)
    whole, part = write_class(root / "whole", students), write_class(root / "part", few)
    assignment = write_assignment(root / "five.yaml")
    answers = students * len(EXERCISES)
    print(f"{students} students, {answers} answers to five exercises; {os.cpu_count()} processors, {_load()}\n")

    cost, small = grade(whole, assignment, root / "out", jobs), grade(part, assignment, root / "out_part", jobs)
    marginal = (cost.grading_seconds - small.grading_seconds) / (answers - few * len(EXERCISES))
    print(f"{jobs} jobs: {cost.seconds:.1f} s in all, of which grading {cost.grading_seconds:.1f} s; {_load()}")
    print(f"  marginal        {1e3 * marginal:7.2f} ms an answer, {1e3 * marginal * len(EXERCISES):.1f} ms a student")
    print(f"  peak memory     {cost.parent_mib:7.0f} MiB the parent, {cost.tree_mib:.0f} MiB with workers and sandboxes")
    print(f"  a tenth of it   {small.seconds:7.1f} s, {small.parent_mib:.0f} MiB, {small.tree_mib:.0f} MiB", end="")
    print(f": {cost.seconds / small.seconds:.1f} times the time, {cost.tree_mib / small.tree_mib:.2f} times the memory\n")

    one, two = _speeds(root, assignment, few, jobs)
    print(
        f"1 job: {1e3 * one:.2f} ms an answer, {jobs} jobs: {1e3 * two:.2f} ms: {one / two:.2f} times the throughput; {_load()}"
    )
    bare = floor(whole, min(students, 40))
    print(f"no isolation, in process: {1e3 * bare:.2f} ms an answer; 1 job costs {one / bare:.1f} times that\n")
    _large_jacobian(root / "large")
    if sample:
        _compare(root, sorted(whole.iterdir())[:sample], marginal)


def _speeds(root: Path, assignment: Path, few: int, jobs: int) -> tuple[float, float]:
    """Seconds of one more answer with one job and with several; they take turns."""
    sizes = {few: write_class(root / "some", few), 3 * few: write_class(root / "more", 3 * few)}
    seconds: dict[tuple[int, int], float] = {}
    for size, folder in sizes.items():
        for workers in (1, jobs):
            seconds[size, workers] = grade(folder, assignment, root / f"out_{size}_{workers}", workers).grading_seconds
    one, several = ((seconds[3 * few, n] - seconds[few, n]) / (2 * few * len(EXERCISES)) for n in (1, jobs))
    return one, several


def _large_jacobian(root: Path) -> None:
    (root / "exercises").mkdir(parents=True)
    (root / "exercises/large.yaml").write_text(_LARGE, encoding="utf-8")
    (root / "right.py").write_text(_LARGE_ANSWER, encoding="utf-8")
    (root / "wrong.py").write_text(_LARGE_ANSWER.replace("1 - ", "1 + "), encoding="utf-8")
    print("grader check of a Jacobian of 256 x 256 x 256, 128 MiB:")
    for what, answer, status in (("with a new reference", "right", 0), ("right", "right", 0), ("wrong", "wrong", 1)):
        cost = watched("check", "large", f"{answer}.py", cwd=root, expected=status)
        print(f"  {what:22}{cost.seconds:5.1f} s, {cost.parent_mib:.0f} MiB the parent, {cost.tree_mib:.0f} MiB with the sandbox")
    print()


def _compare(root: Path, students: list[Path], marginal: float) -> None:
    print(f"seconds a student, {len(students)} students; in brackets, how many times our rate; {_load()}")
    print(f"  {'':28}{'five exercises':>22}{'tanh_layer alone':>22}")
    print(f"  {'grader grade':28}{marginal * len(EXERCISES):>15.4f}       {marginal:>15.4f}")
    for way in (others.nbgrader_together, others.nbgrader_each, others.pytest, others.fresh_torch):
        line = f"  {way.__name__.replace('_', ' '):28}"
        for number, exercises in enumerate((EXERCISES, ("tanh_layer",))):
            folder = root / f"{way.__name__}_{number}"
            folder.mkdir()
            seconds = way(folder, students, exercises)
            line += f"{seconds:>13.2f} ({seconds / marginal / len(exercises):5.0f} x)"
        print(line, flush=True)


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
