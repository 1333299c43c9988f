"""Worker processes give the same reports as threads; one that dies loses nothing, one that keeps dying takes one request."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from signal import Signals

import pytest
from popen import killed_afterwards

from grader.course.grade import Options, grade_folder
from grader.course.workers import processes
from grader.course.workers.pools import ENOUGH_FOR_PROCESSES
from grader.course.workers.processes import Processes
from grader.course.workers.remote import RemoteWorker, decode_report, encode_request, encode_setup
from grader.course.workers.request import GradingRequest
from grader.errors import SandboxError
from grader.exercise import catalogue
from grader.exercise.assignment import Assignment
from grader.exercise.loading import load_exercise
from grader.exercise.model import Exercise
from grader.judging.judge import Judge
from grader.outcome import Report
from grader.reference import prepare
from grader.sandbox.host.walls import Isolation

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="worker processes and their sandboxes are Linux's")

RIGHT = b"import numpy as np\ndef dY_dx(x):\n    return 1 - np.tanh(x) ** 2\n"
WRONG = b"def dY_dx(x):\n    return -x\n"


@pytest.fixture(scope="module")
def exercise() -> Exercise:
    """tanh_derivative of the catalogue, whose public record is stored."""
    return load_exercise(catalogue.find("tanh_derivative", ()).path)


@pytest.fixture
def start(exercise: Exercise) -> Iterator[Callable[..., Processes]]:
    """Start worker processes, two unless told."""

    def start(jobs: int = 2, isolation: Isolation = "best") -> Processes:
        return stack.enter_context(closing(Processes(jobs, isolation, {exercise.id: Judge(exercise, prepare.prepare(exercise))})))

    with ExitStack() as stack:
        yield start


@pytest.fixture
def pool(start: Callable[..., Processes]) -> Processes:
    """Two of them."""
    return start()


def requests(*files: bytes) -> list[GradingRequest]:
    """One student each."""
    return [
        GradingRequest(student=f"s{number:02}", exercise="tanh_derivative", files={"tanh_derivative.py": text}, key=str(number))
        for number, text in enumerate(files, 1)
    ]


def outcomes(found: Iterable[tuple[GradingRequest, Report]]) -> dict[str, str]:
    """Status by student."""
    return {request.student: report.targets[0].status.value for request, report in found}


def test_every_work_comes_back_with_its_report(pool: Processes) -> None:
    """In whatever order."""
    expected = {f"s{number:02}": "correct" if number % 2 else "wrong_value" for number in range(1, 13)}
    assert expected == outcomes(pool.reports(requests(*[RIGHT, WRONG] * 6)))


def test_a_killed_worker_loses_nothing(pool: Processes) -> None:
    """It is replaced, and what it had is graded by another."""
    reports = pool.reports(requests(*[RIGHT] * 10))
    found = [next(reports)]
    os.kill(pool._workers[0].pid, signal.SIGKILL)
    found += reports
    assert {f"s{number:02}": "correct" for number in range(1, 11)} == outcomes(found)


def test_a_work_that_kills_its_workers_is_left_ungraded(pool: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    """After two of them; the others are graded. Those that wait in the same worker are not taken for it."""
    receive = processes._WorkerProcess.receive

    def poisoned(worker: processes._WorkerProcess) -> bytes:
        answer = receive(worker)
        if answer and worker.in_hand[0].student == "s02":
            os.kill(worker.pid, signal.SIGKILL)
            raise EOFError
        return answer

    monkeypatch.setattr(processes._WorkerProcess, "receive", poisoned)
    found = list(pool.reports(requests(RIGHT, b"poison", *[RIGHT] * 6)))
    assert {f"s{number:02}": "ungraded" if number == 2 else "correct" for number in range(1, 9)} == outcomes(found)
    details = [report.targets[0].detail for request, report in found if request.student == "s02"]
    assert ["2 worker processes ended while they graded this (exit status -9)."] == details


def test_a_worker_that_cannot_start_is_told(start: Callable[..., Processes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Not tried for ever."""
    monkeypatch.setattr(processes, "_PROGRAM", "raise SystemExit(7)")
    with pytest.raises(SandboxError, match=r"A worker process did not start \(exit status 7\)"):
        list(start().reports(requests(RIGHT)))


def test_a_station_is_told_neither_seed_nor_student(exercise: Exercise) -> None:
    """The report has both again."""
    judges = {exercise.id: Judge(exercise, replace(prepare.prepare(exercise), seed=987654321012345))}
    (request,) = requests(RIGHT)
    told = encode_setup("best", judges), encode_request(replace(request, student="ada"))
    assert not any(
        secret in data for data in told for secret in (b"987654321012345", (987654321012345).to_bytes(7, "little"), b"ada")
    )
    with closing(RemoteWorker(told[0])) as worker:
        report = decode_report(replace(request, student="ada"), worker.answer(told[1]), judges)
    assert ("ada", 987654321012345, 1.0) == (report.student, report.seed, report.score)


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """By -9: nothing of them is left."""
    program = """
import sys, time
from grader.course.workers.processes import Processes
pool = Processes(2, "best", {})
print(*(worker.pid for worker in pool._workers), flush=True)
time.sleep(60)
"""
    with killed_afterwards(subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert_gone(pids)


def test_isolation_that_cannot_be_had_is_said_in_its_own_words(
    start: Callable[..., Processes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A SandboxError of a worker is the run's."""
    monkeypatch.setenv("PATH", str(tmp_path))  # no bubblewrap
    with pytest.raises(SandboxError, match=r"bubblewrap|bwrap"):
        list(start(1, "strict").reports(requests(RIGHT)))


def test_a_class_has_the_same_reports_from_threads_and_processes(
    exercise: Exercise, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """All but the time."""
    for number in range(4):
        student = tmp_path / "class" / f"s{number:02}"
        student.mkdir(parents=True)
        (student / "tanh_derivative.py").write_bytes(RIGHT if number % 2 else WRONG)
    assignment = Assignment(id="ps1", title="", exercises=(exercise,))
    told = []
    for enough in (1, 1000):
        monkeypatch.setattr("grader.course.workers.pools.ENOUGH_FOR_PROCESSES", enough)
        out = tmp_path / f"out{enough}"
        grade_folder(tmp_path / "class", assignment, out, options=Options(jobs=2, seed=0))
        told.append([json.loads(path.read_bytes()) | {"seconds": 0} for path in sorted(out.glob("reports/*/*.json"))])
    assert told[0] == told[1]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_class_that_is_stopped_goes_on(how: Signals, tmp_path: Path) -> None:
    """By Ctrl-C with 130, or by -9: no process is left, what has a row is not graded again, the marks are a whole run's."""
    for number in range(ENOUGH_FOR_PROCESSES):
        student = tmp_path / "class" / f"s{number:03}"
        student.mkdir(parents=True)
        (student / "tanh_derivative.py").write_bytes(RIGHT if number % 2 else WRONG)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "grader", "grade", str(tmp_path / "class"), "-a", "tanh_derivative", "-o", str(out)]
    started = subprocess.Popen([*command, "--jobs", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with killed_afterwards(started) as process:
        until = time.monotonic() + 60
        while len(list(out.glob("reports/*/*.json"))) < 10 and time.monotonic() < until:
            time.sleep(0.02)
        workers = children(process.pid)
        process.send_signal(how)
        status = process.wait(20)
    kept = len(list(out.glob("reports/*/*.json")))
    assert (130 if how == signal.SIGINT else -9) == status
    assert 2 == len(workers)
    assert 10 <= kept < ENOUGH_FOR_PROCESSES
    assert_gone(workers)
    again = subprocess.run([*command, "--jobs", "2"], capture_output=True, text=True, check=True)
    reused = re.search(r"(\d+) unchanged since the last run", again.stderr)
    assert reused
    assert kept - 1 <= int(reused[1]) <= kept  # a report is written before its row
    marks = (out / "grades.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [f"s{number:03},{number % 2},{number % 2}" for number in range(ENOUGH_FOR_PROCESSES)] == [
        ",".join(line.split(",")[:3]) for line in marks
    ]


def children(pid: int) -> list[int]:
    """Return the worker processes of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def assert_gone(pids: list[int]) -> None:
    """All of them end soon."""
    until = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert [] == [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_each_worker_stays_on_a_processor_where_each_has_one(start: Callable[..., Processes]) -> None:
    """With as many workers as processors; fewer are free to move, and more share them evenly."""
    all_of_them = os.sched_getaffinity(0)
    here = sorted(all_of_them)[:2]
    os.sched_setaffinity(0, here)  # a machine of sixty would start sixty
    try:
        pool = start(len(here))
        assert len(list(pool.reports(requests(*[RIGHT] * 4 * len(here))))) == 4 * len(here)
        assert sorted(map(tuple, (os.sched_getaffinity(worker.pid) for worker in pool._workers))) == [(one,) for one in here]
        assert {os.sched_getscheduler(worker.pid) for worker in pool._workers} == {os.SCHED_BATCH}
        assert processes._places(2 * len(here)) == [*here, *here]
        assert set(processes._places(len(here) - 1)) <= {processes._ANY}
    finally:
        os.sched_setaffinity(0, all_of_them)
