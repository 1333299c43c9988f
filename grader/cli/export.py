"""`export`: grades as a learning management system takes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from grader.cli.finding import exercises_of
from grader.cli.options import FEEDBACK_LEVELS, database_option, exercises_option
from grader.text import one_line

if TYPE_CHECKING:
    from grader.exercise.assignment import Feedback
    from grader.export import Format


@click.command("export", epilog="\b\nExample:\n  $ grader export OUT --format canvas --roster gradebook.csv -o grades.csv")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["csv", "canvas", "moodle", "gradescope"]), required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file; for gradescope, a folder.")
@click.option("--roster", type=click.Path(path_type=Path), help="The students, or the system's own export to fill in.")
@click.option("--absent", type=float, metavar="POINTS", help="What somebody gets who handed in nothing; empty unless you say 0.")
@click.option("--column", help="The assignment's title in the system, where it is another one.")
@exercises_option
@click.option(
    "--feedback",
    type=FEEDBACK_LEVELS,
    help="How much students read of their work: in gradescope, if not what the assignment says; in moodle, "
    "as feedback comments, only when this is given. Others have no place for it.",
)
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
        exercises=exercises_of(out, folders),
        feedback=cast("Feedback | None", feedback),
        database=database,
    )
    target = output or Path("gradescope" if form == "gradescope" else f"grades-{form}.csv")
    for note in export(out, cast("Format", form), target, options):
        click.echo(one_line(note, 2_000), err=True)
    click.echo(str(target))
    return 0
