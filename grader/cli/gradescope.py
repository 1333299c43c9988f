"""`gradescope build` and `gradescope run`: grading in Gradescope's containers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from grader.cli.common import write_output
from grader.cli.finding import find_assignment
from grader.cli.options import exercises_option, isolation_option
from grader.text import one_line

if TYPE_CHECKING:
    from grader.sandbox import Isolation


@click.group("gradescope", epilog="\b\nExample:\n  $ grader gradescope build problem_set_1.yaml -o autograder.zip")
def command_gradescope() -> None:
    """Grade in Gradescope's containers, by the same code."""


@command_gradescope.command("build", epilog="\b\nExample:\n  $ grader gradescope build problem_set_1.yaml -o autograder.zip")
@click.argument("assignment")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The zip to upload.")
@click.option("--seed", type=click.IntRange(min=0), help="The seed of the cases, in place of one that is drawn now.")
@isolation_option
@exercises_option
def command_gradescope_build(
    *, assignment: str, output: Path, seed: int | None, isolation: str, folders: tuple[Path, ...]
) -> int:
    """
    Make the zip that Gradescope asks for as an autograder.

    It holds the secret seed's cases and answers: keep it to yourself.
    """
    from grader.gradescope import build

    data, notes = build(find_assignment(assignment, folders), seed=seed, isolation=cast("Isolation", isolation))
    write_output(output, data, is_secret=True)
    for note in notes:
        click.echo(one_line(note, 2_000), err=True)
    click.echo(str(output))
    return 0


@command_gradescope.command("run", epilog="\b\nExample:\n  $ grader gradescope run --root /autograder")
@click.option("--root", type=click.Path(path_type=Path), default=Path("/autograder"), help="Where Gradescope puts its folders.")
@click.option("--forget-seed", is_flag=True, help="Remove seed and exercises from the disk before student code runs.")
def command_gradescope_run(*, root: Path, forget_seed: bool) -> int:
    """Grade ROOT/submission into ROOT/results/results.json: what the zip does in its container."""
    from grader.gradescope import run

    for line in run(root, forget_seed=forget_seed):
        click.echo(line)
    return 0
