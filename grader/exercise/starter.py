"""
Make what a student begins with: a .py file or a notebook with signatures, docstrings and `raise NotImplementedError`.

A notebook is built as plain JSON: importing nbformat would cost three seconds.
"""

from __future__ import annotations

import itertools
import json
import keyword
import textwrap
from typing import TYPE_CHECKING, Any, assert_never

from grader.exercise.latex import as_text
from grader.exercise.statement import contents, notation, statement
from grader.sandbox.wire.call import Constant, Group, Name, Table
from grader.text import shape_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from grader.exercise.model import Exercise, Task
    from grader.sandbox.wire.call import Argument, Given

IMPORTS = {"numpy": "import numpy as np", "torch": "import torch"}
# The exercise file may say numpy and the assignment torch, so the check names the kind of arrays.
_OPTION = {"numpy": "", "torch": " --arrays torch"}
_KEYWORD: Mapping[str, tuple[str, ...]] = {"numpy": (), "torch": ('arrays="torch"',)}
_ARRAYS = {"numpy": "NumPy arrays (float64)", "torch": "torch tensors (float64)"}
_WIDTH = 88  # width of docstrings, as code formatters wrap them


def as_script(exercise: Exercise, file: str = "answer.py", *, check: str = "") -> str:
    """Write the starter as Python source; `check` is the command that it names, if the exercise's id does not find it."""
    check = check or f"grader check {exercise.id} {file}{_OPTION[exercise.arrays]}"
    head = "\n\n".join(
        [f"{exercise.title}  (exercise {exercise.id})", as_text(statement(exercise), _WIDTH), conventions(exercise)]
    )
    blocks = [
        _docstring(f"{head}\n\nCheck your answer:  {check}", ""),
        IMPORTS[exercise.arrays],
        *(f"\n{source}" for _, source in functions(exercise)),
    ]
    return "\n\n".join(blocks) + "\n"


def as_notebook(exercise: Exercise, *, path: str = "") -> str:
    """
    Write the starter as a notebook (nbformat 4.5): the statement, a cell for each function, a cell that checks them.

    `path` is where the exercise lies, if its id does not find it.
    """
    written = dict(functions(exercise))
    asks = [json.dumps(path or exercise.id), *(f"{name}={name}" for name in written), *_KEYWORD[exercise.arrays]]
    check = f"import grader\n\ngrader.check({', '.join(asks)})"
    cells = [
        _cell("markdown", "statement", task_sheet(exercise)),
        _cell("code", "imports", IMPORTS[exercise.arrays]),
        *(_cell("code", f"write-{name}", source) for name, source in written.items()),
        _cell("code", "check", check),
    ]
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def task_sheet(exercise: Exercise) -> str:
    """Write the first cell of a notebook, as Markdown."""
    asked = "\n".join(f"- `{task.call}`" for task in exercise.tasks)
    return f"# {exercise.title}\n\n{statement(exercise)}\n\nWrite:\n\n{asked}\n\n{conventions(exercise)}"


def functions(exercise: Exercise) -> Iterator[tuple[str, str]]:
    """Yield every function to write, each once: its name, and its source without a body."""
    tasks = {task.function: task for task in exercise.tasks}
    helpers = {given.function: given for task in exercise.tasks for given in task.call.given}
    for name in exercise.functions:
        yield name, _function(exercise, tasks[name]) if name in tasks else _helper(exercise, helpers[name])


def _function(exercise: Exercise, task: Task) -> str:
    names = parameters(task.call.arguments)
    docs = [_returned(exercise, task), *_described(exercise, task, names)]
    unpacked = [
        f"    {', '.join(map(str, argument.items))}{',' if len(argument.items) == 1 else ''} = {name}"
        for name, argument in zip(names, task.call.arguments, strict=True)
        if isinstance(argument, Group) and all(isinstance(item, Name) for item in argument.items)
    ]
    body = [*unpacked, "    raise NotImplementedError"]
    return "\n".join([f"def {task.function}({', '.join(names)}):", _docstring("\n".join(docs), "    "), *body])


def _helper(exercise: Exercise, given: Given) -> str:
    names = parameters(given.arguments)
    which = "what it returns" if given.item is None else f"entry {given.item} of what it returns"
    docs = [
        f"Called first, afresh for every case: {which} is the argument `{given.name}` of a later call.",
        "",
        *_arguments(exercise, names, given.arguments),
    ]
    return "\n".join(
        [
            f"def {given.function}({', '.join(names)}):",
            _docstring("\n".join(docs).rstrip(), "    "),
            "    raise NotImplementedError",
        ]
    )


def _returned(exercise: Exercise, task: Task) -> str:
    notes = [notation(exercise, target) for target in task.targets]
    lines = [f"{note.formula}\n{_indent(_sized(target.axes))}" for note, target in zip(notes, task.targets, strict=True)]
    if len(notes) == 1:
        head = f"{notes[0].symbol}, {_sized(task.targets[0].axes)}."
        says_nothing = notes[0].formula in {notes[0].name, f"{notes[0].name} = {notes[0].symbol}"}
        return head if says_nothing else f"{head}\n\n{notes[0].formula}"
    return f"Returns ({', '.join(note.name for note in notes)}):\n\n" + "\n".join(lines)


def _described(exercise: Exercise, task: Task, names: Sequence[str]) -> Iterator[str]:
    yield ""
    givens = {
        given.name: f"entry {given.item} of {given.function}(...)" if given.item is not None else str(given)
        for given in task.call.given
    }
    for line in _arguments(exercise, names, task.call.arguments):
        name = line.partition(":")[0]
        yield f"{name}: {givens[name]}, your own function" if name in givens else line


def _arguments(exercise: Exercise, names: Sequence[str], arguments: Sequence[Argument]) -> Iterator[str]:
    for name, argument in zip(names, arguments, strict=True):
        match argument:
            case Name():
                yield f"{name}: {_meaning(exercise, argument.name)}"
            case Group():
                yield f"{name}: the tuple {argument}"
                yield from (
                    _indent(f"{item}: {_meaning(exercise, item.name)}") for item in argument.items if isinstance(item, Name)
                )
            case Table():
                yield f"{name}: the dict {argument}"
            case Constant():
                yield f"{name}: {argument}"
            case _:
                assert_never(argument)


def _meaning(exercise: Exercise, name: str) -> str:
    for item in exercise.upstream:
        if item.name == name:
            of = f" ∂L/∂{item.like}" if item.like else ""
            return f"the gradient{of} that arrives, {_sized(item.axes)}"
    if any(axis.name == name for axis in exercise.axes):
        return "an int, the size of that axis"
    for given in exercise.inputs:
        if given.name == name:
            return ", ".join(filter(None, (_sized(given.axes), contents(given))))
    try:
        return _sized(exercise.axes_of(name))
    except KeyError:  # a `given` name, which the caller explains
        return ""


def _sized(axes: tuple[str, ...]) -> str:
    return f"shape {shape_text(axes)}" if axes else "a number"


def parameters(arguments: Sequence[Argument]) -> tuple[str, ...]:
    """Choose names for the parameters of a signature, no two alike; an argument without a name gets one that describes it."""
    own = {_own_name(argument) for argument in arguments if isinstance(argument, Name)}
    names: list[str] = []
    for argument in arguments:
        if isinstance(argument, Name) and _own_name(argument) not in names:
            names.append(_own_name(argument))
            continue
        stem = _own_name(argument) if isinstance(argument, Name) else _STEMS[type(argument)]
        numbered = itertools.chain([stem], (f"{stem}_{number}" for number in itertools.count(2)))
        names.append(next(name for name in numbered if name not in own and name not in names))
    return tuple(names)


_STEMS: Mapping[type, str] = {Group: "inputs", Table: "options", Constant: "setting"}


def _own_name(argument: Name) -> str:
    return f"{argument.name}_" if keyword.iskeyword(argument.name) else argument.name


def conventions(exercise: Exercise) -> str:
    """State what holds for every function of an exercise."""
    by_hand = " Derive by hand: automatic differentiation is flagged."
    return (
        f"Arguments are {_ARRAYS[exercise.arrays]}. Shapes must be exact: nothing is broadcast."
        f"{by_hand if exercise.arrays == 'torch' and exercise.autodiff == 'forbid' else ''}"
    )


def _docstring(text: str, indent: str) -> str:
    text = text.replace('"""', "'''")
    prefix = "r" if "\\" in text else ""
    return textwrap.indent(f'{prefix}"""\n{text}\n"""', indent, lambda line: bool(line.strip()))


def _indent(text: str) -> str:
    return f"    {text}"


def _cell(kind: str, identity: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": identity[:64], "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell if kind == "markdown" else {**cell, "execution_count": None, "outputs": []}
