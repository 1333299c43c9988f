"""
The cells of an assignment notebook: ids that never change, what stands in each, where the model answer goes.

A grade cell's id says what it is worth: `EXERCISE-FUNCTION-TARGET`. Standard library only.
"""

from __future__ import annotations

import ast
import hashlib
import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from grader import starter
from grader.statement import statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from grader.exercise import Exercise, Target, Task

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
REBUILD = "Build the assignment again: grader nbgrader build ASSIGNMENT.yaml"
IMPORTS = {"numpy": "import numpy as np", "torch": "import torch"}

Role: TypeAlias = Literal["statement", "imports", "solution", "grade"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One generated cell. `id` is nbgrader's `grade_id`."""

    id: str
    role: Role
    source: str
    points: float = 0.0

    @property
    def notebook_id(self) -> str:
        """The id that Jupyter keeps for it: at most 64 characters."""
        return self.id if len(self.id) <= 64 else hashlib.sha256(self.id.encode()).hexdigest()


def cells(exercise: Exercise, answers: Mapping[str, str], *, is_marked: bool = False) -> Iterator[Cell]:
    """
    The cells of one exercise. `answers` are bodies of model answers by function.

    `is_marked` opens the exercise's part of a notebook that it shares with others.
    """
    yield Cell(id=f"{exercise.id}--statement", role="statement", source=_task_sheet(exercise))
    mark = f"# exercise: {exercise.id}\n" if is_marked else ""
    yield Cell(id=f"{exercise.id}--imports", role="imports", source=mark + IMPORTS[exercise.arrays])
    for name, source in starter.functions(exercise):
        yield Cell(
            id=f"{exercise.id}-{_plain(name)}", role="solution", source=mark + _with_solution(source, answers.get(name, ""))
        )
        for task in exercise.tasks:
            if task.function == name:
                yield from (_grade_cell(exercise, task, target) for target in task.targets)


def grade_id(exercise: Exercise, task: Task, target: Target) -> str:
    """The id of a target's grade cell; nbgrader's database takes 128 characters."""
    found = f"{exercise.id}-{_plain(task.function)}-{_plain(target.name)}"
    return found if len(found) <= 128 else f"{found[:95]}_{hashlib.md5(found.encode()).hexdigest()}"


def exercise_of(cell_id: str) -> str:
    """The exercise that a generated cell belongs to; exercise ids have no hyphen."""
    return cell_id.partition("-")[0]


def _plain(name: str) -> str:
    """A Python name in the characters that nbgrader takes: `dŶ` becomes `d_u176`."""
    return re.sub(r"[^A-Za-z0-9_]", lambda found: f"_u{ord(found[0]):x}", name)


def _task_sheet(exercise: Exercise) -> str:
    asked = "\n".join(f"- `{task.call}`" for task in exercise.tasks)
    return f"# {exercise.title}\n\n{statement(exercise)}\n\nWrite:\n\n{asked}\n\n{starter.conventions(exercise)}"


def _grade_cell(exercise: Exercise, task: Task, target: Target) -> Cell:
    """
    A locked cell whose value is a number of points.

    What it shows is a check with public numbers. Here the mark comes from secret ones in a sandbox, in a course without our
    configuration from this value.
    """
    identity = grade_id(exercise, task, target)
    given = "".join(f", {name}={name}" for name in task.functions)
    points = f"{target.points:.10g}"
    lines = (
        f"# {'1 point' if points == '1' else f'{points} points'}. This check uses public examples; the mark comes from others.",
        "from grader.nbgrader import public_check",
        "",
        f'public_check("{identity}", {points}{given})',
    )
    return Cell(id=identity, role="grade", source="\n".join(lines), points=float(points))


# Model answers


def _with_solution(source: str, body: str) -> str:
    """A starter's function with the region that nbgrader cuts out, holding the body."""
    indent = "    "
    head, stub, _ = source.rpartition(f"{indent}raise NotImplementedError")
    inner = textwrap.indent(body.strip("\n"), indent, lambda line: bool(line.strip())) if body.strip() else stub
    return f"{head}{indent}{BEGIN}\n{inner}\n{indent}{END}"


def body_in(source: str) -> str:
    """What stands in the solution region of a cell, without its indentation; nothing where it is a stub."""
    found = re.search(rf"{BEGIN}[^\n]*\n(.*?)\n[ \t]*{END}", source, re.DOTALL)
    body = textwrap.dedent(found[1]) if found else ""
    return "" if body.strip() in {"", "raise NotImplementedError", "raise NotImplementedError()"} else body


def bodies(model: str, wanted: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """
    The bodies of the wanted functions of a model answer, each with the imports and helpers that it uses.

    `wanted` maps functions to the parameters that the starter gives them; where the model's are called otherwise, the model's
    function is kept whole and called. Raises SyntaxError for a model answer that is not Python.
    """
    top = _top_level(ast.parse(model))
    found = {}
    for name, parameters in wanted.items():
        function = top.get(name)
        if not isinstance(function, ast.FunctionDef):
            continue
        needed = _needed(function, top, {name})
        pieces = [ast.get_source_segment(model, top[other]) or "" for other in needed]
        if tuple(argument.arg for argument in function.args.args) == parameters:
            pieces.append(_body(model, function))
        else:
            pieces.append(f"{ast.get_source_segment(model, function)}\n\nreturn {name}({', '.join(parameters)})")
        found[name] = "\n".join(pieces)
    return found


def _top_level(tree: ast.Module) -> dict[str, ast.stmt]:
    """The statements of a module by the names that they bind."""
    bound: dict[str, ast.stmt] = {}
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                bound[node.name] = node
            case ast.Import() | ast.ImportFrom():
                bound |= {(alias.asname or alias.name).partition(".")[0]: node for alias in node.names}
            case ast.Assign():
                bound |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
    return bound


def _needed(node: ast.stmt, top: Mapping[str, ast.stmt], seen: set[str]) -> list[str]:
    """The names of the module that a statement uses, what they use first; each statement once."""
    names: list[str] = []
    for name in dict.fromkeys(part.id for part in ast.walk(node) if isinstance(part, ast.Name)):
        if name not in top or name in seen or ast.unparse(top[name]) in IMPORTS.values():
            continue
        seen.add(name)
        names += [*_needed(top[name], top, seen), name]
    return [name for place, name in enumerate(names) if not any(top[name] is top[other] for other in names[:place])]


def _body(model: str, function: ast.FunctionDef) -> str:
    """The lines of a function below its signature and docstring."""
    statements = function.body[1:] if ast.get_docstring(function) is not None and len(function.body) > 1 else function.body
    return textwrap.dedent("\n".join(model.splitlines()[statements[0].lineno - 1 : function.end_lineno]))
