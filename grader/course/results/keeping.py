"""Keep results: first the report's file, then the row. A run that is killed in between finds the same to do again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from grader.course.results.database import Results
    from grader.course.results.out import Out
    from grader.course.results.stored import Result


def keep(out: Out, results: Results, result: Result, sources: Mapping[str, bytes] | None = None) -> None:
    """Keep one result, and the files that it was graded from, by fingerprint."""
    out.write_report(result.student, result.exercise, result.graded)
    results.put(result, sources)


def keep_all(out: Out, results: Results, found: Callable[[], Iterable[Result]]) -> None:
    """Keep several results: all rows of the database change at once. `found` is called twice, and may be large."""
    for result in found():
        out.write_report(result.student, result.exercise, result.graded)
    results.put_all(found())
