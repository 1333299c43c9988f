"""
Put facts of a report into words: labels of statuses, sentences about outcomes, points, flags.

Everything that came from a student passes through `plain`, which takes out what could mislead a terminal or a reader.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, assert_never

from grader.exercise.statement import Notation
from grader.outcome import Report, Status, TargetReport
from grader.render.numbers import number
from grader.sandbox.wire.answer import Phase, Reason
from grader.text import cleaned as plain
from grader.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.exercise.model import Exercise
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


def sentence(target: TargetReport, names: Notation | None) -> str:
    """Say what came of a target: the first line under a function's name."""
    if target.secret is not None and target.secret.is_all:
        return _secret_only(target, target.secret)
    return _sentence(target, names)


def where_points_come_from(secret: SecretCases | None) -> str:
    """Say how many secret cases are right, where the share of right cases earns points; else nothing."""
    if secret is None or secret.is_all or not secret.correct:
        return ""
    agree = f"{secret.correct} of them {plural(secret.correct, 'agrees', 'agree')}"
    return f"Your points come from {secret.total} other cases: {agree}."


def _secret_only(target: TargetReport, secret: SecretCases) -> str:
    """Say what came of secret cases where every public one is right: how many, and the sizes of one."""
    sizes = ", ".join(f"{axis} = {size}" for axis, size in secret.sizes.items())
    such = f", such as sizes {sizes}" if sizes else ""
    right = "Right in every public case" if secret.public_total > 1 else "Right in the public case"
    what = _WENT_WRONG.get(target.status, "wrong")
    wrong = secret.total - secret.correct
    return f"{right}, {what} in {wrong} of {secret.total} others{such}."


def _sentence(target: TargetReport, names: Notation | None) -> str:
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
    """End a sentence with its full stop, and add another one."""
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


def _place(traceback: str, *, named: bool = True) -> str:
    """
    Say where the student's innermost frame was; without the cell, where that is named already.

    >>> _place("answer.py, line 7, in dY_dW"), _place("answer.ipynb, cell 3, line 2")
    (' at line 7', ' in cell 3, line 2')
    """
    frames = re.findall(r"^\S.*?, (cell \d+, )?line (\d+)", traceback, re.MULTILINE)
    if not frames:
        return ""
    cell, line = frames[-1]
    return f" in {cell}line {line}" if cell and named else f" at line {line}"


def total_line(report: Report) -> str:
    """Say how many of all points were earned: the last line."""
    return f"{points_of(report.score, report.points).capitalize()}."


def not_judged(report: Report, exercise: Exercise | None) -> str:
    """Name the functions of the exercise that are not in the report, since a notebook did not give them, for example."""
    judged = {target.call for target in report.targets}
    absent = [task.function for task in exercise.tasks if task.function not in judged] if exercise else []
    return f"Not checked here: {', '.join(absent)}." if absent else ""


def points_of(score: float | None, points: float) -> str:
    """
    Write points in words.

    >>> points_of(0.5, 3.0), points_of(1.0, 1.0), points_of(None, 2.0)
    ('0.5 of 3 points', '1 of 1 point', 'not graded (2 points)')
    """
    possible = f"{number(round(points, 2))} {plural(points, 'point')}"
    return f"not graded ({possible})" if score is None else f"{number(round(score, 2))} of {possible}"


def flag_lines(report: Report) -> tuple[str, ...]:
    """Return the notes on a report that a student can do something about."""
    shown = ("mutates_inputs", "nondeterministic", "single_precision")
    return (*(FLAGS[flag] for flag in shown if flag in report.flags), *_load_lines(report))


def _load_lines(report: Report) -> Iterator[str]:
    """Say what raised while it was loaded, where no function's own sentence says so already."""
    told = {target.source for target in report.targets}
    for error in report.load_errors[:MAX_LOAD_ERRORS]:
        if error.source not in told:
            yield _load_line(error)


def _load_line(error: LoadError) -> str:
    source, detail, place = plain(error.source), plain(error.detail), _place(error.traceback, named=False)
    if error.phase is Phase.COMPILING or not place:
        return _ended(f"{source} was not run: {detail}"[:MAX_DETAIL], "None of it counts." if place else "")
    return _ended(f"{source} raised{place} while it was loaded: {detail}"[:MAX_DETAIL], "What it defines before that counts.")
