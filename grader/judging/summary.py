"""Sum up the verdicts on one target: its status and points, the likely mistake, the one case that is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from grader.exercise.model import Exercise, Target, Task, Value
from grader.judging import rubric
from grader.judging.repeat import status_of
from grader.judging.task import JudgedTask, target_key
from grader.judging.verdict import Verdict
from grader.outcome import Counterexample, Diagnosis, Outcome, Status, TargetReport, outcome_fields
from grader.reference.model import TargetKey
from grader.reference.tolerance import Standard
from grader.render import endings
from grader.sandbox.wire.answer import Answer, Failure, Reason
from grader.text import cleaned

MAX_SHOWN_ENTRIES = 400  # in a counterexample's inputs
MAX_FINGERPRINTED = 1 << 20  # entries of all answers of a task


def report_target(
    exercise: Exercise,
    task: Task,
    place: int,
    standard: Standard,
    judged: JudgedTask,
    differences: Diagnosis | None,
    *,
    was_called: bool,
) -> TargetReport:
    """Report on a target in the cases that count; `differences` is set where it is right by numerical differentiation."""
    target, verdicts = task.targets[place], judged.verdicts[place]
    key = target_key(task, place)
    found = _diagnose(exercise, target, key, standard, judged, verdicts)
    if differences is not None and exercise.numerical == "forbid" and rubric.deciding(verdicts).status is Status.CORRECT:
        found = differences
        refused = replace(verdicts[0], status=Status.REFUSED, failure=Failure(reason=Reason.NUMERICAL))
        verdicts = (refused, *verdicts[1:])
    outcome = _outcome(verdicts, found, was_called=was_called)
    if judged.changed and judged.changed[place] and outcome.status is not Status.UNGRADED:
        # the formula was right: what fits the numbers now is chance
        outcome = replace(outcome, diagnosis=None, detail=_detail_of_a_change(outcome))
    items = judged.answers[: len(verdicts)]
    return TargetReport(
        **outcome_fields(outcome),
        call=task.function,
        name=target.name,
        kind=type(target.kind).__name__.lower(),
        of=target.kind.of,
        wrt=None if isinstance(target.kind, Value) else target.kind.wrt,
        score=rubric.score(exercise, target, verdicts, outcome.diagnosis),
        points=target.points,
        answers_sha256=_fingerprint(items, place) if outcome.status.is_about_numbers else "",
    )


def report_public_cases(
    exercise: Exercise,
    task: Task,
    place: int,
    standard: Standard,
    judged: JudgedTask,
    likely: Diagnosis | None,
    *,
    was_called: bool,
) -> Outcome:
    """
    Report on a target in the public cases that were called, which its student may see.

    A mistake is named only where it is the likely one in the cases that count, too.
    """
    verdicts = judged.verdicts[place]
    if all(verdict.status is Status.CORRECT for verdict in verdicts):  # most of a class
        return Outcome(status=Status.CORRECT, correct=len(verdicts), total=len(verdicts))
    found = None
    if likely is not None:
        target, key = task.targets[place], target_key(task, place)
        found = _diagnose(exercise, target, key, standard, judged, verdicts, only_rule=likely.rule)
    return _outcome(verdicts, found, was_called=was_called)


def _diagnose(
    exercise: Exercise,
    target: Target,
    key: TargetKey,
    standard: Standard,
    judged: JudgedTask,
    verdicts: Sequence[Verdict],
    *,
    only_rule: str = "",
) -> Diagnosis | None:
    if not any(verdict.status.is_about_numbers for verdict in verdicts):
        return None
    from grader.judging.diagnosis.diagnose import diagnose  # a student whose answer is right does not wait for its families

    single_precision = judged.single_precision
    return diagnose(exercise, target, key, standard, verdicts, single_precision=single_precision, only_rule=only_rule)


def _outcome(verdicts: Sequence[Verdict], found: Diagnosis | None, *, was_called: bool) -> Outcome:
    verdict = rubric.deciding(verdicts)
    shown = _case_to_show(verdicts, verdict.status) if was_called else None
    return Outcome(
        status=verdict.status,
        correct=sum(one.status is Status.CORRECT for one in verdicts),
        total=len(verdicts),
        diagnosis=found,
        counterexample=_counterexample(shown) if shown else None,
        **_why(shown or verdict),  # in the case that is shown: shapes found elsewhere would not fit its sizes
    )


def _why(verdict: Verdict) -> dict[str, Any]:
    """Return what a report says of a verdict: reason, phase and place as facts, and the words for them."""
    failure = verdict.failure
    if failure is None:
        return {"detail": verdict.detail}
    return {
        "reason": failure.reason,
        "phase": failure.phase,
        "source": failure.source,
        "detail": endings.sentence(failure),
        "traceback": cleaned(failure.traceback),
    }


def _detail_of_a_change(outcome: Outcome) -> str:
    does = "did not finish" if outcome.status.is_out_of_resources else "gave something else"
    detail = outcome.detail
    stop = "" if not detail or detail.endswith((".", "?", "!")) else "."
    return f"{detail}{stop} It was right at first: called again in another order, it {does}.".strip()


def _fingerprint(answers: Sequence[Answer], place: int) -> str:
    """
    Return the fingerprint of the items at a place in every case: shapes, and nine digits of the numbers.

    Empty where these are so many that it would take as long as judging them.
    """
    if sum(item.size for answer in answers for item in answer.items if isinstance(item, np.ndarray)) > MAX_FINGERPRINTED:
        return ""
    digest = hashlib.sha256()
    for answer in answers:
        item = answer.items[place] if place < len(answer.items) else None
        if isinstance(item, np.ndarray):
            largest = float(np.abs(item, where=np.isfinite(item), out=np.zeros(item.shape)).max(initial=0.0))
            rounded = np.atleast_1d(np.round(item / (largest or 1.0), 9)) + 0.0  # one formula, written in two ways; and no -0
            rounded[np.isnan(rounded)] = np.nan  # NaN has a sign, too, which is chance
            digest.update(f"{item.shape} {largest:.9g}".encode() + rounded.tobytes())
        else:
            digest.update(f"{status_of(answer)} {item}".encode())
    return digest.hexdigest()


def _case_to_show(verdicts: Sequence[Verdict], status: Status) -> Verdict | None:
    """
    Return the verdict at the smallest case, by how many numbers it has, at which the deciding status shows.

    Of wrong shapes the first in reading order: its sizes differ, so that (3,) beside (3, 3) says more than (1,) beside (1, 1).
    """
    if not status.is_of_a_case:
        return None
    failing = [verdict for verdict in verdicts if verdict.status is status]
    return failing[0] if status is Status.WRONG_SHAPE else min(failing, key=lambda verdict: verdict.case.entries)


def _counterexample(verdict: Verdict) -> Counterexample:
    """Return the case of a verdict, its inputs where they are few, and the entry that is furthest out."""
    case, worst = verdict.case, verdict.worst
    inputs = {name: value.tolist() for name, value in case.values.items()} if case.entries <= MAX_SHOWN_ENTRIES else {}
    if worst is None:
        return Counterexample(case=case.name, sizes=case.sizes, inputs=inputs)
    return Counterexample(
        case=case.name, sizes=case.sizes, inputs=inputs, index=worst.index, expected=worst.expected, actual=worst.actual
    )
