"""A Dask cluster gives the reports of one process: once each, without the workers that are lost, to nobody else."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from popen import killed_afterwards

from grader.outcome import Report
from grader.sandbox.host.walls import Isolation

pytest.importorskip("distributed")

from distributed import Client

from grader.course.grade import Options, grade_folder
from grader.course.workers import cluster as distribute
from grader.course.workers.cluster import Cluster
from grader.course.workers.remote import encode_request
from grader.course.workers.request import GradingRequest
from grader.errors import GraderError, SandboxError
from grader.exercise import catalogue
from grader.exercise.assignment import Assignment
from grader.exercise.loading import load_exercise
from grader.judging.judge import Judge
from grader.reference import prepare

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the workers' sandboxes are Linux's")

RIGHT = b"import numpy as np\ndef dY_dx(x):\n    return 1 - np.tanh(x) ** 2\n"
WRONG = b"def dY_dx(x):\n    return -x\n"
EXERCISE = load_exercise(catalogue.find("tanh_derivative", ()).path)


def start(scheduler: str | Client, jobs: int = 2, isolation: Isolation = "best", **options: Any) -> Cluster:
    """Start a pool for the exercise."""
    judges = {EXERCISE.id: Judge(EXERCISE, prepare.prepare(EXERCISE))}
    return Cluster(scheduler, jobs, isolation, judges, **options)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two worker processes."""
    with closing(start("local")) as pool:
        yield pool


@pytest.fixture
def local(cluster: Cluster) -> Cluster:
    """Return the cluster; start workers that a test has killed anew."""
    cluster._client.wait_for_workers(2, timeout=60)
    return cluster


def requests(*files: bytes) -> list[GradingRequest]:
    """One student each."""
    return [
        GradingRequest(student=f"s{number:02}", exercise="tanh_derivative", files={"tanh_derivative.py": text}, key=str(number))
        for number, text in enumerate(files, 1)
    ]


def outcomes(found: Iterable[tuple[GradingRequest, Report]]) -> dict[str, str]:
    """Status by student; each student comes once."""
    found = list(found)
    assert not [student for student, times in Counter(request.student for request, _ in found).items() if times > 1]
    assert all(report.student == request.student for request, report in found)
    return {request.student: report.targets[0].status.value for request, report in found}


def test_every_work_comes_back_with_its_report(local: Cluster) -> None:
    """Once, in whatever order, by its student's name."""
    expected = {f"s{number:02}": "correct" if number % 2 else "wrong_value" for number in range(1, 13)}
    assert expected == outcomes(local.reports(requests(*[RIGHT, WRONG] * 6)))


def test_a_cluster_of_its_own_is_encrypted_and_has_no_dashboard(local: Cluster) -> None:
    """Others on the machine cannot join it."""
    assert all(address.startswith("tls://127.0.0.1:") for address in local._client.nthreads())
    assert "bokeh" not in sys.modules
    assert local._local is not None
    scheduler = local._local.scheduler
    assert scheduler is not None
    routes = [rule.matcher for rule in scheduler.http_application.applications]
    assert [] == routes


def test_a_killed_worker_loses_nothing(local: Cluster) -> None:
    """By -9, in mid-run: what it had is done by others."""
    reports = local.reports(requests(*[RIGHT] * 30))
    found = [next(reports)]
    os.kill(next(iter(local._client.run(os.getpid).values())), signal.SIGKILL)
    assert {f"s{number:02}": "correct" for number in range(1, 31)} == outcomes([*found, *reports])


class Bomb:
    """Ends the process in which it is unpickled, and leaves a mark."""

    def __init__(self, marks: str) -> None:
        self.marks = marks

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, (f"import os\nopen({self.marks!r}, 'a').write('x')\nos._exit(9)",)


def test_a_work_that_takes_its_workers_with_it_takes_two(local: Cluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Then it is left ungraded; what happened to be beside it is graded."""
    marks = tmp_path / "marks"

    def question(request: GradingRequest) -> bytes:
        return encode_request(request) if request.student != "s02" else pickle.dumps(Bomb(str(marks)))

    monkeypatch.setattr(distribute, "encode_request", question)
    found = outcomes(local.reports(requests(*[RIGHT] * 8)))
    assert {f"s{number:02}": "ungraded" if number == 2 else "correct" for number in range(1, 9)} == found
    assert "xx" == marks.read_text()


def test_isolation_that_cannot_be_had_there_is_said(local: Cluster) -> None:
    """In the sandbox's own words."""

    def set_path(path: str) -> None:
        os.environ["PATH"] = path

    local._client.run(set_path, "/nowhere")  # no bubblewrap
    with closing(start(local._client, isolation="strict")) as pool, pytest.raises(SandboxError, match=r"bubblewrap|bwrap"):
        list(pool.reports(requests(RIGHT)))
    local._client.run(set_path, os.environ["PATH"])


def test_another_version_on_the_workers_is_refused(local: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its verdicts would go by another rule."""
    monkeypatch.setattr(distribute, "VERSION", "99")
    with pytest.raises(GraderError, match="Another version of autograd-grader is installed there"):
        start(local._client)


def test_the_key_leaves_the_workers_with_the_run(local: Cluster) -> None:
    """On a cluster that goes on without us."""
    with closing(start(local._client)) as pool:
        name = pool._name
        assert [True, True] == list(local._client.run(lambda dask_worker: name in dask_worker.plugins).values())
    assert [False, False] == list(local._client.run(lambda dask_worker: name in dask_worker.plugins).values())


def test_a_class_has_the_reports_of_one_process(tmp_path: Path) -> None:
    """All but the time."""
    for number in range(4):
        student = tmp_path / "class" / f"s{number:02}"
        student.mkdir(parents=True)
        (student / "tanh_derivative.py").write_bytes(RIGHT if number % 2 else WRONG)
    assignment = Assignment(id="ps1", title="", exercises=(EXERCISE,))
    told = []
    for scheduler in (None, "local"):
        out = tmp_path / f"out_{scheduler}"
        grade_folder(tmp_path / "class", assignment, out, options=Options(jobs=2, seed=7, scheduler=scheduler))
        told.append([json.loads(path.read_bytes()) | {"seconds": 0} for path in sorted(out.glob("reports/*/*.json"))])
    assert told[0] == told[1]
    assert [7] * 4 == [report["seed"] for report in told[1]]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:1", r"No Dask scheduler answers there within 1 seconds\.\n.*leave `--scheduler` out"),
        ("tcp://10.1.2.3:8786", r"is on another machine, and what goes there .* not be encrypted\.\n.*Use TLS"),
        ("grader.example.org:8786", r"is on another machine"),
        ("tls://127.0.0.1:1", r"There are no certificates for TLS: Dask's configuration names none\."),
        ("http://127.0.0.1:1", r"That is no address of a Dask scheduler\."),
    ],
)
def test_an_address_that_cannot_be_used_is_told(address: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, with what to do."""
    monkeypatch.setattr(distribute, "CONNECT_SECONDS", 1)
    with pytest.raises(GraderError, match=words):
        start(address)


def test_insecure_lets_an_open_network_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried then."""
    monkeypatch.setattr(distribute, "CONNECT_SECONDS", 0.2)
    with pytest.raises(GraderError, match="No Dask scheduler answers"):
        start("tcp://192.0.2.1:8786", insecure=True)


def test_a_cluster_without_workers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while, not at once: they may wait in a queue."""
    monkeypatch.setattr(distribute, "WORKERS_SECONDS", 0.5)
    monkeypatch.setattr(distribute, "_LOOK_SECONDS", 0.1)
    with closing(start("local", jobs=0)) as pool, pytest.raises(GraderError, match="has had no worker for"):
        list(pool.reports(requests(RIGHT)))


def test_a_scheduler_that_is_lost_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is graded is kept."""
    monkeypatch.setattr(distribute, "_LOOK_SECONDS", 0.1)
    with closing(start("local", jobs=0)) as pool:
        assert pool._local is not None
        pool._local.close()
        with pytest.raises(GraderError, match=r"The connection to the scheduler was lost\.\n.*What is graded is kept"):
            list(pool.reports(requests(RIGHT)))


def test_workers_end_with_a_parent_that_is_killed() -> None:
    """By -9: nothing of a cluster that was started here is left."""
    program = """
import os, time
from grader.course.workers.cluster import Cluster
if __name__ == "__main__":
    pool = Cluster("local", 2, "best", {})
    pool._client.wait_for_workers(2)
    print(*pool._client.run(os.getpid).values(), flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", program]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with killed_afterwards(started) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert 2 == len(pids)
    until = time.monotonic() + 15
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert [] == [pid for pid in pids if Path(f"/proc/{pid}").exists()]
