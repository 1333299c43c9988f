"""An exercise shown: what it asks, its key at given inputs, and one case beside a student's answer."""

from __future__ import annotations

import json
import sys
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from grader.errors import Fault, GraderError
from grader.exercise.latex import as_text
from grader.exercise.starter import conventions
from grader.exercise.statement import notation, shape_text, statement
from grader.installed import install_command
from grader.render import words
from grader.render.findings import entry
from grader.render.numbers import number
from grader.sandbox.wire.answer import NotAnArray
from grader.text import counted, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from grader.exercise.model import Exercise, Task
    from grader.judging.submission import Submission
    from grader.outcome import Case, Expected, Record, Report
    from grader.sandbox import Sandbox
    from grader.sandbox.job import Job, Trial
    from grader.sandbox.wire.answer import Answer, Array

_READABLE = 1e-3  # with six digits after the point
MOST_ENTRIES = 36  # of an array that is shown whole


def task_sheet(exercise: Exercise) -> str:
    """The statement, then each call with what it returns."""
    head = [
        exercise.title,
        *([f"Source: {exercise.source}"] if exercise.source else []),
        "",
        as_text(statement(exercise)),
        "",
        "Write:",
    ]
    foot = ["", *textwrap.wrap(conventions(exercise), 80)] if exercise.arrays == "torch" else []
    return "\n".join([*head, *(line for task in exercise.tasks for line in _asked(exercise, task)), *foot])


def _asked(exercise: Exercise, task: Task) -> Iterator[str]:
    yield ""
    yield f"  {task.call}"
    for given in task.call.given:
        yield f"      where {given.name} is {given}, your own function, called first"
    if len(task.targets) > 1:
        yield f"      returns ({', '.join(target.name for target in task.targets)}), or a dict with these names"
    for target in task.targets:
        note = notation(exercise, target)
        shape = f"shape {note.shape}" if target.axes else "a number"
        yield f"      {note.formula}"
        yield f"          {shape}; {counted(target.points, 'point')}"


# The key at given inputs


def key(exercise: Exercise, settings: Sequence[str]) -> str:
    """
    Every quantity of `forward` and every expected array at the inputs that `settings` give as `NAME=VALUE`.

    Inputs that are not given are drawn, at sizes that fit the given ones. Raises GraderError for a setting that does not fit.
    """
    from importlib.util import find_spec

    from grader.exercise.model import NamedCase
    from grader.reference.cases import draw_case, plan_named
    from grader.reference.prepare import PUBLIC_SEED

    given = dict(_setting(exercise, text) for text in settings)
    edge = NamedCase(name="given", sizes=_sizes(exercise, given), set=given)
    case = draw_case(exercise, plan_named(exercise, edge, PUBLIC_SEED), PUBLIC_SEED)
    _check_labels(exercise, given, case.sizes)
    if find_spec("torch") is None:
        what = "PyTorch, which computes the key, is not installed."
        raise GraderError(Fault(exercise.id, what, f"Install it: {install_command('torch')}"))
    from grader.reference.torch.threads import one_thread

    with one_thread():
        return "\n".join(_key_lines(exercise, case, frozenset(given)))


def _key_lines(exercise: Exercise, case: Case, given: frozenset[str]) -> Iterator[str]:
    from grader.reference.torch import compute, derivatives

    point = derivatives.point_at(exercise, case.sizes, compute.tensors(case.values))
    yield exercise.title
    yield ""
    for name, value in case.values.items():
        yield _named(f"  {name}", value) + ("" if name in given else "    (drawn)")
    yield ""
    for line in exercise.forward:
        yield _named(f"  {line.name}", compute.array(point.values[line.name]))
    yield ""
    for _, target in exercise.targets():
        yield _named(
            f"  {target.name} = {notation(exercise, target).symbol}", compute.array(compute.expected_array(point, target))
        )
    if doubts := compute.objections(exercise, case):
        yield ""
        for doubt in doubts:
            yield from textwrap.wrap(f"Careful: {doubt}.", 80, initial_indent="  ", subsequent_indent="      ")
        yield from textwrap.wrap(
            "No case is drawn at such a point: what the key says there is a convention of torch, or rounding.",
            80,
            initial_indent="  ",
            subsequent_indent="  ",
        )


def _setting(exercise: Exercise, text: str) -> tuple[str, object]:
    name, _, value = text.partition("=")
    known = [*(item.name for item in exercise.inputs), *(item.name for item in exercise.upstream)]
    if name.strip() not in known:
        raise GraderError(
            Fault(f"--set {text}", f"{name.strip()!r} is no input of {exercise.id}.", f"Its inputs: {', '.join(known)}.")
        )
    try:
        found = json.loads(value)
        _shape(found)
    except (ValueError, RecursionError):
        what = f"{shortened(value, 60)!r} is neither a number nor rectangular lists of numbers."
        raise GraderError(
            Fault(f"--set {shortened(text, 60)}", what, "Write it as --set x=2 or --set W=[[1,2],[3,4]].")
        ) from None
    return name.strip(), found


def _shape(value: object) -> tuple[int, ...]:
    """The shape of nested lists. Raises ValueError where they are ragged, empty or hold no finite numbers."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return ()
    if not isinstance(value, list) or not value:
        raise ValueError(value)
    first, *rest = map(_shape, value)
    if any(shape != first for shape in rest):
        raise ValueError(value)
    return (len(value), *first)


def _sizes(exercise: Exercise, given: Mapping[str, object]) -> dict[str, int]:
    """The sizes that the given arrays come to; a single number stands for an array of any size."""
    sizes: dict[str, int] = {}
    for name, value in given.items():
        axes, shape = exercise.axes_of(name), _shape(value)
        if not shape:
            continue
        if len(shape) != len(axes):
            what = f"{name} has shape {shape_text(axes)}, you gave {shape}."
            raise GraderError(Fault(f"--set {name}", what, "Give one number, or lists in that shape."))
        for axis, size in zip(axes, shape, strict=True):
            if (int(axis) if axis.isdigit() else sizes.setdefault(axis, size)) != size:
                what = f"The axis {axis} is {size} long in {name}, elsewhere {sizes.get(axis, axis)}."
                raise GraderError(Fault(f"--set {name}", what, "Give inputs whose sizes agree."))
    return sizes


def _check_labels(exercise: Exercise, given: Mapping[str, object], sizes: Mapping[str, int]) -> None:
    """Raises GraderError for a class index that is none."""
    for item in exercise.inputs:
        if item.draw.law == "labels" and item.name in given:
            axis = str(item.draw.parameters[0])
            for number in _numbers(given[item.name]):
                if not isinstance(number, int) or not 0 <= number < sizes[axis]:
                    what = f"{item.name} has the entry {number}, which is no class index."
                    remedy = f"Indices are whole numbers from 0 to {axis} - 1, and {axis} is {sizes[axis]} here."
                    raise GraderError(Fault(f"--set {item.name}", what, remedy))


def _numbers(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for one in value:
            yield from _numbers(one)
    else:
        yield value


# One case beside an answer


class _Kept:
    """A sandbox whose first trial is kept: the report that is made from it has no arrays."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.trial: Trial | None = None

    def run(self, job: Job) -> Trial:
        trial = self.sandbox.run(job)
        self.trial = self.trial or trial
        return trial


def case_sheet(exercise: Exercise, submission: Submission, *, record: Record, sandbox: Sandbox, name: str) -> tuple[str, Report]:
    """
    One case, its inputs, what is expected and what came back, as text; and the report on this case alone.

    Raises GraderError when there is no case of that name.
    """
    from grader.judging.judge import Judge

    only = tuple((case, expected) for case, expected in record.cases if case.name == name)
    if not only:
        names = ", ".join(f'"{case.name}"' for case, _ in record.cases)
        raise GraderError(Fault(exercise.id, f'It has no case "{name}".', f"Its cases: {names}."))
    kept = _Kept(sandbox)
    judge = Judge(exercise, replace(record, cases=only, probes=()))
    report = judge.grade(submission, cast("Sandbox", kept))
    # What explains one case may explain nothing in the others.
    report = replace(report, targets=tuple(replace(target, diagnosis=None) for target in report.targets))
    return "\n".join(_case_lines(exercise, report, *only[0], kept.trial)) + "\n", report


def _case_lines(exercise: Exercise, report: Report, case: Case, expected: Expected, trial: Trial | None) -> Iterator[str]:
    sizes = ", ".join(f"{axis}={size}" for axis, size in case.sizes.items())
    yield f'{exercise.title}, case "{case.name}"' + (f" ({sizes})" if sizes else "")
    yield ""
    for name, value in case.values.items():
        yield _named(f"  {name}", value)
    answers = [task.answers[0] if task.answers else None for task in trial.tasks] if trial and trial.failure is None else []
    for place, (task, target) in enumerate(exercise.targets()):
        shown = report.targets[place]
        yield ""
        heading = str(task.call) if len(task.targets) == 1 else f"{target.name} of {task.call}"
        yield f"  {words.GLYPHS.get(shown.status, '✗')} {heading}: {words.LABELS[shown.status]}"
        if not shown.status.has_right_shape:
            yield f"      {words.sentence(shown, notation(exercise, target))}"
        yield _named("      expected", expected.targets[task.function, target.name])
        if answers and (returned := _item(answers[exercise.tasks.index(task)], task.targets.index(target))) is not None:
            yield _named("      returned", returned)
        if (
            shown.counterexample
            and (furthest := entry(shown, notation(exercise, target)))
            and expected.targets[task.function, target.name].ndim
        ):
            yield f"      furthest apart: {furthest[0]}, expected {furthest[1]}, you returned {furthest[2]}"


def _item(answer: Answer | None, place: int) -> Array | None:
    item = answer.items[place] if answer and answer.failure is None and place < len(answer.items) else None
    return None if item is None or isinstance(item, NotAnArray) else item


def _named(label: str, array: Array) -> str:
    """`label = numbers`, those of a large array by its shape and its first few."""
    import numpy as np

    if array.ndim == 0:
        return f"{label} = {number(float(array))}"
    head = f"{label} {'×'.join(map(str, array.shape))} ="
    largest = np.abs(array[np.isfinite(array)]).max(initial=0.0)  # 0.05 beside 1 is not written 5e-02: arrays are compared by eye
    text = np.array2string(
        array + 0,
        precision=6,
        suppress_small=bool(largest >= _READABLE),
        separator=", ",
        threshold=MOST_ENTRIES,
        edgeitems=2,
        max_line_width=64,
    )
    lines = text.splitlines()
    if len(lines) == 1 and len(head) + len(text) < 78:
        return f"{head} {text}"
    pad = " " * (len(label) - len(label.lstrip()) + 4)
    return "\n".join([head, *(pad + line for line in lines if line.strip())])
