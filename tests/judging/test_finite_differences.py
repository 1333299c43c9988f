"""Numerical differentiation shows at a probe, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

from layer_answers import LAYER, RIGHT, graded

from grader.outcome import Status
from grader.reference import prepare
from grader.sandbox import Sandbox
from grader.sandbox.job import Job, Trial
from grader.sandbox.wire.answer import Answer, Failure, Reason


def test_numerical_differentiation_is_flagged_and_refused_where_forbidden(sandbox: Sandbox) -> None:
    """
    Central differences agree beside the largest entry in every case; the probe shows them.

    In the saturated case the small rows have few digits, which the rule for entries does not take from a formula.
    """
    source = """
import numpy as np

def dY_dW(W, X, B):
    J = np.zeros((len(B), *W.shape))
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            D = np.zeros_like(W)
            D[i, j] = 1e-5
            J[:, i, j] = (np.tanh((W + D) @ X + B) - np.tanh((W - D) @ X + B)) / 2e-5
    return J
"""
    report = graded(sandbox, source)
    assert (report.targets[0].status, report.flags) == (Status.CORRECT, ("inexact",))
    forbidden = graded(sandbox, source, replace(LAYER, numerical="forbid")).targets[0]
    assert (forbidden.status, forbidden.score) == (Status.REFUSED, 0.0)
    assert forbidden.diagnosis is not None
    assert forbidden.diagnosis.rule == "numerical_differentiation"


def test_only_differences_are_judged_beside_the_largest_entry(sandbox: Sandbox) -> None:
    """A formula that is off where the slope is small is right at the probe, and wrong there; so is one in float32."""
    off = RIGHT.replace("1 - Y**2, X)", "np.where(1 - Y**2 < 3e-4, (1 - Y**2) * (1 + 1e-4), 1 - Y**2), X)")
    single = RIGHT.replace("1 - Y**2, X)", "1 - Y**2, X).astype(np.float32)")
    for source in (off, single):
        report = graded(sandbox, source)
        assert (report.targets[0].status, "inexact" in report.flags) == (Status.WRONG_VALUE, False)


def test_differences_that_stay_away_from_the_probe_are_found_out(sandbox: Sandbox) -> None:
    """Raising at the inputs that tell differences from a formula is no way around them; a NaN there repeats itself."""
    guard = "    assert np.abs(X).max() > 1e-6\n    Y = "
    report = graded(sandbox, RIGHT.replace("    Y = ", guard))
    assert (report.targets[0].status, report.flags) == (Status.CORRECT, ("inexact",))
    forbidden = graded(sandbox, RIGHT.replace("    Y = ", guard), replace(LAYER, numerical="forbid")).targets[0]
    assert forbidden.status is Status.REFUSED
    assert forbidden.diagnosis is not None
    assert "does not answer" in forbidden.diagnosis.text
    nan = graded(sandbox, RIGHT.replace("1 - Y**2, X)", "1 - Y**2, X if np.abs(X).max() > 1e-6 else X * np.nan)"))
    assert nan.flags == ("inexact",)


def test_a_forged_answer_does_not_take_the_probe_away(sandbox: Sandbox) -> None:
    """Right in every case; at the probe alone it says that nobody knows which of two functions counts."""
    cases = len(prepare.prepare(LAYER, 0).cases)

    class Forged:
        """A sandbox whose student code forges the answer to the probe."""

        def run(self, job: Job) -> Trial:
            trial = sandbox.run(job)
            clash = Failure(reason=Reason.SEVERAL_FUNCTIONS, function="dY_dW", sources=("a.py", "b.py"))
            lost = Answer(failure=clash)
            tasks = list(trial.tasks)
            answers = tasks[0].answers
            assert len(answers) == cases + 1
            tasks[0] = replace(tasks[0], answers=(*answers[:cases], lost))
            return replace(trial, tasks=tuple(tasks))

    report = graded(Forged(), RIGHT, replace(LAYER, numerical="forbid"))  # type: ignore[arg-type]
    assert report.targets[0].status is Status.REFUSED
