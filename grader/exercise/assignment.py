"""An assignment: exercises that are handed in together, a rule for late work, and points given by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from grader.exercise.model import Exercise

DAY_SECONDS = 24 * 60 * 60

Feedback: TypeAlias = Literal["full", "hints", "score"]  # what students see: everything, reasons without numbers, points only
ShownCases: TypeAlias = Literal["public", "secret"]  # the cases that students see: those they have at home, or those that count


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRule:
    """
    How many points late work loses: a share of those that were earned, for every day that has begun.

    Days are counted from the student's own due time, once the grace period is over; `free_days` of them cost nothing. With a
    `ledger`, a file that several assignments share, the free days are those of the whole course.
    """

    per_day: float
    grace_seconds: float = 0.0
    free_days: int = 0
    at_most: float = 1.0
    extensions: Mapping[str, datetime] = field(default_factory=dict)  # a student's own due time
    ledger: str = ""  # its path

    def lateness(self, student: str, due: datetime, at: datetime, free_days: int) -> Lateness:
        """Work out how late something was handed in, and what that costs with so many free days left."""
        seconds = max(0.0, float(round((at - self.extensions.get(student, due)).total_seconds())))
        days = math.ceil(seconds / DAY_SECONDS) if seconds > self.grace_seconds else 0
        free = min(days, max(0, free_days))
        return Lateness(seconds=seconds, days=days, free=free, share=min(self.at_most, round((days - free) * self.per_day, 10)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """How late one student was: days that count, those of them that were free, and the share of the points that is lost."""

    seconds: float
    days: int
    free: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Points given by hand in place of what the grader found: for one target, or (`target` empty) for a whole exercise."""

    student: str
    exercise: str
    target: str
    points: float
    reason: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Exercises that are handed in together. What the assignment's file changes about them is already applied."""

    id: str
    title: str
    exercises: tuple[Exercise, ...]
    due: datetime | None = None
    feedback: Feedback = "full"
    shown_cases: ShownCases = "public"
    late: LateRule | None = None
    overrides: tuple[Override, ...] = ()
    path: str = field(default="", compare=False)

    @classmethod
    def of(cls, exercise: Exercise) -> Assignment:
        """Make an assignment of one exercise."""
        return cls(id=exercise.id, title=exercise.title, exercises=(exercise,), path=exercise.path)
