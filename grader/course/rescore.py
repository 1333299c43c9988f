"""
Bring results up to date without running anything, where an exercise changed in its hints, title, points or credits only.

The verdict stays as it was; its words and the points that it earns are new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from grader.course.results.decisions import Wording, read_rules, target_key, wording
from grader.course.results.keeping import keep
from grader.course.workers.fingerprints import basis_of, key_of
from grader.judging import rubric
from grader.outcome import Status

if TYPE_CHECKING:
    from grader.course.results.database import Results
    from grader.course.results.out import Out
    from grader.course.results.stored import Result
    from grader.exercise.assignment import Assignment
    from grader.exercise.model import Exercise, Mistake, Target
    from grader.outcome import Report, TargetReport

_Targets = Mapping[str, "Target"]


def catch_up(out: Out, results: Results, assignment: Assignment) -> frozenset[str]:
    """Bring results up to date with exercises that changed in words or points only; return the students concerned."""
    old = read_rules(out).wordings
    changed = {one.id: one for one in assignment.exercises if one.id in old and old[one.id] != wording(one)}
    students: set[str] = set()
    for result in results.all() if changed else ():
        if (exercise := changed.get(result.exercise)) is None:
            continue
        fresh = up_to_date(result, exercise, old[exercise.id], out.state.seed)
        if fresh is not None and not fresh.says_the_same(result):
            keep(out, results, fresh)
            students.add(fresh.student)
    return frozenset(students)


def up_to_date(result: Result, exercise: Exercise, old: Wording | None, seed: int) -> Result | None:
    """
    Return the result by the exercise of today; None when the answers have to be judged again.

    `old` is how the exercise was worded when the result was last brought up to date.
    """
    if result.manifest is None:
        return None
    key = key_of(basis_of(exercise.sha256, seed), result.student, result.exercise, result.manifest)
    targets = {target_key(task.function, target.name): target for task, target in exercise.targets()}
    report = result.graded.report
    if result.key != key:
        if old is None or result.is_ungraded or old.verdict_sha256 != exercise.verdict_sha256:
            return None
        if result.key != key_of(basis_of(old.sha256, seed), result.student, result.exercise, result.manifest):
            return None
        scored = _rescored(report, exercise, targets, old)
        if scored is None:
            return None
        report = scored
    graded = replace(result.graded, report=_reworded(report, exercise, targets, old))
    return replace(result, key=key, graded=graded)


def _reworded(report: Report, exercise: Exercise, targets: _Targets, old: Wording | None) -> Report:
    """Return the report with today's title and hints."""
    found = []
    for target in report.targets:
        mistake = _mistake(target, targets, old)
        found.append(_with_hint(target, mistake.hint) if mistake else target)
    return replace(report, title=exercise.title, targets=tuple(found))


def _with_hint(target: TargetReport, hint: str) -> TargetReport:
    """Return the target with today's hint, also in what came of public cases."""
    public = target.public
    if public is not None and public.diagnosis is not None:
        public = replace(public, diagnosis=replace(public.diagnosis, text=hint))
    return replace(target, diagnosis=target.diagnosis and replace(target.diagnosis, text=hint), public=public)


def _rescored(report: Report, exercise: Exercise, targets: _Targets, old: Wording) -> Report | None:
    """Return the report with today's points; None where a mistake may earn credit but it is not known which was made."""
    found = []
    for judged in report.targets:
        target = targets.get(target_key(judged.call, judged.name))
        if target is None:
            found.append(judged)
            continue
        mistake = _mistake(judged, targets, old)
        is_declared = judged.diagnosis is not None and judged.diagnosis.rule == "declared"
        if is_declared and mistake is None and any(one.credit for one in target.mistakes):
            return None
        right = judged.correct / max(1, judged.total)
        is_refused = judged.status is Status.REFUSED
        score = 0.0 if is_refused else rubric.earned(exercise, target, right, mistake.credit if mistake else 0.0)
        found.append(replace(judged, score=score, points=target.points))
    return replace(report, exercise_sha256=exercise.sha256, targets=tuple(found))


def _mistake(judged: TargetReport, targets: _Targets, old: Wording | None) -> Mistake | None:
    """Find the declared mistake that a diagnosis names, by the words of then; None where these fit none, or two."""
    if old is None or judged.diagnosis is None or judged.diagnosis.rule != "declared":
        return None
    key = target_key(judged.call, judged.name)
    if key not in targets:  # a score that `regrade --only-up` kept
        return None
    formulas = [formula for formula, hint in old.mistakes.get(key, ()) if hint == judged.diagnosis.text]
    named = [one for one in targets[key].mistakes if one.returned.canonical in formulas]
    return named[0] if len(named) == 1 else None
