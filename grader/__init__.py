"""
Grade derivative exercises: YAML in, verdicts with reasons out.

The public names are imported when they are first used: `import grader` costs next to nothing, and listing exercises
needs no numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from grader.version import VERSION as __version__

if TYPE_CHECKING:
    from grader.api import check, grade, grade_class, load
    from grader.course.grade import Summary
    from grader.errors import ExerciseError, ExportError, GraderError, SandboxError, SubmissionError
    from grader.exercise.assignment import Assignment
    from grader.exercise.model import Exercise
    from grader.judging.submission import Submission
    from grader.outcome import Report, Status

_HOMES = {
    "Assignment": "grader.exercise.assignment",
    "Exercise": "grader.exercise.model",
    "ExerciseError": "grader.errors",
    "ExportError": "grader.errors",
    "GraderError": "grader.errors",
    "Report": "grader.outcome",
    "SandboxError": "grader.errors",
    "Status": "grader.outcome",
    "Submission": "grader.judging.submission",
    "SubmissionError": "grader.errors",
    "Summary": "grader.course.grade",
    "check": "grader.api",
    "grade": "grader.api",
    "grade_class": "grader.api",
    "load": "grader.api",
}

__all__ = [
    "Assignment",
    "Exercise",
    "ExerciseError",
    "ExportError",
    "GraderError",
    "Report",
    "SandboxError",
    "Status",
    "Submission",
    "SubmissionError",
    "Summary",
    "__version__",
    "check",
    "grade",
    "grade_class",
    "load",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'grader' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
