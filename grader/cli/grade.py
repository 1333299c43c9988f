"""`grade`: the submissions of a class, and its table."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from grader.cli.class_summary import MAX_LINE, print_rest, print_table
from grader.cli.finding import find_assignment
from grader.cli.options import exercises_option, isolation_option, jobs_option, layout_option
from grader.cli.progress import showing_progress
from grader.text import one_line

if TYPE_CHECKING:
    from grader.course.grade import Options, Summary
    from grader.exercise.assignment import Assignment
    from grader.sandbox import Isolation

EVERY_ENTRY_GRADED, SOME_UNGRADED = 0, 3


@click.command("grade", epilog="\b\nExample:\n  $ grader grade submissions.zip -a problem_set_1.yaml -o OUT")
@click.argument("submissions", type=click.Path(path_type=Path))
@click.option("-a", "--assignment", required=True, metavar="FILE", help="An assignment file, or one exercise by id or path.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The folder for grades and reports.")
@exercises_option
@jobs_option
@click.option("--scheduler", metavar="ADDRESS", help="Use a Dask cluster: its scheduler's address, or `local` to start one here.")
@click.option("--insecure", is_flag=True, help="Let keys and answers travel to that cluster without encryption.")
@click.option("--seed", type=click.IntRange(min=0), help="The seed of the cases, in place of one that is drawn and kept in OUT.")
@click.option("--fresh-seed", is_flag=True, help="Draw another seed; everything is graded again.")
@click.option("--fresh", is_flag=True, help="Grade everything again, not only what changed.")
@click.option("--roster", type=click.Path(path_type=Path), help="A CSV of the students: id, name, email and LMS ids.")
@click.option("--db", "database", metavar="URL", help="Keep results in this database, not in a file in the output folder.")
@layout_option
@click.option(
    "--accept-other-files",
    is_flag=True,
    help="Grade students whose score is from files that are seen elsewhere now: in another layout, or under another name.",
)
@click.option("--quiet", is_flag=True, help="No progress; the table only.")
@isolation_option
def command_grade(
    *,
    submissions: Path,
    assignment: str,
    output: Path,
    folders: tuple[Path, ...],
    jobs: int,
    scheduler: str | None,
    insecure: bool,
    seed: int | None,
    fresh_seed: bool,
    fresh: bool,
    roster: Path | None,
    database: str | None,
    layout: str | None,
    accept_other_files: bool,
    quiet: bool,
    isolation: str,
) -> int:
    """
    Grade the submissions of a class: a folder or a zip.

    A second run grades only what changed. Exit status: 0 every submission has a verdict, 2 unusable input, 3 some could
    not be graded.

    The layout is recognised by the names at the top unless --layout says it: students (a folder, file or zip for each),
    wrapped (the same in one folder of any name), one-student, nbgrader (submitted/STUDENT/ASSIGNMENT/), and the downloads
    of moodle, canvas and gradescope.
    """
    if isolation == "none":
        _warn_of_none()
    from grader.course.grade import Options

    options = Options(
        jobs=jobs,
        scheduler=scheduler,
        insecure=insecure,
        seed=seed,
        fresh_seed=fresh_seed,
        fresh=fresh,
        roster=roster,
        database=database,
        layout=layout or "",
        accept_other_files=accept_other_files,
        isolation=cast("Isolation", isolation),
    )
    summary = grade_and_print(submissions, find_assignment(assignment, folders), output, options, quiet=quiet)
    return SOME_UNGRADED if summary.ungraded else EVERY_ENTRY_GRADED


def _warn_of_none() -> None:
    from grader.sandbox.host.walls import POLICY_FILE, floor

    if (least := floor()) == "none":
        print("Without isolation, student code can read and change all that you can, its own score too.", file=sys.stderr)
    else:
        print(f"{POLICY_FILE} asks for isolation `{least}` at least: that is what is used.", file=sys.stderr)


def grade_and_print(
    submissions: Path, assignment: Assignment, output: Path, options: Options, *, keeps: bool = True, quiet: bool = False
) -> Summary:
    """Grade a class, write its pages if it `keeps` them, and print the table."""
    from grader.course.grade import grade_folder

    try:
        with contextlib.nullcontext(None) if quiet else showing_progress() as tell:
            summary = grade_folder(submissions, assignment, output, options=options, progress=tell)
    except KeyboardInterrupt:
        told = one_line(f"Stopped. What is graded is kept in {output}; the same command goes on there.", MAX_LINE)
        print(told, file=sys.stderr)
        raise click.exceptions.Exit(130) from None
    if keeps:
        from grader.course.pages.pages import refresh

        exercises = {exercise.id: exercise for exercise in assignment.exercises}
        refresh(output, exercises, changed=summary.changed, database=options.database)
    print_table(summary, assignment)
    print_rest(summary, output if keeps else None)
    return summary
