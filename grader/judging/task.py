"""Judge the answers of one task: a verdict for each of its targets at each case that was called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.exercise.model import Task
from grader.judging import compare
from grader.judging.verdict import Verdict
from grader.outcome import Status
from grader.reference.model import TargetKey
from grader.reference.tolerance import Standard
from grader.sandbox.wire.answer import Answer


@dataclass(frozen=True, slots=True)
class JudgedTask:
    """The answers of one task, and the verdicts on each of its targets: one for each case that was called."""

    answers: tuple[Answer, ...]  # those to the cases, then those to the probes
    verdicts: tuple[tuple[Verdict, ...], ...]
    changed: tuple[bool, ...] = ()  # for each target: a case was right at first, and wrong when it was called again
    is_stateful: bool = False  # a repeated call gave something else than the first one

    @property
    def right(self) -> tuple[bool, ...]:
        """For each target whether it is right in every case."""
        return tuple(all(verdict.status is Status.CORRECT for verdict in verdicts) for verdicts in self.verdicts)

    @property
    def single_precision(self) -> bool:
        """Whether an answer came as float32 or less."""
        return any(answer.single_precision for answer in self.answers)


def target_key(task: Task, place: int) -> TargetKey:
    """Return the key of the target at a place."""
    return task.function, task.targets[place].name


def judge_task(task: Task, standard: Standard, answers: Sequence[Answer]) -> JudgedTask:
    """Judge the answers to the first cases of a record; answers beyond its cases are those to probes."""
    answers, cases, count = tuple(answers), standard.record.cases, len(task.targets)
    verdicts = tuple(
        tuple(
            compare.judge(answer, case, tolerance, place=place, count=count)
            for answer, (case, _), tolerance in zip(answers, cases, standard.tolerances(target_key(task, place)), strict=False)
        )
        for place in range(count)
    )
    return JudgedTask(answers=answers, verdicts=verdicts)


def judge_answer(task: Task, place: int, standard: Standard, case_number: int, answer: Answer) -> Verdict:
    """Judge one answer for the target at a place."""
    case, _ = standard.record.cases[case_number]
    tolerance = standard.tolerances(target_key(task, place))[case_number]
    return compare.judge(answer, case, tolerance, place=place, count=len(task.targets))
