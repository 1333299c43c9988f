"""Grade several submissions at a time in threads of this process."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Protocol

from grader.course.workers.grading import Steps, Worker, grade_request
from grader.course.workers.request import GradingRequest
from grader.errors import GraderError
from grader.judging.judge import Judge
from grader.outcome import Report


class Pool(Protocol):
    """Several workers that share a queue of requests."""

    def reports(self, requests: Iterable[GradingRequest]) -> Iterator[tuple[GradingRequest, Report]]:
        """Grade the requests and yield each with its report, in the order in which they are done; read only a little ahead."""

    def close(self) -> None:
        """End the workers; what is in flight is lost."""


class Threads:
    """Workers in threads of this process: they wait for their sandboxes, which run beside it."""

    def __init__(self, jobs: int, steps: Steps, judges: Mapping[str, Judge]) -> None:
        self._jobs = jobs
        self._steps = steps
        self._judges = judges
        self._executor = ThreadPoolExecutor(jobs, thread_name_prefix="grade")
        self._local = threading.local()
        self._workers: list[Worker] = []
        self._pending: dict[Future[Report], GradingRequest] = {}

    def reports(self, requests: Iterable[GradingRequest]) -> Iterator[tuple[GradingRequest, Report]]:
        """Grade the requests and yield each with its report, in the order in which they are done."""
        for request in requests:
            self._pending[self._executor.submit(self._grade, request)] = request
            if len(self._pending) >= 2 * self._jobs:
                yield from self._done()
        while self._pending:
            yield from self._done()

    def close(self) -> None:
        """End the workers; a submission in flight dies with its sandbox."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._close_workers()
        while running := [future for future in self._pending if not future.done()]:
            wait(running, timeout=0.1)
            self._close_workers()
        self._executor.shutdown(wait=True)

    def _close_workers(self) -> None:
        for worker in self._workers:
            with suppress(GraderError, OSError):
                worker.close()

    def _grade(self, request: GradingRequest) -> Report:
        worker: Worker | None = getattr(self._local, "worker", None)
        if worker is None:
            worker = self._local.worker = self._steps.open_worker()
            self._workers.append(worker)
        return grade_request(request, self._judges[request.exercise], worker)

    def _done(self) -> Iterator[tuple[GradingRequest, Report]]:
        done, _ = wait(self._pending, return_when=FIRST_COMPLETED)
        for future in [future for future in self._pending if future in done]:
            yield self._pending.pop(future), future.result()
