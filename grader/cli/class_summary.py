"""Print what a run over a class has come to: the table on stdout, the rest on stderr."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.streams import width_of
from grader.text import and_list, counted, one_line, shortened, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from grader.course.grade import Summary
    from grader.course.intake.files import Unplaced
    from grader.exercise.assignment import Assignment

MOST_ROWS = 60
LONGEST_NAME = 32
MOST_UNPLACED = 20  # lines, where so few folders and files at the top have something to say
MOST_REASONS, MOST_NAMED = 60, 8
MAX_LINE = 2000
MOST_UNDECIDED = 50


def print_table(summary: Summary, assignment: Assignment) -> None:
    """Print the table of a class: a row per student, a column per exercise."""
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
    """Cut a student's id where it would push the numbers off the screen."""
    return shortened(one_line(student), LONGEST_NAME)


def _fitting(head: tuple[str, ...], body: Sequence[tuple[str, ...]], ids: Sequence[str], width: int) -> Iterator[str]:
    """Write the table; where it is wider than the screen, its head has numbers, and a list of exercises comes before it."""
    lines = list(table(head, body, width))
    if max(map(len, lines)) > width:
        named = "  ".join(f"{number}\u00a0{id}" for number, id in enumerate(ids, 1))  # a space that no line ends at
        yield from (line.replace("\u00a0", " ") for line in textwrap.wrap(named, width, break_on_hyphens=False))
        yield ""
        numbers = tuple(str(number) for number, _ in enumerate(ids, 1))
        lines = list(table((head[0], *numbers, *head[len(ids) + 1 :]), body, width))
    yield from lines


def print_rest(summary: Summary, output: Path | None) -> None:
    """Print to stderr how long it took, which files are not placed and why, where the results are."""
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
    """Print files that are not placed, student by student: the junk of one must not push out the lines of others."""
    from grader.course.intake.layouts.recognise import owner

    strangers = [item.path for item in summary.unplaced if item.is_graded]
    if strangers:
        who = and_list(strangers, MOST_NAMED)
        line = f"Graded, but not found on the roster by id, by email or by a name that only one student has: {who}."
        print(one_line(line, MAX_LINE), file=sys.stderr)
    whose: dict[str, list[Unplaced]] = {}
    for item in summary.unplaced:
        if item.is_graded:
            continue
        whose.setdefault(owner(item.path, summary.layout, summary.within), []).append(item)
    # The weightiest of each student first: whole students before their files, work before files that nobody grades.
    by_owner = [sorted(items, key=lambda item: (item.path.count("/"), not _is_work(item), item.path)) for items in whose.values()]
    by_owner.sort(key=lambda items: (items[0].path.count("/"), not any(map(_is_work, items)), items[0].path))
    lines = _lines_per_owner(by_owner) if len(by_owner) <= MOST_UNPLACED else _lines_per_reason(by_owner)
    for line in lines:
        print(one_line(line, MAX_LINE), file=sys.stderr)
    if output is not None and len(summary.unplaced) - len(strangers) > MOST_UNPLACED:
        print(one_line(f"{output / 'report.html'} lists all files that are not placed.", MAX_LINE), file=sys.stderr)


def _lines_per_owner(by_owner: Sequence[Sequence[Unplaced]]) -> Iterator[str]:
    for items in by_owner:
        shows = max(1, MOST_UNPLACED // len(by_owner))
        yield from (f"Not placed: {item.path}: {item.reason}" for item in items[:shows])
        if len(items) > shows:
            yield f"... and {len(items) - shows} more beside {items[0].path}."


def _lines_per_reason(by_owner: Sequence[Sequence[Unplaced]]) -> Iterator[str]:
    """Write a line for each reason, with the owners of the files."""
    by_reason: dict[str, list[str]] = {}
    for items in by_owner:
        more = f" (and {len(items) - 1} more)" if len(items) > 1 else ""
        by_reason.setdefault(items[0].reason, []).append(f"{items[0].path}{more}")
    for reason, paths in list(by_reason.items())[:MOST_REASONS]:
        others = f", ... ({len(paths)} students)" if len(paths) > MOST_NAMED else ""
        yield f"Not placed: {', '.join(paths[:MOST_NAMED])}{others}: {reason}"
    if len(by_reason) > MOST_REASONS:
        yield f"... and {len(by_reason) - MOST_REASONS} more reasons."


def _is_work(item: Unplaced) -> bool:
    """Whether a file that is not placed may hold an answer."""
    return item.path.lower().endswith((".py", ".ipynb", ".zip"))
