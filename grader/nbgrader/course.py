"""
What a course folder knows of an assignment: `COURSE/grading/ASSIGNMENT`, an OUT folder with seed, results and a plan.

Only the instructor can read it. What a student's notebook says of itself is not believed: which exercises a notebook asks
for stands here, which cells it has stands in nbgrader's database.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

from grader.course.results.out import NBGRADERS_PLAN as PLAN
from grader.course.results.out import Out, open_out, read_state
from grader.errors import Fault, GraderError
from grader.exercise import catalogue
from grader.exercise.assignment import Assignment
from grader.exercise.model import Exercise
from grader.files import write_whole
from grader.nbgrader.cells import REBUILD, Cell, cells

FOLDER = "grading"  # not "grader": nbgrader puts the course folder on Python's path
SCHEMA = 1
_SHIPPED = "catalogue:"  # in place of the folder of the shipped catalogue, which an upgrade may move


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was built: the files of the assignment and its exercises, and which notebook asks for which exercises."""

    assignment: str  # a file; an exercise's own where the assignment is one exercise
    exercises: Mapping[str, str]  # id -> file
    notebooks: Mapping[str, tuple[str, ...]]
    student_seeds: bool = False
    schema: int = SCHEMA

    @classmethod
    def of(cls, assignment: Assignment, root: Path, notebooks: Mapping[str, tuple[str, ...]], *, student_seeds: bool) -> Self:
        """The plan of an assignment; files inside the course are named relative to it, so that the course can move."""
        files = {exercise.id: _kept(exercise.path, root) for exercise in assignment.exercises}
        return cls(assignment=_kept(assignment.path, root), exercises=files, notebooks=notebooks, student_seeds=student_seeds)


@dataclass(frozen=True, kw_only=True)
class Course:
    """A course folder, and one assignment in it."""

    root: Path
    id: str  # of the assignment, as nbgrader has it

    @property
    def folder(self) -> Path:
        """The assignment's OUT folder."""
        return self.root / FOLDER / self.id

    @cached_property
    def plan(self) -> Plan | None:
        """What was built; None where the assignment is not ours. Raises GraderError when it cannot be read."""
        path = self.folder / PLAN
        try:
            facts = json.loads(path.read_bytes())
            if facts["schema"] != SCHEMA:
                raise ValueError("it was written by another version of grader")
            return Plan(**{**facts, "notebooks": {name: tuple(asked) for name, asked in facts["notebooks"].items()}})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise GraderError(Fault(str(path), f"It cannot be read: {error}.", REBUILD)) from None

    @cached_property
    def assignment(self) -> Assignment:
        """The assignment as its file has it now. Raises GraderError when it was never built, or its file is gone or faulty."""
        from grader.exercise.loading import load_assignment, load_exercise

        if self.plan is None:
            raise self.not_built()
        files = {id: _found(kept, self.root) for id, kept in self.plan.exercises.items()}
        path = _found(self.plan.assignment, self.root)
        if path in files.values():
            exercise = load_exercise(path)
            return Assignment(id=self.id, title=exercise.title, exercises=(exercise,), path=str(path))
        assignment = load_assignment(path, lambda id: files[id] if id in files else catalogue.find_asked(id, path).path)
        return replace(assignment, id=self.id)

    def not_built(self) -> GraderError:
        """What to say of an assignment that is not ours."""
        remedy = (
            f"Build it: grader nbgrader build ASSIGNMENT.yaml\nOne of nbgrader's own is graded by: nbgrader autograde {self.id}"
        )
        return GraderError(Fault(str(self.folder), f"The assignment {self.id} was not built with grader.", remedy))

    @property
    def _stamp(self) -> tuple[object, ...]:
        """What changes when the plan or a file that it names does."""
        files = () if self.plan is None else (self.plan.assignment, *self.plan.exercises.values())
        return tuple(map(_changed_at, (self.folder / PLAN, *(_found(kept, self.root) for kept in files))))

    def exercises(self, notebook: str) -> tuple[Exercise, ...]:
        """The exercises that a notebook asks for; none where it is not ours. Raises GraderError when one is no longer there."""
        if self.plan is None or notebook not in self.plan.notebooks:
            return ()
        known = {exercise.id: exercise for exercise in self.assignment.exercises}
        asked = self.plan.notebooks[notebook]
        if gone := [id for id in asked if id not in known]:
            what = f"The assignment no longer has {', '.join(gone)}, which the notebook {notebook} asks for."
            raise GraderError(Fault(self.assignment.path or self.id, what, REBUILD))
        return tuple(known[id] for id in asked)

    def cells(self, notebook: str) -> tuple[Cell, ...]:
        """The generated cells of a notebook, without model answers. Raises GraderError as `exercises` does."""
        if notebook not in self._cells:
            self._cells[notebook] = tuple(cell for one in self.exercises(notebook) for cell in cells(one, {}))
        return self._cells[notebook]

    @cached_property
    def _cells(self) -> dict[str, tuple[Cell, ...]]:
        return {}

    def seed(self, out: Out, exercise: str, student: str) -> int:
        """The seed of one submission: the assignment's, or, with seeds for every student, one derived from it."""
        if self.plan is None or not self.plan.student_seeds:
            return out.state.seed
        digest = hmac.digest(str(out.state.seed).encode(), json.dumps([exercise, student]).encode(), hashlib.sha256)
        return int.from_bytes(digest[:8], "big") % 2**53  # as far as JSON's numbers are exact

    def out(self) -> Out:
        """
        The OUT folder, made where there is none.

        It is not held: the formgrader's button may be pressed at any time, and each result is kept whole or not at all.
        """
        state = read_state(self.folder)
        if state is not None and (state.exercises, state.due) == (_ids(self.assignment), _due(self.assignment)):
            return Out(path=self.folder, state=state)
        with self.held() as out:
            return out

    def held(self) -> AbstractContextManager[Out]:
        """The OUT folder, held against other runs until the end of the block."""
        return open_out(self.folder, self.assignment)

    def save(self, plan: Plan, assignment: Assignment) -> None:
        """Keep a plan, and draw the assignment's seed at the first time."""
        with open_out(self.folder, replace(assignment, id=self.id)) as out:
            write_whole(out.path / PLAN, (json.dumps(asdict(plan), ensure_ascii=False, indent=1) + "\n").encode())
        for name in ("plan", "assignment"):
            self.__dict__.pop(name, None)


_known: dict[tuple[Path, str], tuple[tuple[object, ...], Course]] = {}


def course_at(root: Path, id: str) -> Course:
    """
    A course with what was read of its files, which are read again only where one changed.

    nbgrader asks twice for every notebook, and YAML is slow.
    """
    stamp, course = _known.get((root, id), ((), Course(root=root, id=id)))
    if not stamp or stamp != course._stamp:
        course = Course(root=root, id=id)
        _known[root, id] = course._stamp, course
    return course


def _changed_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _ids(assignment: Assignment) -> tuple[str, ...]:
    return tuple(exercise.id for exercise in assignment.exercises)


def _due(assignment: Assignment) -> str:
    return assignment.due.isoformat() if assignment.due else ""


def _kept(path: str, root: Path) -> str:
    real, shipped = Path(path).resolve(), catalogue.shipped().resolve()
    if real.is_relative_to(shipped):
        return f"{_SHIPPED}{real.relative_to(shipped).as_posix()}"
    return real.relative_to(root.resolve()).as_posix() if real.is_relative_to(root.resolve()) else str(real)


def _found(kept: str, root: Path) -> Path:
    if kept.startswith(_SHIPPED):
        return catalogue.shipped() / kept.removeprefix(_SHIPPED)
    return root / kept
