"""Write an exercise as text: what it asks, its key at some inputs, one case beside a student's answer."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from grader.exercise.latex import as_text
from grader.exercise.starter import conventions
from grader.exercise.statement import notation, statement
from grader.render import words
from grader.render.findings import entry
from grader.render.numbers import number
from grader.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from grader.exercise.model import Exercise, Target, Task
    from grader.outcome import Report, TargetReport
    from grader.reference.key import Key
    from grader.reference.model import Case, Expected, TargetKey
    from grader.sandbox.wire.answer import Array

_READABLE = 1e-3  # with six digits after the point
MOST_ENTRIES = 36  # an array with more is not shown whole


def task_sheet(exercise: Exercise) -> str:
    """Write the statement, then each call with what it returns."""
    head = [
        exercise.title,
        *([f"Source: {exercise.source}"] if exercise.source else []),
        "",
        as_text(statement(exercise)),
        "",
        "Write:",
    ]
    foot = ["", *textwrap.wrap(conventions(exercise), 80)] if exercise.arrays == "torch" else []
    return "\n".join([*head, *(line for task in exercise.tasks for line in _call_lines(exercise, task)), *foot])


def _call_lines(exercise: Exercise, task: Task) -> Iterator[str]:
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


def key_sheet(exercise: Exercise, key: Key) -> str:
    """Write the inputs, every line of `forward` and every expected array."""
    return "\n".join(_key_lines(exercise, key))


def _key_lines(exercise: Exercise, key: Key) -> Iterator[str]:
    yield exercise.title
    yield ""
    for name, value in key.case.values.items():
        yield _named(f"  {name}", value) + ("" if name in key.given else "    (drawn)")
    yield ""
    for name, value in key.lines:
        yield _named(f"  {name}", value)
    yield ""
    for target, value in key.targets:
        yield _named(f"  {target.name} = {notation(exercise, target).symbol}", value)
    if key.doubts:
        yield ""
        for doubt in key.doubts:
            yield from textwrap.wrap(f"Careful: {doubt}.", 80, initial_indent="  ", subsequent_indent="      ")
        yield from textwrap.wrap(
            "No case is drawn at such a point: what the key says there is a convention of torch, or rounding.",
            80,
            initial_indent="  ",
            subsequent_indent="  ",
        )


def case_sheet(exercise: Exercise, case: Case, expected: Expected, report: Report, returned: Mapping[TargetKey, Array]) -> str:
    """Write one case: its inputs, and for each target what is expected and what came back."""
    sizes = ", ".join(f"{axis}={size}" for axis, size in case.sizes.items())
    lines = [f'{exercise.title}, case "{case.name}"' + (f" ({sizes})" if sizes else ""), ""]
    lines += (_named(f"  {name}", value) for name, value in case.values.items())
    for (task, target), judged in zip(exercise.targets(), report.targets, strict=True):
        key = (task.function, target.name)
        lines += ["", *_target_lines(exercise, task, target, judged, expected.targets[key], returned.get(key))]
    return "\n".join(lines) + "\n"


def _target_lines(
    exercise: Exercise, task: Task, target: Target, judged: TargetReport, expected: Array, returned: Array | None
) -> Iterator[str]:
    note = notation(exercise, target)
    heading = str(task.call) if len(task.targets) == 1 else f"{target.name} of {task.call}"
    yield f"  {words.GLYPHS.get(judged.status, '✗')} {heading}: {words.LABELS[judged.status]}"
    if not judged.status.has_right_shape:
        yield f"      {words.sentence(judged, note)}"
    yield _named("      expected", expected)
    if returned is not None:
        yield _named("      returned", returned)
    if judged.counterexample and (furthest := entry(judged, note)) and expected.ndim:
        yield f"      furthest apart: {furthest[0]}, expected {furthest[1]}, you returned {furthest[2]}"


def _named(label: str, array: Array) -> str:
    """Write `label = numbers`; a large array by its shape and its first few numbers."""
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
