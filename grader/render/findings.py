"""
Gather what is to be said about a report, function by function, for terminal, HTML and notebook alike.

Everything that came from a student passes through `plain`, which takes out what could mislead a terminal or a reader.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grader.exercise.statement import Notation, notation
from grader.outcome import Report, Status, TargetReport
from grader.render.numbers import compact, unlike
from grader.render.words import GLYPHS, LABELS, points_of, sentence, where_points_come_from
from grader.text import cleaned as plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from grader.exercise.assignment import Feedback
    from grader.exercise.model import Exercise, Kind, Target, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is said about one function, or about several of its targets with the same outcome."""

    heading: str  # `dY_dW(W, X, B)`, or `dx, dw of affine_backward(dout, (x, w, b))`
    glyph: str
    label: str  # the status in words, for those who cannot see colours
    status: Status
    points: str  # "0 of 3 points"
    sentence: str
    place: str = ""  # the smallest failing case: `"one feature" (n=1, m=1)`
    case: str = ""
    entry: tuple[str, str, str] | None = None  # its name, expected, returned
    cause: str = ""
    explains: str = ""
    is_likely: bool = True  # the cause is a guess that fits; False where it is a fact about the answers
    traceback: str = ""
    inputs: tuple[tuple[str, str], ...] = ()
    asked: TargetReport | None = None  # the target, where it is only one
    kind: Kind | None = None  # what the exercise asks of it, where that is known

    @property
    def such_a_case(self) -> str:
        """Words for the case that is shown: the smallest one, but for wrong shapes one whose sizes differ."""
        return "One such case" if self.status is Status.WRONG_SHAPE else "Smallest such case"


def findings(report: Report, exercise: Exercise | None, feedback: Feedback = "full") -> tuple[Finding, ...]:
    """
    Return what is to be said, in the order of the exercise.

    Without the exercise (a report read back from disk, its exercise gone) entries are named after the target only.
    """
    known = {(task.function, target.name): (task, target) for task, target in exercise.targets()} if exercise else {}
    return tuple(_finding(group, exercise, known, feedback) for group in _groups(report.targets))


def _groups(targets: tuple[TargetReport, ...]) -> Iterator[tuple[TargetReport, ...]]:
    """Group neighbours that failed in the same way before any value could be judged: this is said once."""
    group: list[TargetReport] = []
    for target in targets:
        if group and not _belong_together(group[0], target):
            yield tuple(group)
            group = []
        group.append(target)
    if group:
        yield tuple(group)


def _belong_together(first: TargetReport, other: TargetReport) -> bool:
    """Tell whether both failed in the same way: targets of one call, or because a file failed and not a function."""
    if (first.status, first.detail) != (other.status, other.detail) or first.status.order >= Status.WRONG_TYPE.order:
        return False
    return first.call == other.call or first.is_of_file


def _finding(
    group: tuple[TargetReport, ...],
    exercise: Exercise | None,
    known: Mapping[tuple[str, str], tuple[Task, Target]],
    feedback: Feedback,
) -> Finding:
    first = group[0]
    _, target = known.get((first.call, first.name), (None, None))
    names = notation(exercise, target) if exercise and target else None
    scores = [item.score for item in group]
    score = None if None in scores else sum(score for score in scores if score is not None)
    more = where_points_come_from(first.secret) if exercise is None or exercise.partial == "cases" else ""
    shown = Finding(
        heading=_heading(group, known),
        glyph=GLYPHS.get(first.status, "✗"),
        label=LABELS[first.status],
        status=first.status,
        points=points_of(score, sum(item.points for item in group)),
        sentence="" if feedback == "score" else " ".join(filter(None, (sentence(first, names), more))),
        asked=first if len(group) == 1 else None,
        kind=target.kind if target else None,
    )
    if feedback == "score":
        return shown
    return _with_evidence(shown, first, names, numbers=feedback == "full")


def _with_evidence(shown: Finding, target: TargetReport, names: Notation | None, *, numbers: bool) -> Finding:
    shown = replace(shown, traceback=plain(target.traceback) if target.status is Status.RAISED else "")
    if target.diagnosis is not None:
        explains = f"this explains your answer in {_all(target.total)}" if target.status is not Status.CORRECT else ""
        is_likely = target.diagnosis.rule != "regime"
        shown = replace(shown, cause=plain(target.diagnosis.text), explains=explains if is_likely else "", is_likely=is_likely)
    example = target.counterexample
    if example is None or target.is_of_file:
        return shown
    sizes = ", ".join(f"{axis}={size}" for axis, size in example.sizes.items())
    place = f'"{plain(example.case)}"' + (f" ({sizes})" if sizes else "")
    shown = replace(shown, place=place, case=plain(example.case))
    if not numbers:
        return shown
    inputs = tuple((plain(name), compact(value)) for name, value in example.inputs.items())
    return replace(shown, inputs=inputs, entry=entry(target, names))


def entry(target: TargetReport, names: Notation | None) -> tuple[str, str, str] | None:
    """Write the counterexample's entry: its name, the expected and the returned number; None where no value was judged."""
    example = target.counterexample
    if example is None or example.index is None or example.expected is None or example.actual is None:
        return None
    name = names.entry(example.index) if names else target.name + _brackets(example.index)
    return (name, *unlike(example.expected, example.actual))


def _heading(group: tuple[TargetReport, ...], known: Mapping[tuple[str, str], tuple[Task, Target]]) -> str:
    """Name the calls of a group, each with its targets where those are not all that it returns."""
    told = []
    for call, targets in itertools.groupby(group, key=lambda target: target.call):
        names = [target.name for target in targets]
        task = known[call, names[0]][0] if (call, names[0]) in known else None
        returns = len(task.targets) if task else 1
        shown = str(task.call) if task else f"{call}(...)"
        told.append(shown if returns in {1, len(names)} else f"{', '.join(names)} of {shown}")
    return ", ".join(told)


def _brackets(index: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, index))}]" if index else ""


def _all(total: int) -> str:
    return "the only case" if total == 1 else f"all {total} cases"
