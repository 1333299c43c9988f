"""`check`: a student's own answer, run in a child process and judged at once."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from grader.cli.options import exercises_option
from grader.cli.streams import has_colour, width_of
from grader.errors import SandboxError
from grader.sandbox import Sandbox
from grader.text import one_line

if TYPE_CHECKING:
    from grader.outcome import Report
    from grader.sandbox.limits import Arrays

ALL_POINTS, FEWER_POINTS, NOT_GRADED = 0, 1, 3


@click.command(
    "check",
    epilog="\b\nExample:\n  $ grader check tanh_layer answer.py\n  $ grader check tanh_layer answer.py --case 'one feature'",
)
@click.argument("exercise")
@click.argument("file", type=click.Path(path_type=Path))
@exercises_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--case", "case_name", metavar="NAME", help="Show one case: its inputs, what is expected, what you returned.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Other numbers; those of seed 0 come along.")
@click.option("--arrays", type=click.Choice(["numpy", "torch"]), help="What your functions are given.")
def command_check(
    *, exercise: str, file: Path, folders: tuple[Path, ...], as_json: bool, case_name: str | None, seed: int, arrays: str | None
) -> int:
    """
    Check your own answer: a .py file or a notebook.

    Your code runs in a child process: an endless loop or a crash is reported, too.

    Exit status: 0 all points, 1 fewer, 2 unusable input, 3 could not be graded.
    """
    # The sandbox starts while everything else is imported here; most exercises are for NumPy.
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(_sandbox(cast("Arrays", arrays or "numpy")))
        from grader.cli.common import check_command
        from grader.cli.finding import find_exercise, with_arrays
        from grader.judging.submission import Submission

        asked = with_arrays(find_exercise(exercise, (*folders, *_beside(file, exercise))), arrays)
        submission = Submission.from_file(file)
        if asked.arrays != sandbox.arrays:
            sandbox = stack.enter_context(_sandbox(asked.arrays))
        from grader.judging.judge import Judge
        from grader.reference.prepare import prepare, taken_beside

        if (found := taken_beside(asked, seed)) is not None:
            note = f"Compared with the answers in {one_line(str(found.parent))}: PyTorch, which computes them, is not installed."
            print(note, file=sys.stderr)
        record = prepare(asked, seed, trust_beside=True)
        if not _works(sandbox):
            sandbox = stack.enter_context(Sandbox(asked.arrays, "none"))
        if case_name is not None:
            from grader.judging.one_case import judge_case
            from grader.render.sheet import case_sheet

            judged = judge_case(asked, submission, record=record, sandbox=sandbox, name=case_name)
            report, text = judged.report, case_sheet(asked, judged.case, judged.expected, judged.report, judged.returned)
        else:
            report, text = Judge(asked, record).grade(submission, sandbox), ""
    if as_json:
        import json

        text = json.dumps(report.to_json(), ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    elif not text:
        from grader.render import terminal

        next_step = check_command(exercise, file, folders, seed=seed, arrays=arrays)
        text = terminal.render(report, asked, again=next_step, colour=has_colour(sys.stdout), width=width_of(sys.stdout))
    print(text, end="")
    return exit_status(report)


def _beside(file: Path, exercise: str) -> tuple[Path, ...]:
    """Return the answer's folder where the exercise lies there with its records, as nbgrader's students have it."""
    from grader.reference.prepare import BESIDE

    is_there = (file.parent / BESIDE).is_dir() and (file.parent / f"{exercise}.yaml").is_file()
    return (file.parent,) if is_there else ()


def _sandbox(arrays: Arrays) -> Sandbox:
    """Open the best sandbox that there is; without any wall, a child process with a clock: machine and code are the student's."""
    try:
        return Sandbox(arrays)
    except SandboxError:
        return Sandbox(arrays, "none")


def _works(sandbox: Sandbox) -> bool:
    """Whether the sandbox's walls hold, now that it has started."""
    try:
        return isinstance(sandbox.layers, tuple)
    except SandboxError:
        return False


def exit_status(report: Report) -> int:
    """Return 0 for all points, 1 for fewer, 3 where something could not be graded."""
    if report.score is None:
        return NOT_GRADED
    return ALL_POINTS if report.score >= report.points else FEWER_POINTS
