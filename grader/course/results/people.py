"""Students as the database keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from grader.course.intake.students import Student


def facts_of(student: Student) -> Mapping[str, Any]:
    """Return what is known of a student as JSON data."""
    at = student.submitted_at
    return {
        "name": student.name,
        "email": student.email,
        "section": student.section,
        "ids": dict(student.ids),
        "submitted_at": at and at.isoformat(),
        "late": student.late,
        "origin": student.origin,
    }


def merge_facts(old: Mapping[str, Any], new: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is known of a student by both; what is empty in the new facts stays as it was."""
    told = {name: value for name, value in new.items() if value not in ("", None)}
    return {**old, **told, "ids": {**old["ids"], **new["ids"]}}


def student_from(id: str, facts: Mapping[str, Any]) -> Student:
    """Return the student of these facts."""
    at = facts["submitted_at"]
    return Student(id=id, **{**facts, "submitted_at": at and datetime.fromisoformat(at)})
