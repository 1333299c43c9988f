"""The fingerprints of the catalogue: stored records and result folders are found by them, so no release may change them."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.exercise import catalogue
from grader.exercise.loading import load_exercise

# id, sha256, verdict_sha256, record_sha256
KNOWN = [line.split() for line in Path(__file__).with_name("fingerprints.txt").read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("id", "asked", "verdict", "record"), KNOWN, ids=[line[0] for line in KNOWN])
def test_a_fingerprint_stays_what_it_was(id: str, asked: str, verdict: str, record: str) -> None:
    """Change fingerprints.txt only together with the exercise that it names."""
    exercise = load_exercise(catalogue.shipped() / f"{id}.yaml")
    assert (asked, verdict, record) == (exercise.sha256, exercise.verdict_sha256, exercise.record_sha256)


def test_every_exercise_of_the_catalogue_is_known() -> None:
    """A new exercise gets its line, too."""
    assert [path.stem for path in sorted(catalogue.shipped().glob("*.yaml"))] == [line[0] for line in KNOWN]
