"""The ledger of a course: how many free late days each student has used, and for what."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from grader.course.results.out import disk_errors
from grader.csv_tables import CsvError, as_text, from_text, read_rows, separator_of, write_rows
from grader.errors import Fault, GraderError
from grader.files import write_whole
from grader.lock import locked

COLUMNS = ("student", "assignment", "days")
_PATIENCE_SECONDS = 10  # another assignment holds it for as long as its table is written


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep others from reading or writing the ledger until the end of the block."""
    until = time.monotonic() + _PATIENCE_SECONDS
    with disk_errors(path), ExitStack() as stack:
        while True:
            try:
                stack.enter_context(locked(path.parent, f".{path.name}.lock"))
                break
            except GraderError:
                if time.monotonic() > until:
                    what = "The grading of another assignment holds the ledger of free days."
                    raise GraderError(Fault(str(path), what, "Wait until it ends, then give the same command again.")) from None
                time.sleep(0.2)
        yield


def free_left(path: Path, assignment: str, free_days: int) -> Mapping[str, int]:
    """Return the free days that are left to everybody who used some for other assignments."""
    left: dict[str, int] = {}
    for (student, other), days in _read(path).items():
        if other != assignment:
            left[student] = max(0, left.get(student, free_days) - days)
    return left


def write(path: Path, assignment: str, used: Mapping[str, int]) -> None:
    """Replace the rows of this assignment in the ledger."""
    kept = {key: days for key, days in _read(path).items() if key[1] != assignment}
    days = kept | {(student, assignment): number for student, number in used.items() if number}
    rows = ((as_text(student), other, number) for (student, other), number in sorted(days.items()))
    with disk_errors(path):
        write_whole(path, write_rows((COLUMNS, *rows)).encode("utf-8", "replace"))


def _read(path: Path) -> Mapping[tuple[str, str], int]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        what = f"The ledger of free days cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}."
        remedy = "Mend that, or remove it: grading every assignment again writes it anew."
        raise GraderError(Fault(str(path), what, remedy)) from None
    days: dict[tuple[str, str], int] = {}
    try:
        for line, row in read_rows(text, separator_of(text), strict=False):
            if tuple(row) == COLUMNS:
                continue
            if len(row) != len(COLUMNS) or not (row[2].isascii() and row[2].strip().isdecimal()):
                raise _no_row(path, line)
            days[from_text(row[0]), row[1]] = int(row[2])
    except CsvError as error:
        raise _no_row(path, error.line) from None
    return days


def _no_row(path: Path, line: int) -> GraderError:
    what = "This row of the ledger is not a student, an assignment and a number of days."
    return GraderError(Fault(f"{path}:{line}", what, f"Columns: {','.join(COLUMNS)}."))
