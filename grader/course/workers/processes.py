"""
Grade in several processes on this machine, for a class that is large enough to be worth starting them.

In one process, judging one submission keeps the others waiting for the interpreter's lock; here the parent only reads
and writes. A worker that dies is replaced; a submission with which two of them died is left ungraded.
"""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Final

from grader.course.workers.grading import ungraded
from grader.course.workers.remote import Judges, RemoteWorker, decode_report, encode_request, encode_setup
from grader.course.workers.request import GradingRequest
from grader.errors import Fault, SandboxError
from grader.outcome import Report

if TYPE_CHECKING:
    from grader.sandbox import Isolation

_IN_HAND: Final = 2  # requests of each worker: one that runs and one that waits for it
_MOST_DEATHS: Final = 2
_MOST_FALSE_STARTS: Final = 4
_ANY: Final = -1
_READY: Final = b""
_PROGRAM: Final = """
import sys
sys.path.append(sys.argv[1])
from grader.course.workers.processes import serve
serve(int(sys.argv[2]), int(sys.argv[3]))
"""


class Processes:
    """A pool of worker processes. A worker ends when its parent does, however that ends."""

    def __init__(self, jobs: int, isolation: Isolation, judges: Judges) -> None:
        self._judges = judges
        self._setup = encode_setup(isolation, judges)
        self._deaths: Counter[str] = Counter()
        self._repeat: deque[GradingRequest] = deque()
        self._false_starts = 0
        self._workers = [_WorkerProcess(place) for place in _places(jobs)]
        for worker in self._workers:  # all are started before the first is waited for
            worker.send(self._setup)

    def reports(self, requests: Iterable[GradingRequest]) -> Iterator[tuple[GradingRequest, Report]]:
        """Grade the requests and yield each with its report, in the order in which they are done. Raises SandboxError."""
        rest = iter(requests)
        while True:
            for worker in self._workers:
                self._fill(worker, rest)
            busy = {worker.connection: worker for worker in self._workers if worker.in_hand}
            if not busy:
                return
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]  # `wait` returns some of the connections that it is given
                try:
                    answer = worker.receive()
                except (EOFError, OSError):
                    yield from self._replace(worker)
                    continue
                if answer == _READY:
                    worker.is_ready = True
                    continue
                request = worker.in_hand.popleft()
                self._fill(worker, rest)  # before the caller writes the report, which takes a while
                yield request, decode_report(request, answer, self._judges)

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.connection.close()
        for worker in self._workers:
            worker.end()

    def _fill(self, worker: _WorkerProcess, rest: Iterator[GradingRequest]) -> None:
        while len(worker.in_hand) < _IN_HAND:
            request = self._repeat.popleft() if self._repeat else next(rest, None)
            if request is None:
                return
            worker.begin(request)

    def _replace(self, dead: _WorkerProcess) -> Iterator[tuple[GradingRequest, Report]]:
        """Start another worker; repeat what the dead one had, unless it keeps killing workers."""
        dead.connection.close()
        dead.end()
        suspect = dead.in_hand.popleft() if dead.is_ready else None
        self._repeat.extend(dead.in_hand)
        self._false_starts += suspect is None
        if self._false_starts > _MOST_FALSE_STARTS:
            what = f"A worker process did not start (exit status {dead.exit_status})."
            raise SandboxError(Fault("", what, "Try `--jobs 1`; what the worker wrote stands above."))
        self._workers[self._workers.index(dead)] = another = _WorkerProcess(dead.processor)
        another.send(self._setup)
        if suspect is None:
            return
        self._deaths[suspect.key] += 1
        if self._deaths[suspect.key] < _MOST_DEATHS:
            self._repeat.append(suspect)
            return
        detail = f"{_MOST_DEATHS} worker processes ended while they graded this (exit status {dead.exit_status})."
        yield suspect, ungraded(suspect, self._judges[suspect.exercise], detail)


class _WorkerProcess:
    """One process, and the requests that it was sent, in order. It stays on its processor, unless that is _ANY."""

    def __init__(self, processor: int) -> None:
        self.processor = processor
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _PROGRAM, str(Path(__file__).parents[3]), str(theirs.fileno()), str(processor)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # a Ctrl-C is the parent's to handle
            )
        self.connection = Connection(ours.detach())
        self.in_hand: deque[GradingRequest] = deque()
        self.is_ready = False  # it has said so

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """The status that it ended with; None while it runs."""
        return self._process.poll()

    def begin(self, request: GradingRequest) -> None:
        """Send it another request."""
        self.in_hand.append(request)
        self.send(encode_request(request))

    def receive(self) -> bytes:
        """Return its answer to the first of its requests. Raises EOFError or OSError when it is dead."""
        return self.connection.recv_bytes()

    def end(self) -> None:
        """Wait until it notices that its connection was closed, and kill it if it does not."""
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def send(self, message: bytes) -> None:
        """Send a message: the setup first, then requests."""
        with suppress(OSError):  # it is dead; receiving tells
            self.connection.send_bytes(message)


def _places(jobs: int) -> list[int]:
    """
    Choose a processor for each worker, where each processor has a worker.

    Worker, zygote and child take turns. On one processor each finds in its cache what the last one had; free to move,
    they are woken elsewhere, and a class takes up to a fifth longer. With fewer workers, they move out of others' way.
    """
    if not hasattr(os, "sched_getaffinity") or jobs < len(here := sorted(os.sched_getaffinity(0))):
        return [_ANY] * jobs
    return [here[number % len(here)] for number in range(jobs)]


def _take_turns(processor: int) -> None:
    """Stay on this processor, and let a child write all its answers before the worker that they wake reads the first."""
    with suppress(OSError):  # a container may not allow it, or the processor be gone
        if processor != _ANY:
            os.sched_setaffinity(0, {processor})
        if hasattr(os, "SCHED_BATCH"):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def serve(descriptor: int, processor: int) -> None:
    """Be a worker until the parent's end closes."""
    _take_turns(processor)
    connection = Connection(descriptor)
    received: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, received), daemon=True).start()
    remote = RemoteWorker(received.get())
    connection.send_bytes(_READY)
    while True:
        connection.send_bytes(remote.answer(received.get()))


def _listen(connection: Connection, received: queue.SimpleQueue[bytes]) -> None:
    """Take what comes, also while a report goes out: two that only send to each other would wait for ever."""
    try:
        while True:
            received.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(0)  # the parent is gone; the kernel ends the sandboxes with this process
