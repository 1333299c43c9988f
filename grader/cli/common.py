"""What several commands share: finding exercises and assignments, tables and counts, asking, the next command, a new file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from grader.errors import Fault, GraderError
from grader.exercise import catalogue
from grader.exercise.assignment import Assignment
from grader.exercise.loading import load_exercise
from grader.files import write_whole
from grader.text import one_line, quoted

if TYPE_CHECKING:
    from grader.exercise.model import Exercise
    from grader.sandbox.limits import Arrays


def find_exercise(name: str, folders: tuple[Path, ...]) -> Exercise:
    """
    The exercise of that id or path; files of the same id that it hides are named on stderr.

    Not where records lie beside it, as in a handout: it is meant to stand for the catalogue's, and students cannot change that.
    """
    found = catalogue.find(name, folders)
    if catalogue.lists_exercises(found.path):
        what = "This is an assignment: it lists exercises, and here one of them is asked for."
        raise GraderError(Fault(str(found.path), what, "Name the exercise by its id, as the list has it."))
    if found.shadows:
        from grader.reference import prepare

        if (found.path.parent / prepare.BESIDE).is_dir():
            return load_exercise(found.path)
    return load_exercise(_told(name, found))


def _told(name: str, found: catalogue.ExerciseFile) -> Path:
    for hidden in found.shadows:
        print(one_line(f"{name} is {found.path}, which hides {hidden}.", 2_000), file=sys.stderr)
    return found.path


def find_assignment(name: str, folders: tuple[Path, ...], known: Mapping[str, Path] | None = None) -> Assignment:
    """
    The assignment of a file or of the shipped catalogue; one exercise, by id or path, is an assignment of its own.

    Exercises in `known` are taken from there, wherever else their ids may be found.
    """
    files = known or {}
    from grader.exercise.loading import load_assignment

    path = catalogue.assignment_file(name)
    if path is not None:
        return load_assignment(path, lambda id: files.get(id) or _told(id, catalogue.find_asked(id, path, folders)))
    return Assignment.of(load_exercise(_told(name, catalogue.find_asked(name, None, folders))))


def agreed(question: str, *, yes: bool) -> bool:
    """Whether the user agrees: by `--yes`, or asked on a terminal; where nobody can answer, nothing happens, and that is said."""
    if yes:
        return True
    if sys.stdin.isatty():
        import click

        if click.confirm(question, err=True):
            return True
        print("Nothing was changed.", file=sys.stderr)
        return False
    print("Nothing was changed. Give the same command with --yes to go on.", file=sys.stderr)
    return False


def with_arrays(exercise: Exercise, arrays: str | None) -> Exercise:
    """The exercise, its functions given arrays of that kind."""
    return exercise if arrays is None else replace(exercise, arrays=cast("Arrays", arrays))


def check_command(exercise: str, file: Path, folders: tuple[Path, ...], *, seed: int = 0, arrays: str | None = None) -> str:
    """The command that checks a file, with the options that this one was given: a student's next step."""
    name = str(file)
    parts = ["grader", "check", exercise, f"./{name}" if name.startswith("-") else name]
    parts += [part for folder in folders for part in ("--exercises", str(folder))]
    parts += ["--seed", str(seed)] if seed else []
    parts += ["--arrays", arrays] if arrays else []
    return " ".join(map(quoted, parts))


def write_new(path: Path, text: str, *, force: bool) -> None:
    """Write a file as a whole or not at all. Raises GraderError when there is one already, or it cannot be written."""
    if path.exists() and not force:
        raise GraderError(Fault(str(path), "This file is there already.", "Choose another name, or write over it with --force."))
    try:
        path.parent.stat()  # a folder that is not there is a slip of the finger, and is not made
        write_whole(path, text.encode(), mode=0o644)
    except OSError as error:
        raise GraderError(Fault(str(path), f"It cannot be written: {error.strerror}.", "Choose another place with -o.")) from None
