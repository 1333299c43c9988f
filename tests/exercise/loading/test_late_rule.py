"""What late work loses, as an assignment file says it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from exercise_files import (
    HEAD,
    assignment,
    assignment_faults,
)

from grader.exercise.assignment import LateRule

DUE = "exercises: [chain_rule]\ndue: 2026-10-01T23:59Z\n"


def test_a_late_rule_has_shares_times_and_a_ledger_beside_the_file(tmp_path: Path) -> None:
    """Shares as fractions, times in seconds, each student's own due time with its zone."""
    rule = assignment(
        tmp_path,
        f"{HEAD}{DUE}feedback: hints\nlate: {{per_day: 12.5%, grace: 15 minutes, free_days: 3, at_most: 50 %, "
        "extensions: {s03: 2026-11-30T12:00+01:00, '007': 2026-11-30T12:00Z}, ledger: free_days.csv}\n",
    ).late
    assert rule == LateRule(
        per_day=0.125,
        grace_seconds=900.0,
        free_days=3,
        at_most=0.5,
        extensions={"s03": datetime.fromisoformat("2026-11-30T12:00+01:00"), "007": datetime.fromisoformat("2026-11-30T12:00Z")},
        ledger=str(tmp_path / "free_days.csv"),
    )


def test_a_ledger_lies_in_a_folder_that_is_there(tmp_path: Path) -> None:
    """A slip in its path would give everybody all free days again."""
    text = f"{HEAD}{DUE}late: {{per_day: 10%, free_days: 1, ledger: corse/free.csv}}\n"
    assert f"ps1.yaml:5: late.ledger: there is no folder {tmp_path / 'corse'}." in assignment_faults(tmp_path, text)


def test_without_a_late_rule_nothing_is_lost_and_all_is_shown(tmp_path: Path) -> None:
    """The defaults."""
    found = assignment(tmp_path, "schema: 1\ntitle: Set 1\nexercises: [chain_rule]\n")
    assert (found.late, found.feedback, found.overrides) == (None, "full", ())
