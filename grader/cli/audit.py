"""`audit`: exercises are proved right before students meet them."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli.finding import find_exercise
from grader.cli.options import exercises_option
from grader.errors import ExerciseError
from grader.exercise import catalogue
from grader.text import cleaned, counted, one_line

if TYPE_CHECKING:
    from grader.audit import Audit
    from grader.sandbox import Sandbox
    from grader.sandbox.limits import Arrays

RIGHT, WRONG = 0, 1
MAX_LINE = 2000


@click.command("audit", epilog="\b\nExample:\n  $ grader audit tanh_layer --solutions solutions")
@click.argument("exercises", nargs=-1)
@exercises_option
@click.option("--solutions", multiple=True, type=click.Path(path_type=Path), metavar="DIR", help="Where model answers lie.")
def command_audit(exercises: tuple[str, ...], folders: tuple[Path, ...], solutions: tuple[Path, ...]) -> int:
    """
    Prove exercises right: all of them, or those that are named. Needs PyTorch.

    Model answers earn full points at several seeds, starters none, declared mistakes are caught, expected values agree
    with central differences and with symbolic derivatives, cases show each branch of each function. One line per exercise,
    with remarks below it; exit status 0 when all are right, else 1.
    """
    from grader.audit import audit, find_solutions, solution_folders
    from grader.sandbox import Sandbox

    is_right = True
    with contextlib.ExitStack() as stack:
        boxes: dict[Arrays, Sandbox] = {}

        def sandbox_for(arrays: Arrays) -> Sandbox:
            if arrays not in boxes:
                boxes[arrays] = stack.enter_context(Sandbox(arrays))
            return boxes[arrays]

        for name in exercises or tuple(name for name, _ in catalogue.names(folders)):
            try:
                exercise = find_exercise(name, folders)
            except ExerciseError as error:
                is_right = False
                print(f"✗ {one_line(name)}: {_why_not_loaded(name, folders)}")
                print(cleaned(str(error)), file=sys.stderr)
                continue
            found = audit(exercise, find_solutions(exercise, solutions or solution_folders(exercise)), sandbox_for)
            is_right = is_right and found.is_right
            print(_line(found))
            for remark in found.remarks:
                print(f"    {one_line(remark, MAX_LINE)}")
            for fault in found.faults:
                print(cleaned(str(fault)), file=sys.stderr)
    return RIGHT if is_right else WRONG


def _why_not_loaded(name: str, folders: tuple[Path, ...]) -> str:
    with contextlib.suppress(ExerciseError):
        if catalogue.find(name, folders).path.is_file():
            return "the file is faulty"
    return "there is no such exercise"


def _line(found: Audit) -> str:
    if not found.is_right:
        return f"✗ {found.exercise}: {counted(len(found.faults), 'fault')}"
    parts = [
        counted(found.targets, "target"),
        counted(found.cases, "case"),
        counted(found.model_answers, "model answer") + " right",
        counted(found.declared + found.built_in, "wrong answer") + " caught",
        f"differences within {found.difference:.0e}",
        f"{found.symbolic} of {found.targets} confirmed symbolically",
    ]
    return f"✓ {found.exercise}: {', '.join(parts)}"
