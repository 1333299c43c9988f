"""
What the wall clock ended is tried once more: alone, after everything else, all of a class within one budget of time.

Its first report counts until the second takes its place. Both say in the report how far that is, so that a run that goes on
where another was ended pays for nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from grader.course.results.database import TRIED
from grader.course.results.settling import named
from grader.outcome import WALL_TIMEOUT, Report

if TYPE_CHECKING:
    from grader.course.workers.threads import Pool
    from grader.course.workers.work import Work

# For a class. Whose answer was kept from a processor is done in a second when it is alone, and one that sleeps takes as long
# as before: half an hour is time for hundreds of the first kind and for six of the second at their longest (302 s).
ALONE_SECONDS: Final = 1800.0


@dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    seconds: float  # that the first try took: what sleeps longest comes last
    student: str
    exercise: str


class Alone:
    """What waits for its second try, and what is left of the time for these."""

    def __init__(self) -> None:
        self.not_tried: list[str] = []  # students, once the time was used up
        self._spent = 0.0
        self._waiting: list[_Waiting] = []

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to try."""
        return bool(self._waiting)

    def meet(self, student: str, exercise: str, report: Mapping[str, Any]) -> bool:
        """Take note of a report of an earlier run; whether it still is to be tried."""
        if report.get(TRIED) is not None:
            self._spent += float(report[TRIED])
        elif TRIED in report:
            self._waiting.append(_Waiting(float(report["seconds"]), student, exercise))
            return True
        return False

    def first(self, work: Work, report: Report) -> dict[str, Any]:
        """A first report as JSON data, with the note that it is to be tried where that is so."""
        if WALL_TIMEOUT not in report.flags:
            return report.to_json()
        self._waiting.append(_Waiting(report.seconds, work.student, work.exercise))
        return {**report.to_json(), TRIED: None}

    def again(self, pool: Pool, work_of: Callable[[str, str], Work | None]) -> Iterator[tuple[Work, Report, dict[str, Any]]]:
        """Each work that is tried, with its second report, as such and as data. `work_of` finds it by student and exercise."""
        for one in sorted(self._waiting):
            if self._spent >= ALONE_SECONDS:
                self.not_tried.append(one.student)
                continue
            if (work := work_of(one.student, one.exercise)) is None:
                continue
            began = time.monotonic()
            for done, report in pool.reports((work,)):
                took = max(report.seconds, time.monotonic() - began)
                self._spent += took
                yield done, report, {**report.to_json(), TRIED: round(took, 1)}
        self._waiting.clear()


def not_tried_again(students: Iterable[str]) -> Iterator[str]:
    """What to say of those for whom there was no time."""
    if who := list(dict.fromkeys(students)):
        yield (
            "What the wall clock ended is tried once more, alone, "
            f"as long as these tries take less than {ALONE_SECONDS / 60:g} minutes in all. "
            f"Not tried again: {named(who)}. Where the machine was busy with something else, grade again with --fresh."
        )
