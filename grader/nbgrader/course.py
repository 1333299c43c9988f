"""
An assignment in a course folder: `COURSE/grading/ASSIGNMENT`, an OUT folder with the seed, the results and the plan of the build.

Only the instructor can read it. A student's notebook is not asked what it is: the plan names the exercises of each notebook,
nbgrader's database names its cells.
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
from grader.nbgrader.cells import REBUILD, GeneratedCell, cells

FOLDER = "grading"  # not "grader": nbgrader puts the course folder on Python's path
SCHEMA = 1
_SHIPPED = "catalogue:"  # in place of the folder of the shipped catalogue, which an upgrade may move


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """What was built: the files of the assignment and its exercises, and the exercises of each notebook."""

    assignment: str  # its file; the exercise's file where the assignment is one exercise
    exercises: Mapping[str, str]  # id -> file
    notebooks: Mapping[str, tuple[str, ...]]
    student_seeds: bool = False
    schema: int = SCHEMA

    @classmethod
    def of(cls, assignment: Assignment, root: Path, notebooks: Mapping[str, tuple[str, ...]], *, student_seeds: bool) -> Self:
        """Plan an assignment; files inside the course are named relative to it, so that the course can move."""
        files = {exercise.id: _kept(exercise.path, root) for exercise in assignment.exercises}
        return cls(assignment=_kept(assignment.path, root), exercises=files, notebooks=notebooks, student_seeds=student_seeds)


@dataclass(frozen=True, kw_only=True)
class CourseAssignment:
    """One assignment in a course folder."""

    root: Path
    id: str  # the assignment's name in nbgrader

    @property
    def folder(self) -> Path:
        """Return the assignment's OUT folder."""
        return self.root / FOLDER / self.id

    @cached_property
    def plan(self) -> BuildPlan | None:
        """Read what was built; None where the assignment is not ours. Raises GraderError when it cannot be read."""
        path = self.folder / PLAN
        try:
            facts = json.loads(path.read_bytes())
            if facts["schema"] != SCHEMA:
                raise ValueError("it was written by another version of grader")
            return BuildPlan(**{**facts, "notebooks": {name: tuple(asked) for name, asked in facts["notebooks"].items()}})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise GraderError(Fault(str(path), f"It cannot be read: {error}.", REBUILD)) from None

    @cached_property
    def assignment(self) -> Assignment:
        """Read the assignment as its file is now. Raises GraderError when it was never built, or the file is gone or faulty."""
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
        """Return the error for an assignment that is not ours."""
        own = f"If it is nbgrader's own, grade it with: nbgrader autograde {self.id}"
        remedy = f"Build it: grader nbgrader build ASSIGNMENT.yaml\n{own}"
        return GraderError(Fault(str(self.folder), f"The assignment {self.id} was not built with grader.", remedy))

    @property
    def stamp(self) -> tuple[object, ...]:
        """Return values that change when the plan or a file that it names changes."""
        files = () if self.plan is None else (self.plan.assignment, *self.plan.exercises.values())
        return tuple(map(_changed_at, (self.folder / PLAN, *(_found(kept, self.root) for kept in files))))

    def exercises(self, notebook: str) -> tuple[Exercise, ...]:
        """Return the exercises of a notebook; none where it is not ours. Raises GraderError when one is no longer there."""
        if self.plan is None or notebook not in self.plan.notebooks:
            return ()
        known = {exercise.id: exercise for exercise in self.assignment.exercises}
        asked = self.plan.notebooks[notebook]
        if gone := [id for id in asked if id not in known]:
            what = f"The assignment no longer has {', '.join(gone)}, which the notebook {notebook} asks for."
            raise GraderError(Fault(self.assignment.path or self.id, what, REBUILD))
        return tuple(known[id] for id in asked)

    def cells(self, notebook: str) -> tuple[GeneratedCell, ...]:
        """Return the generated cells of a notebook, without model answers. Raises GraderError as `exercises` does."""
        if notebook not in self._cells:
            self._cells[notebook] = tuple(cell for one in self.exercises(notebook) for cell in cells(one, {}))
        return self._cells[notebook]

    @cached_property
    def _cells(self) -> dict[str, tuple[GeneratedCell, ...]]:
        return {}

    def seed(self, out: Out, exercise: str, student: str) -> int:
        """Return the seed of a submission: the assignment's, or one derived from it where every student has a seed."""
        if self.plan is None or not self.plan.student_seeds:
            return out.state.seed
        digest = hmac.digest(str(out.state.seed).encode(), json.dumps([exercise, student]).encode(), hashlib.sha256)
        return int.from_bytes(digest[:8], "big") % 2**53  # JSON numbers are exact up to there

    def out(self) -> Out:
        """
        Open the OUT folder, and make it where there is none.

        It is not locked: the formgrader's button may be pressed at any time, and each result is kept whole or not at all.
        """
        state = read_state(self.folder)
        if state is not None and (state.exercises, state.due) == (_ids(self.assignment), _due(self.assignment)):
            return Out(path=self.folder, state=state)
        with self.held() as out:
            return out

    def held(self) -> AbstractContextManager[Out]:
        """Open the OUT folder and lock it against other runs until the end of the block."""
        return open_out(self.folder, self.assignment)

    def save(self, plan: BuildPlan, assignment: Assignment) -> None:
        """Keep a plan; the first time, draw the assignment's seed."""
        with open_out(self.folder, replace(assignment, id=self.id)) as out:
            write_whole(out.path / PLAN, (json.dumps(asdict(plan), ensure_ascii=False, indent=1) + "\n").encode())
        for name in ("plan", "assignment"):
            self.__dict__.pop(name, None)


class Courses:
    """
    Assignments of course folders, as read from their files; these are read again only when one has changed.

    nbgrader asks twice for every notebook, and reading YAML is slow.
    """

    def __init__(self) -> None:
        self._read: dict[tuple[Path, str], tuple[tuple[object, ...], CourseAssignment]] = {}

    def at(self, root: Path, id: str) -> CourseAssignment:
        """Return an assignment of a course as its files are now."""
        stamp, course = self._read.get((root, id), ((), CourseAssignment(root=root, id=id)))
        if not stamp or stamp != course.stamp:
            course = CourseAssignment(root=root, id=id)
            self._read[root, id] = course.stamp, course
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
