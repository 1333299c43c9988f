"""A report is the same after a journey through JSON."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from reports import report, target_report

from grader.outcome import Counterexample, Outcome, Report, Status
from grader.sandbox.wire.answer import LoadError, Phase, Reason


def test_a_report_survives_json() -> None:
    """What `to_json` writes is read back, non-finite numbers too; only a diagnosis's credit stays behind."""
    example = Counterexample(case="one", sizes={"n": 1}, inputs={"x": [[math.inf]]}, index=(0,), expected=1.0, actual=-math.inf)
    before = report(replace(target_report(), counterexample=example, diagnosis=None, answers_sha256="a1"), output="told")
    after = Report.from_json(json.loads(json.dumps(before.to_json(), allow_nan=False)))
    assert replace(before, targets=()) == replace(after, targets=())
    assert before.targets == after.targets


def test_reasons_survive_json() -> None:
    """Why a call failed, in which phase and where, and what did not load: for the cases that count and the public ones."""
    why = {"reason": Reason.RAISED, "phase": Phase.LOADING, "source": "answer.py", "detail": "answer.py did not load: KeyError"}
    part = Outcome(status=Status.RAISED, correct=0, total=1, **why)  # type: ignore[arg-type]
    target = replace(target_report(), status=Status.RAISED, diagnosis=None, counterexample=None, public=part, **why)  # type: ignore[arg-type]
    error = LoadError(
        source="b.py", reason=Reason.NESTED_TOO_DEEPLY, phase=Phase.COMPILING, detail="the code is nested too deeply"
    )
    before = replace(report(target), load_errors=(error,))
    assert before == Report.from_json(json.loads(json.dumps(before.to_json())))


def test_a_report_from_before_there_were_reasons_is_read() -> None:
    """Its texts are all that there is; nothing is read out of them."""
    error = LoadError(source="b.py", detail="NameError: x", traceback="b.py, line 1")
    data = replace(
        report(replace(target_report(), status=Status.MISSING, reason=Reason.NO_FUNCTION)), load_errors=(error,)
    ).to_json()
    for one in (*data["targets"], *data["load_errors"]):
        for name in ("reason", "phase"):
            one.pop(name, None)
    after = Report.from_json(data)
    assert {None} == {after.targets[0].reason, after.targets[0].phase, after.load_errors[0].reason, after.load_errors[0].phase}


def test_a_reason_that_this_grader_does_not_know_is_none() -> None:
    """A report of a newer grader can still be read."""
    data = report(replace(target_report(), reason=Reason.RAISED, phase=Phase.CALLING)).to_json()
    data["targets"][0] |= {"reason": "struck_by_lightning", "phase": "dreaming"}
    assert (None, None) == (Report.from_json(data).targets[0].reason, Report.from_json(data).targets[0].phase)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_counts_as_a_status_of_a_call_that_gave_nothing(reason: Reason) -> None:
    """Never as right, nor as wrong by its values; as ungraded only where it is our fault, or somebody has to decide."""
    status = Status.of(reason)
    assert status.order < Status.WRONG_COUNT.order
    assert (status is Status.UNGRADED) == (reason is Reason.OUR_FAULT or reason.is_undecided)


def test_nan_stays_nan() -> None:
    """It equals nothing, so it is told by its text."""
    example = Counterexample(case="one", sizes={}, inputs={}, actual=math.nan)
    data = report(replace(target_report(), counterexample=example)).to_json()
    assert data["targets"][0]["counterexample"]["actual"] == "NaN"
    assert data == Report.from_json(data).to_json()
