"""`demo`: the example class, graded."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import click

from grader.cli.finding import find_assignment
from grader.cli.grade import EVERY_ENTRY_GRADED, SOME_UNGRADED, grade_and_print
from grader.errors import Fault, GraderError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"  # only in a checkout


@click.command("demo", epilog="\b\nExample:\n  $ grader demo -o OUT")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Keep the results in this folder.")
def command_demo(output: Path | None) -> int:
    """Grade the example class that lies in the repository, and print its table."""
    if not (EXAMPLES / "class").is_dir():
        what = "The example class is not installed: it holds right answers, and students install this package."
        raise GraderError(Fault("grader demo", what, "Clone the repository and run `make demo` there."))
    from grader.course.grade import Options

    assignment = find_assignment(str(EXAMPLES / "autodiff_chapter.yaml"), ())
    with contextlib.ExitStack() as stack:
        kept = output or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="grader-demo-")))
        summary = grade_and_print(EXAMPLES / "class", assignment, kept, Options(), keeps=output is not None)
    is_meant = summary.ungraded == len({(one.student, one.exercise) for one in summary.undecided})  # as s12 shows
    return EVERY_ENTRY_GRADED if is_meant else SOME_UNGRADED
