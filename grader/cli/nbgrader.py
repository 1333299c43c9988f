"""`nbgrader quickstart`, `build` and `autograde`: nbgrader's course cycle with our exercises and our sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.options import exercises_option, jobs_option
from grader.text import counted, one_line

if TYPE_CHECKING:
    from grader.nbgrader.building import Built

ALL_RECORDED, SOME_UNGRADED = 0, 3


@click.group("nbgrader", epilog="\b\nExample:\n  $ grader nbgrader quickstart my_course")
def command_nbgrader() -> None:
    """Take part in nbgrader's course cycle."""


@command_nbgrader.command("quickstart", epilog="\b\nExample:\n  $ grader nbgrader quickstart my_course")
@click.argument("course", type=click.Path(path_type=Path))
def command_quickstart(course: Path) -> int:
    """Make a course folder whose nbgrader grades in the sandbox, with an example assignment."""
    from grader.nbgrader.quickstart import quickstart

    _tell(quickstart(course))
    click.echo(f"Next: cd {course}, and read README.md.", err=True)
    return 0


@command_nbgrader.command("build", epilog="\b\nExample:\n  $ grader nbgrader build problem_set_1.yaml --course my_course")
@click.argument("assignment")
@click.option("--course", type=click.Path(path_type=Path), default=Path(), help="The course folder; by default this one.")
@exercises_option
@click.option("--solutions", multiple=True, type=click.Path(path_type=Path), metavar="DIR", help="Where model answers lie.")
@click.option("--one-notebook", is_flag=True, help="All exercises in one notebook, in place of one each.")
@click.option("--student-seeds", is_flag=True, help="Other numbers for every student, derived from the assignment's seed.")
def command_build(
    *,
    assignment: str,
    course: Path,
    folders: tuple[Path, ...],
    solutions: tuple[Path, ...],
    one_notebook: bool,
    student_seeds: bool,
) -> int:
    """
    Write the source notebooks of ASSIGNMENT: a file, or one exercise by id or path.

    Building again keeps the ids of all cells, your own cells, and your model answers between BEGIN and END SOLUTION.
    """
    from grader.cli.finding import find_assignment
    from grader.nbgrader.building import build

    found = find_assignment(assignment, folders)
    _tell(build(found, course, solutions=solutions, one_notebook=one_notebook, student_seeds=student_seeds))
    click.echo(f"Next: nbgrader generate_assignment {found.id}", err=True)
    return 0


@command_nbgrader.command(
    "autograde", epilog="\b\nExample:\n  $ grader nbgrader autograde problem_set_1 --course my_course --jobs 4"
)
@click.argument("assignment")
@click.option("--course", type=click.Path(path_type=Path), default=Path(), help="The course folder; by default this one.")
@jobs_option
@click.option("--force", is_flag=True, help="Have nbgrader record everything again, not only what is new.")
def command_autograde(*, assignment: str, course: Path, jobs: int, force: bool) -> int:
    """
    Grade all submissions in parallel, then let nbgrader record them.

    The scores are those of plain `nbgrader autograde` and of the formgrader's button. Exit status: 0 everything has a
    score, 2 unusable input, 3 something was left to a person.
    """
    from grader.cli.progress import showing_progress
    from grader.nbgrader.recording import autograde

    with showing_progress() as tell:
        summary = autograde(course, assignment, jobs=jobs, force=force, tell=tell)
    click.echo(
        f"{counted(summary.graded, 'answer')} graded, {summary.reused} unchanged; "
        f"{counted(summary.recorded, 'submission')} recorded.",
        err=True,
    )
    for line in summary.lost:
        click.echo(one_line(line, 2_000), err=True)
    if summary.lost and summary.log:
        click.echo(one_line(f"More on that: {summary.log}", 2_000), err=True)
    click.echo(one_line(f"Grades: {summary.grades}", 2_000), err=True)
    return SOME_UNGRADED if summary.lost else ALL_RECORDED


def _tell(built: Built) -> None:
    for path in built.notebooks:
        click.echo(path)
    for note in built.notes:
        click.echo(one_line(f"Note: {note}", 2_000), err=True)
