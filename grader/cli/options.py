"""Options and arguments that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])

FEEDBACK_LEVELS = click.Choice(["full", "hints", "score"])


def out_argument(command: Command) -> Command:
    """Add `OUT`: the folder that `grade ... -o` wrote."""
    return click.argument("out", type=click.Path(path_type=Path))(command)


def yes_option(command: Command) -> Command:
    """Add `--yes`."""
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


def jobs_option(command: Command) -> Command:
    """Add `--jobs N`."""
    jobs = click.IntRange(min=0)
    return click.option("--jobs", type=jobs, default=0, help="Workers; by default one for each processor.")(command)


def database_option(command: Command) -> Command:
    """Add `--db URL`: where the results lie, if not in OUT."""
    return click.option("--db", "database", metavar="URL", help="The database that `grade --db` wrote to.")(command)


def assignment_option(command: Command) -> Command:
    """Add `-a FILE`: the assignment, where it is not the file that OUT remembers."""
    text = "The assignment file, if it is not where it was when the class was graded."
    return click.option("-a", "--assignment", metavar="FILE", help=text)(command)


def isolation_option(command: Command) -> Command:
    """Add `--isolation LEVEL`."""
    levels = click.Choice(["strict", "best", "none"])
    return click.option("--isolation", type=levels, default="best", help="How student code is isolated.")(command)


def exercises_option(command: Command) -> Command:
    """Add `--exercises DIR`: a folder to look in before the shipped catalogue; it may be given several times."""
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
    """Add `--layout NAME`: how students' files are laid out, where that cannot be seen."""
    from grader.course.intake.layouts.recognise import LAYOUTS

    text = "How students' files are laid out, in place of what the names at the top look like."
    return click.option("--layout", type=click.Choice(list(LAYOUTS)), help=text)(command)
