"""The tolerance takes right answers in any form, and answers that are nearly right in none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rewrites import STORIES, Story, answers, load

from grader.exercise.model import DEFAULT_RTOL
from grader.reference import prepare, tolerance
from grader.reference.model import Record
from grader.reference.torch import compute

# Some tens of units of the last digit are lost by a right formula, a thousand are allowed: no rewrite comes near its limit.
MARGIN = 10


@pytest.fixture(params=STORIES, ids=lambda story: story.name)
def told(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Story, Record]:
    """Return a story and its record at a seed, without predictions, which take longer."""
    monkeypatch.setattr(compute, "MAX_PREDICTED_ENTRIES", -1)
    return request.param, prepare.make(load(request.param, tmp_path), 4)


def test_every_rewrite_is_right_and_no_near_miss(told: tuple[Story, Record]) -> None:
    """Every entry is judged by itself, as far as rounding allows it."""
    story, record = told
    limits = [tolerance.tolerance_of(expected, story.target, DEFAULT_RTOL).allowed for _, expected in record.cases]
    with np.errstate(all="ignore"):
        for kind, name, gaps in answers(story, record):
            is_right = all((gap <= limit).all() for gap, limit in zip(gaps, limits, strict=True))
            assert is_right == (kind == "rewrite"), name


def test_no_rewrite_comes_near_its_limit(told: tuple[Story, Record]) -> None:
    """Other libraries and processors round otherwise."""
    story, record = told
    limits = [tolerance.tolerance_of(expected, story.target, DEFAULT_RTOL).allowed for _, expected in record.cases]
    with np.errstate(all="ignore"):
        for kind, name, gaps in answers(story, record):
            if kind == "rewrite":
                assert all((gap <= limit / MARGIN).all() for gap, limit in zip(gaps, limits, strict=True)), name


def test_the_stories_are_many() -> None:
    """Enough for the table in docs/exercises.md to mean something."""
    assert sum(len(story.rewrites) for story in STORIES) >= 90
    assert sum(len(story.misses) for story in STORIES) >= 90


def test_rounding_is_of_what_an_entry_is_made_of(tmp_path: Path) -> None:
    """The factors of s (1 - s) have the digits of 1, however small it is; without the bound this form of 1 - Y² is wrong."""
    story = next(story for story in STORIES if story.name == "saturated tanh of millions")
    record = prepare.make(load(story, tmp_path), 3)
    case, expected = next((case, expected) for case, expected in record.cases if case.name == "far out")
    rounding, right = np.ldexp(1.0, expected.rounding[story.target]), expected.targets[story.target]
    assert (rounding > 2e6 * 2.0**-52).all()
    assert (rounding < 1e-6 * np.abs(right).max()).all()
    s = 1 / (1 + np.exp(-2 * case.values["B"]))
    written = 8e6 * s * (1 - s)
    assert (np.abs(written - right) > 1e-8 * np.abs(right) + tolerance.ABSOLUTE_FLOOR).any()
    assert tolerance.tolerance_of(expected, story.target, 1e-8).agrees(written)
