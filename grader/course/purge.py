"""Remove what students handed in and what was said of it, and keep the scores unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from grader.course.results.database import Results, open_results
from grader.course.results.decisions import read_rules, without_reasons, write_rules
from grader.course.results.gradebook import write_grades
from grader.course.results.out import Out, disk_errors, existing_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What a purge takes away."""

    students: int
    results: int
    files: int  # that were handed in
    pages: int  # reports and feedback


def purge(
    path: Path,
    confirm: Callable[[Removal], bool],
    student: str | None = None,
    *,
    keep_marks: bool = True,
    database: str | None = None,
) -> bool:
    """
    Removes what one student handed in and what was said of it, or everybody's, if `confirm` says so; whether it did.

    Marks stay under the students' ids unless `keep_marks` is False. The assignment's name and its seed stay in any case,
    `report.html` goes, since it names everybody.
    """
    with existing_out(path) as out, closing(open_results(out, database)) as results:
        pages = _pages(out, student)
        if not confirm(_removal(results, student, pages)):
            return False
        results.forget(student, keep_marks=keep_marks)
        with disk_errors(path):
            for page in pages:
                page.unlink(missing_ok=True)
                if page.parent not in (path, path / "feedback") and not any(page.parent.iterdir()):
                    page.parent.rmdir()
        write_rules(out, without_reasons(read_rules(out), student, keep_marks=keep_marks))
        write_grades(out, results)
    return True


def _pages(out: Out, student: str | None) -> tuple[Path, ...]:
    """The files in OUT that show what a student did, or what anybody did."""
    everybody = tuple(out.path / name for name in ("report.html",) if (out.path / name).exists())
    if student is not None:
        return (*everybody, *out.pages(student))
    return (*everybody, *(out.path / "reports").glob("*/*"), *(out.path / "feedback").glob("*"))


def _removal(results: Results, student: str | None, pages: Sequence[Path]) -> Removal:
    files: set[str] = set()
    count = 0
    for result in results.all():
        if student in (None, result.student):
            count += 1
            files.update(sha for _, sha in result.work.get("files", ()))
    students = [one for one in results.students() if student in (None, one.id)]
    return Removal(students=len(students), results=count, files=len(files), pages=len(pages))
