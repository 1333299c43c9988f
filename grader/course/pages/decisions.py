"""Say on students' pages what an instructor decided beside the verdicts: points given by hand, and the late penalty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.render.html import Article
from grader.render.numbers import number
from grader.render.words import points_of
from grader.text import counted, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grader.course.results.gradebook import PointsByHand, Row
    from grader.exercise.model import Exercise
    from grader.outcome import Report

_UNITS = (("day", 24 * 60 * 60), ("hour", 60 * 60), ("minute", 60))


def article(row: Row, id: str, report: Report | None, exercise: Exercise | None) -> Article:
    """Return what a student's page says of one exercise; without a report where points were given for nothing handed in."""
    shown = exercise.title if exercise else id
    return Article(
        id=id,
        title=(report.title if report else "") or shown,
        report=report,
        exercise=exercise,
        score=row.scores.get(id, report.score if report else None),
        points=report.points if report else exercise.points if exercise else 0.0,
        notes=tuple(_by_hand(one) for one in row.by_hand if one.override.exercise == id),
    )


def lead_lines(row: Row, reports: Iterable[Report]) -> tuple[str, ...]:
    """Return the total of a student's page, and how it came about where it is more than the sum of the verdicts."""
    possible = sum(report.points for report in reports)
    if row.total is None:
        return f"{row.student.id}: the total, of {number(possible)} points, waits for what is not graded.", *_lateness(row)
    return f"{row.student.id}: {points_of(row.total, possible)} in all.", *_lateness(row)


def _by_hand(one: PointsByHand) -> str:
    what = f"for `{one.override.target}`" if one.override.target else "for this exercise"
    found = "" if one.found is None else f", where the grader found {number(one.found)}"
    by = f" ({one.override.by})" if one.override.by else ""
    points = f"{number(one.override.points)} {plural(one.override.points, 'point')}"
    reason = one.override.reason.strip()
    end = "" if reason.endswith((".", "!", "?")) or not reason else "."
    return f"Given by hand: {points} {what}{found}. {reason}{end}{by}".rstrip()


def _lateness(row: Row) -> Iterator[str]:
    if not row.late_seconds:
        return
    told = f"Handed in {duration(row.late_seconds)} late"
    if row.lateness is None:
        yield f"{told}."
    elif not row.lateness.days:
        yield f"{told}, which costs nothing."
    else:
        days = counted(row.lateness.days, "day")
        free = f", {row.lateness.free} of them free" if row.lateness.free else ""
        cost = "That costs nothing"
        if row.lateness.share:
            cost = f"That costs {number(100 * row.lateness.share, 3)}% of the points earned"
        sums = "" if row.penalty is None or row.earned is None else f": {number(row.earned)} less {number(round(row.penalty, 2))}"
        yield f"{told}, which counts as {days}{free}. {cost}{sums if row.lateness.share else ''}."


def duration(seconds: float) -> str:
    """
    Return a time in its two largest units.

    >>> duration(26 * 3600 + 59), duration(61), duration(3)
    ('1 day 2 hours', '1 minute', 'less than a minute')
    """
    told = []
    for name, length in _UNITS:
        count, seconds = divmod(seconds, length)
        if count:
            told.append(counted(int(count), name))
    return " ".join(told[:2]) or "less than a minute"
