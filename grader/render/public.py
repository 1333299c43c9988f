"""A report as its student may see it: what came of public cases, which can be repeated at home, and a count of secret ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from grader.outcome import Others, Report, Status, TargetReport
from grader.reference.prepare import PUBLIC_SEED

if TYPE_CHECKING:
    from grader.exercise.assignment import ShownCases
    from grader.outcome import PublicPart


def from_results(report: Report) -> Report:
    """
    Return a report that a run has kept as it may be shown.

    One from before public cases were called has none to show: of its secret cases is told what came of them, and no more.
    """
    return replace(report, public_output="") if report.public_output is None and report.seed != PUBLIC_SEED else report


def for_student(report: Report, cases: ShownCases = "public") -> Report:
    """
    Return the report without anything that a function could have said of a secret case.

    A text, a number or a name of a case may hold what the function was given there: the next hand-in could be a table of it.
    With `cases="secret"` the instructor has said aloud that all may be seen. A report on public cases stays as it is.
    """
    if cases == "secret" or report.public_output is None:
        return report
    return replace(
        report, targets=tuple(map(_target, report.targets)), output=report.public_output, public_output=None, seconds=0.0
    )


def _target(target: TargetReport) -> TargetReport:
    part = target.public
    if part is None:  # right, or nothing was called; or an old report, of which only secret cases are known
        return _without_reasons(target) if target.counterexample or target.traceback else target
    sizes = target.counterexample.sizes if target.counterexample else {}
    others = Others(correct=target.correct, total=target.total, public_total=part.total, sizes=sizes)
    if Status.UNGRADED in (target.status, part.status) and target.status is not part.status:
        return replace(_without_reasons(target), status=target.status)
    if part.status is not Status.CORRECT:
        return _public(target, part, others)
    if target.status is Status.REFUSED and target.diagnosis is not None:  # at a probe: both sentences are ours
        return replace(target, public=None)
    return replace(_without_reasons(target), others=replace(others, is_all=True))


def _public(target: TargetReport, part: PublicPart, others: Others) -> TargetReport:
    return replace(
        target,
        status=part.status,
        correct=part.correct,
        total=part.total,
        diagnosis=part.diagnosis,
        counterexample=part.counterexample,
        reason=part.reason,
        phase=part.phase,
        source=part.source,
        detail=part.detail,
        traceback=part.traceback,
        public=None,
        others=others,
    )


def _without_reasons(target: TargetReport) -> TargetReport:
    return replace(
        target, diagnosis=None, counterexample=None, reason=None, phase=None, source="", detail="", traceback="", public=None
    )
