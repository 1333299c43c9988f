"""
The cells of an assignment notebook: ids that never change, the text of each, the place of the model answer.

The id of a grade cell names what it gives points for: `EXERCISE-FUNCTION-TARGET`. Standard library only.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from grader.exercise import starter
from grader.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from grader.exercise.model import Exercise, Target, Task

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
REBUILD = "Build the assignment again: grader nbgrader build ASSIGNMENT.yaml"
IMPORT = "from grader.nbgrader import public_check"  # every grade cell has this line, and is recognised by it
_INDENT = "    "

Role: TypeAlias = Literal["statement", "imports", "solution", "grade"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedCell:
    """One cell of a notebook that `grader nbgrader build` makes. `id` is nbgrader's `grade_id`."""

    id: str
    role: Role
    source: str
    points: float = 0.0
    function: str = ""  # the name that a solution cell asks for; the id has it in the characters that nbgrader takes

    @property
    def notebook_id(self) -> str:
        """Return the id that Jupyter keeps for the cell: at most 64 characters."""
        return self.id if len(self.id) <= 64 else hashlib.sha256(self.id.encode()).hexdigest()


def cells(exercise: Exercise, answers: Mapping[str, str], *, has_section_lines: bool = False) -> Iterator[GeneratedCell]:
    """
    Generate the cells of one exercise. `answers` maps functions to the bodies of model answers, indented.

    With `has_section_lines`, code cells begin with `# exercise: ID`, as in a notebook that several exercises share.
    """
    yield GeneratedCell(id=f"{exercise.id}--statement", role="statement", source=starter.task_sheet(exercise))
    section = f"# exercise: {exercise.id}\n" if has_section_lines else ""
    yield GeneratedCell(id=f"{exercise.id}--imports", role="imports", source=section + starter.IMPORTS[exercise.arrays])
    for name, source in starter.functions(exercise):
        solution = section + _with_solution(source, answers.get(name, ""))
        yield GeneratedCell(id=f"{exercise.id}-{_plain(name)}", role="solution", source=solution, function=name)
        for task in exercise.tasks:
            if task.function == name:
                yield from (_grade_cell(exercise, task, target) for target in task.targets)


def grade_id(exercise: Exercise, task: Task, target: Target) -> str:
    """Return the id of a target's grade cell; nbgrader's database takes 128 characters."""
    found = f"{exercise.id}-{_plain(task.function)}-{_plain(target.name)}"
    return found if len(found) <= 128 else f"{found[:95]}_{hashlib.md5(found.encode()).hexdigest()}"


def exercise_of(cell_id: str) -> str:
    """Return the id of the exercise that a generated cell belongs to; exercise ids have no hyphen."""
    return cell_id.partition("-")[0]


def _plain(name: str) -> str:
    """Write a Python name in the characters that nbgrader takes: `dŶ` becomes `d_u176`."""
    return re.sub(r"[^A-Za-z0-9_]", lambda found: f"_u{ord(found[0]):x}", name)


def _grade_cell(exercise: Exercise, task: Task, target: Target) -> GeneratedCell:
    """
    Make a locked cell whose value is a number of points, earned with public numbers.

    In a course with our configuration the points come from secret numbers in the sandbox; without it, they are this value.
    """
    identity = grade_id(exercise, task, target)
    given = "".join(f", {name}={name}" for name in task.call.functions)
    points = f"{target.points:.10g}"
    lines = (
        f"# {points} {plural(target.points, 'point')}. This check uses public examples; the points come from others.",
        IMPORT,
        "",
        f'public_check("{identity}", {points}{given})',
    )
    return GeneratedCell(id=identity, role="grade", source="\n".join(lines), points=float(points))


# The solution region


def _with_solution(source: str, body: str) -> str:
    """Put a body into a starter's function, in the region that nbgrader cuts out."""
    head, stub, _ = source.rpartition(f"{_INDENT}raise NotImplementedError")
    return f"{head}{_INDENT}{BEGIN}\n{body if body.strip() else stub}\n{_INDENT}{END}"


def body_in(source: str) -> str:
    """Return the text in the solution region of a cell, as it is; nothing where it is a stub."""
    found = re.search(rf"{BEGIN}[^\n]*\n(.*?)\n[ \t]*{END}", source, re.DOTALL)
    body = found[1] if found else ""
    return "" if body.strip() in {"", "raise NotImplementedError", "raise NotImplementedError()"} else body
