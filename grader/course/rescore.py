"""
Results brought up to date without running anything: an exercise whose hints, title, points or credits changed asks the same.

A verdict stays what it is; only its words and what it earns are new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from grader.course.results.decisions import Wording, read_rules, target_key, wording
from grader.course.workers.keys import judged_by, judges, key_of
from grader.judging import rubric
from grader.outcome import Status

if TYPE_CHECKING:
    from grader.course.results.database import Result, Results
    from grader.course.results.out import Out
    from grader.exercise.model import Assignment, Exercise, Mistake, Target

_Targets = Mapping[str, "Target"]


def catch_up(out: Out, results: Results, assignment: Assignment) -> frozenset[str]:
    """Brings the results up to date with exercises that ask the same in other words or for other points; whose changed."""
    old = read_rules(out).wordings
    changed = {one.id: one for one in assignment.exercises if one.id in old and old[one.id] != wording(one)}
    students: set[str] = set()
    for result in results.all() if changed else ():
        if (exercise := changed.get(result.exercise)) is None:
            continue
        fresh = up_to_date(result, exercise, old[exercise.id], out.state.seed)
        if fresh is not None and fresh != result:
            out.write_report(fresh.student, fresh.exercise, fresh.report)  # first: a run that is killed here does both again
            results.put(fresh)
            students.add(fresh.student)
    return frozenset(students)


def up_to_date(result: Result, exercise: Exercise, old: Wording | None, seed: int) -> Result | None:
    """
    The result as it is by the exercise of today; None when the answers have to be judged again.

    `old` is how the exercise was worded when the result was last brought up to date.
    """
    key = key_of(judges(exercise, seed), result.student, result.exercise, result.work)
    targets = {target_key(task.function, target.name): target for task, target in exercise.targets()}
    if result.key == key:
        return replace(result, report=_reworded(result.report, exercise, targets, old))
    if old is None or result.is_ungraded or old.verdict_sha256 != exercise.verdict_sha256:
        return None
    if result.key != key_of(judged_by(old.sha256, seed), result.student, result.exercise, result.work):
        return None
    scored = _rescored(result.report, exercise, targets, old)
    return None if scored is None else replace(result, key=key, report=_reworded(scored, exercise, targets, old))


def _reworded(report: Mapping[str, Any], exercise: Exercise, targets: _Targets, old: Wording | None) -> Mapping[str, Any]:
    """The report with today's title and hints."""
    found = []
    for told in report["targets"]:
        mistake = _mistake(told, targets, old)
        found.append(_with_hint(told, mistake.hint) if mistake else told)
    return {**report, "title": exercise.title, "targets": found}


def _with_hint(told: Mapping[str, Any], hint: str) -> Mapping[str, Any]:
    """Return a target of a report with today's hint, also where it is of public cases."""
    told = {**told, "diagnosis": {**told["diagnosis"], "text": hint}}
    public = told.get("public")
    if public and public["diagnosis"]:
        told = {**told, "public": {**public, "diagnosis": {**public["diagnosis"], "text": hint}}}
    return told


def _rescored(report: Mapping[str, Any], exercise: Exercise, targets: _Targets, old: Wording) -> Mapping[str, Any] | None:
    """The report with today's points; None where it does not say which mistake was made, and that earns something."""
    found = []
    for told in report["targets"]:
        target = targets.get(target_key(told["call"], told["name"]))
        if target is None:
            found.append(told)
            continue
        mistake = _mistake(told, targets, old)
        is_declared = (told["diagnosis"] or {}).get("rule") == "declared"
        if is_declared and mistake is None and any(one.credit for one in target.mistakes):
            return None
        right = told["cases"]["correct"] / max(1, told["cases"]["total"])
        is_refused = told["status"] == Status.REFUSED
        score = 0.0 if is_refused else rubric.earned(exercise, target, right, mistake.credit if mistake else 0.0)
        found.append({**told, "score": score, "points": target.points})
    return {
        **report,
        "exercise_sha256": exercise.sha256,
        "score": sum(one["score"] for one in found),
        "points": exercise.points,
        "targets": found,
    }


def _mistake(told: Mapping[str, Any], targets: _Targets, old: Wording | None) -> Mistake | None:
    """The declared mistake that a target's diagnosis names, told by the words of then; None where these fit none, or two."""
    if old is None or (told["diagnosis"] or {}).get("rule") != "declared":
        return None
    key = target_key(told["call"], told["name"])
    if key not in targets:  # of a score that `regrade --only-up` kept
        return None
    formulas = [formula for formula, hint in old.mistakes.get(key, ()) if hint == told["diagnosis"]["text"]]
    named = [one for one in targets[key].mistakes if one.returned.canonical in formulas]
    return named[0] if len(named) == 1 else None
