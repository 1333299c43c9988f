"""nbgrader's converter with an account of its run: progress, whose submission was recorded, and why one was not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.course.grade import Progress
from grader.errors import SubmissionError
from grader.nbgrader.submitted import is_blank, refuse_links, submitted_at

_LONGEST_REASON = 200


@dataclass(slots=True)
class Account:
    """What became of each submission."""

    seen: set[str] = field(default_factory=set)  # by the converter
    recorded: set[str] = field(default_factory=set)
    lost: dict[str, str] = field(default_factory=dict)  # student -> why

    def lose(self, student: str, why: str) -> None:
        """Note that nbgrader could not take in a submission."""
        self.lost[student] = f"{why}; nothing of it is recorded"
        self.recorded.discard(student)

    def leave_to_a_person(self, student: str, what: str) -> None:
        """Note that a submission is recorded but not graded in full; a graver reason stays."""
        self.lost.setdefault(student, f"{what}; a person has to look at it in the formgrader")


def counting_converter(app: Any, account: Account, tell: Callable[[Progress], None], total: int) -> Any:
    """Make nbgrader's converter for the autograde program `app`; it keeps the account and tells its progress."""
    from nbgrader.converters import Autograde  # type: ignore[import-untyped]

    at = Progress(total=total)

    class CountingAutograde(Autograde):  # type: ignore[misc]
        student = ""  # whose submission is converted now

        def init_destination(self, assignment_id: str, student_id: str) -> bool:
            self.student = student_id
            account.seen.add(student_id)
            try:  # before nbgrader reads the time
                _refuse_odd_files(Path(self._format_source(assignment_id, student_id)))
                is_new: bool = super().init_destination(assignment_id, student_id)
            except (SubmissionError, _OddFileError, OSError) as error:  # if it left here, nbgrader would remove what is recorded
                account.lose(student_id, _reason(error, "the files"))
                is_new = False
            if is_new:
                account.recorded.add(student_id)
            at.done += 1
            at.reused += not is_new
            tell(at)
            return is_new

        def init_assignment(self, assignment_id: str, student_id: str) -> None:
            try:
                super().init_assignment(assignment_id, student_id)
            except Exception as error:
                has_none = not self.notebooks  # nbgrader has just left out those that it does not know
                none = "the files have no notebook with a name of the assignment's"
                account.lose(student_id, none if has_none else _reason(error, "the files"))
                raise

        def convert_single_notebook(self, notebook_filename: str) -> None:
            try:
                super().convert_single_notebook(notebook_filename)
            except Exception as error:
                account.lose(self.student, _reason(error, Path(notebook_filename).name))
                raise

    return CountingAutograde(coursedir=app.coursedir, parent=app)


class _OddFileError(Exception):
    """A file at which nbgrader would stop, or of which it would say nothing helpful."""


def _refuse_odd_files(folder: Path) -> None:
    """Raise an error for a file that cannot be copied, such as a link or a pipe, and for a time that cannot be read."""
    refuse_links(folder)
    if odd := next((path for path in sorted(folder.rglob("*")) if not (path.is_dir() or path.is_file())), None):
        raise _OddFileError(f"{odd.name} is not a file that can be copied")
    time = folder / "timestamp.txt"  # a regular file, if it is there
    if time.exists() and submitted_at(folder) is None and not is_blank(time):
        raise _OddFileError("timestamp.txt holds no time that can be read")


def _reason(error: Exception, name: str) -> str:
    """Say in a line why nbgrader could not take in a submission; the traceback is in its log."""
    kind = type(error).__name__
    first = (str(error).strip().splitlines() or [kind])[0]
    if isinstance(error, SubmissionError):
        return error.faults[0].what.rstrip(".")
    if isinstance(error, _OddFileError):
        return first
    known = {"NotJSONError": "is not a notebook: it is not JSON", "UnicodeDecodeError": "is not a notebook: it is not text"}
    return f"{name} {known.get(kind, f'could not be taken in by nbgrader ({kind}: {first[:_LONGEST_REASON]})')}"
