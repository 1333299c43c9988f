"""
Grading in another process: what it is sent once, what it is sent of each submission, and what comes back.

It gets sources, cases and expected arrays; no seed, no student's name or id but what a file name gives away.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from grader.course.workers.grading import SandboxWorker, grade_work, sandboxed
from grader.course.workers.work import Work
from grader.errors import Fault, GraderError, SandboxError
from grader.exercise.model import Exercise
from grader.outcome import Report
from grader.reference import store

if TYPE_CHECKING:
    from grader.outcome import Record
    from grader.sandbox import Isolation

Exercises: TypeAlias = Mapping[str, tuple[Exercise, "Record"]]


def outfit_of(isolation: Isolation, exercises: Exercises) -> bytes:
    """Everything that a station needs before its first submission. It holds the key: for those alone who may have it."""
    kept = {
        id: (exercise, store.encode(replace(record, seed=0)), store.encode(record.public) if record.public else None)
        for id, (exercise, record) in exercises.items()
    }
    return pickle.dumps((isolation, kept))


def question_of(work: Work) -> bytes:
    """What a station is sent of a submission."""
    return pickle.dumps(replace(work, student="", key=""))


def report_of(work: Work, answer: bytes, exercises: Exercises) -> Report:
    """What a station's answer comes to. Raises SandboxError where nothing can be graded there."""
    message = json.loads(answer)
    if "faults" in message:
        raise SandboxError(*(Fault(*fault) for fault in message["faults"]))
    _, record = exercises[work.exercise]
    return replace(Report.from_json(message), seed=record.seed, student=work.student)


class Station:
    """A place with sandboxes of its own where submissions are graded, one after the other, from one thread."""

    def __init__(self, outfit: bytes) -> None:
        isolation, kept = pickle.loads(outfit)  # `outfit_of` made it: no byte of it is a student's
        self._exercises = {
            id: (exercise, replace(store.decode(record), public=store.decode(public) if public else None))
            for id, (exercise, record, public) in kept.items()
        }
        self._steps = sandboxed(isolation)
        self._worker = SandboxWorker(isolation)

    def answer(self, question: bytes) -> bytes:
        """A report as JSON, or why nothing can be graded here."""
        work: Work = pickle.loads(question)  # `question_of` made it: what is a student's is bytes in it
        exercise, record = self._exercises[work.exercise]
        try:
            message = grade_work(work, exercise, record, self._worker, self._steps).to_json()
        except SandboxError as error:
            message = {"faults": [(fault.where, fault.what, fault.remedy) for fault in error.faults]}
        return json.dumps(message).encode()

    def close(self) -> None:
        """Ends the sandboxes."""
        with suppress(GraderError, OSError):
            self._worker.close()
