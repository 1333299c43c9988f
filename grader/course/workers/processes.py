"""
Workers in processes of their own on this machine, for a class that is worth starting them.

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

from grader.course.workers.grading import Steps, ungraded
from grader.course.workers.station import Exercises, Station, outfit_of, question_of, report_of
from grader.course.workers.work import Work
from grader.errors import Fault, SandboxError
from grader.outcome import Report

if TYPE_CHECKING:
    from grader.sandbox import Isolation

_IN_HAND: Final = 2  # of each worker: one that runs and one that waits for it
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
    """A pool of them. A worker ends when its parent does, however that ends."""

    def __init__(self, jobs: int, isolation: Isolation, steps: Steps, exercises: Exercises) -> None:
        self._steps = steps
        self._exercises = exercises
        self._outfit = outfit_of(isolation, exercises)
        self._deaths: Counter[str] = Counter()
        self._again: deque[Work] = deque()
        self._false_starts = 0
        self._workers = [_Worker(place) for place in _places(jobs)]
        for worker in self._workers:  # all are started before the first is waited for
            worker.send(self._outfit)

    def reports(self, works: Iterable[Work]) -> Iterator[tuple[Work, Report]]:
        """Each work with its report, in the order in which they get done. Raises SandboxError."""
        rest = iter(works)
        while True:
            for worker in self._workers:
                self._fill(worker, rest)
            busy = {worker.connection: worker for worker in self._workers if worker.in_hand}
            if not busy:
                return
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]  # what went in comes out
                try:
                    answer = worker.receive()
                except (EOFError, OSError):
                    yield from self._replace(worker)
                    continue
                if answer == _READY:
                    worker.is_ready = True
                    continue
                work = worker.in_hand.popleft()
                self._fill(worker, rest)  # before the caller writes the report, which takes a while
                yield work, report_of(work, answer, self._exercises)

    def close(self) -> None:
        """Ends the workers."""
        for worker in self._workers:
            worker.connection.close()
        for worker in self._workers:
            worker.end()

    def _fill(self, worker: _Worker, rest: Iterator[Work]) -> None:
        while len(worker.in_hand) < _IN_HAND:
            work = self._again.popleft() if self._again else next(rest, None)
            if work is None:
                return
            worker.begin(work)

    def _replace(self, dead: _Worker) -> Iterator[tuple[Work, Report]]:
        """Another worker; what the dead one had is done again, unless it keeps killing workers."""
        dead.connection.close()
        dead.end()
        suspect = dead.in_hand.popleft() if dead.is_ready else None
        self._again.extend(dead.in_hand)
        self._false_starts += suspect is None
        if self._false_starts > _MOST_FALSE_STARTS:
            what = f"A worker process did not start (exit status {dead.exit_status})."
            raise SandboxError(Fault("", what, "Try `--jobs 1`; what the worker wrote stands above."))
        self._workers[self._workers.index(dead)] = another = _Worker(dead.processor)
        another.send(self._outfit)
        if suspect is None:
            return
        self._deaths[suspect.key] += 1
        if self._deaths[suspect.key] < _MOST_DEATHS:
            self._again.append(suspect)
            return
        detail = f"{_MOST_DEATHS} worker processes ended while they graded this (exit status {dead.exit_status})."
        yield suspect, ungraded(suspect, *self._exercises[suspect.exercise], self._steps, detail)


class _Worker:
    """One process, and the works that it was sent, in order. It stays on a processor, unless that is _ANY."""

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
        self.in_hand: deque[Work] = deque()
        self.is_ready = False  # it has said so

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """How it ended."""
        return self._process.poll()

    def begin(self, work: Work) -> None:
        """Give it another work."""
        self.in_hand.append(work)
        self.send(question_of(work))

    def receive(self) -> bytes:
        """Its next answer, that to its first work. Raises EOFError or OSError when it is dead."""
        return self.connection.recv_bytes()

    def end(self) -> None:
        """Wait until it hears that its connection was closed, and end it if it does not."""
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def send(self, message: bytes) -> None:
        """The outfit first, then questions."""
        with suppress(OSError):  # it is dead; receiving tells
            self.connection.send_bytes(message)


def _places(jobs: int) -> list[int]:
    """
    A processor for each worker, where each has a worker.

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
    station = Station(received.get())
    connection.send_bytes(_READY)
    while True:
        connection.send_bytes(station.answer(received.get()))


def _listen(connection: Connection, received: queue.SimpleQueue[bytes]) -> None:
    """Take what comes, also while a report goes out: two that only send to each other would wait for ever."""
    try:
        while True:
            received.put(connection.recv_bytes())
    except (EOFError, OSError):
        os._exit(0)  # the parent is gone; the kernel ends the sandboxes with this process
