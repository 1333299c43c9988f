"""Judge a submission in one case, and keep the arrays: a student looks at them beside the expected ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from grader.errors import Fault, GraderError
from grader.judging.judge import Judge
from grader.sandbox.wire.answer import NotAnArray

if TYPE_CHECKING:
    from grader.exercise.model import Exercise
    from grader.judging.submission import Submission
    from grader.outcome import Report
    from grader.reference.model import Case, Expected, Record, TargetKey
    from grader.sandbox import Sandbox
    from grader.sandbox.job import Job, Trial
    from grader.sandbox.wire.answer import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCase:
    """One case of an exercise, judged; `returned` has the arrays that came back."""

    case: Case
    expected: Expected
    report: Report
    returned: Mapping[TargetKey, Array]


def judge_case(exercise: Exercise, submission: Submission, *, record: Record, sandbox: Sandbox, name: str) -> JudgedCase:
    """Judge a submission in the case of that name alone. Raises GraderError when there is none."""
    only = tuple((case, expected) for case, expected in record.cases if case.name == name)
    if not only:
        names = ", ".join(f'"{case.name}"' for case, _ in record.cases)
        raise GraderError(Fault(exercise.id, f'It has no case "{name}".', f"Its cases: {names}."))
    kept = _KeepsFirstTrial(sandbox)
    report = Judge(exercise, replace(record, cases=only, probes=())).grade(submission, cast("Sandbox", kept))
    # A diagnosis that explains one case may explain nothing in the others.
    report = replace(report, targets=tuple(replace(target, diagnosis=None) for target in report.targets))
    case, expected = only[0]
    return JudgedCase(case=case, expected=expected, report=report, returned=dict(_returned(exercise, kept.trial)))


class _KeepsFirstTrial:
    """A sandbox that keeps its first trial: the report that is made of it has no arrays."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.trial: Trial | None = None

    def run(self, job: Job) -> Trial:
        """Run a job in the sandbox."""
        trial = self._sandbox.run(job)
        self.trial = self.trial or trial
        return trial


def _returned(exercise: Exercise, trial: Trial | None) -> Iterator[tuple[TargetKey, Array]]:
    if trial is None or trial.failure is not None:
        return
    for task, tried in zip(exercise.tasks, trial.tasks, strict=False):
        answer = tried.answers[0] if tried.answers else None
        if answer is not None and answer.failure is None:
            for target, item in zip(task.targets, answer.items, strict=False):
                if not isinstance(item, NotAnArray):
                    yield (task.function, target.name), item
