"""What came of collecting submissions, in a form that tests compare."""

from __future__ import annotations

from pathlib import Path

from classroom import RIGHT, assignment

from grader.course.intake.collect import Collection, collect
from grader.exercise.assignment import Assignment

TANH = RIGHT.format(function="d_tanh_layer")


def placed(collection: Collection) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the files that are graded, by student and exercise."""
    return {
        (entry.student, entry.exercise): tuple(file.path for file in entry.files) for entry in collection.entries if entry.files
    }


def read_as(path: Path, layout: str = "", of: Assignment | None = None) -> tuple[str, list[str]]:
    """Collect; return the layout that was taken, and the students."""
    found = collect(path, of or assignment(), layout=layout)
    return found.layout, [student.id for student in found.students]


def reasons(collection: Collection) -> dict[str, str]:
    """Return why each file was not placed, by path."""
    return {item.path: item.reason for item in collection.unplaced}
