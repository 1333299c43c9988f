"""A student, with the ids that learning management systems know them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """
    One student. `ids` are the ids in other systems: canvas, sis, login, moodle, gradescope, or a roster's own columns.

    `origin` says where the student's files were found: the layout, a colon, and the student's name there.
    """

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    submitted_at: datetime | None = None
    late: bool | None = None  # set where a system says it but gives no time
    origin: str = field(default="", compare=False)


def time_of(student: Student) -> float:
    """Return when the student handed in, in seconds; 0 where nobody says."""
    return student.submitted_at.timestamp() if student.submitted_at else 0.0
