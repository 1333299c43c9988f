"""Reduce a report to what its student may see: public cases, which can be repeated at home, and a count of secret ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from grader.outcome import Outcome, Report, SecretCases, Status, TargetReport, outcome_fields
from grader.reference.prepare import PUBLIC_SEED

if TYPE_CHECKING:
    from grader.exercise.assignment import ShownCases


def from_results(report: Report) -> Report:
    """
    Return a report that a run has kept as it may be shown.

    One from before public cases were called has none to show: it says how many secret cases are right, and no more.
    """
    return replace(report, public_output="") if report.public_output is None and report.seed != PUBLIC_SEED else report


def for_student(report: Report, cases: ShownCases = "public") -> Report:
    """
    Remove everything through which a function could tell its student about a secret case.

    A text, a number or a case's name may hold the inputs that the function was given: the next hand-in could be a table of
    them. With `cases="secret"` the instructor allows all to be seen. A report on public cases stays as it is.
    """
    if cases == "secret" or report.public_output is None:
        return report
    return replace(
        report, targets=tuple(map(_target, report.targets)), output=report.public_output, public_output=None, seconds=0.0
    )


def _target(target: TargetReport) -> TargetReport:
    public = target.public
    counted = Outcome(status=target.status, correct=target.correct, total=target.total)  # no word, number or name of a case
    if public is None:  # right, or nothing was called; or an old report, of which only secret cases are known
        return _with_outcome(target, counted) if target.counterexample or target.traceback else target
    sizes = target.counterexample.sizes if target.counterexample else {}
    secret = SecretCases(correct=target.correct, total=target.total, public_total=public.total, sizes=sizes)
    if Status.UNGRADED in (target.status, public.status) and target.status is not public.status:
        return _with_outcome(target, counted)
    if public.status is not Status.CORRECT:
        return _with_outcome(target, public, secret)
    if target.status is Status.REFUSED and target.diagnosis is not None:  # at a probe: both sentences are ours
        return replace(target, public=None)
    return _with_outcome(target, counted, replace(secret, is_all=True))


def _with_outcome(target: TargetReport, outcome: Outcome, secret: SecretCases | None = None) -> TargetReport:
    return replace(target, **outcome_fields(outcome), public=None, secret=secret)
