"""Compare repeated calls with the first ones: an answer that depends on earlier calls, or on chance, is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from grader.exercise.model import Task
from grader.judging.task import JudgedTask, judge_answer
from grader.outcome import Status
from grader.reference.tolerance import Standard, beside_the_largest
from grader.sandbox.wire.answer import Answer, NotAnArray

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array

REPEAT_RTOL = 1e-9  # between two calls with the same inputs: sums may be taken in another order


def judge_repeated(
    task: Task, standard: Standard, first: JudgedTask, case_numbers: Sequence[int], answers: Sequence[Answer]
) -> JudgedTask:
    """
    Return the verdicts after some cases were called again: a case that is wrong then is wrong.

    There are fewer answers than cases where a function that failed or is slow was not called again.
    """
    verdicts = [list(one) for one in first.verdicts]
    changed = [False] * len(task.targets)
    is_stateful = False
    for number, answer in zip(case_numbers, answers, strict=False):
        if _is_same_answer(first.answers[number], answer):
            continue
        status = status_of(answer)
        is_stateful |= status is None or not status.is_out_of_resources
        for place, of_target in enumerate(verdicts):
            second = judge_answer(task, place, standard, number, answer)
            if of_target[number].status is Status.CORRECT and second.status is not Status.CORRECT:
                of_target[number], changed[place] = second, True
    return replace(first, verdicts=tuple(map(tuple, verdicts)), changed=tuple(changed), is_stateful=is_stateful)


def _is_same_answer(first: Answer, second: Answer) -> bool:
    if status_of(first) is not status_of(second) or len(first.items) != len(second.items):
        return False
    return all(map(_is_same_item, first.items, second.items))


def status_of(answer: Answer) -> Status | None:
    """Return what an answer without a value counts as; None where there is one."""
    return Status.of(answer.failure.reason) if answer.failure else None


def _is_same_item(first: Array | NotAnArray, second: Array | NotAnArray) -> bool:
    if isinstance(first, NotAnArray) or isinstance(second, NotAnArray):
        return first == second
    return beside_the_largest(second, first, REPEAT_RTOL) or np.array_equal(first, second, equal_nan=True)
