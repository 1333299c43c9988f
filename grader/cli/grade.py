"""`grade` and `demo`: a class, its table."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from grader.cli.finding import find_assignment
from grader.cli.options import exercises_option, layout_option
from grader.cli.progress import showing_progress
from grader.cli.streams import width_of
from grader.errors import Fault, GraderError
from grader.text import and_list, counted, one_line, shortened, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.course.grade import Options, Summary
    from grader.course.intake.files import Unplaced
    from grader.exercise.assignment import Assignment
    from grader.sandbox import Isolation

EVERY_ENTRY_GRADED, SOME_UNGRADED = 0, 3
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"  # only in a checkout
MOST_ROWS = 60
LONGEST_NAME = 32
MOST_UNPLACED = 20  # lines, where so few folders and files at the top have something to say
MOST_REASONS, MOST_NAMED = 60, 8
MAX_LINE = 2000
MOST_UNDECIDED = 50


@click.command("grade", epilog="\b\nExample:\n  $ grader grade submissions.zip -a problem_set_1.yaml -o OUT")
@click.argument("submissions", type=click.Path(path_type=Path))
@click.option("-a", "--assignment", required=True, metavar="FILE", help="An assignment file, or one exercise by id or path.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The folder for grades and reports.")
@exercises_option
@click.option("--jobs", type=click.IntRange(min=0), default=0, help="Workers; by default one for each processor.")
@click.option("--scheduler", metavar="ADDRESS", help="Use a Dask cluster: its scheduler's address, or `local` to start one here.")
@click.option("--insecure", is_flag=True, help="Let keys and answers travel to that cluster without encryption.")
@click.option("--seed", type=click.IntRange(min=0), help="The seed of the cases, in place of one that is drawn and kept in OUT.")
@click.option("--fresh-seed", is_flag=True, help="Draw another seed; everything is graded again.")
@click.option("--fresh", is_flag=True, help="Grade everything again, not only what changed.")
@click.option("--roster", type=click.Path(path_type=Path), help="A CSV of the students: id, name, email and LMS ids.")
@click.option("--db", "database", metavar="URL", help="Keep results in this database, not in a file in the output folder.")
@layout_option
@click.option(
    "--accept-other-files",
    is_flag=True,
    help="Grade students whose score is from files that are seen elsewhere now: in another layout, or under another name.",
)
@click.option("--quiet", is_flag=True, help="No progress; the table only.")
@click.option("--isolation", type=click.Choice(["strict", "best", "none"]), default="best", help="How student code is isolated.")
def command_grade(
    *,
    submissions: Path,
    assignment: str,
    output: Path,
    folders: tuple[Path, ...],
    jobs: int,
    scheduler: str | None,
    insecure: bool,
    seed: int | None,
    fresh_seed: bool,
    fresh: bool,
    roster: Path | None,
    database: str | None,
    layout: str | None,
    accept_other_files: bool,
    quiet: bool,
    isolation: str,
) -> int:
    """
    Grade the submissions of a class: a folder or a zip.

    A second run grades only what changed. Exit status: 0 every submission has a verdict, 2 unusable input, 3 some could
    not be graded.

    The layout is recognised by the names at the top unless --layout says it: students (a folder, file or zip for each),
    wrapped (the same in one folder of any name), one-student, nbgrader (submitted/STUDENT/ASSIGNMENT/), and the downloads
    of moodle, canvas and gradescope.
    """
    if isolation == "none":
        _warn_of_none()
    from grader.course.grade import Options

    options = Options(
        jobs=jobs,
        scheduler=scheduler,
        insecure=insecure,
        seed=seed,
        fresh_seed=fresh_seed,
        fresh=fresh,
        roster=roster,
        database=database,
        layout=layout or "",
        accept_other_files=accept_other_files,
        isolation=cast("Isolation", isolation),
    )
    summary = _grade(submissions, find_assignment(assignment, folders), output, options, quiet=quiet)
    return SOME_UNGRADED if summary.ungraded else EVERY_ENTRY_GRADED


def _warn_of_none() -> None:
    from grader.sandbox.host.walls import POLICY_FILE, floor

    if (least := floor()) == "none":
        print("Without isolation, student code can read and change all that you can, its own score too.", file=sys.stderr)
    else:
        print(f"{POLICY_FILE} asks for isolation `{least}` at least: that is what is used.", file=sys.stderr)


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
        summary = _grade(EXAMPLES / "class", assignment, kept, Options(), keeps=output is not None)
    is_meant = summary.ungraded == len({(one.student, one.exercise) for one in summary.undecided})  # as s12 shows
    return EVERY_ENTRY_GRADED if is_meant else SOME_UNGRADED


def _grade(
    submissions: Path, assignment: Assignment, output: Path, options: Options, *, keeps: bool = True, quiet: bool = False
) -> Summary:
    from grader.course.grade import grade_folder

    try:
        with contextlib.nullcontext(None) if quiet else showing_progress() as tell:
            summary = grade_folder(submissions, assignment, output, options=options, progress=tell)
    except KeyboardInterrupt:
        told = one_line(f"Stopped. What is graded is kept in {output}; the same command goes on there.", MAX_LINE)
        print(told, file=sys.stderr)
        raise click.exceptions.Exit(130) from None
    if keeps:
        from grader.course.pages.pages import refresh

        exercises = {exercise.id: exercise for exercise in assignment.exercises}
        refresh(output, exercises, changed=summary.changed, database=options.database)
    _print_table(summary, assignment)
    _print_rest(summary, output if keeps else None)
    return summary


# The table


def _print_table(summary: Summary, assignment: Assignment) -> None:
    from grader.course.results.gradebook import number

    ids = [exercise.id for exercise in assignment.exercises]
    points = [exercise.points for exercise in assignment.exercises]
    late = ["late"] if any(row.penalty for row in summary.rows) else []
    head = ("student", *ids, *late, "total")
    body = [("points", *(f"{value:g}" for value in points), *("" for _ in late), f"{sum(points):g}")]
    for row in summary.rows[:MOST_ROWS]:
        lost = (f"-{number(row.penalty)}" if row.penalty else "" for _ in late)
        scores = (number(row.scores.get(id)) or "-" for id in ids)
        body.append((_name(row.student.id), *scores, *lost, number(row.total) or "-"))
    for line in _fitting(head, body, ids, width_of(sys.stdout)):
        print(line)
    if len(summary.rows) > MOST_ROWS:
        print(one_line(f"... and {len(summary.rows) - MOST_ROWS} more in {summary.grades}", MAX_LINE))


def _name(student: str) -> str:
    """A student's id, cut where it would push the numbers off the screen."""
    return shortened(one_line(student), LONGEST_NAME)


def _fitting(head: tuple[str, ...], body: Sequence[tuple[str, ...]], ids: Sequence[str], width: int) -> Iterator[str]:
    """The table; where it is wider than the screen, exercises are numbers in its head, and what these stand for comes first."""
    lines = list(table(head, body, width))
    if max(map(len, lines)) > width:
        named = "  ".join(f"{number}\u00a0{id}" for number, id in enumerate(ids, 1))  # a space that no line ends at
        yield from (line.replace("\u00a0", " ") for line in textwrap.wrap(named, width, break_on_hyphens=False))
        yield ""
        numbers = tuple(str(number) for number, _ in enumerate(ids, 1))
        lines = list(table((head[0], *numbers, *head[len(ids) + 1 :]), body, width))
    yield from lines


def _print_rest(summary: Summary, output: Path | None) -> None:
    """On stderr, after the table: how long it took, what has no place and why, where the results lie."""
    sys.stdout.flush()
    within = f" in {one_line(summary.within)}/" if summary.within else ""
    print(f"Layout: {summary.layout}{within}.", file=sys.stderr)
    reused = f", {summary.reused} unchanged since the last run" if summary.reused else ""
    counts = f"{counted(summary.students, 'student')}, {counted(summary.entries, 'answer')}"
    print(f"{counts} in {summary.seconds:.1f} s{reused}.", file=sys.stderr)
    if summary.ungraded:
        print(f"{summary.ungraded} could not be graded (no points lost); the reports say why.", file=sys.stderr)
    for one in summary.undecided[:MOST_UNDECIDED]:
        print(f"{_name(one.student)}, {one.exercise}: Not graded, no points lost: {one_line(one.detail)}", file=sys.stderr)
    if len(summary.undecided) > MOST_UNDECIDED:
        print(f"... and {len(summary.undecided) - MOST_UNDECIDED} more of that kind.", file=sys.stderr)
    for note in summary.notes:
        print(one_line(note), file=sys.stderr)
    _print_unplaced(summary, output)
    if output is not None:
        place = one_line(f"{output}/", MAX_LINE)
        print(f"Grades: {place}grades.csv   reports: {place}reports", file=sys.stderr)
        print(f"Pages:  {place}report.html   of students: {place}feedback", file=sys.stderr)


def _print_unplaced(summary: Summary, output: Path | None) -> None:
    """What has no place, by whose it is: the junk of one student must not push out what is said of others."""
    from grader.course.intake.layouts.recognise import owner

    strangers = [item.path for item in summary.unplaced if item.is_graded]
    if strangers:
        who = and_list(strangers, MOST_NAMED)
        said = f"Graded, and on the roster neither by id nor by email nor by a name of theirs alone: {who}."
        print(one_line(said, MAX_LINE), file=sys.stderr)
    whose: dict[str, list[Unplaced]] = {}
    for item in summary.unplaced:
        if item.is_graded:
            continue
        whose.setdefault(owner(item.path, summary.layout, summary.within), []).append(item)
    # Of each the weightiest first: whole students before their files, and work before what nobody grades.
    of_each = [sorted(items, key=lambda item: (item.path.count("/"), not _is_work(item), item.path)) for items in whose.values()]
    of_each.sort(key=lambda items: (items[0].path.count("/"), not any(map(_is_work, items)), items[0].path))
    lines = _of_each_some(of_each) if len(of_each) <= MOST_UNPLACED else _of_each_one(of_each)
    for line in lines:
        print(one_line(line, MAX_LINE), file=sys.stderr)
    if output is not None and len(summary.unplaced) - len(strangers) > MOST_UNPLACED:
        print(one_line(f"{output / 'report.html'} lists all that is not placed.", MAX_LINE), file=sys.stderr)


def _of_each_some(of_each: Sequence[Sequence[Unplaced]]) -> Iterator[str]:
    for items in of_each:
        shows = max(1, MOST_UNPLACED // len(of_each))
        yield from (f"Not placed: {item.path}: {item.reason}" for item in items[:shows])
        if len(items) > shows:
            yield f"... and {len(items) - shows} more beside {items[0].path}."


def _of_each_one(of_each: Sequence[Sequence[Unplaced]]) -> Iterator[str]:
    """A line a reason, with whose files these are."""
    by_reason: dict[str, list[str]] = {}
    for items in of_each:
        more = f" (and {len(items) - 1} more)" if len(items) > 1 else ""
        by_reason.setdefault(items[0].reason, []).append(f"{items[0].path}{more}")
    for reason, paths in list(by_reason.items())[:MOST_REASONS]:
        others = f", ... of {len(paths)} students" if len(paths) > MOST_NAMED else ""
        yield f"Not placed: {', '.join(paths[:MOST_NAMED])}{others}: {reason}"
    if len(by_reason) > MOST_REASONS:
        yield f"... and {len(by_reason) - MOST_REASONS} more reasons."


def _is_work(item: Unplaced) -> bool:
    return item.path.lower().endswith((".py", ".ipynb", ".zip"))
