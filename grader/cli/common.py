"""What several commands share: finding an exercise, writing a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import click

from grader import catalogue
from grader.errors import Fault, GraderError
from grader.exercise import Assignment
from grader.loading import load_exercise

if TYPE_CHECKING:
    from grader.exercise import Arrays, Exercise

    Command = TypeVar("Command", bound=Callable[..., object])


def exercises_option(command: Command) -> Command:
    """`--exercises DIR`: where to look before the shipped catalogue, may be given again."""
    option = click.option(
        "--exercises",
        "folders",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="A folder of exercises to look in first.",
    )
    return option(command)


def find_exercise(name: str, folders: tuple[Path, ...]) -> Exercise:
    """The exercise of that id or path."""
    return load_exercise(catalogue.find(name, folders))


def find_assignment(name: str, folders: tuple[Path, ...]) -> Assignment:
    """The assignment of a file; one exercise, by id or path, is an assignment of its own."""
    from grader.loading import load_assignment

    path = Path(name)
    if path.suffix in {".yaml", ".yml"} and path.is_file() and _lists_exercises(path):
        return load_assignment(path, lambda exercise: catalogue.find(exercise, folders))
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
