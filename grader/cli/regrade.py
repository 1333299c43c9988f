"""`replay`, `regrade` and `purge`: results looked at again, corrected, forgotten."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from grader.cli.common import agreed, find_assignment
from grader.cli.options import assignment_option, database_option, exercises_option, isolation_option
from grader.cli.streams import has_colour, width_of
from grader.errors import Fault, GraderError
from grader.text import counted, one_line, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.course.purge import Removal
    from grader.course.regrade import Change, RegradePlan
    from grader.course.replay import Replay
    from grader.exercise.assignment import Assignment
    from grader.exercise.model import Exercise
    from grader.sandbox import Isolation

SAME, DIFFERENT = 0, 1
DONE, NOT_DONE, SOME_UNGRADED = 0, 1, 3
MOST_SHOWN = 100
_OUT = click.argument("out", type=click.Path(path_type=Path))
_YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command("replay", epilog="\b\nExample:\n  $ grader replay OUT s03 tanh_layer")
@_OUT
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

    asked = _exercise_of(_assignment_of(out, assignment, folders), exercise)
    found = replay(out, student, asked, isolation=cast("Isolation", isolation), database=database)
    if as_json:
        print(json.dumps(found.replayed.to_json(), ensure_ascii=False, allow_nan=False, indent=1))
    else:
        from grader.render import terminal

        print(
            terminal.render(found.replayed, asked, colour=has_colour(sys.stdout), width=width_of(sys.stdout), cases="secret"),
            end="",
        )
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
        yield f"Recorded under other {part}: {_shown(before)}; now {_shown(now)}."


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {version}" for name, version in value.items())
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


@click.command("regrade", epilog="\b\nExample:\n  $ grader regrade OUT\n  $ grader regrade OUT --only-up --yes")
@_OUT
@assignment_option
@exercises_option
@click.option("--only-up", is_flag=True, help="Leave scores as they are that would fall.")
@_YES
@click.option("--jobs", type=click.IntRange(min=0), default=0, help="Workers; by default one a processor.")
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
    Bring marks up to date after exercises or the assignment's rules changed.

    Says whose marks change and by how much before anything is written. The submissions are not needed: what was handed in
    is kept in OUT. Exit status: 0 done, 1 not agreed to, 3 some could not be graded.
    """
    from grader.course.grade import Options
    from grader.course.regrade import regrade

    asked = _assignment_of(out, assignment, folders)

    def confirm(plan: RegradePlan) -> bool:
        _print_plan(plan)
        return not (plan.changes or plan.totals) or agreed("Write these marks?", yes=yes)

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
    told = f"The marks of {counted(len(students), 'student')} change." if students else f"Nobody's marks change{reports}."
    ran = f"{counted(plan.run_again, 'answer')} had to be run again." if plan.run_again else "Nothing had to be run again."
    print(told, ran, file=sys.stderr)
    if plan.kept:
        print(f"{counted(plan.kept, 'score')} would fall, and stayed as before.", file=sys.stderr)
    if plan.ungraded:
        print(f"{plan.ungraded} could not be graded (no points lost); the reports say why.", file=sys.stderr)


def _in_order(plan: RegradePlan) -> list[Change]:
    """Student by student: scores first, then the total."""
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


@click.command("purge", epilog="\b\nExample:\n  $ grader purge OUT\n  $ grader purge OUT --student s03 --marks")
@_OUT
@click.option("--student", help="Only what is known of this one.")
@click.option("--marks", is_flag=True, help="Remove the marks, too.")
@_YES
@database_option
def command_purge(*, out: Path, student: str | None, marks: bool, yes: bool, database: str | None) -> int:
    """
    Remove what privacy rules want gone, and keep the marks.

    What goes: the files that students handed in, the reports and pages made of them, names, addresses and ids of other
    systems, reasons for points given by hand. What stays: grades.csv, under the students' ids, and the seed.
    Exit status: 0 done, 1 not agreed to.
    """
    from grader.course.purge import purge

    def confirm(removal: Removal) -> bool:
        if student is not None and not removal.students:
            raise GraderError(Fault(str(out), f"There is no student {student}.", "Students stand in grades.csv."))
        _print_removal(removal, marks=marks)
        return agreed("Remove this for good?", yes=yes)

    return DONE if purge(out, confirm, student, keep_scores=not marks, database=database) else NOT_DONE


def _print_removal(removal: Removal, *, marks: bool) -> None:
    print(f"Removes, of {counted(removal.students, 'student')}:")
    print(f"  {counted(removal.files, 'file')} handed in")
    print(f"  {counted(removal.pages, 'page')} and reports (`grader report` can write report.html anew)")
    print("  names, addresses, ids of other systems, reasons for points given by hand")
    if marks:
        print(f"  {counted(removal.results, 'mark')}, and the students themselves")
    else:
        print(f"Keeps: {counted(removal.results, 'mark')} with the statuses, and times of handing in, under the students' ids.")
    print("Your own files (submissions, roster, table of overrides, ledger) are not touched.")
    sys.stdout.flush()


# What OUT remembers


def _assignment_of(out: Path, name: str | None, folders: tuple[Path, ...]) -> Assignment:
    """The assignment of that name, or the one that OUT was graded by."""
    if name is not None:
        return find_assignment(name, folders)
    from grader.course.results.decisions import files_of, read_rules
    from grader.course.results.out import Out, read_state

    state = read_state(out)
    if state is None:
        raise GraderError(Fault(str(out), "There are no results of a run here.", "Name the folder that `grade ... -o` wrote."))
    if not Path(state.path).is_file():
        what = f"The file of its assignment, {state.path or state.assignment}, is not there any more."
        raise GraderError(Fault(str(out), what, "Name it with -a."))
    known = {} if folders else files_of(read_rules(Out(path=out, state=state)))
    return find_assignment(state.path, folders, known)


def _exercise_of(assignment: Assignment, id: str) -> Exercise:
    for exercise in assignment.exercises:
        if exercise.id == id:
            return exercise
    known = ", ".join(one.id for one in assignment.exercises)
    raise GraderError(Fault(assignment.path, f"{id} is not an exercise of this assignment.", f"Its exercises: {known}."))
