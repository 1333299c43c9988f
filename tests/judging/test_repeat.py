"""State and chance: some cases are called again, in another order, in the same child."""

from __future__ import annotations

from dataclasses import replace

import pytest
from layer_answers import LAYER, RIGHT, graded, statuses

from grader.outcome import Status
from grader.reference import prepare
from grader.sandbox import Sandbox
from grader.sandbox.job import Job, Trial
from grader.sandbox.wire.answer import Answer, Failure, Reason


def stateful(line: str) -> str:
    """Return a submission whose dY_dB is off by the number `off` that `line` sets; its list `seen` outlives a call."""
    before = f"    off = 0.0\n    {line}\n    return off + np.diag("
    return RIGHT.replace("    return np.diag(", before).replace("import numpy as np\n", "import numpy as np\nseen = []\n")


COUNTED = len(prepare.prepare(LAYER, 0).cases)
STATEFUL = {
    "counts its calls": f"seen.append(0); off = 1.0 * (len(seen) > {COUNTED})",
    "answers by the call before": "off = 1.0 * (seen[-1:] == [W.tobytes()]); seen.append(W.tobytes())",
    "knows what it has seen": "off = 1.0 * (W.tobytes() in seen); seen.append(W.tobytes())",
    "wears out": f"seen.append(0); off = max(0, len(seen) - {COUNTED}) * 1e-3",
}


@pytest.mark.parametrize("line", STATEFUL.values(), ids=STATEFUL)
def test_an_answer_that_depends_on_earlier_calls_is_wrong(sandbox: Sandbox, line: str) -> None:
    """It was right in every case, in the order of the first calls."""
    report = graded(sandbox, stateful(line))
    assert [Status.CORRECT, Status.WRONG_VALUE] == statuses(report)
    assert ("nondeterministic",) == report.flags
    assert report.targets[1].detail == "It was right at first: called again in another order, it gave something else."
    assert report.targets[1].score == 0.0


@pytest.mark.parametrize("other", ["Y**2, X)", "1 - Y**2, X)"], ids=["wrong", "right"])
def test_what_is_right_is_called_again_whatever_the_others_are(sandbox: Sandbox, other: str) -> None:
    """A target that is wrong on purpose does not switch off the second look at another one."""
    report = graded(sandbox, stateful(STATEFUL["counts its calls"]).replace("1 - Y**2, X)", other))
    assert report.targets[1].status is Status.WRONG_VALUE
    assert report.flags == ("nondeterministic",)


def test_a_random_answer_is_not_right(sandbox: Sandbox) -> None:
    """A coin in place of a derivation: sixteen cases, a handful of entries each."""
    report = graded(sandbox, stateful("off = np.random.choice([0.0, 1.0], len(B))"))
    assert (report.targets[1].status, report.targets[1].score) == (Status.WRONG_VALUE, 0.0)


def test_a_little_noise_is_right_and_flagged(sandbox: Sandbox) -> None:
    """Within the tolerance, but not the same digits twice."""
    report = graded(sandbox, stateful("off = 5e-9 * np.random.rand() * np.diag(1 - np.tanh(W @ X + B) ** 2)"))
    assert (report.score, report.flags) == (3.0, ("nondeterministic",))


def test_a_repeated_call_that_does_not_finish_says_so(sandbox: Sandbox) -> None:
    """No answer is told from another by a time-out: it is not called nondeterministic."""
    line = f"seen.append(0)\n    while len(seen) > {COUNTED}: pass"
    report = graded(sandbox, stateful(line))
    assert report.targets[1].status is Status.TIMED_OUT
    assert report.targets[1].detail.endswith("seconds. It was right at first: called again in another order, it did not finish.")
    assert report.flags == ()


def test_a_repeated_call_that_dies_counts(sandbox: Sandbox) -> None:
    """Death in the repeated calls is no way around them."""
    line = f"seen.append(0)\n    if len(seen) > {COUNTED}: import os; os._exit(0)"
    report = graded(sandbox, stateful(line))
    assert (report.targets[1].status, report.targets[1].score) == (Status.KILLED, 0.0)


def test_a_repeated_call_that_is_lost_leaves_its_target_ungraded(sandbox: Sandbox) -> None:
    """What could not be confirmed earns nothing and costs nothing."""

    class Failing:
        """A sandbox that loses the repeated calls by our fault."""

        def run(self, job: Job) -> Trial:
            trial = sandbox.run(job)
            lost = Answer(failure=Failure(reason=Reason.OUR_FAULT, detail="the zygote is gone"))
            tasks = tuple(
                replace(one, answers=(lost,) * len(one.answers)) if plan.purpose == "repeated" else one
                for plan, one in zip(job.tasks, trial.tasks, strict=True)
            )
            return replace(trial, tasks=tasks)

    report = graded(Failing(), RIGHT)  # type: ignore[arg-type]
    assert statuses(report) == [Status.UNGRADED] * 2
    assert report.flags == ()
