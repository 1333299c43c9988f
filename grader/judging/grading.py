"""
One submission of one exercise, start to end: run in the sandbox, each answer judged, mistakes named, points given.

Every function is called in the public cases, which its student may see, then in the secret ones, which earn the points, then
in a few of these again in another order, where state and chance show. Tasks of which one is given what another has to find
out run in children of their own, so that memory earns nothing.
"""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from grader.errors import Fault, GraderError
from grader.exercise.model import Exercise, Task, Value
from grader.judging import compare, rubric
from grader.judging.diagnosis import hypotheses
from grader.judging.submission import Submission
from grader.outcome import (
    WALL_TIMEOUT,
    Answer,
    Calls,
    Counterexample,
    Diagnosis,
    NotAnArray,
    PublicPart,
    Record,
    Report,
    Status,
    TargetReport,
    Verdict,
)
from grader.reference.agreement import ABSOLUTE_FLOOR, OF_THE_LARGEST, beside_the_largest
from grader.reference.prepare import PUBLIC_SEED, prepare
from grader.sandbox.job import Job, TaskPlan, Trial
from grader.sandbox.wire.call import Call
from grader.version import VERSION

if TYPE_CHECKING:
    from grader.outcome import Array, Case, Expected, Probe, TargetKey
    from grader.sandbox import Sandbox
    from grader.sandbox.job import Inputs

PROBE_RTOL = 1e-6
REPEAT_RTOL = 1e-9  # between two calls with the same inputs: sums may be taken in another order
REPEATED = 4  # cases of a task that are called again
MAX_SHOWN_ENTRIES = 400  # of a counterexample's inputs
MAX_FINGERPRINTED = 1 << 20  # entries of all answers of a task

# How a call may end that did well before, for want of time, memory or a machine: nothing that speaks of its answers.
_OF_THE_MACHINE = frozenset({Status.TIMED_OUT, Status.OUT_OF_MEMORY, Status.UNGRADED})

_OF_NUMBERS = frozenset({Status.WRONG_SHAPE, Status.NOT_FINITE, Status.WRONG_VALUE})

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
    """
    Return the report on a submission, whose functions run in the sandbox only.

    The cases of `record.public` are called, too, where it has one: what students are shown comes from these alone.
    Raises SandboxError when a sandbox cannot be had.
    """
    started = time.perf_counter()
    part = submission.part(exercise.id)
    calls = _calls_of(exercise, record)
    plans = (*calls.shown, *calls.counted, *calls.repeated)
    trial = sandbox.run(Job(sources=part.sources, tasks=plans, arrays=exercise.arrays, limits=exercise.limits))
    answers = iter(_answers(trial, plans))
    shown, counted, repeated = ([*islice(answers, len(kind))] for kind in (calls.shown, calls.counted, calls.repeated))
    judged = [
        _judge_again(exercise, task, record, _judge(exercise, task, record.cases, tuple(first)), calls.places, again)
        for task, first, again in zip(exercise.tasks, counted, repeated, strict=True)
    ]
    public: list[_Judged | None] = [None] * len(exercise.tasks)
    if record.public is not None:
        public = [  # of what is right nothing is shown
            None if all(first.right) else _judge(exercise, task, record.public.cases, tuple(answers))
            for task, first, answers in zip(exercise.tasks, judged, shown, strict=True)
        ]
    return replace(
        _report(exercise, record, judged, trial, public),
        student=submission.student,
        source_sha256=submission.sha256,
        isolation=trial.isolation,
        layers=trial.layers,
        seconds=time.perf_counter() - started,
    )


def missing(exercise: Exercise, student: str | None, *, record: Record, detail: str) -> Report:
    """The report on an exercise for which a student handed in nothing, though something for others."""
    answer = Answer(status=Status.MISSING, detail=detail)
    judged = [
        _judge(exercise, task, record.cases, (answer,) * (len(record.cases) + len(_probes_of(task, record))))
        for task in exercise.tasks
    ]
    return replace(_report(exercise, record, judged, Trial()), student=student)


def check_functions(
    exercise: Exercise, functions: Mapping[str, Callable[..., object]], *, seed: int = PUBLIC_SEED, record: Record | None = None
) -> Report:
    """
    The report on functions of the caller's own process: only the tasks whose functions are given are judged.

    `record` takes the place of the one for `seed`. Raises GraderError for a name that the exercise does not ask for.
    """
    from grader.sandbox.child.calling import call_task

    started = time.perf_counter()
    known = {function for task in exercise.tasks for function in task.functions}
    if unknown := [name for name in functions if name not in known]:
        what = f"{exercise.id} does not ask for {', '.join(unknown)}."
        raise GraderError(Fault("", what, f"It asks for {', '.join(task.function for task in exercise.tasks)}."))
    tasks = tuple(task for task in exercise.tasks if task.function in functions)
    record = record or prepare(exercise, seed, trust_beside=True)  # a help, not a mark
    asked = replace(exercise, tasks=tasks)
    judged = [_judge(asked, task, record.cases, call_task(_counted(task, record), functions, exercise.arrays)) for task in tasks]
    report = _report(asked, record, judged, Trial())
    return replace(report, exercise_sha256=exercise.sha256, seconds=time.perf_counter() - started)


# One task


@dataclass(frozen=True, slots=True)
class _Judged:
    """The answers of one task, and the verdicts of its targets in their order: one for each case that was called."""

    answers: tuple[Answer, ...]
    verdicts: tuple[tuple[Verdict, ...], ...]
    fell: tuple[bool, ...] = ()  # for each target whether a case of it was right at first, and wrong when it was called again
    is_stateful: bool = False  # called again in another order it gave something else

    @property
    def right(self) -> tuple[bool, ...]:
        """For each target whether it is right in every case."""
        return tuple(all(verdict.status is Status.CORRECT for verdict in verdicts) for verdicts in self.verdicts)


def _calls_of(exercise: Exercise, record: Record) -> Calls:
    """Return the calls of every task; made once, since packing them takes longer than sending them."""
    if exercise.sha256 not in record.calls:
        children = _children(exercise)
        counted = tuple(
            replace(_counted(task, record), child=child) for task, child in zip(exercise.tasks, children, strict=True)
        )
        places = _repeated_places(len(record.cases))
        repeated = tuple(
            replace(plan, purpose="repeated", inputs=tuple(plan.inputs[place] for place in places)) for plan in counted
        )
        shown: tuple[TaskPlan, ...] = ()
        if record.public is not None:
            inputs = tuple(_inputs(case, expected) for case, expected in record.public.cases)
            shown = tuple(replace(plan, purpose="shown", inputs=inputs) for plan in counted)
        record.calls[exercise.sha256] = Calls(shown=shown, counted=counted, repeated=repeated, places=places)
    return record.calls[exercise.sha256]


def _counted(task: Task, record: Record) -> TaskPlan:
    """Return the calls that count: every case in order, then the probes that serve one of the task's targets."""
    points = [*record.cases, *((probe.case, probe.expected) for probe in _probes_of(task, record))]
    inputs = tuple(_inputs(case, expected) for case, expected in points)
    returns = tuple(target.name for target in task.targets)
    return TaskPlan(call=_call_of(task), returns=returns, inputs=inputs)


def _call_of(task: Task) -> Call:
    return Call(function=task.function, arguments=task.arguments, given=task.given)


def _repeated_places(count: int) -> tuple[int, ...]:
    """
    Choose the cases that are called again, from the last to the first.

    >>> _repeated_places(16), _repeated_places(2)
    ((15, 10, 5, 0), (1, 0))
    """
    most = min(count, REPEATED)
    return tuple(round(step * (count - 1) / max(1, most - 1)) for step in reversed(range(most)))


def _inputs(case: Case, expected: Expected) -> Inputs:
    return {**case.sizes, **expected.quantities, **case.values}


def _probes_of(task: Task, record: Record) -> list[Probe]:
    return [probe for probe in record.probes if any(function == task.function for function, _ in probe.targets)]


def _children(exercise: Exercise) -> tuple[int, ...]:
    """
    Return for each task the number of its child: tasks share one only if they are given the same quantities of `forward`.

    What one of them is given another may have to find out; nobody has to see from the formulas whether it does.
    """
    quantities = {line.name for line in exercise.forward}
    given = [frozenset(quantities.intersection(_call_of(task).names)) for task in exercise.tasks]
    numbers = {names: number for number, names in enumerate(dict.fromkeys(given))}
    return tuple(numbers[names] for names in given)


def _answers(trial: Trial, plans: Sequence[TaskPlan]) -> list[Sequence[Answer]]:
    """Return the answers of each plan; where loading did not end, all have that status."""
    if trial.status is None:
        return [task.answers for task in trial.tasks]
    where = "" if trial.status is Status.UNGRADED or "loading" in trial.detail else " while it was loaded"
    lost = Answer(status=trial.status, detail=f"{trial.detail}{where}")
    return [() if plan.purpose == "repeated" else (lost,) * len(plan.inputs) for plan in plans]


def _judge(exercise: Exercise, task: Task, cases: Sequence[tuple[Case, Expected]], answers: tuple[Answer, ...]) -> _Judged:
    """Return the verdicts on the answers to the first so many of these cases; what follows are answers to probes."""
    verdicts = tuple(
        tuple(_verdict(exercise, task, place, answer, *at) for answer, at in zip(answers, cases, strict=False))
        for place in range(len(task.targets))
    )
    return _Judged(answers=answers, verdicts=verdicts)


def _verdict(exercise: Exercise, task: Task, place: int, answer: Answer, case: Case, expected: Expected) -> Verdict:
    key = (task.function, task.targets[place].name)
    return compare.judge(answer, case, expected, key, place=place, count=len(task.targets), rtol=exercise.rtol)


def _judge_again(
    exercise: Exercise, task: Task, record: Record, first: _Judged, places: Sequence[int], again: Sequence[Answer]
) -> _Judged:
    """Return the verdicts after some cases were called again: a case that is wrong then is wrong."""
    verdicts = [list(one) for one in first.verdicts]
    fell = [False] * len(task.targets)
    is_stateful = False
    for at, answer in zip(places, again, strict=False):
        if _same_answer(first.answers[at], answer):
            continue
        is_stateful |= answer.status not in _OF_THE_MACHINE
        for place, found in enumerate(verdicts):
            second = _verdict(exercise, task, place, answer, *record.cases[at])
            if found[at].status is Status.CORRECT and second.status is not Status.CORRECT:
                found[at], fell[place] = second, True
    return replace(first, verdicts=tuple(map(tuple, verdicts)), fell=tuple(fell), is_stateful=is_stateful)


def _same_answer(first: Answer, second: Answer) -> bool:
    if first.status is not second.status or len(first.items) != len(second.items):
        return False
    return all(map(_same_item, first.items, second.items))


def _same_item(first: Array | NotAnArray, second: Array | NotAnArray) -> bool:
    if isinstance(first, NotAnArray) or isinstance(second, NotAnArray):
        return first == second
    return beside_the_largest(second, first, REPEAT_RTOL) or np.array_equal(first, second, equal_nan=True)


# The report


def _report(
    exercise: Exercise, record: Record, judged: Sequence[_Judged], trial: Trial, public: Sequence[_Judged | None] = ()
) -> Report:
    judged = [_as_differences(task, record, one) for task, one in zip(exercise.tasks, judged, strict=True)]
    inexact: dict[TargetKey, str] = {}
    for task, one in zip(exercise.tasks, judged, strict=True):
        inexact |= _inexact(task, record, one)
    was_called = trial.status is None
    targets: list[TargetReport] = []
    for number, task in enumerate(exercise.tasks):
        for place in range(len(task.targets)):
            target = _target_report(exercise, task, place, record, judged[number], inexact, was_called=was_called)
            if record.public is not None and public and (shown := public[number]) and target.status is not Status.CORRECT:
                if (task.function, task.targets[place].name) in inexact:
                    shown = _beside_the_largest_at(place, shown, record.public, task)
                part = _public_part(exercise, task, place, record.public, shown, target.diagnosis, was_called=was_called)
                target = replace(target, public=part)
            targets.append(target)
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
        targets=tuple(targets),
        flags=_flags(exercise, judged, trial, is_inexact=bool(inexact)),
        load_errors=trial.load_errors,
        output=trial.output,
        public_output=trial.shown_output if record.public is not None else None,
    )


def _public_part(
    exercise: Exercise,
    task: Task,
    place: int,
    public: Record,
    judged: _Judged,
    likely: Diagnosis | None,
    *,
    was_called: bool,
) -> PublicPart:
    """
    Return what a target came to in the public cases that were called.

    A mistake is named only where it is the likely one in the cases that count, too.
    """
    verdicts = judged.verdicts[place]
    if all(verdict.status is Status.CORRECT for verdict in verdicts):  # most of a class
        return PublicPart(status=Status.CORRECT, correct=len(verdicts), total=len(verdicts))
    target = task.targets[place]
    found = None
    if likely is not None:
        called = public if len(verdicts) == len(public.cases) else replace(public, cases=public.cases[: len(verdicts)])
        single_precision = any(answer.single_precision for answer in judged.answers)
        key = (task.function, target.name)
        found = hypotheses.diagnose(exercise, target, key, called, verdicts, single_precision=single_precision, rule=likely.rule)
    verdict = rubric.deciding(verdicts)
    at = _shown(verdicts, verdict.status) if was_called else None
    return PublicPart(
        status=verdict.status,
        correct=sum(one.status is Status.CORRECT for one in verdicts),
        total=len(verdicts),
        diagnosis=found,
        counterexample=_counterexample(at) if at else None,
        detail=(at or verdict).detail,
        traceback=(at or verdict).traceback,
    )


def _target_report(
    exercise: Exercise,
    task: Task,
    place: int,
    record: Record,
    judged: _Judged,
    inexact: Mapping[TargetKey, str],
    *,
    was_called: bool,
) -> TargetReport:
    target, verdicts = task.targets[place], judged.verdicts[place]
    key = (task.function, target.name)
    single_precision = any(answer.single_precision for answer in judged.answers)
    found = hypotheses.diagnose(exercise, target, key, record, verdicts, single_precision=single_precision)
    verdict = rubric.deciding(verdicts)
    if key in inexact and verdict.status is Status.CORRECT and exercise.numerical == "forbid":
        found = Diagnosis(rule="numerical_differentiation", text=f"{inexact[key]} Derive the formula by hand.")
        verdict = replace(verdict, status=Status.REFUSED, detail="numerical differentiation is not allowed in this exercise")
        verdicts = (verdict, *verdicts[1:])
    at = _shown(verdicts, verdict.status) if was_called else None
    detail = (at or verdict).detail  # of the case that is shown: shapes found elsewhere would not fit its sizes
    if judged.fell and judged.fell[place] and verdict.status is not Status.UNGRADED:
        found = None  # the formula was right: what fits the numbers now is chance
        does = "did not finish" if verdict.status in _OF_THE_MACHINE else "gave something else"
        stop = "" if not detail or detail.endswith((".", "?", "!")) else "."
        detail = f"{detail}{stop} It was right at first: called again in another order, it {does}.".strip()
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
        answers_sha256=_digest(judged.answers[: len(record.cases)], place) if verdict.status in _OF_NUMBERS else "",
    )


def _digest(answers: Sequence[Answer], place: int) -> str:
    """
    The fingerprint of what was returned at a place in every case: shapes, and nine digits of the numbers.

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
            rounded[np.isnan(rounded)] = np.nan  # of either sign
            digest.update(f"{item.shape} {largest:.9g}".encode() + rounded.tobytes())
        else:
            digest.update(f"{answer.status} {item}".encode())
    return digest.hexdigest()


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


def _as_differences(task: Task, record: Record, judged: _Judged) -> _Judged:
    """
    Return the verdicts, those of finite differences judged beside the largest entry: small ones have few digits.

    Differences show at a probe. What the exercise thinks of them is for `numerical` to say, not for the size of an entry.
    """
    for answer, probe in zip(judged.answers[len(record.cases) :], _probes_of(task, record), strict=True):
        for place, target in enumerate(task.targets):
            key = (task.function, target.name)
            if key in probe.targets and _loses_digits(answer, place, probe.expected.targets[key]):
                judged = _beside_the_largest_at(place, judged, record, task)
    return judged


def _loses_digits(answer: Answer, place: int, expected: Array) -> bool:
    """Whether a float64 answer to a probe is not right."""
    if answer.status is not None or answer.single_precision or place >= len(answer.items):
        return False
    item = answer.items[place]
    return (
        not isinstance(item, NotAnArray) and item.shape == expected.shape and not beside_the_largest(item, expected, PROBE_RTOL)
    )


def _beside_the_largest_at(place: int, judged: _Judged, record: Record, task: Task) -> _Judged:
    """The verdicts, those of one target all right if no entry is off by more than a millionth of the largest of its case."""
    verdicts, key = judged.verdicts[place], (task.function, task.targets[place].name)
    for verdict, (_, expected) in zip(verdicts, record.cases, strict=False):
        if verdict.status is Status.CORRECT:
            continue
        if verdict.status is not Status.WRONG_VALUE or verdict.actual is None:
            return judged
        if not beside_the_largest(verdict.actual, expected.targets[key], OF_THE_LARGEST, floor=ABSOLUTE_FLOOR):
            return judged
    right = tuple(replace(verdict, status=Status.CORRECT, find_worst=None) for verdict in verdicts)
    return replace(judged, verdicts=(*judged.verdicts[:place], right, *judged.verdicts[place + 1 :]))


def _inexact(task: Task, record: Record, judged: _Judged) -> dict[TargetKey, str]:
    """The right targets of a task that are not right at the probe made for them, each with what shows there."""
    found: dict[TargetKey, str] = {}
    for answer, probe in zip(judged.answers[len(record.cases) :], _probes_of(task, record), strict=True):
        for place, target in enumerate(task.targets):
            key = (task.function, target.name)
            if key not in probe.targets or not judged.right[place]:
                continue
            item = answer.items[place] if answer.status is None and len(answer.items) == len(task.targets) else None
            if not isinstance(item, np.ndarray):
                # a look at the inputs must not tell differences to stay away from the probe
                found[key] = "It does not answer at the inputs that tell finite differences from a formula."
            elif not beside_the_largest(item, probe.expected.targets[key], PROBE_RTOL):
                found[key] = "The values agree only as finite differences do."
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
        WALL_TIMEOUT: trial.wall_timeout,
    }
    return tuple(name for name, holds in raised.items() if holds)
