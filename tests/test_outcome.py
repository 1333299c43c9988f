"""A report is the same after a journey through JSON."""

from __future__ import annotations

import json
import math
from dataclasses import replace

from made import report, target_report

from grader.outcome import Counterexample, Report


def test_a_report_survives_json() -> None:
    """What `to_json` writes is read back, non-finite numbers too; only a diagnosis's credit stays behind."""
    example = Counterexample(case="one", sizes={"n": 1}, inputs={"x": [[math.inf]]}, index=(0,), expected=1.0, actual=-math.inf)
    before = report(replace(target_report(), counterexample=example, diagnosis=None, answers_sha256="a1"), output="told")
    after = Report.from_json(json.loads(json.dumps(before.to_json(), allow_nan=False)))
    assert replace(before, targets=()) == replace(after, targets=())
    assert before.targets == after.targets


def test_nan_stays_nan() -> None:
    """It equals nothing, so it is told by its text."""
    example = Counterexample(case="one", sizes={}, inputs={}, actual=math.nan)
    data = report(replace(target_report(), counterexample=example)).to_json()
    assert data["targets"][0]["counterexample"]["actual"] == "NaN"
    assert data == Report.from_json(data).to_json()
