"""Who is in the class: students with the ids that learning management systems know them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """One student. `ids` are the numbers and names that systems know them by: canvas, sis, login, moodle, gradescope."""

    id: str
    name: str = ""
    email: str = ""
    section: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    submitted_at: datetime | None = None
    late: bool | None = None  # what the system says where it gives no time
