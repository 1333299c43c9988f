"""Fingerprint everything that a verdict depends on: a result is good for as long as its key is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from grader.exercise.model import Exercise
from grader.reference.prepare import ENGINE
from grader.version import VERSION


def judges(exercise: Exercise, seed: int) -> str:
    """What stands for exercise, seed and version in a work's key."""
    return judged_by(exercise.sha256, seed)


def judged_by(exercise_sha256: str, seed: int) -> str:
    """The same for an exercise of which there is only the fingerprint."""
    return f"{exercise_sha256} {seed} {VERSION} {ENGINE}"


def key_of(judged_by: str, student: str, exercise: str, handed_in: Mapping[str, Any]) -> str:
    """The key of a work, from what its `to_json` says."""
    told = json.dumps([judged_by, student, exercise, handed_in])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
