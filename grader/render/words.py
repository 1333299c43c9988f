"""
The words for what a report says, the same in terminal, HTML and notebook: facts in, sentences out.

Everything that came from a student passes through `plain`, which takes out what could mislead a terminal or a reader.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from grader.exercise.statement import Notation, notation
from grader.outcome import Report, Status, TargetReport
from grader.sandbox.wire.answer import Phase, Reason
from grader.text import cleaned as plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from grader.exercise.assignment import Feedback
    from grader.exercise.model import Exercise, Kind, Target, Task
    from grader.outcome import SecretCases
    from grader.sandbox.wire.answer import LoadError

GLYPHS = {Status.CORRECT: "✓", Status.UNGRADED: "?", Status.MISSING: "-", Status.NOT_IMPLEMENTED: "-"}
LABELS = {
    Status.UNGRADED: "not graded",
    Status.MISSING: "missing",
    Status.REFUSED: "refused",
    Status.TIMED_OUT: "too slow",
    Status.OUT_OF_MEMORY: "out of memory",
    Status.KILLED: "stopped",
    Status.NOT_IMPLEMENTED: "not written yet",
    Status.RAISED: "raised an error",
    Status.WRONG_COUNT: "wrong count",
    Status.WRONG_TYPE: "wrong type",
    Status.WRONG_SHAPE: "wrong shape",
    Status.NOT_FINITE: "not finite",
    Status.WRONG_VALUE: "wrong values",
    Status.CORRECT: "right",
}
FLAGS = {
    "mutates_inputs": "It changes its arguments in place. Work on copies: `X.copy()`, of a tensor `X.clone()`.",
    "nondeterministic": "The same call gave different answers.",
    "single_precision": "It returns single precision (float32). Leave the dtype alone, or use float64.",
    "uses_autodiff": "It uses automatic differentiation.",
    "inexact": "It agrees only as closely as finite differences do.",
    "load_error": "A part of what was handed in raised an error while it was loaded.",
    "wrote_to_stdout": "It prints.",
    "clash": "Exercises ask for functions of one name, and no line `# exercise:` says which is whose.",
    "wall_timeout": "It ran out of time without computing: it waited, or the machine was busy.",
}
_WENT_WRONG = {
    Status.REFUSED: "refused",
    Status.TIMED_OUT: "not finished in time",
    Status.OUT_OF_MEMORY: "out of memory",
    Status.KILLED: "stopped",
    Status.RAISED: "an exception",
    Status.WRONG_COUNT: "another number of arrays",
    Status.WRONG_TYPE: "no array of numbers",
    Status.WRONG_SHAPE: "another shape",
    Status.NOT_FINITE: "NaN or infinity",
}
MAX_DETAIL = 600
MAX_LOAD_ERRORS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is said of one function, or of those of its targets that came out alike."""

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
        """What the case is: the smallest one, but for shapes one whose sizes differ."""
        return "One such case" if self.status is Status.WRONG_SHAPE else "Smallest such case"


def findings(report: Report, exercise: Exercise | None, feedback: Feedback = "full") -> tuple[Finding, ...]:
    """
    What there is to say, in the order of the exercise.

    Without the exercise (a report read back from disk, its exercise gone) entries are named after the target only.
    """
    known = {(task.function, target.name): (task, target) for task, target in exercise.targets()} if exercise else {}
    return tuple(_finding(group, exercise, known, feedback) for group in _alike(report.targets))


def _alike(targets: tuple[TargetReport, ...]) -> Iterator[tuple[TargetReport, ...]]:
    """Neighbours that failed in the same way before any value could be judged: said once."""
    group: list[TargetReport] = []
    for target in targets:
        if group and not _is_told_with(group[0], target):
            yield tuple(group)
            group = []
        group.append(target)
    if group:
        yield tuple(group)


def _is_told_with(first: TargetReport, other: TargetReport) -> bool:
    """Whether the same can be said of both: of targets of one call, or because what failed is the file and not a function."""
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
    more = _share_of_secret(first.secret) if exercise is None or exercise.partial == "cases" else ""
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
    """The counterexample's entry: its name, what was expected, what was returned; None where no value was judged."""
    example = target.counterexample
    if example is None or example.index is None or example.expected is None or example.actual is None:
        return None
    name = names.entry(example.index) if names else target.name + _brackets(example.index)
    return (name, *unlike(example.expected, example.actual))


def _heading(group: tuple[TargetReport, ...], known: Mapping[tuple[str, str], tuple[Task, Target]]) -> str:
    """The calls of a group, each with its targets where those are not all that it returns."""
    told = []
    for call, targets in itertools.groupby(group, key=lambda target: target.call):
        names = [target.name for target in targets]
        task = known[call, names[0]][0] if (call, names[0]) in known else None
        returns = len(task.targets) if task else 1
        shown = str(task.call) if task else f"{call}(...)"
        told.append(shown if returns in {1, len(names)} else f"{', '.join(names)} of {shown}")
    return ", ".join(told)


def sentence(target: TargetReport, names: Notation | None) -> str:
    """The first line under a function's name: what came of it, in the student's words."""
    if target.secret is not None and target.secret.is_all:
        return _secret_only(target, target.secret)
    return _told(target, names)


def _share_of_secret(secret: SecretCases | None) -> str:
    """Say of an exercise with points by the share of right cases where these points come from."""
    if secret is None or secret.is_all or not secret.correct:
        return ""
    agree = "1 of them agrees" if secret.correct == 1 else f"{secret.correct} of them agree"
    return f"Your points come from {secret.total} other cases: {agree}."


def _secret_only(target: TargetReport, secret: SecretCases) -> str:
    """Say what came of secret cases where every public one is right: how many, and the sizes of one."""
    sizes = ", ".join(f"{axis} = {size}" for axis, size in secret.sizes.items())
    such = f", such as sizes {sizes}" if sizes else ""
    right = "Right in every public case" if secret.public_total > 1 else "Right in the public case"
    what = _WENT_WRONG.get(target.status, "wrong")
    wrong = secret.total - secret.correct
    return f"{right}, {what} in {wrong} of {secret.total} others{such}."


def _told(target: TargetReport, names: Notation | None) -> str:
    detail = plain(target.detail)[:MAX_DETAIL]
    match target.status:
        case Status.CORRECT:
            return f"{target.correct} of {target.total} cases agree."
        case Status.WRONG_VALUE:
            return " ".join(filter(None, (f"The shape is right, the values differ in {_share(target)}.", detail)))
        case Status.NOT_FINITE:
            where = "" if target.total == 1 else " in at least one case"  # others may differ in value: the status is the gravest
            return f"It returned NaN or infinity{where}; {target.correct} of {target.total} cases agree."
        case Status.WRONG_SHAPE:
            return _ended(f"It returned shape {detail}", names.axes_in_words if names else "")
        case Status.RAISED if target.is_of_file:
            return _ended(_without_line(detail, plain(target.traceback)))
        case Status.RAISED:
            return f"It raised{_place(target.traceback)}: {_ended(detail or 'an exception')}"
        case Status.NOT_IMPLEMENTED:
            return f"Not written yet: {target.call} still raises NotImplementedError."
        case Status.MISSING:
            is_unwritten = not detail or target.reason is Reason.NO_FUNCTION
            told = _ended(detail or f"there is no function {target.call}")
            return f"Not written yet: {told}" if is_unwritten else told
        case Status.UNGRADED:
            fault = "Not graded, no points lost" if target.is_undecided else "We could not grade this (our fault, no points lost)"
            return _ended(": ".join(filter(None, (fault, detail))))
        case Status.TIMED_OUT:
            return _ended(detail or "It did not finish in time")
        case Status.OUT_OF_MEMORY:
            return _ended(detail or "It needed more memory than it may use")
        case Status.KILLED:
            return _ended(detail or "It stopped the process that it ran in")
        case Status.REFUSED:
            return _ended(detail or "It is not allowed here")
        case Status.WRONG_COUNT:
            return _ended(detail or "It returned another number of arrays")
        case Status.WRONG_TYPE:
            return _ended(detail or "It returned something that is no array of numbers")
        case _:
            assert_never(target.status)


def _ended(text: str, more: str = "") -> str:
    """One sentence, with its full stop, and perhaps another one."""
    text = text.rstrip()
    text = f"It {text[3:]}" if text.startswith("it ") else text
    return " ".join(filter(None, (text if text.endswith((".", "!", "?")) else f"{text}.", more)))


def _without_line(detail: str, traceback: str) -> str:
    r"""
    Leave out the line of code that does not parse, where the traceback shows it: in a sentence it seems to end in a full stop.

    >>> _without_line("a.py did not load: SyntaxError: expected ':' (line 2): def f(x)", "a.py, line 2\n    def f(x)")
    "a.py did not load: SyntaxError: expected ':' (line 2)"
    """
    _, _, line = traceback.rpartition("\n")
    return detail.replace(f": {line.strip()}", "", 1) if line.startswith("    ") else detail


def _share(target: TargetReport) -> str:
    return f"{target.total - target.correct} of {target.total} cases"


def _all(total: int) -> str:
    return "the only case" if total == 1 else f"all {total} cases"


def _place(traceback: str, *, named: bool = True) -> str:
    """
    Where the student's innermost frame was; without the cell, where that is named already.

    >>> _place("answer.py, line 7, in dY_dW"), _place("answer.ipynb, cell 3, line 2")
    (' at line 7', ' in cell 3, line 2')
    """
    frames = re.findall(r"^\S.*?, (cell \d+, )?line (\d+)", traceback, re.MULTILINE)
    if not frames:
        return ""
    cell, line = frames[-1]
    return f" in {cell}line {line}" if cell and named else f" at line {line}"


def total_line(report: Report) -> str:
    """The last line: what was earned of what there was."""
    return f"{points_of(report.score, report.points).capitalize()}."


def not_judged(report: Report, exercise: Exercise | None) -> str:
    """A sentence on the functions of the exercise that are not in the report, such as those that a notebook did not give."""
    judged = {target.call for target in report.targets}
    absent = [task.function for task in exercise.tasks if task.function not in judged] if exercise else []
    return f"Not checked here: {', '.join(absent)}." if absent else ""


def points_of(score: float | None, points: float) -> str:
    """
    The points in words.

    >>> points_of(0.5, 3.0), points_of(1.0, 1.0), points_of(None, 2.0)
    ('0.5 of 3 points', '1 of 1 point', 'not graded (2 points)')
    """
    possible = f"{number(round(points, 2))} {'point' if points == 1 else 'points'}"
    return f"not graded ({possible})" if score is None else f"{number(round(score, 2))} of {possible}"


def flag_lines(report: Report) -> tuple[str, ...]:
    """What a student can do something about, of the report's flags."""
    shown = ("mutates_inputs", "nondeterministic", "single_precision")
    return (*(FLAGS[flag] for flag in shown if flag in report.flags), *_load_lines(report))


def _load_lines(report: Report) -> Iterator[str]:
    """What raised while it was loaded, where no function's own lines say so already."""
    told = {target.source for target in report.targets}
    for error in report.load_errors[:MAX_LOAD_ERRORS]:
        if error.source not in told:
            yield _load_line(error)


def _load_line(error: LoadError) -> str:
    source, detail, place = plain(error.source), plain(error.detail), _place(error.traceback, named=False)
    if error.phase is Phase.COMPILING or not place:
        return _ended(f"{source} was not run: {detail}"[:MAX_DETAIL], "None of it counts." if place else "")
    return _ended(f"{source} raised{place} while it was loaded: {detail}"[:MAX_DETAIL], "What it defines before that counts.")


def number(value: float | str, digits: int = 6) -> str:
    """
    A number for people: few digits, a real minus sign.

    >>> number(2.0), number(-0.0060212345), number(float("nan"))
    ('2', '−0.00602123', 'NaN')
    """
    value = float(value)  # strict JSON has "NaN" and its kin as text
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{digits}g}".replace("-", "−")


def unlike(expected: float | str, actual: float | str) -> tuple[str, str]:
    """
    Both numbers with as many digits as it takes to see that they differ.

    >>> unlike(0.25, 1.0), unlike(1.0000001, 1.0000002)
    (('0.25', '1'), ('1.0000001', '1.0000002'))
    """
    for digits in range(6, 18):
        pair = number(expected, digits), number(actual, digits)
        if pair[0] != pair[1]:
            return pair
    return pair


def compact(value: object, *, most: int = 12) -> str:
    """
    Nested lists on one line; those of more than `most` numbers by their shape.

    >>> compact([[1.0, 2.0], [3.0, -4.0]]), compact([0.0] * 20)
    ('[[1, 2], [3, −4]]', '20 numbers')
    """
    count = _count(value)
    if count > most:
        return f"{count} numbers"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(compact(item, most=most) for item in value) + "]"
    return number(value, 5) if isinstance(value, float | int | str) else plain(str(value))


def _count(value: object) -> int:
    return sum(map(_count, value)) if isinstance(value, list | tuple) else 1


def _brackets(index: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, index))}]" if index else ""
