"""A small class for the tests of the class side: exercises of one function each, submissions as files."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grader.course.workers.grading import Steps
from grader.errors import Fault, SandboxError
from grader.exercise.assignment import Assignment
from grader.exercise.model import Exercise, Jacobian, Target, Task
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.outcome import WALL_TIMEOUT, Report, Status, TargetReport
from grader.reference.model import Record
from grader.render import endings
from grader.sandbox.wire.answer import Failure
from grader.sandbox.wire.call import Call, Name

RIGHT = "def {function}(x):\n    return x\n"


def exercise(id: str, *functions: str, points: float = 1.0) -> Exercise:
    """Return an exercise that asks for these functions, one target each; its forward lines do not matter."""
    tasks = tuple(
        Task(
            call=Call(function=function, arguments=(Name("x"),)),
            targets=(Target(name=function, kind=Jacobian(of="y", wrt="x"), axes=("m", "n"), points=points),),
        )
        for function in functions or (f"d_{id}",)
    )
    return Exercise(id=id, title=id.replace("_", " ").capitalize(), axes=(), inputs=(), forward=(), tasks=tasks)


def assignment(*exercises: Exercise, id: str = "ps1") -> Assignment:
    """Return an assignment; of `tanh_layer` and `chain_rule` unless told."""
    return Assignment(id=id, title="Problem set 1", exercises=exercises or (exercise("tanh_layer"), exercise("chain_rule")))


def hand_in(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write these files into a folder."""
    folder.mkdir(exist_ok=True)
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def pack(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """Pack these files into a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


# Grading without a sandbox: what a file says is its status


def report(exercise: Exercise, student: str, status: Status, *, seed: int = 0, detail: str = "", **facts: Any) -> Report:
    """Return a report whose targets all have this status."""
    score = None if status is Status.UNGRADED else float(status is Status.CORRECT)
    targets = tuple(
        TargetReport(
            call=task.function,
            name=target.name,
            kind="jacobian",
            of="y",
            wrt="x",
            status=status,
            score=score and score * target.points,
            points=target.points,
            correct=int(status is Status.CORRECT),
            total=1,
            detail=detail,
            **facts,
        )
        for task, target in exercise.targets()
    )
    return Report(
        exercise=exercise.id,
        title=exercise.title,
        exercise_sha256=exercise.sha256,
        student=student,
        source_sha256="",
        seed=seed,
        versions={},
        isolation="none",
        layers=(),
        targets=targets,
    )


class CaselessJudge(Judge):
    """A judge without cases, for graders that look at no answer."""

    def __init__(self, exercise: Exercise, seed: int = 0) -> None:
        super().__init__(exercise, Record(record_sha256="", seed=seed, cases=(), probes=(), hypotheses={}, versions={}))

    def report_failure(self, student: str | None, failure: Failure) -> Report:
        """Return a report whose targets all failed in the same way."""
        status, detail = Status.of(failure.reason), endings.sentence(failure)
        return report(self.exercise, str(student), status, seed=self.record.seed, reason=failure.reason, detail=detail)


@dataclass
class Reader:
    """Grades by reading the first word of the first file: a status, `slow`, `waits`, `waits_once`, `crash` or `nobox`."""

    graded: list[tuple[str, str]] = field(default_factory=list)
    closed: int = 0
    busy: int = 0
    most_beside: list[int] = field(default_factory=list)  # how many it was at work on at the end of each

    def grade(self, judge: Judge, submission: Submission) -> Report:
        """Return the report that the file asks for."""
        exercise, record = judge.exercise, judge.record
        before = self.graded.count((str(submission.student), exercise.id))
        self.graded.append((str(submission.student), exercise.id))
        self.busy += 1
        try:
            return self._graded(exercise, submission, record, before)
        finally:
            self.most_beside.append(self.busy)
            self.busy -= 1

    def _graded(self, exercise: Exercise, submission: Submission, record: Record, before: int) -> Report:
        word = submission.sources[0].cells[0].decode().split()[0]
        if word == "crash":
            raise RuntimeError("a fault of ours")
        if word == "nobox":
            raise SandboxError(Fault("", "There is no sandbox here.", "Look for one."))
        if word == "slow":
            time.sleep(0.05)
        if word == "waits" or (word == "waits_once" and not before):
            waited = report(exercise, str(submission.student), Status.TIMED_OUT, seed=record.seed)
            return replace(waited, flags=(WALL_TIMEOUT,), seconds=0.1)
        status = Status(word) if word in set(Status) else Status.CORRECT
        return report(exercise, str(submission.student), status, seed=record.seed)

    def close(self) -> None:
        """Count."""
        self.closed += 1


def steps(reader: Reader) -> Steps:
    """Return the steps of grading a class with this reader in the sandbox's place."""
    return Steps(
        prepare=lambda exercise, seed, folder: CaselessJudge(exercise, seed),
        open_worker=lambda: reader,
    )
