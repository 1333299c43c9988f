"""`report` and `export`: what becomes of the results in OUT."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from grader.cli.options import database_option, exercises_option
from grader.errors import GraderError
from grader.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from grader.exercise.assignment import Feedback
    from grader.exercise.model import Exercise
    from grader.export import Format

_LEVELS = click.Choice(["full", "hints", "score"])
_FEEDBACK = click.option(
    "--feedback",
    type=_LEVELS,
    help="How much students' pages show, if not what the assignment says: all, the reasons without numbers, or points only.",
)
_FEEDBACK_IN_IT = click.option(
    "--feedback",
    type=_LEVELS,
    help="How much students read of their work: in gradescope, if not what the assignment says; in moodle, "
    "as feedback comments, only when this is given. Others have no place for it.",
)


@click.command("report", epilog="\b\nExample:\n  $ grader report OUT --feedback hints")
@click.argument("out", type=click.Path(path_type=Path))
@exercises_option
@_FEEDBACK
@database_option
def command_report(*, out: Path, folders: tuple[Path, ...], feedback: str | None, database: str | None) -> int:
    """Write the pages of a graded class: report.html for staff, feedback/STUDENT.html for each student."""
    from grader.course.pages.pages import refresh

    click.echo(str(refresh(out, known_exercises(out, folders), feedback=cast("Feedback | None", feedback), database=database)))
    return 0


@click.command("export", epilog="\b\nExample:\n  $ grader export OUT --format canvas --roster gradebook.csv -o grades.csv")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["csv", "canvas", "moodle", "gradescope"]), required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file; for gradescope, a folder.")
@click.option("--roster", type=click.Path(path_type=Path), help="The students, or the system's own export to fill in.")
@click.option("--absent", type=float, metavar="POINTS", help="What somebody gets who handed in nothing; empty unless you say 0.")
@click.option("--column", help="The assignment's title in the system, where it is another one.")
@exercises_option
@_FEEDBACK_IN_IT
@database_option
def command_export(
    *,
    out: Path,
    form: str,
    output: Path | None,
    roster: Path | None,
    absent: float | None,
    column: str | None,
    folders: tuple[Path, ...],
    feedback: str | None,
    database: str | None,
) -> int:
    """Write the grades as a learning management system takes them."""
    from grader.export import ExportOptions, export

    given = {"--roster": roster, "--absent": absent, "--column": column}
    if form == "gradescope" and (idle := [name for name, value in given.items() if value is not None]):
        raise click.UsageError(f"{', '.join(idle)}: that is for the tables of the other formats.")
    options = ExportOptions(
        roster=roster,
        absent="" if absent is None else f"{absent:g}",
        column=column,
        exercises=known_exercises(out, folders),
        feedback=cast("Feedback | None", feedback),
        database=database,
    )
    target = output or Path("gradescope" if form == "gradescope" else f"grades-{form}.csv")
    for note in export(out, cast("Format", form), target, options):
        click.echo(one_line(note, 2_000), err=True)
    click.echo(str(target))
    return 0


def known_exercises(out: Path, folders: tuple[Path, ...]) -> Mapping[str, Exercise]:
    """
    The exercises of OUT, which lend the pages their notation; a faulty one lends none.

    From the files that they were graded by, unless `folders` say where to look, or these are gone.
    """
    from grader.course.results.decisions import files_of, read_rules
    from grader.course.results.out import Out, read_state
    from grader.exercise import catalogue
    from grader.exercise.loading import load_exercise

    if (state := read_state(out)) is None:
        return {}
    graded_by = {} if folders else files_of(read_rules(Out(path=out, state=state)))
    found: dict[str, Exercise] = {}
    for name in state.exercises:
        with suppress(GraderError):
            file = graded_by.get(name) or catalogue.find_asked(name, Path(state.path), folders).path
            found[name] = load_exercise(file)
    return found
