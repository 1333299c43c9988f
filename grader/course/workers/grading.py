"""Grade one submission of one exercise: the report comes whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from grader.course.workers.request import GradingRequest, first_fault
from grader.errors import SandboxError, SubmissionError
from grader.exercise.model import Exercise
from grader.judging.submission import Submission
from grader.outcome import CLASH, Report, Status
from grader.sandbox.limits import Arrays
from grader.sandbox.wire.answer import Failure, LoadError, Phase, Reason
from grader.sandbox.wire.plan import Source
from grader.text import and_list, plural

if TYPE_CHECKING:
    from grader.judging.judge import Judge
    from grader.sandbox import Isolation, Sandbox


class Worker(Protocol):
    """An object that grades one submission after the other."""

    def grade(self, judge: Judge, submission: Submission) -> Report:
        """Grade a submission. Raises SandboxError when nothing can be graded here."""

    def close(self) -> None:
        """End what is running, at once."""


class SandboxWorker:
    """A worker with sandboxes of its own, one for each kind of arrays. `ahead` is passed on to them."""

    def __init__(self, isolation: Isolation, *, ahead: bool = False) -> None:
        self._isolation = isolation
        self._ahead = ahead
        self._sandboxes: dict[Arrays, Sandbox] = {}

    def grade(self, judge: Judge, submission: Submission) -> Report:
        """Grade a submission in a child of the sandbox."""
        from grader.sandbox import Sandbox

        arrays = judge.exercise.arrays
        if arrays not in self._sandboxes:
            self._sandboxes[arrays] = Sandbox(arrays, self._isolation, ahead=self._ahead)
        return judge.grade(submission, self._sandboxes[arrays])

    def close(self) -> None:
        """Close the sandboxes. A submission that runs in one is begun once more, and ended by closing again."""
        for sandbox in list(self._sandboxes.values()):
            sandbox.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The steps of grading a class; tests put others in their place."""

    prepare: Callable[[Exercise, int, Path], Judge]
    open_worker: Callable[[], Worker]
    isolation: Isolation | None = None  # set where another process can open such sandboxes as well


def sandboxed(isolation: Isolation) -> Steps:
    """Return the steps of real grading: in sandboxes with this isolation."""
    from grader.judging.judge import Judge
    from grader.reference.prepare import prepare_secret

    return Steps(
        prepare=lambda exercise, seed, folder: Judge(exercise, prepare_secret(exercise, seed, folder=folder)),
        open_worker=lambda: SandboxWorker(isolation),
        isolation=isolation,
    )


def grade_request(request: GradingRequest, judge: Judge, worker: Worker) -> Report:
    """
    Grade one submission of one exercise; what we fail at comes back as `ungraded`.

    Raises SandboxError where nothing can be graded here.
    """
    if request.status is not None:
        return judge.report_failure(request.student, Failure(reason=_REASONS[request.status], detail=request.detail))
    try:
        return _judged(request, judge, worker)
    except SandboxError:
        raise
    except Exception as error:  # a fault of ours must neither stop the class nor cost this student a point
        return ungraded(request, judge, f"The grader failed: {type(error).__name__}: {error}")


def _judged(request: GradingRequest, judge: Judge, worker: Worker) -> Report:
    exercise = judge.exercise
    sources: list[Source] = []
    left_out = dict(request.left_out)
    refusal = ""
    for name, data in request.files.items():
        try:
            sources.extend(Submission.from_bytes({name: data}).sources)
        except SubmissionError as error:
            left_out[name] = error.faults[0].what
            refusal = refusal or first_fault(error)
    if left_out and not sources:
        return judge.report_failure(request.student, Failure(reason=Reason.NOT_OPENED, detail=refusal))
    submission = Submission(student=request.student, sources=tuple(sources), name=", ".join(request.files)).with_known(
        request.among
    )
    if request.clashes:
        submission = submission.with_corrected_lines((exercise.id, *request.clashes))
    is_divided = not {exercise.id, *request.clashes}.isdisjoint(submission.sections)
    if request.clashes and not is_divided and _may_define(submission, exercise):
        clash = Failure(reason=Reason.SEVERAL_EXERCISES, detail=_clash(exercise, request.clashes, tuple(request.files)))
        return replace(judge.report_failure(request.student, clash), flags=(CLASH,))
    return with_skipped_files(left_out, worker.grade(judge, submission))


def with_skipped_files(left_out: Mapping[str, str], report: Report) -> Report:
    """Add to a report the files that could not be run, with the reasons."""
    if not left_out:
        return report
    errors = tuple(
        LoadError(source=name, reason=Reason.NOT_OPENED, phase=Phase.COMPILING, detail=why) for name, why in left_out.items()
    )
    flags = tuple(dict.fromkeys((*report.flags, "load_error")))
    return replace(report, flags=flags, load_errors=(*errors, *report.load_errors))


def ungraded(request: GradingRequest, judge: Judge, detail: str) -> Report:
    """Return the report for what we failed at: it costs no points."""
    return judge.report_failure(request.student, Failure(reason=Reason.OUR_FAULT, detail=detail))


# Why nothing is called, by what is known of a request before its files are looked into.
_REASONS = {Status.MISSING: Reason.NOTHING_HANDED_IN, Status.REFUSED: Reason.NOT_OPENED, Status.UNGRADED: Reason.OUR_FAULT}


def _may_define(submission: Submission, exercise: Exercise) -> bool:
    """Return whether a function of the exercise may be in it. If none is, nothing clashes: it was not handed in."""
    names = [function.encode() for function in exercise.functions]
    return any(name in cell for source in submission.sources for cell in source.cells for name in names)


def _clash(exercise: Exercise, clashes: tuple[str, ...], files: tuple[str, ...]) -> str:
    both = and_list((exercise.id, *clashes))
    where = f"{and_list(files)} {plural(len(files), 'does', 'do')} not say which function is for which"
    return (
        f"{both} ask for functions of the same name, and {where}. Write a line `# exercise: {exercise.id}` above the "
        f"functions for this one (in a notebook: as the first line of a cell), or put them into a file {exercise.id}.py."
    )
