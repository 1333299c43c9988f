"""Tell what a purge has to remove."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any


def mentions(student: str, path: str, reason: str) -> bool:
    """Whether something unplaced is the student's, by its path (`s1/x.py`, `s1.py`, `ann_7_x.py` of ann_7) or by the reason."""
    parts = path.split("/")
    if student in {path, *parts} or student == parts[0].rpartition(".")[0]:
        return True
    if re.search(r"_\d+$", student) and parts[0].startswith(f"{student}_"):
        return True
    return re.search(rf"(?<![\w./@-]){re.escape(student)}(?![\w@-])", reason) is not None


NAMELESS: Mapping[str, Any] = {"name": "", "email": "", "section": "", "ids": {}, "origin": ""}


def without_student_text(report: str) -> str:
    """A report's marks: without anything that the student wrote, printed or returned."""
    data = json.loads(report)
    bare: Mapping[str, Any] = {"detail": "", "traceback": "", "counterexample": None, "answers_sha256": ""}
    targets = [{**target, **bare, "public": None} for target in data["targets"]]
    return json.dumps({**data, "source_sha256": "", "output": "", "public_output": "", "load_errors": [], "targets": targets})
