"""Remove what students handed in and what was said of it, and keep the scores unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from grader.course.results.database import Results, open_results
from grader.course.results.decisions import read_rules, without_reasons, write_rules
from grader.course.results.gradebook import rows, write_grades
from grader.course.results.out import Out, disk_errors, existing_out


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """How much a purge takes away."""

    students: int
    results: int
    files: int  # files that were handed in
    pages: int  # reports and feedback


def purge(
    path: Path,
    confirm: Callable[[Removal], bool],
    student: str | None = None,
    *,
    keep_scores: bool = True,
    database: str | None = None,
) -> bool:
    """
    Remove what one student handed in and the reports on it, or everybody's, if `confirm` agrees; return whether it did.

    Scores stay under the students' ids unless `keep_scores` is False. The assignment's name and its seed stay in any case,
    `report.html` goes, since it names everybody.
    """
    with existing_out(path) as out, closing(open_results(out, database)) as results:
        pages = _pages(out, student)
        if not confirm(_removal(results, student, pages)):
            return False
        results.forget(student, keep_scores=keep_scores)
        with disk_errors(path):
            for page in pages:
                page.unlink(missing_ok=True)
                if page.parent not in (path, path / "feedback") and not any(page.parent.iterdir()):
                    page.parent.rmdir()
        write_rules(out, without_reasons(read_rules(out), student, keep_scores=keep_scores))
        write_grades(out, rows(out, results))
    return True


def _pages(out: Out, student: str | None) -> tuple[Path, ...]:
    """Return the files in OUT that show what a student did, or what anybody did."""
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
            files.update(sha256 for _, sha256 in (result.manifest.files if result.manifest else ()))
    students = [one for one in results.students() if student in (None, one.id)]
    return Removal(students=len(students), results=count, files=len(files), pages=len(pages))
