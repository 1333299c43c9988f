"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])


def database_option(command: Command) -> Command:
    """`--db URL`: where the results lie, if not in OUT."""
    return click.option("--db", "database", metavar="URL", help="The database that `grade --db` wrote to.")(command)


def assignment_option(command: Command) -> Command:
    """`-a FILE`: the assignment, where it is not the file that OUT remembers."""
    said = "The assignment file, if it is not where it was when the class was graded."
    return click.option("-a", "--assignment", metavar="FILE", help=said)(command)


def isolation_option(command: Command) -> Command:
    """`--isolation LEVEL`."""
    levels = click.Choice(["strict", "best", "none"])
    return click.option("--isolation", type=levels, default="best", help="What student code is kept in.")(command)


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


def layout_option(command: Command) -> Command:
    """`--layout NAME`: whose files are whose, where it is not to be seen."""
    from grader.course.intake.layouts.recognise import LAYOUTS

    said = "How students' files are laid out, in place of what the names at the top look like."
    return click.option("--layout", type=click.Choice(list(LAYOUTS)), help=said)(command)
