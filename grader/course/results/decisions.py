"""
The instructor's decisions, as OUT remembers them: the late rule, points given by hand, what students see, wordings.

They are no part of the results: scores are made of both whenever a table is written, so that a decision outlives every
regrade and can be taken back. `grade` and `regrade` take them over from the assignment file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course.results.out import Out, is_nbgraders
from grader.errors import Fault, GraderError
from grader.exercise.assignment import LateRule, Override

if TYPE_CHECKING:
    from grader.course.results.stored import Graded
    from grader.exercise.assignment import Assignment, Feedback, ShownCases
    from grader.exercise.model import Exercise

NAME = "rules.json"
_FROM_MOST_TO_LEAST: tuple[Feedback, ...] = ("full", "hints", "score")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of an exercise when its results were last brought up to date."""

    title: str
    sha256: str
    verdict_sha256: str
    mistakes: Mapping[str, tuple[tuple[str, str], ...]]  # by target, "CALL NAME": formula and hint of each declared mistake
    path: str = field(default="", compare=False)  # its file: the same id may stand elsewhere, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Decisions on an assignment. `free_left` holds the free days of students who used some for other assignments."""

    feedback: Feedback = "full"
    shown_cases: ShownCases = "public"
    late: LateRule | None = None
    free_left: Mapping[str, int] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    wordings: Mapping[str, Wording] = field(default_factory=dict)

    def free_days(self, student: str) -> int:
        """Return how many late days cost this student nothing."""
        return self.free_left.get(student, self.late.free_days if self.late else 0)


def rules_of(assignment: Assignment, free_left: Mapping[str, int]) -> Rules:
    """Return what an assignment file decides, with the free days that its ledger leaves."""
    return Rules(
        feedback=assignment.feedback,
        shown_cases=assignment.shown_cases,
        late=assignment.late,
        free_left=free_left,
        overrides=assignment.overrides,
        wordings={one.id: wording(one) for one in assignment.exercises},
    )


def wording(exercise: Exercise) -> Wording:
    """Return how an exercise is worded now."""
    mistakes = {
        target_key(task.function, target.name): tuple((one.returned.canonical, one.hint) for one in target.mistakes)
        for task, target in exercise.targets()
        if target.mistakes
    }
    return Wording(
        title=exercise.title,
        sha256=exercise.sha256,
        verdict_sha256=exercise.verdict_sha256,
        mistakes=mistakes,
        path=str(Path(exercise.path).resolve()) if exercise.path else "",
    )


def target_key(call: str, name: str) -> str:
    """Return the name of a target among those of its exercise."""
    return f"{call} {name}"


def read_rules(out: Out) -> Rules:
    """
    Read what OUT remembers; the defaults where no run has begun.

    In nbgrader's cycle there is no late rule: its own penalties are in the results.
    """
    path = out.path / NAME
    try:
        data = json.loads(path.read_bytes())
        return Rules(
            feedback=data["feedback"],
            shown_cases=data.get("shown_cases", "public"),
            late=None if is_nbgraders(out.path) else _late_rule(data["late"]),
            free_left=data["free_left"],
            overrides=tuple(Override(**one) for one in data["overrides"]),
            wordings={id: _wording(one) for id, one in data["wordings"].items()},
        )
    except FileNotFoundError:
        return Rules()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"It cannot be read: {type(error).__name__}."
        raise GraderError(Fault(str(path), what, "Remove it and run `grader grade` or `grader regrade` again.")) from None


def least(levels: Iterable[Feedback]) -> Feedback:
    """Return the level of feedback that shows least."""
    return max(levels, key=_FROM_MOST_TO_LEAST.index)


def level_of(rules: Rules, found: Iterable[Graded]) -> Feedback:
    """
    Return how much a student sees of these results.

    The rules say so; in nbgrader's cycle each result keeps the level that was configured when it was graded.
    """
    return least((rules.feedback, *(graded.feedback or "full" for graded in found)))


def shown_cases_of(rules: Rules, found: Iterable[Graded]) -> ShownCases:
    """Return which cases a student sees of these results: secret ones only where the rules or all results say so."""
    if rules.shown_cases == "secret":
        return "secret"
    return "secret" if {graded.shown_cases for graded in found} == {"secret"} else "public"


def files_of(rules: Rules) -> Mapping[str, Path]:
    """Return the files of the exercises that are still where they were, by id: the same id may stand elsewhere, too."""
    paths = {id: Path(one.path) for id, one in rules.wordings.items() if one.path}
    return {id: path for id, path in paths.items() if path.is_file()}


def write_rules(out: Out, rules: Rules) -> None:
    """Write the rules into OUT."""
    data = asdict(rules)
    if rules.late:
        data["late"]["extensions"] = {student: at.isoformat() for student, at in rules.late.extensions.items()}
    out.write(out.path / NAME, json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def without_reasons(rules: Rules, student: str | None, *, keep_scores: bool) -> Rules:
    """Return the rules without what they say of a student, or of anybody; with `keep_scores`, only reasons go."""

    def concerns(who: str) -> bool:
        return student in (None, who)

    if keep_scores:
        bare = tuple(replace(one, reason="", by="") if concerns(one.student) else one for one in rules.overrides)
        return replace(rules, overrides=bare)
    extensions = {who: at for who, at in rules.late.extensions.items() if not concerns(who)} if rules.late else {}
    return replace(
        rules,
        overrides=tuple(one for one in rules.overrides if not concerns(one.student)),
        late=rules.late and replace(rules.late, extensions=extensions),
        free_left={who: days for who, days in rules.free_left.items() if not concerns(who)},
    )


def _late_rule(data: dict[str, Any] | None) -> LateRule | None:
    if data is None:
        return None
    extensions = {student: datetime.fromisoformat(at) for student, at in data["extensions"].items()}
    return LateRule(**{**data, "extensions": extensions})


def _wording(data: dict[str, Any]) -> Wording:
    mistakes = {key: tuple((formula, hint) for formula, hint in pairs) for key, pairs in data["mistakes"].items()}
    return Wording(**{**data, "mistakes": mistakes})
