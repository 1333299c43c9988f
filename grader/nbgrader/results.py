"""
The results of an assignment in nbgrader's course: looked up, added, kept in its OUT folder.

A result is valid for one source, exercise, seed and version. The pool of `grader nbgrader autograde` adds results before nbgrader
asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from grader.course.intake.files import Readable
from grader.course.intake.imports import add_imported
from grader.course.intake.students import Student
from grader.course.results.database import Results, open_results
from grader.course.results.decisions import least
from grader.course.results.gradebook import rows, write_grades
from grader.course.results.keeping import keep
from grader.course.results.stored import Graded, Result
from grader.course.workers.fingerprints import basis_of
from grader.course.workers.request import GradingRequest, with_key
from grader.judging.judge import Judge
from grader.judging.notebooks import MAX_CODE_BYTES, bare_notebook
from grader.nbgrader.course import CourseAssignment
from grader.outcome import Report, Status
from grader.reference.prepare import prepare_secret
from grader.render.public import from_results

if TYPE_CHECKING:
    from grader.course.results.out import Out
    from grader.exercise.assignment import Feedback, ShownCases
    from grader.exercise.model import Exercise


class AssignmentResults:
    """
    The results of one assignment, open for reading and adding. Closing them writes the table of grades.

    `feedback` and `shown_cases` say how much the course's configuration lets students see. They are kept with each result, since
    `grader report` makes pages of it without that configuration.
    """

    def __init__(self, course: CourseAssignment, feedback: Feedback = "full", shown_cases: ShownCases = "public") -> None:
        self.course = course
        self.feedback: Feedback = feedback
        self.shown_cases: ShownCases = shown_cases
        self.out: Out = course.out()
        self.results: Results = open_results(self.out)
        self._has_news = False
        self._last_judges: dict[str, Judge] = {}  # by exercise: reading a record takes longer than grading with it

    def close(self) -> None:
        """Write the table if something was added, and close the database. Raises GraderError when the disk is full."""
        try:
            if self._has_news:
                self.write_grades()
        finally:
            self.results.close()

    def write_grades(self) -> None:
        """Write the table of grades as the results are now."""
        write_grades(self.out, rows(self.out, self.results))
        self._has_news = False

    def handed_in(
        self, student: str, notebook: str, exercise: Exercise, code: Sequence[str], beside: Sequence[Readable]
    ) -> GradingRequest:
        """
        Prepare one exercise of a notebook for grading; its key covers everything that the verdict depends on.

        Modules `beside` it come along where it imports them. Raises SubmissionError for one that cannot be read.
        """
        name = f"{notebook}.ipynb"
        if sum(map(len, code)) > MAX_CODE_BYTES:  # too much to keep
            what = f"{name}: The notebook holds more than {MAX_CODE_BYTES >> 20} MiB of code."
            return self._request(student, exercise, {}, Status.REFUSED, what)
        files = {name: bare_notebook(code)}
        add_imported(files, beside)
        return self._request(student, exercise, files)

    def not_handed_in(self, student: str, notebook: str, exercise: Exercise) -> GradingRequest:
        """Prepare one exercise whose notebook was not handed in."""
        return self._request(student, exercise, {}, Status.MISSING, f"{notebook}.ipynb was not handed in.")

    def earlier_report(self, request: GradingRequest) -> Report | None:
        """Return the report that the same files were given before; None where there is none, or they could not be graded."""
        result = self.results.get(request.student, request.exercise)
        if result is None or result.key != request.key:
            return None
        report = from_results(result.graded.report)
        return None if report.score is None else report

    def judge(self, exercise: Exercise, student: str) -> Judge:
        """Return the judge of an exercise by the student's seed."""
        seed = self.course.seed(self.out, exercise.id, student)
        last = self._last_judges.get(exercise.id)
        if last is None or (last.exercise, last.record.seed) != (exercise, seed):
            last = self._last_judges[exercise.id] = Judge(exercise, prepare_secret(exercise, seed, folder=self.out.path))
        return last

    def keep(self, request: GradingRequest, report: Report) -> None:
        """Keep a report, in the results and as the student's file."""
        graded = Graded(report=report, feedback=self.feedback, shown_cases=self.shown_cases)
        result = Result(
            student=request.student, exercise=request.exercise, key=request.key, graded=graded, manifest=request.manifest
        )
        self.put(result, request.sources)

    def keep_feedback_level(self, request: GradingRequest, *, is_shown_anew: bool) -> None:
        """
        Keep how much students see of a report that was made before.

        If nbgrader shows it in its notebook again, they see what is configured now; otherwise the lower of both levels, so that
        pages never show more than that notebook.
        """
        result = self.results.get(request.student, request.exercise)
        if result is None:
            return
        before = result.graded.feedback or self.feedback
        level = self.feedback if is_shown_anew else least((before, self.feedback))
        levels = {self.shown_cases} if is_shown_anew else {self.shown_cases, result.graded.shown_cases or "public"}
        cases: ShownCases = "secret" if levels == {"secret"} else "public"
        if (result.graded.feedback, result.graded.shown_cases) != (level, cases):
            self.put(replace(result, graded=replace(result.graded, feedback=level, shown_cases=cases)))

    def put(self, result: Result, sources: Mapping[str, bytes] | None = None) -> None:
        """Keep a result and the files that it was graded from, and write the student's report."""
        self._has_news = True
        keep(self.out, self.results, result, sources)

    def keep_students(self, submitted_at: Mapping[str, datetime | None]) -> None:
        """Keep who handed in, and when; a time that cannot be read now stays as it was."""
        self._has_news = True
        self.results.put_students(tuple(Student(id=student, submitted_at=at) for student, at in submitted_at.items()))

    def _request(
        self, student: str, exercise: Exercise, files: Mapping[str, bytes], status: Status | None = None, detail: str = ""
    ) -> GradingRequest:
        request = GradingRequest(
            student=student,
            exercise=exercise.id,
            files=files,
            key="",
            status=status,
            detail=detail,
        )
        return with_key(request, basis_of(exercise.sha256, self.course.seed(self.out, exercise.id, student)))
