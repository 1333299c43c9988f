"""What several commands share: finding an exercise, writing a file."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from grader import catalogue
from grader.errors import Fault, GraderError
from grader.exercise import Assignment
from grader.loading import load_exercise

if TYPE_CHECKING:
    from grader.exercise import Arrays, Exercise


def find_exercise(name: str, folders: tuple[Path, ...]) -> Exercise:
    """The exercise of that id or path; files of the same id that it hides are named on stderr."""
    return load_exercise(_found(name, folders))


def _found(name: str, folders: tuple[Path, ...]) -> Path:
    found = catalogue.find(name, folders)
    for hidden in found.shadows:
        print(f"{name} is {found.path}, which hides {hidden}.", file=sys.stderr)
    return found.path


def find_assignment(name: str, folders: tuple[Path, ...]) -> Assignment:
    """The assignment of a file or of the shipped catalogue; one exercise, by id or path, is an assignment of its own."""
    from grader.loading import load_assignment

    path = Path(name) if catalogue.is_path(name) else catalogue.shipped() / "assignments" / f"{name}.yaml"
    if path.is_file() and _lists_exercises(path):
        return load_assignment(path, lambda exercise: _found(exercise, folders))
    exercise = find_exercise(name, folders)
    return Assignment(id=exercise.id, title=exercise.title, exercises=(exercise,), path=exercise.path)


def _lists_exercises(path: Path) -> bool:
    with path.open("rb") as file:
        return re.search(rb"^exercises[ \t]*:", file.read(1 << 16), re.MULTILINE) is not None


def with_arrays(exercise: Exercise, arrays: str | None) -> Exercise:
    """The exercise, its functions given arrays of that kind."""
    return exercise if arrays is None else replace(exercise, arrays=cast("Arrays", arrays))


def write_new(path: Path, text: str, *, force: bool) -> None:
    """Write a file as a whole or not at all. Raises GraderError when there is one already, or it cannot be written."""
    if path.exists() and not force:
        raise GraderError(Fault(str(path), "This file is there already.", "Choose another name, or write over it with --force."))
    import os
    import tempfile

    try:
        descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except OSError as error:
        raise GraderError(Fault(str(path), f"It cannot be written: {error.strerror}.", "Choose another place with -o.")) from None
