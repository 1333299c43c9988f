"""
Recognise numerical differentiation by its answers to probes, and judge it beside the largest entry.

At a probe one input is scaled so that finite differences lose their digits and a formula does not. Whether an exercise
allows them is for its `numerical` to say, not for the size of an entry.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from grader.exercise.model import Task
from grader.judging.calls import probes_of
from grader.judging.task import JudgedTask, target_key
from grader.outcome import Diagnosis, Status
from grader.reference.tolerance import ABSOLUTE_FLOOR, OF_THE_LARGEST, Standard, beside_the_largest
from grader.sandbox.wire.answer import Answer, NotAnArray

if TYPE_CHECKING:
    from grader.reference.model import Record, TargetKey
    from grader.sandbox.wire.answer import Array

PROBE_RTOL = 1e-6


def excuse_small_entries(task: Task, standard: Standard, judged: JudgedTask) -> JudgedTask:
    """Return the verdicts, finite differences being judged beside the largest entry: their small entries have few digits."""
    record = standard.record
    for answer, probe in zip(judged.answers[len(record.cases) :], probes_of(task, record), strict=True):
        for place in range(len(task.targets)):
            key = target_key(task, place)
            if key in probe.targets and _loses_digits(answer, place, probe.expected.targets[key]):
                judged = judge_beside_the_largest(task, place, standard, judged)
    return judged


def judge_beside_the_largest(task: Task, place: int, standard: Standard, judged: JudgedTask) -> JudgedTask:
    """Call one target right if no entry is off by more than a millionth of the largest of its case; else change nothing."""
    verdicts = judged.verdicts[place]
    for verdict, tolerance in zip(verdicts, standard.tolerances(target_key(task, place)), strict=False):
        if verdict.status is Status.CORRECT:
            continue
        if verdict.status is not Status.WRONG_VALUE or verdict.actual is None:
            return judged
        if not beside_the_largest(verdict.actual, tolerance.expected, OF_THE_LARGEST, floor=ABSOLUTE_FLOOR):
            return judged
    right = tuple(replace(verdict, status=Status.CORRECT, find_worst=None) for verdict in verdicts)
    return replace(judged, verdicts=(*judged.verdicts[:place], right, *judged.verdicts[place + 1 :]))


def find_differences(task: Task, record: Record, judged: JudgedTask) -> dict[TargetKey, Diagnosis]:
    """Return the targets that are right in every case and wrong at their probe, each with what shows there."""
    found: dict[TargetKey, Diagnosis] = {}
    for answer, probe in zip(judged.answers[len(record.cases) :], probes_of(task, record), strict=True):
        for place in range(len(task.targets)):
            key = target_key(task, place)
            if key not in probe.targets or not judged.right[place]:
                continue
            item = answer.items[place] if answer.failure is None and len(answer.items) == len(task.targets) else None
            if not isinstance(item, np.ndarray):
                # a look at the inputs must not tell differences to stay away from the probe
                found[key] = _diagnosis("It does not answer at the inputs that tell finite differences from a formula.")
            elif not beside_the_largest(item, probe.expected.targets[key], PROBE_RTOL):
                found[key] = _diagnosis("The values agree only as finite differences do.")
    return found


def _diagnosis(what_shows: str) -> Diagnosis:
    return Diagnosis(rule="numerical_differentiation", text=f"{what_shows} Derive the formula by hand.")


def _loses_digits(answer: Answer, place: int, expected: Array) -> bool:
    """Whether a float64 answer to a probe is wrong."""
    if answer.failure is not None or answer.single_precision or place >= len(answer.items):
        return False
    item = answer.items[place]
    if isinstance(item, NotAnArray) or item.shape != expected.shape:
        return False
    return not beside_the_largest(item, expected, PROBE_RTOL)
