"""
One submission of one exercise, start to end: run in the sandbox, each answer judged, mistakes named, points given.

Right answers are called a second time in another order and in a fresh child, so that luck and memory earn nothing.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from grader import compare, diagnosis, rubric
from grader.errors import Fault, GraderError
from grader.exercise import Exercise, Task, Value
from grader.outcome import WALL_TIMEOUT, Answer, Counterexample, Diagnosis, Record, Report, Status, TargetReport, Verdict
from grader.preparing import PUBLIC_SEED, prepare
from grader.submission import Submission
from grader.trial import Job, TaskPlan, Trial
from grader.version import VERSION

if TYPE_CHECKING:
    from grader.exercise import Target
    from grader.outcome import Case, Expected, Probe, TargetKey
    from grader.sandbox import Sandbox
    from grader.trial import Inputs

PROBE_RTOL = 1e-6
REPEAT_RTOL = 1e-9  # between two runs of one call: sums may be taken in another order
MAX_SHOWN_ENTRIES = 400  # of a counterexample's inputs

# What shows at a case: these come from a call at that case, the others from before any call.
_SHOWS_AT_A_CASE = frozenset(
    {
        Status.TIMED_OUT,
        Status.OUT_OF_MEMORY,
        Status.KILLED,
        Status.RAISED,
        Status.WRONG_COUNT,
        Status.WRONG_TYPE,
        Status.WRONG_SHAPE,
        Status.NOT_FINITE,
        Status.WRONG_VALUE,
    }
)


def grade(exercise: Exercise, submission: Submission, *, record: Record, sandbox: Sandbox) -> Report:
    """The report on a submission, whose functions run in the sandbox only. Raises SandboxError when that cannot be had."""
    started = time.perf_counter()
    part = submission.part(exercise.id)
    plans = tuple(_plan(exercise, task, record) for task in exercise.tasks)
    trial = sandbox.run(Job(sources=part.sources, tasks=plans, arrays=exercise.arrays, limits=exercise.limits))
    judged = [
        _judge(exercise, task, record, answers) for task, answers in zip(exercise.tasks, _answers(trial, plans), strict=True)
    ]
    again = _run_again(exercise, part, record, plans, judged, sandbox)
    judged = [second or first for first, second in zip(judged, again, strict=True)]
    return replace(
        _report(exercise, record, judged, trial),
        student=submission.student,
        source_sha256=submission.sha256,
        isolation=trial.isolation,
        layers=trial.layers,
        seconds=time.perf_counter() - started,
    )


def missing(exercise: Exercise, student: str | None, *, record: Record, detail: str) -> Report:
    """The report on an exercise for which a student handed in nothing, though something for others."""
    answer = Answer(status=Status.MISSING, detail=detail)
    judged = [_judge(exercise, task, record, (answer,) * _calls(task, record)) for task in exercise.tasks]
    return replace(_report(exercise, record, judged, Trial()), student=student)


def check_functions(
    exercise: Exercise, functions: Mapping[str, Callable[..., object]], *, seed: int = PUBLIC_SEED, record: Record | None = None
) -> Report:
    """
    The report on functions of the caller's own process: only the tasks whose functions are given are judged.

    `record` takes the place of the one for `seed`. Raises GraderError for a name that the exercise does not ask for.
    """
    from grader.sandbox.calling import call_task

    started = time.perf_counter()
    known = {function for task in exercise.tasks for function in task.functions}
    if unknown := [name for name in functions if name not in known]:
        what = f"{exercise.id} does not ask for {', '.join(unknown)}."
        raise GraderError(Fault("", what, f"It asks for {', '.join(task.function for task in exercise.tasks)}."))
    tasks = tuple(task for task in exercise.tasks if task.function in functions)
    record = record or prepare(exercise, seed)
    asked = replace(exercise, tasks=tasks)
    judged = [_judge(asked, task, record, call_task(_plan(asked, task, record), functions, exercise.arrays)) for task in tasks]
    report = _report(asked, record, judged, Trial())
    return replace(report, exercise_sha256=exercise.sha256, seconds=time.perf_counter() - started)


# One task


@dataclass(frozen=True, slots=True)
class _Judged:
    """The answers of one task, and the verdicts of its targets in their order: one a case."""

    answers: tuple[Answer, ...]
    verdicts: tuple[tuple[Verdict, ...], ...]
    is_stateful: bool = False  # a second run in another order gave something else
    wall_timeout: bool = False  # the wall clock ended the second run

    @property
    def is_right(self) -> bool:
        return all(verdict.status is Status.CORRECT for verdicts in self.verdicts for verdict in verdicts)


def _plan(exercise: Exercise, task: Task, record: Record) -> TaskPlan:
    """The calls of a task: every case in order, then the probes that serve one of its targets."""
    points = [*record.cases, *((probe.case, probe.expected) for probe in _probes_of(task, record))]
    inputs = tuple(_inputs(case, expected) for case, expected in points)
    returns = tuple(target.name for target in task.targets)
    return TaskPlan(function=task.function, arguments=task.arguments, returns=returns, inputs=inputs, given=task.given)


def _inputs(case: Case, expected: Expected) -> Inputs:
    return {**case.sizes, **expected.quantities, **case.values}


def _probes_of(task: Task, record: Record) -> list[Probe]:
    return [probe for probe in record.probes if any(function == task.function for function, _ in probe.targets)]


def _calls(task: Task, record: Record) -> int:
    return len(record.cases) + len(_probes_of(task, record))


def _answers(trial: Trial, plans: Sequence[TaskPlan]) -> list[tuple[Answer, ...]]:
    """The answers of each task; where loading did not end, all have that status."""
    if trial.status is None:
        return [task.answers for task in trial.tasks]
    where = "" if trial.status is Status.UNGRADED or "loading" in trial.detail else " while it was loaded"
    lost = Answer(status=trial.status, detail=f"{trial.detail}{where}")
    return [(lost,) * len(plan.inputs) for plan in plans]


def _judge(exercise: Exercise, task: Task, record: Record, answers: tuple[Answer, ...]) -> _Judged:
    verdicts = []
    for place, target in enumerate(task.targets):
        key = (task.function, target.name)
        verdicts.append(
            tuple(
                compare.judge(answer, case, expected.targets[key], place=place, count=len(task.targets), rtol=exercise.rtol)
                for answer, (case, expected) in zip(answers, record.cases, strict=False)
            )
        )
    return _Judged(answers=answers, verdicts=tuple(verdicts))


def _run_again(
    exercise: Exercise, part: Submission, record: Record, plans: Sequence[TaskPlan], first: Sequence[_Judged], sandbox: Sandbox
) -> list[_Judged | None]:
    """A second verdict on each task that was right: called in reverse order in a fresh child; None for the others."""
    right = [plan for plan, judged in zip(plans, first, strict=True) if judged.is_right]
    if not right:
        return [None] * len(plans)
    reverse = tuple(replace(plan, inputs=plan.inputs[::-1]) for plan in reversed(right))
    trial = sandbox.run(Job(sources=part.sources, tasks=reverse, arrays=exercise.arrays, limits=exercise.limits))
    answers = {plan.function: answers[::-1] for plan, answers in zip(reverse, _answers(trial, reverse), strict=True)}
    again: list[_Judged | None] = []
    for task, judged in zip(exercise.tasks, first, strict=True):
        if not judged.is_right:
            again.append(None)
            continue
        second = _judge(exercise, task, record, answers[task.function])
        was_lost = any(answer.status is Status.UNGRADED for answer in second.answers)
        repeats = all(map(_same_answer, judged.answers, second.answers))
        # Our own fault in the second run takes nothing from an answer that was right in the first.
        again.append(judged if was_lost else replace(second, is_stateful=not repeats, wall_timeout=trial.wall_timeout))
    return again


def _same_answer(first: Answer, second: Answer) -> bool:
    if first.status is not second.status or len(first.items) != len(second.items):
        return False
    pairs = zip(first.items, second.items, strict=True)
    return all(
        isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and compare.agrees_without_floor(b, a, REPEAT_RTOL)
        for a, b in pairs
    )


# The report


def _report(exercise: Exercise, record: Record, judged: Sequence[_Judged], trial: Trial) -> Report:
    inexact = frozenset(key for task, one in zip(exercise.tasks, judged, strict=True) for key in _inexact(task, record, one))
    targets = tuple(
        _target_report(
            exercise,
            task,
            target,
            record,
            one,
            verdicts,
            is_inexact=(task.function, target.name) in inexact,
            was_called=trial.status is None,
        )
        for task, one in zip(exercise.tasks, judged, strict=True)
        for target, verdicts in zip(task.targets, one.verdicts, strict=True)
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
        flags=_flags(exercise, judged, trial, is_inexact=bool(inexact)),
        load_errors=trial.load_errors,
        output=trial.output,
    )


def _target_report(
    exercise: Exercise,
    task: Task,
    target: Target,
    record: Record,
    judged: _Judged,
    verdicts: tuple[Verdict, ...],
    *,
    is_inexact: bool,
    was_called: bool,
) -> TargetReport:
    key = (task.function, target.name)
    single_precision = any(answer.single_precision for answer in judged.answers)
    found = diagnosis.diagnose(exercise, target, key, record, verdicts, single_precision=single_precision)
    verdict = rubric.deciding(verdicts)
    if is_inexact and verdict.status is Status.CORRECT and exercise.numerical == "forbid":
        found = Diagnosis(
            rule="numerical_differentiation", text="The values agree only as finite differences do. Derive the formula by hand."
        )
        verdict = replace(verdict, status=Status.REFUSED, detail="numerical differentiation is not allowed in this exercise")
        verdicts = (verdict, *verdicts[1:])
    at = _shown(verdicts, verdict.status) if was_called else None
    detail = (at or verdict).detail  # of the case that is shown: shapes found elsewhere would not fit its sizes
    if judged.is_stateful and verdict.status is not Status.CORRECT:
        found = None  # the formula was right: what fits the numbers now is chance
        detail = f"{detail} It was right at first: called again in another order, it gives something else.".strip()
    return TargetReport(
        call=task.function,
        name=target.name,
        kind=type(target.kind).__name__.lower(),
        of=target.kind.of,
        wrt=None if isinstance(target.kind, Value) else target.kind.wrt,
        status=verdict.status,
        score=rubric.score(exercise, target, verdicts, found),
        points=target.points,
        correct=sum(one.status is Status.CORRECT for one in verdicts),
        total=len(verdicts),
        diagnosis=found,
        counterexample=_counterexample(at) if at else None,
        detail=detail,
        traceback=(at or verdict).traceback,
    )


def _shown(verdicts: Sequence[Verdict], status: Status) -> Verdict | None:
    """
    The verdict at the smallest case, by how many numbers it has, at which the deciding status shows.

    Of wrong shapes the first in reading order: its sizes differ, so that (3,) beside (3, 3) says more than (1,) beside (1, 1).
    """
    if status not in _SHOWS_AT_A_CASE:
        return None
    failing = [verdict for verdict in verdicts if verdict.status is status]
    return failing[0] if status is Status.WRONG_SHAPE else min(failing, key=lambda verdict: verdict.case.entries)


def _counterexample(verdict: Verdict) -> Counterexample:
    """The case of a verdict, its inputs where they are few, and the entry that is furthest out."""
    case, worst = verdict.case, verdict.worst
    inputs = {name: value.tolist() for name, value in case.values.items()} if case.entries <= MAX_SHOWN_ENTRIES else {}
    if worst is None:
        return Counterexample(case=case.name, sizes=case.sizes, inputs=inputs)
    return Counterexample(
        case=case.name, sizes=case.sizes, inputs=inputs, index=worst.index, expected=worst.expected, actual=worst.actual
    )


def _inexact(task: Task, record: Record, judged: _Judged) -> list[TargetKey]:
    """The right targets of a task that lose their digits at the probe made for them."""
    found = []
    for answer, probe in zip(judged.answers[len(record.cases) :], _probes_of(task, record), strict=True):
        for place, target in enumerate(task.targets):
            key = (task.function, target.name)
            if key not in probe.targets or any(verdict.status is not Status.CORRECT for verdict in judged.verdicts[place]):
                continue
            item = answer.items[place] if answer.status is None and len(answer.items) == len(task.targets) else None
            if isinstance(item, np.ndarray) and not compare.agrees_without_floor(item, probe.expected.targets[key], PROBE_RTOL):
                found.append(key)
    return found


def _flags(exercise: Exercise, judged: Sequence[_Judged], trial: Trial, *, is_inexact: bool) -> tuple[str, ...]:
    answers = [answer for one in judged for answer in one.answers]
    raised = {
        "uses_autodiff": bool(trial.autodiff) and exercise.autodiff == "forbid",
        "inexact": is_inexact,
        "single_precision": any(answer.single_precision for answer in answers),
        "nondeterministic": any(one.is_stateful for one in judged),
        "mutates_inputs": any(answer.mutated for answer in answers),
        "wrote_to_stdout": trial.wrote_to_stdout,
        "load_error": bool(trial.load_errors),
        WALL_TIMEOUT: trial.wall_timeout or any(one.wall_timeout for one in judged),
    }
    return tuple(name for name, holds in raised.items() if holds)
