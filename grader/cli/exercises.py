"""`list`, `show`, `start`: the exercises, what one asks, a file to write the answer in."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import listing
from grader.cli.options import exercises_option
from grader.errors import Fault, GraderError
from grader.exercise import catalogue
from grader.text import aligned, cleaned, one_line, shortened

if TYPE_CHECKING:
    from grader.exercise.model import Exercise


@click.command("list", epilog="\b\nExample:\n  $ grader list --exercises my_course/exercises")
@exercises_option
@click.option("--json", "as_json", is_flag=True, help="As JSON: id, title, points, kinds, path.")
def command_list(folders: tuple[Path, ...], as_json: bool) -> int:
    """List the exercises: id, points, kinds of target, title."""
    found, faults = listing.rows(catalogue.names(folders))
    for fault in faults:
        print(cleaned(str(fault)), file=sys.stderr)
    if as_json:
        import json

        print(json.dumps([asdict(row) for row in found], ensure_ascii=False, indent=2))
    else:
        _print_table([(row.id, f"{row.points:g}", ", ".join(row.kinds), row.title) for row in found])
    return 2 if faults else 0


def _print_table(rows: list[tuple[str, str, str, str]]) -> None:
    for line in aligned([("exercise", "points", "kinds", "title"), *rows], left=(0, 2, 3)):
        print(line)


@click.command("show", epilog="\b\nExample:\n  $ grader show tanh_derivative --key --set x=2")
@click.argument("exercise")
@exercises_option
@click.option("--key", is_flag=True, help="Print values and expected derivatives, for instructors. Needs PyTorch.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="An input for --key: x=2, or W=[[1,2],[3,4]].")
def command_show(exercise: str, folders: tuple[Path, ...], key: bool, settings: tuple[str, ...]) -> int:
    """
    Show what an exercise asks: its statement, the calls, the shapes.

    With --key, print the forward values and the expected derivatives at the inputs that --set gives; other inputs are drawn.
    """
    if settings and not key:
        raise click.UsageError("--set gives the inputs of the key: add --key.")
    from grader.cli.finding import find_exercise
    from grader.render.sheet import key_sheet, task_sheet

    asked = find_exercise(exercise, folders)
    if key:
        from grader.reference.key import key_at

        print(key_sheet(asked, key_at(asked, dict(_setting(asked, text) for text in settings))))
    else:
        print(task_sheet(asked))
    return 0


def _setting(exercise: Exercise, text: str) -> tuple[str, object]:
    """Read `NAME=VALUE`. Raises GraderError for a name that is no input, and a value that is no array."""
    import json

    from grader.reference.key import shape_of

    name, _, value = text.partition("=")
    known = [*(item.name for item in exercise.inputs), *(item.name for item in exercise.upstream)]
    if name.strip() not in known:
        what = f"{name.strip()!r} is no input of {exercise.id}."
        raise GraderError(Fault(f"--set {text}", what, f"Its inputs: {', '.join(known)}."))
    try:
        found = json.loads(value)
        shape_of(found)
    except (ValueError, RecursionError):
        what = f"{shortened(value, 60)!r} is neither a number nor rectangular lists of numbers."
        remedy = "Write it as --set x=2 or --set W=[[1,2],[3,4]]."
        raise GraderError(Fault(f"--set {shortened(text, 60)}", what, remedy)) from None
    return name.strip(), found


@click.command("start", epilog="\b\nExample:\n  $ grader start tanh_layer -o answer.ipynb")
@click.argument("exercise")
@exercises_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The file to write, .py or .ipynb; without it, EXERCISE.py."
)
@click.option("--arrays", type=click.Choice(["numpy", "torch"]), help="What your functions will be given.")
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
def command_start(exercise: str, folders: tuple[Path, ...], output: Path | None, arrays: str | None, force: bool) -> int:
    """Write a starter: signatures, what each index means, and `raise NotImplementedError` where your code goes."""
    from grader.cli.common import check_command, write_new
    from grader.cli.finding import find_exercise, with_arrays
    from grader.exercise import starter

    asked = with_arrays(find_exercise(exercise, folders), arrays)
    path = output or Path(f"{asked.id}.py")
    if path.suffix not in (".py", ".ipynb"):
        raise click.UsageError(f"{path} should end in .py or .ipynb.")
    next_step = check_command(exercise, path, folders, arrays=arrays)
    if path.suffix == ".ipynb":
        text = starter.as_notebook(asked, path=exercise if catalogue.is_path(exercise) else "")
    else:
        text = starter.as_script(asked, check=next_step)
    write_new(path, text, force=force)
    print(f"Wrote {one_line(str(path), 2_000)}. Fill it in, then: {next_step}", file=sys.stderr)
    return 0
