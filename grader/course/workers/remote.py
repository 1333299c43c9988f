"""
Grade in another process: serialise the setup and the requests for a worker there, and read its reports.

A worker gets sources, cases and expected arrays; no seed, and no student's name or id but what a file name gives away.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from grader.course.workers.grading import SandboxWorker, grade_request
from grader.course.workers.request import GradingRequest
from grader.errors import Fault, GraderError, SandboxError
from grader.outcome import Report
from grader.reference import store

if TYPE_CHECKING:
    from grader.judging.judge import Judge
    from grader.sandbox import Isolation

Judges: TypeAlias = Mapping[str, "Judge"]  # by the id of their exercise


def encode_setup(isolation: Isolation, judges: Judges) -> bytes:
    """Serialise all that a worker needs before its first request. It holds the key: send it only where that may be read."""
    kept = {
        id: (judge.exercise, store.encode(replace(judge.record, seed=0)), _encode_public(judge)) for id, judge in judges.items()
    }
    return pickle.dumps((isolation, kept))


def _encode_public(judge: Judge) -> bytes | None:
    return store.encode(judge.record.public) if judge.record.public else None


def encode_request(request: GradingRequest) -> bytes:
    """Serialise one request for a worker, without the student's id."""
    return pickle.dumps(replace(request, student="", key=""))


def decode_report(request: GradingRequest, answer: bytes, judges: Judges) -> Report:
    """Read a worker's answer to a request. Raises SandboxError where nothing can be graded there."""
    message = json.loads(answer)
    if "faults" in message:
        raise SandboxError(*(Fault(*fault) for fault in message["faults"]))
    return replace(Report.from_json(message), seed=judges[request.exercise].record.seed, student=request.student)


class RemoteWorker:
    """A worker in its own process: sandboxes in which requests are graded one after the other, from one thread."""

    def __init__(self, setup: bytes) -> None:
        from grader.judging.judge import Judge

        isolation, kept = pickle.loads(setup)  # `encode_setup` made it: no byte of it is a student's
        self._judges = {
            id: Judge(exercise, replace(store.decode(record), public=store.decode(public) if public else None))
            for id, (exercise, record, public) in kept.items()
        }
        self._worker = SandboxWorker(isolation)

    def answer(self, message: bytes) -> bytes:
        """Grade a serialised request; return the report as JSON, or why nothing can be graded here."""
        request: GradingRequest = pickle.loads(message)  # `encode_request` made it: what is a student's is bytes in it
        try:
            answer = grade_request(request, self._judges[request.exercise], self._worker).to_json()
        except SandboxError as error:
            answer = {"faults": [(fault.where, fault.what, fault.remedy) for fault in error.faults]}
        return json.dumps(answer).encode()

    def close(self) -> None:
        """End the sandboxes."""
        with suppress(GraderError, OSError):
            self._worker.close()
