"""One case of an exercise, judged alone, with the arrays beside the verdicts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from builders import tanh_layer

from grader.errors import GraderError
from grader.judging.one_case import JudgedCase, judge_case
from grader.judging.submission import Submission
from grader.outcome import Status
from grader.reference.prepare import prepare
from grader.sandbox import Sandbox

EXERCISE = tanh_layer()
ANSWER = b"""
import numpy as np

def dY_dW(W, X, B):
    return W

def dY_dB(W, X, B):
    return "no array"
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Open one sandbox for all tests."""
    with Sandbox("numpy") as opened:
        yield opened


def judged(sandbox: Sandbox, name: str) -> JudgedCase:
    """Judge the answer in one case."""
    submission = Submission.from_bytes({"answer.py": ANSWER})
    return judge_case(EXERCISE, submission, record=prepare(EXERCISE), sandbox=sandbox, name=name)


def test_the_returned_arrays_are_kept(sandbox: Sandbox) -> None:
    """As the function returned them; a text is no array, and is left out."""
    found = judged(sandbox, "small 1")
    assert {("dY_dW", "dY_dW")} == set(found.returned)
    assert np.array_equal(found.case.values["W"], found.returned["dY_dW", "dY_dW"])
    assert {("dY_dW", "dY_dW"), ("dY_dB", "dY_dB")} == set(found.expected.targets)


def test_the_report_is_on_this_case_alone(sandbox: Sandbox) -> None:
    """Without a diagnosis: what explains one case may explain nothing in the others."""
    report = judged(sandbox, "small 1").report
    assert [(Status.WRONG_SHAPE, 1, None), (Status.WRONG_TYPE, 1, None)] == [
        (target.status, target.total, target.diagnosis) for target in report.targets
    ]


def test_an_unknown_case_is_answered_with_the_known_ones(sandbox: Sandbox) -> None:
    """The message lists their names."""
    with pytest.raises(GraderError, match='It has no case "none"') as caught:
        judged(sandbox, "none")
    assert '"small 1"' in str(caught.value)
