"""Fingerprint everything that a verdict depends on: a result is good for as long as its key is the same."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from grader.reference.prepare import ENGINE
from grader.version import VERSION

if TYPE_CHECKING:
    from grader.course.results.stored import Manifest


def basis_of(exercise_sha256: str, seed: int) -> str:
    """Return the basis of every verdict on an exercise: the exercise, the seed of its cases and the version."""
    return f"{exercise_sha256} {seed} {VERSION} {ENGINE}"


def key_of(basis: str, student: str, exercise: str, manifest: Manifest) -> str:
    """Return the key of one submission of one exercise; `basis` is what `basis_of` returned."""
    facts = json.dumps([basis, student, exercise, manifest.to_json()])
    return hashlib.sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()
