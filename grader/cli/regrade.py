"""`regrade`: scores brought up to date with corrected exercises and rules."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from grader.cli.common import agreed
from grader.cli.finding import assignment_of
from grader.cli.options import (
    assignment_option,
    database_option,
    exercises_option,
    isolation_option,
    jobs_option,
    out_argument,
    yes_option,
)
from grader.text import counted, one_line, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.course.regrade import Change, RegradePlan
    from grader.sandbox import Isolation

DONE, NOT_DONE, SOME_UNGRADED = 0, 1, 3
MOST_SHOWN = 100


@click.command("regrade", epilog="\b\nExample:\n  $ grader regrade OUT\n  $ grader regrade OUT --only-up --yes")
@out_argument
@assignment_option
@exercises_option
@click.option("--only-up", is_flag=True, help="Leave a score as it is where it would fall.")
@yes_option
@jobs_option
@isolation_option
@database_option
def command_regrade(
    *,
    out: Path,
    assignment: str | None,
    folders: tuple[Path, ...],
    only_up: bool,
    yes: bool,
    jobs: int,
    isolation: str,
    database: str | None,
) -> int:
    """
    Bring scores up to date after exercises or the assignment's rules changed.

    Says whose scores change and by how much before anything is written. The submissions are not needed: what was handed in
    is kept in OUT. Exit status: 0 done, 1 not agreed to, 3 some could not be graded.
    """
    from grader.course.grade import Options
    from grader.course.regrade import regrade

    asked = assignment_of(out, assignment, folders)

    def confirm(plan: RegradePlan) -> bool:
        _print_plan(plan)
        return not (plan.changes or plan.totals) or agreed("Write these scores?", yes=yes)

    options = Options(jobs=jobs, isolation=cast("Isolation", isolation), database=database)
    plan = regrade(out, asked, confirm, only_up=only_up, options=options)
    if not plan.is_written:
        return NOT_DONE
    for note in plan.notes:
        print(one_line(note), file=sys.stderr)
    from grader.course.pages.pages import refresh

    refresh(out, {one.id: one for one in asked.exercises}, changed=plan.students, database=database)
    print(one_line(f"Written: {out / 'grades.csv'}, reports and pages.", 2_000), file=sys.stderr)
    return SOME_UNGRADED if plan.ungraded else DONE


def _print_plan(plan: RegradePlan) -> None:
    if changes := _in_order(plan)[:MOST_SHOWN]:
        for line in table(("", "before", "after", "change"), list(_rows(changes))):
            print(line)
    if (more := len(plan.changes) + len(plan.totals) - MOST_SHOWN) > 0:
        print(f"... and {more} more.")
    sys.stdout.flush()
    students = {one.student for one in (*plan.changes, *plan.totals)}
    reports = f", but {counted(plan.results, 'report')} will say something else" if plan.results and not plan.run_again else ""
    told = f"The scores of {counted(len(students), 'student')} change." if students else f"Nobody's scores change{reports}."
    ran = f"{counted(plan.run_again, 'answer')} had to be run again." if plan.run_again else "Nothing had to be run again."
    print(told, ran, file=sys.stderr)
    if plan.kept:
        print(f"{counted(plan.kept, 'score')} would fall, and stayed as before.", file=sys.stderr)
    if plan.ungraded:
        print(f"{plan.ungraded} could not be graded (no points lost); the reports say why.", file=sys.stderr)


def _in_order(plan: RegradePlan) -> list[Change]:
    """Sort by student, each with the scores before the total."""
    return sorted((*plan.changes, *plan.totals), key=lambda one: (one.student, not one.exercise))


def _rows(changes: list[Change]) -> Iterator[tuple[str, ...]]:
    student = None
    for one in changes:
        if one.student != student:
            student = one.student
            yield one_line(student), "", "", ""
        by = "" if one.before is None or one.after is None else f"{one.after - one.before:+.10g}"
        before, after = ("-" if score is None else f"{score:.10g}" for score in (one.before, one.after))
        yield f"  {one.exercise or 'total'}", before, after, by
