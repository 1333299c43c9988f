"""`report`: the pages of a graded class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from grader.cli.finding import exercises_of
from grader.cli.options import FEEDBACK_LEVELS, database_option, exercises_option

if TYPE_CHECKING:
    from grader.exercise.assignment import Feedback


@click.command("report", epilog="\b\nExample:\n  $ grader report OUT --feedback hints")
@click.argument("out", type=click.Path(path_type=Path))
@exercises_option
@click.option(
    "--feedback",
    type=FEEDBACK_LEVELS,
    help="How much students' pages show, if not what the assignment says: all, the reasons without numbers, or points only.",
)
@database_option
def command_report(*, out: Path, folders: tuple[Path, ...], feedback: str | None, database: str | None) -> int:
    """Write the pages of a graded class: report.html for staff, feedback/STUDENT.html for each student."""
    from grader.course.pages.pages import refresh

    click.echo(str(refresh(out, exercises_of(out, folders), feedback=cast("Feedback | None", feedback), database=database)))
    return 0
