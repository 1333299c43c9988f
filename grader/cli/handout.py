"""`handout`: what students of a course are given."""

from __future__ import annotations

from pathlib import Path

import click

from grader.cli.common import write_output
from grader.cli.finding import find_assignment
from grader.cli.options import exercises_option


@click.command("handout", epilog="\b\nExample:\n  $ grader handout problem_set_1.yaml -o problem_set_1.zip")
@click.argument("assignment")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The zip.")
@click.option("--notebooks", is_flag=True, help="Starters as notebooks, not as .py files.")
@exercises_option
def command_handout(*, assignment: str, output: Path, notebooks: bool, folders: tuple[Path, ...]) -> int:
    """
    Pack what students are given: starters, and exercises that check them.

    The checker comes along as a wheel, the exercises without their declared mistakes and with the records that checking
    needs, so that students need no torch unless their functions take tensors. Extensions and points given by hand stay with you.
    """
    from grader.handout import pack

    write_output(output, pack(find_assignment(assignment, folders), notebooks=notebooks))
    click.echo(str(output))
    return 0
