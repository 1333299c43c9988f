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

from grader.exercise import starter
from grader.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from grader.exercise.model import Exercise, Target, Task

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
REBUILD = "Build the assignment again: grader nbgrader build ASSIGNMENT.yaml"
IMPORT = "from grader.nbgrader import public_check"  # in every grade cell, and by it they are known
_INDENT = "    "

Role: TypeAlias = Literal["statement", "imports", "solution", "grade"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One generated cell. `id` is nbgrader's `grade_id`."""

    id: str
    role: Role
    source: str
    points: float = 0.0
    function: str = ""  # that a solution cell asks for; its id has it in nbgrader's characters

    @property
    def notebook_id(self) -> str:
        """The id that Jupyter keeps for it: at most 64 characters."""
        return self.id if len(self.id) <= 64 else hashlib.sha256(self.id.encode()).hexdigest()


def cells(exercise: Exercise, answers: Mapping[str, str], *, is_marked: bool = False) -> Iterator[Cell]:
    """
    The cells of one exercise. `answers` are bodies of model answers by function, indented as they stand in it.

    `is_marked` opens the exercise's part of a notebook that it shares with others.
    """
    yield Cell(id=f"{exercise.id}--statement", role="statement", source=starter.task_sheet(exercise))
    mark = f"# exercise: {exercise.id}\n" if is_marked else ""
    yield Cell(id=f"{exercise.id}--imports", role="imports", source=mark + starter.IMPORTS[exercise.arrays])
    for name, source in starter.functions(exercise):
        solution = mark + _with_solution(source, answers.get(name, ""))
        yield Cell(id=f"{exercise.id}-{_plain(name)}", role="solution", source=solution, function=name)
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


def _grade_cell(exercise: Exercise, task: Task, target: Target) -> Cell:
    """
    A locked cell whose value is a number of points.

    What it shows is a check with public numbers. Here the mark comes from secret ones in a sandbox, in a course without our
    configuration from this value.
    """
    identity = grade_id(exercise, task, target)
    given = "".join(f", {name}={name}" for name in task.call.functions)
    points = f"{target.points:.10g}"
    lines = (
        f"# {points} {plural(target.points, 'point')}. This check uses public examples; the mark comes from others.",
        IMPORT,
        "",
        f'public_check("{identity}", {points}{given})',
    )
    return Cell(id=identity, role="grade", source="\n".join(lines), points=float(points))


# Model answers


def _with_solution(source: str, body: str) -> str:
    """A starter's function with the region that nbgrader cuts out, holding the body."""
    head, stub, _ = source.rpartition(f"{_INDENT}raise NotImplementedError")
    return f"{head}{_INDENT}{BEGIN}\n{body if body.strip() else stub}\n{_INDENT}{END}"


def body_in(source: str) -> str:
    """What stands in the solution region of a cell, as it is; nothing where it is a stub."""
    found = re.search(rf"{BEGIN}[^\n]*\n(.*?)\n[ \t]*{END}", source, re.DOTALL)
    body = found[1] if found else ""
    return "" if body.strip() in {"", "raise NotImplementedError", "raise NotImplementedError()"} else body


def bodies(model: str, wanted: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """
    The bodies of the wanted functions of a model answer, each with the imports and helpers that it uses.

    `wanted` maps functions to the parameters that the starter gives them. A function of another signature, or one whose body
    cannot be taken out of it line by line, is kept whole and called. Raises SyntaxError for a model answer that is not Python.
    """
    top = _top_level(ast.parse(model))
    found = {}
    for name, parameters in wanted.items():
        function = top.get(name)
        if not isinstance(function, ast.FunctionDef):
            continue
        needed = _needed(function, top, {name})
        pieces = [_text(model, top[other]) for other in needed]
        body = _body(model, function) if _is_plain(function, parameters) else ""
        pieces.append(body or f"{_text(model, function)}\n\nreturn {name}({', '.join(parameters)})")
        found[name] = textwrap.indent("\n".join(pieces), _INDENT, lambda line: bool(line.strip()))
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
            case ast.Assign(targets=targets):
                bound |= {name: node for target in targets for name in _assigned(target)}
            case ast.AnnAssign(target=target, value=ast.expr()):
                bound |= {name: node for name in _assigned(target)}
    return bound


def _assigned(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            yield from (name for one in targets for name in _assigned(one))
        case ast.Starred(value=starred):
            yield from _assigned(starred)


def _needed(node: ast.stmt, top: Mapping[str, ast.stmt], seen: set[str]) -> list[str]:
    """The names of the module that a statement uses, what they use first; each statement once."""
    names: list[str] = []
    for name in dict.fromkeys(part.id for part in ast.walk(node) if isinstance(part, ast.Name)):
        if name not in top or name in seen or ast.unparse(top[name]) in starter.IMPORTS.values():
            continue
        seen.add(name)
        names += [*_needed(top[name], top, seen), name]
    return [name for place, name in enumerate(names) if not any(top[name] is top[other] for other in names[:place])]


def _is_plain(function: ast.FunctionDef, parameters: tuple[str, ...]) -> bool:
    """Whether the starter's signature does as well."""
    given = function.args
    is_more = given.posonlyargs or given.vararg or given.kwonlyargs or given.kwarg or given.defaults or function.decorator_list
    return not is_more and tuple(argument.arg for argument in given.args) == parameters


def _body(model: str, function: ast.FunctionDef) -> str:
    """The lines of a function below its signature and docstring; nothing where these are no lines of their own."""
    statements = function.body[1:] if ast.get_docstring(function) is not None and len(function.body) > 1 else function.body
    first = statements[0]
    lines = model.split("\n")  # as the parser counts them
    is_on_its_line = not lines[first.lineno - 1].encode()[: first.col_offset].strip()
    if not is_on_its_line or _is_decorated(first) or _has_long_text(function):
        return ""
    return textwrap.dedent("\n".join(lines[first.lineno - 1 : function.end_lineno]))


def _text(model: str, node: ast.stmt) -> str:
    """A statement as it is written; anew, without comments, where it is decorated, or indenting it would change a text in it."""
    if _is_decorated(node) or _has_long_text(node):
        return ast.unparse(node)
    return ast.get_source_segment(model, node) or ast.unparse(node)


def _is_decorated(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and bool(node.decorator_list)


def _has_long_text(node: ast.stmt) -> bool:
    """Whether a text in it, docstrings apart, goes over several lines."""
    docstrings = {id(part.value) for part in ast.walk(node) if isinstance(part, ast.Expr)}
    texts = (part for part in ast.walk(node) if isinstance(part, ast.Constant | ast.JoinedStr) and id(part) not in docstrings)
    return any(part.end_lineno != part.lineno for part in texts)
