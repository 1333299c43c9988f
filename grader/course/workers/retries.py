"""
Try once more what the wall clock ended: alone, after everything else, all of a class within one budget of time.

The first report counts until the second takes its place. Both say how far that is, so that a run which goes on where another
was stopped pays for nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from grader.course.intake.names import some_students
from grader.course.results.stored import Graded, Retry
from grader.outcome import WALL_TIMEOUT, Report

if TYPE_CHECKING:
    from grader.course.workers.request import GradingRequest
    from grader.course.workers.threads import Pool

# For a class. An answer that was kept from a processor is done in a second when it is alone; one that sleeps takes as long as
# before. Half an hour is time for hundreds of the first kind and for six of the second at their longest (302 s).
BUDGET_SECONDS: Final = 1800.0


@dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    seconds: float  # the time of the first try: code that sleeps longest comes last
    student: str
    exercise: str


class Retries:
    """The submissions that wait for a second try, and the time that is left for these."""

    def __init__(self) -> None:
        self.not_retried: list[str] = []  # students whose turn never came, since the time was used up
        self._spent = 0.0
        self._waiting: list[_Waiting] = []

    @property
    def is_waiting(self) -> bool:
        """Whether there is something to try."""
        return bool(self._waiting)

    def resume(self, student: str, exercise: str, graded: Graded) -> bool:
        """Take a result of an earlier run into account; return whether its second try is still to be made."""
        if graded.retry is None:
            return False
        if graded.retry.seconds is None:
            self._waiting.append(_Waiting(graded.report.seconds, student, exercise))
            return True
        self._spent += graded.retry.seconds
        return False

    def first(self, request: GradingRequest, report: Report) -> Graded:
        """Return the result of a first try, with the note that there is to be a second one where that is so."""
        if WALL_TIMEOUT not in report.flags:
            return Graded(report=report)
        self._waiting.append(_Waiting(report.seconds, request.student, request.exercise))
        return Graded(report=report, retry=Retry())

    def run(
        self, pool: Pool, find_request: Callable[[str, str], GradingRequest | None]
    ) -> Iterator[tuple[GradingRequest, Graded]]:
        """Make the second tries, and yield each request with its result. Requests are found by student and exercise."""
        for one in sorted(self._waiting):
            if self._spent >= BUDGET_SECONDS:
                self.not_retried.append(one.student)
                continue
            if (request := find_request(one.student, one.exercise)) is None:
                continue
            began = time.monotonic()
            for done, report in pool.reports((request,)):
                took = max(report.seconds, time.monotonic() - began)
                self._spent += took
                yield done, Graded(report=report, retry=Retry(seconds=round(took, 1)))
        self._waiting.clear()

    def notes(self) -> Iterator[str]:
        """Say for whom there was no time."""
        if self.not_retried:
            yield (
                "Answers that the wall clock ended are tried once more, alone, while these tries take less than "
                f"{BUDGET_SECONDS / 60:g} minutes in all. Not tried again: {some_students(self.not_retried)}. "
                "If the machine was busy with something else, grade again with --fresh."
            )
