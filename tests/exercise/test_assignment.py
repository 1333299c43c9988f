"""A rule for late work, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from grader.exercise.assignment import LateRule

DUE = datetime(2026, 11, 20, 12, tzinfo=UTC)
RULE = LateRule(per_day=0.1, grace_seconds=900, free_days=1, at_most=0.5, extensions={"s03": DUE + timedelta(days=3)})


@pytest.mark.parametrize(
    ("late", "days", "share"),
    [
        (timedelta(seconds=-1), 0, 0.0),
        (timedelta(minutes=15), 0, 0.0),
        (timedelta(minutes=15, seconds=1), 1, 0.1),
        (timedelta(days=1), 1, 0.1),
        (timedelta(days=1, seconds=1), 2, 0.2),
        (timedelta(days=3), 3, 0.3),
        (timedelta(days=40), 40, 0.5),
    ],
)
def test_every_day_that_has_begun_costs_once_the_grace_is_over(late: timedelta, days: int, share: float) -> None:
    """Counted from the due time, not from the end of the grace; at most half."""
    found = RULE.lateness("s01", DUE, DUE + late, 0)
    assert (days, 0, share) == (found.days, found.free, found.share)
    assert max(0.0, late.total_seconds()) == found.seconds


def test_free_days_cost_nothing() -> None:
    """As many as are left, and no more than are needed."""
    found = [RULE.lateness("s01", DUE, DUE + timedelta(days=2), left) for left in (1, 5, -1)]
    assert [(1, 0.1), (2, 0.0), (0, 0.2)] == [(one.free, one.share) for one in found]


def test_an_extension_is_a_due_time_of_ones_own() -> None:
    """Late is later than that, for this student alone."""
    at = DUE + timedelta(days=3, hours=1)
    assert (3600.0, 0.1) == (RULE.lateness("s03", DUE, at, 0).seconds, RULE.lateness("s03", DUE, at, 0).share)
    assert 0.4 == RULE.lateness("s04", DUE, at, 0).share
