"""
Grade submissions of one exercise, start to end: run in the sandbox, each answer judged, mistakes named, points given.

What is the same for every submission is worked out once: the calls are planned and packed, the tolerances computed.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from grader.exercise.model import Exercise
from grader.judging import finite_differences
from grader.judging.calls import Calls, plan_calls, probes_of
from grader.judging.repeat import judge_repeated
from grader.judging.submission import Submission
from grader.judging.summary import report_public_cases, report_target
from grader.judging.task import JudgedTask, judge_task, target_key
from grader.outcome import WALL_TIMEOUT, Diagnosis, Report, Status, TargetReport
from grader.reference.model import Record, TargetKey
from grader.reference.tolerance import Standard
from grader.render import endings
from grader.sandbox.job import Job, Trial
from grader.sandbox.wire.answer import Answer, Failure
from grader.sandbox.wire.plan import TaskPlan
from grader.version import VERSION

if TYPE_CHECKING:
    from grader.sandbox import Sandbox


class Judge:
    """
    Whoever judges submissions of one exercise by one record.

    The cases of `record.public` are called, too, where it has one: what students are shown comes from these alone.
    """

    def __init__(self, exercise: Exercise, record: Record) -> None:
        self.exercise = exercise
        self.record = record
        self._standard = Standard(record, exercise.rtol)
        self._public_standard = None if record.public is None else Standard(record.public, exercise.rtol)

    @cached_property
    def calls(self) -> Calls:
        """The calls of every submission; planned once, since packing them takes longer than sending them."""
        return plan_calls(self.exercise, self.record)

    def grade(self, submission: Submission, sandbox: Sandbox) -> Report:
        """
        Grade a submission; its functions run in the sandbox only.

        Raises SandboxError when a sandbox cannot be had.
        """
        started = time.perf_counter()
        part = submission.part(self.exercise.id)
        calls = self.calls
        job = Job(sources=part.sources, tasks=calls.plans, arrays=self.exercise.arrays, limits=self.exercise.limits)
        trial = sandbox.run(job)
        answers = iter(_answers_by_plan(trial, calls.plans))
        shown, counted, repeated = ([*islice(answers, len(kind))] for kind in (calls.shown, calls.counted, calls.repeated))
        judged = [
            judge_repeated(task, self._standard, judge_task(task, self._standard, first), calls.repeated_cases, again)
            for task, first, again in zip(self.exercise.tasks, counted, repeated, strict=True)
        ]
        return replace(
            self._report(judged, trial, self._judge_shown(judged, shown)),
            student=submission.student,
            source_sha256=submission.sha256,
            isolation=trial.isolation,
            layers=trial.layers,
            seconds=time.perf_counter() - started,
        )

    def report_failure(self, student: str | None, failure: Failure) -> Report:
        """Report on a student of whom nothing was called: nothing was handed in, what was cannot be read, or we failed."""
        answer = Answer(failure=failure)
        judged = [
            judge_task(task, self._standard, (answer,) * (len(self.record.cases) + len(probes_of(task, self.record))))
            for task in self.exercise.tasks
        ]
        return replace(self._report(judged, Trial()), student=student)

    def report_counted(self, answers: Sequence[Sequence[Answer]]) -> Report:
        """Report on the answers of each task to the calls that count, wherever they were made."""
        judged = [judge_task(task, self._standard, one) for task, one in zip(self.exercise.tasks, answers, strict=True)]
        return self._report(judged, Trial())

    def _judge_shown(self, judged: Sequence[JudgedTask], shown: Sequence[Sequence[Answer]]) -> list[JudgedTask | None]:
        """Judge the answers to public cases, but for tasks that are right: of these nothing is shown."""
        standard = self._public_standard
        if standard is None:
            return [None] * len(judged)
        return [
            None if all(counted.right) else judge_task(task, standard, answers)
            for task, counted, answers in zip(self.exercise.tasks, judged, shown, strict=True)
        ]

    def _report(self, judged: Sequence[JudgedTask], trial: Trial, shown: Sequence[JudgedTask | None] = ()) -> Report:
        exercise, record = self.exercise, self.record
        judged = [
            finite_differences.excuse_small_entries(task, self._standard, one)
            for task, one in zip(exercise.tasks, judged, strict=True)
        ]
        inexact: dict[TargetKey, Diagnosis] = {}
        for task, one in zip(exercise.tasks, judged, strict=True):
            inexact |= finite_differences.find_differences(task, record, one)
        targets = tuple(
            self._report_target(number, place, judged[number], shown[number] if shown else None, inexact, trial)
            for number, task in enumerate(exercise.tasks)
            for place in range(len(task.targets))
        )
        return Report(
            exercise=exercise.id,
            title=exercise.title,
            exercise_sha256=exercise.sha256,
            student=None,
            source_sha256="",
            seed=record.seed,
            versions={"grader": VERSION, **record.versions, "numpy": np.__version__, "python": platform.python_version()},
            isolation="none",
            layers=(),
            targets=targets,
            flags=self._flags(judged, trial, is_inexact=bool(inexact)),
            load_errors=tuple(replace(error, detail=endings.load_error(error)) for error in trial.load_errors),
            output=trial.output,
            public_output=trial.shown_output if record.public is not None else None,
        )

    def _report_target(
        self,
        number: int,
        place: int,
        judged: JudgedTask,
        shown: JudgedTask | None,
        inexact: dict[TargetKey, Diagnosis],
        trial: Trial,
    ) -> TargetReport:
        """Report on the target at a place of the task with a number, with its public cases where it is not right."""
        exercise, task, was_called = self.exercise, self.exercise.tasks[number], trial.failure is None
        found = inexact.get(target_key(task, place))
        target = report_target(exercise, task, place, self._standard, judged, found, was_called=was_called)
        if self._public_standard is None or shown is None or target.status is Status.CORRECT:
            return target
        if found is not None:
            shown = finite_differences.judge_beside_the_largest(task, place, self._public_standard, shown)
        public = report_public_cases(exercise, task, place, self._public_standard, shown, target.diagnosis, was_called=was_called)
        return replace(target, public=public)

    def _flags(self, judged: Sequence[JudgedTask], trial: Trial, *, is_inexact: bool) -> tuple[str, ...]:
        raised = {
            "uses_autodiff": bool(trial.autodiff) and self.exercise.autodiff == "forbid",
            "inexact": is_inexact,
            "single_precision": any(one.single_precision for one in judged),
            "nondeterministic": any(one.is_stateful for one in judged),
            "mutates_inputs": any(answer.mutated for one in judged for answer in one.answers),
            "wrote_to_stdout": trial.wrote_to_stdout,
            "load_error": bool(trial.load_errors),
            WALL_TIMEOUT: trial.wall_timeout,
        }
        return tuple(name for name, holds in raised.items() if holds)


def _answers_by_plan(trial: Trial, plans: Sequence[TaskPlan]) -> list[Sequence[Answer]]:
    """Return the answers of each plan; where loading did not end, all failed by that."""
    if trial.failure is None:
        return [task.answers for task in trial.tasks]
    lost = Answer(failure=trial.failure)
    return [() if plan.purpose == "repeated" else (lost,) * len(plan.inputs) for plan in plans]
