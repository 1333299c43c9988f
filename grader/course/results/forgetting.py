"""Find what a purge has to remove of a student."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NAMELESS: Mapping[str, Any] = {"name": "", "email": "", "section": "", "ids": {}, "origin": ""}  # facts of a student


def mentions(student: str, path: str, reason: str) -> bool:
    """
    Return whether an unplaced file is a student's.

    Its path may say so (`s1/x.py`, `s1.py`, `ann_7_x.py` of ann_7), or the reason for which it has no place.
    """
    parts = path.split("/")
    if student in {path, *parts} or student == parts[0].rpartition(".")[0]:
        return True
    if re.search(r"_\d+$", student) and parts[0].startswith(f"{student}_"):
        return True
    return re.search(rf"(?<![\w./@-]){re.escape(student)}(?![\w@-])", reason) is not None
