"""Find the exercise, the assignment and the folder of results that a command is about."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from grader.errors import Fault, GraderError
from grader.exercise import catalogue
from grader.exercise.loading import load_exercise
from grader.text import one_line

if TYPE_CHECKING:
    from grader.exercise.assignment import Assignment
    from grader.exercise.model import Exercise
    from grader.sandbox.limits import Arrays


def find_exercise(name: str, folders: tuple[Path, ...]) -> Exercise:
    """
    Load the exercise with that id or path; name on stderr the files of the same id that it hides.

    Nothing is said where records lie beside it, as in a handout: it is meant to replace the catalogue's, and students cannot
    change that.
    """
    found = catalogue.find(name, folders)
    if catalogue.lists_exercises(found.path):
        what = "This is an assignment: it lists exercises, and here one of them is asked for."
        raise GraderError(Fault(str(found.path), what, "Name the exercise by its id, as the list has it."))
    if found.shadows:
        from grader.reference import prepare

        if (found.path.parent / prepare.BESIDE).is_dir():
            return load_exercise(found.path)
    return load_exercise(_path_of(name, found))


def _path_of(name: str, found: catalogue.ExerciseFile) -> Path:
    """Return the path that was found, and name on stderr those that it hides."""
    for hidden in found.shadows:
        print(one_line(f"{name} is {found.path}, which hides {hidden}.", 2_000), file=sys.stderr)
    return found.path


def find_assignment(name: str, folders: tuple[Path, ...], known: Mapping[str, Path] | None = None) -> Assignment:
    """
    Load the assignment of a file or of the shipped catalogue; one exercise, by id or path, is an assignment of its own.

    Exercises in `known` are taken from there, wherever else their ids may be found.
    """
    from grader.exercise.assignment import Assignment
    from grader.exercise.loading import load_assignment

    files = known or {}

    path = catalogue.assignment_file(name)
    if path is not None:
        return load_assignment(path, lambda id: files.get(id) or _path_of(id, catalogue.find_asked(id, path, folders)))
    return Assignment.of(load_exercise(_path_of(name, catalogue.find_asked(name, None, folders))))


def with_arrays(exercise: Exercise, arrays: str | None) -> Exercise:
    """Return the exercise with functions that are given arrays of that kind."""
    return exercise if arrays is None else replace(exercise, arrays=cast("Arrays", arrays))


def exercise_of(assignment: Assignment, id: str) -> Exercise:
    """Return one exercise of an assignment. Raises GraderError when it has none with that id."""
    for exercise in assignment.exercises:
        if exercise.id == id:
            return exercise
    known = ", ".join(one.id for one in assignment.exercises)
    raise GraderError(Fault(assignment.path, f"{id} is not an exercise of this assignment.", f"Its exercises: {known}."))


# What OUT remembers


def assignment_of(out: Path, name: str | None, folders: tuple[Path, ...]) -> Assignment:
    """Load the assignment with that name, or the one that OUT was graded by."""
    if name is not None:
        return find_assignment(name, folders)
    from grader.course.results.decisions import files_of, read_rules
    from grader.course.results.out import Out, read_state

    state = read_state(out)
    if state is None:
        raise GraderError(Fault(str(out), "There are no results of a run here.", "Name the folder that `grade ... -o` wrote."))
    if not Path(state.path).is_file():
        what = f"The file of its assignment, {state.path or state.assignment}, is not there any more."
        raise GraderError(Fault(str(out), what, "Name it with -a."))
    known = {} if folders else files_of(read_rules(Out(path=out, state=state)))
    return find_assignment(state.path, folders, known)


def exercises_of(out: Path, folders: tuple[Path, ...]) -> Mapping[str, Exercise]:
    """
    Load the exercises of OUT, from which pages take the notation; leave out faulty ones.

    They are read from the files that OUT was graded by, unless `folders` say where to look, or these files are gone.
    """
    from grader.course.results.decisions import files_of, read_rules
    from grader.course.results.out import Out, read_state

    if (state := read_state(out)) is None:
        return {}
    graded_by = {} if folders else files_of(read_rules(Out(path=out, state=state)))
    found: dict[str, Exercise] = {}
    for name in state.exercises:
        with suppress(GraderError):
            file = graded_by.get(name) or catalogue.find_asked(name, Path(state.path), folders).path
            found[name] = load_exercise(file)
    return found
