"""Students x exercises: the table of scores, and what the class's answers say of the exercises."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from grader.batch.roster import Student

if TYPE_CHECKING:
    from grader.batch.out import Out
    from grader.batch.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One student's scores. An exercise that is not in `scores` was not handed in; None is one that we could not grade."""

    student: Student
    scores: Mapping[str, float | None]

    @property
    def total(self) -> float | None:
        """The points earned; None when nothing was handed in, or while something is ungraded."""
        scores = list(self.scores.values())
        if not scores or None in scores:
            return None
        return sum(score for score in scores if score is not None)


def rows(results: Results) -> Iterator[Row]:
    """Every student in the order of their ids, those without results too."""
    groups = itertools.groupby(results.scores(), key=lambda one: one[0])
    graded = next(groups, None)
    for student in results.students():
        scores: dict[str, float | None] = {}
        if graded is not None and graded[0] == student.id:
            scores = {exercise: score for _, exercise, score, _ in graded[1]}
            graded = next(groups, None)
        yield Row(student=student, scores=scores)


def write_grades(out: Out, results: Results) -> Path:
    """`OUT/grades.csv`: a row a student, a column an exercise, total, time of handing in; empty is not submitted or ungraded."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", *out.state.exercises, "total", "submitted_at", "late_seconds"])
    due = datetime.fromisoformat(out.state.due) if out.state.due else None
    for row in rows(results):
        at = row.student.submitted_at
        late = late_seconds(row.student, due)
        scores = (number(row.scores.get(exercise)) for exercise in out.state.exercises)
        table.writerow([cell(row.student.id), *scores, number(row.total), at.isoformat() if at else "", number(late)])
    path = out.path / "grades.csv"
    out.write(path, text.getvalue())
    return path


def late_seconds(student: Student, due: datetime | None) -> float | None:
    """How long after `due` the student handed in, 0 when in time; None where one of the two is not known."""
    if due is None or student.submitted_at is None:
        return None
    return max(0.0, round((student.submitted_at - due).total_seconds()))


def number(score: float | None) -> str:
    """A score as a table has it; nothing for none."""
    return "" if score is None else f"{score:.10g}"


def cell(text: str) -> str:
    """
    Text that a spreadsheet takes for text: `=1+1` would be run as a formula.

    >>> cell("=HYPERLINK(0)"), cell("s01")
    ("'=HYPERLINK(0)", 's01')
    """
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@"} or text[:1] in {"\t", "\r", "\n"} else text
