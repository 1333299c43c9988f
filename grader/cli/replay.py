"""`replay`: one submission judged again, from the record of its grading."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from grader.cli.finding import assignment_of, exercise_of
from grader.cli.options import assignment_option, database_option, exercises_option, isolation_option, out_argument
from grader.cli.streams import has_colour, width_of
from grader.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.course.replay import Replay
    from grader.sandbox import Isolation

SAME, DIFFERENT = 0, 1


@click.command("replay", epilog="\b\nExample:\n  $ grader replay OUT s03 tanh_layer")
@out_argument
@click.argument("student")
@click.argument("exercise")
@assignment_option
@exercises_option
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@isolation_option
@database_option
def command_replay(
    *,
    out: Path,
    student: str,
    exercise: str,
    assignment: str | None,
    folders: tuple[Path, ...],
    as_json: bool,
    isolation: str,
    database: str | None,
) -> int:
    """
    Judge one submission again, from the record of its grading.

    Its files, the seed and the cases are those of then. Exit status: 0 when the report comes out the same, byte for byte
    but for the time, 1 when it does not.
    """
    from grader.course.replay import replay

    asked = exercise_of(assignment_of(out, assignment, folders), exercise)
    found = replay(out, student, asked, isolation=cast("Isolation", isolation), database=database)
    if as_json:
        print(json.dumps(found.replayed.to_json(), ensure_ascii=False, allow_nan=False, indent=1))
    else:
        from grader.render import terminal

        shown = terminal.render(found.replayed, asked, colour=has_colour(sys.stdout), width=width_of(sys.stdout), cases="secret")
        print(shown, end="")
    sys.stdout.flush()
    for line in _compared(found):
        print(one_line(line, 2_000), file=sys.stderr)
    return DIFFERENT if found.differences else SAME


def _compared(found: Replay) -> Iterator[str]:
    if found.differences:
        yield f"NOT the same as recorded: {', '.join(found.differences)} differ."
        if "nondeterministic" in {*found.recorded.flags, *found.replayed.flags}:
            yield "The same call of this code gives different answers."
    else:
        yield "The same as recorded, byte for byte but for the time."
    for part in found.circumstances:
        before, now = getattr(found.recorded, part), getattr(found.replayed, part)
        yield f"Recorded under other {part}: {_listed(before)}; now {_listed(now)}."


def _listed(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {version}" for name, version in value.items())
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
