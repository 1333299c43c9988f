"""Grade the new submissions of a course in a pool of workers, so that nbgrader's converter only looks results up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course.grade import Progress
from grader.course.workers.grading import sandboxed
from grader.course.workers.request import GradingRequest
from grader.course.workers.threads import Threads
from grader.judging.judge import Judge
from grader.judging.submission import read_regular_file
from grader.nbgrader.submitted import cells_of, checks_of, modules_beside, refuse_links, student_code, submitted_at
from grader.sandbox import Sandbox

if TYPE_CHECKING:
    from grader.course.intake.files import Readable
    from grader.exercise.model import Exercise
    from grader.nbgrader.results import AssignmentResults
    from grader.sandbox import Isolation

Submitted = Sequence[tuple[str, Path]]  # students who handed in, with their folders


def grade_new(
    results: AssignmentResults,
    coursedir: Any,
    submitted: Submitted,
    *,
    jobs: int,
    isolation: Isolation,
    tell: Callable[[Progress], None],
) -> Progress:
    """Grade what has no result yet. Raises GraderError when nothing can be graded here."""
    exercises = {exercise.id: exercise for exercise in results.course.assignment.exercises}
    judges = _Judges(results, exercises)
    results.keep_students(dict.fromkeys(student for student, _ in submitted))
    times: dict[str, datetime | None] = {}
    requests = list(_requests(results, coursedir, submitted, times))
    results.keep_students(times)
    at = Progress(total=len(requests), reused=0)
    todo = [request for request in requests if not _is_known(results, request, at, tell)]
    if not todo:
        return at
    _try_sandbox(exercises.values(), isolation)
    pool = Threads(jobs, sandboxed(isolation), judges)
    try:
        for request, report in pool.reports(judges.named_in(todo)):
            results.keep(judges.dismissed(request), report)
            at.done += 1
            at.ungraded += report.score is None
            tell(at)
    finally:
        pool.close()
    return at


def _is_known(results: AssignmentResults, request: GradingRequest, at: Progress, tell: Callable[[Progress], None]) -> bool:
    if results.earlier_report(request) is None:
        return False
    results.keep_feedback_level(request, is_shown_anew=False)
    at.done += 1
    at.reused += 1
    tell(at)
    return True


def _requests(
    results: AssignmentResults, coursedir: Any, submitted: Submitted, times: dict[str, datetime | None]
) -> Iterator[GradingRequest]:
    """
    Read every exercise of every submission that can be read here; note its time in `times`.

    The others are left to nbgrader's converter, which knows more formats, and says what is wrong.
    """
    course = results.course
    assert course.plan is not None
    for student, folder in submitted:
        try:
            refuse_links(folder)
            beside = modules_beside(coursedir, student, course.id)
        except Exception:
            continue
        for notebook in course.plan.notebooks:
            try:
                requests = _requests_of(results, student, folder, notebook, beside)
            except Exception:  # even a MemoryError is this student's alone
                continue
            times[student] = submitted_at(folder)
            yield from requests


def _requests_of(
    results: AssignmentResults, student: str, folder: Path, notebook: str, beside: Sequence[Readable]
) -> list[GradingRequest]:
    exercises = results.course.exercises(notebook)
    path = folder / f"{notebook}.ipynb"
    if not path.exists():
        return [results.not_handed_in(student, notebook, exercise) for exercise in exercises]
    code = student_code(cells_of(path.name, read_regular_file(path)), checks_of(results.course.cells(notebook)))
    return [results.handed_in(student, notebook, exercise, code, beside) for exercise in exercises]


class _Judges(Mapping[str, Judge]):
    """Judges by exercise, prepared one after the other; where students have seeds of their own, a judge for each student."""

    def __init__(self, results: AssignmentResults, exercises: Mapping[str, Exercise]) -> None:
        self._results = results
        self._exercises = exercises
        self._student_seeds = results.course.plan is not None and results.course.plan.student_seeds
        self._prepared: dict[str, Judge] = {}

    def named_in(self, requests: Iterable[GradingRequest]) -> Iterator[GradingRequest]:
        """Yield the submissions, each naming its judge in place of its exercise; prepare the judge just before."""
        for request in requests:
            name = f"{request.exercise}/{request.student}" if self._student_seeds else request.exercise
            if name not in self._prepared:
                self._prepared[name] = self._results.judge(self._exercises[request.exercise], request.student)
            yield replace(request, exercise=name)

    def dismissed(self, request: GradingRequest) -> GradingRequest:
        """Return a graded submission with its exercise's name again; forget a judge that no other one needs."""
        if self._student_seeds:
            del self._prepared[request.exercise]
        return replace(request, exercise=request.exercise.partition("/")[0])

    def __getitem__(self, name: str) -> Judge:
        return self._prepared[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._prepared)

    def __len__(self) -> int:
        return len(self._prepared)


def _try_sandbox(exercises: Iterable[Exercise], isolation: Isolation) -> None:
    """Raise SandboxError when the isolation cannot be had: better once here than in every notebook."""
    for arrays in {exercise.arrays for exercise in exercises}:
        with Sandbox(arrays, isolation) as sandbox:
            sandbox.layers  # noqa: B018 - asking for them starts it
