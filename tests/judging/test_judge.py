"""One submission, start to end, through the sandbox: statuses, flags, scores."""

from __future__ import annotations

from dataclasses import replace

import pytest
from layer_answers import AFFINE, LAYER, RIGHT, RIGHT_AFFINE, graded, statuses

from grader.judging.judge import Judge
from grader.outcome import Report, Status
from grader.reference import prepare
from grader.sandbox import Sandbox
from grader.sandbox.limits import Limits
from grader.sandbox.wire.answer import Failure, Reason


def test_a_right_submission_has_full_marks_and_no_flags(sandbox: Sandbox) -> None:
    """3 of 3 points, 15 of 15 cases, no diagnosis."""
    report = graded(sandbox, RIGHT)
    assert (report.score, report.points, report.flags, report.student) == (3.0, 3.0, (), "s01")
    assert [(target.correct, target.total, target.diagnosis) for target in report.targets] == [(15, 15, None)] * 2


def test_a_declared_mistake_earns_its_credit_and_shows_the_smallest_case(sandbox: Sandbox) -> None:
    """Half of 2 points; the smallest of all failing cases, one entry."""
    report = graded(sandbox, RIGHT.replace("1 - Y**2, X)", "1 + 0 * Y, X)"))
    target = report.targets[0]
    assert (target.status, target.score) == (Status.WRONG_VALUE, 1.0)
    assert target.diagnosis is not None
    assert target.diagnosis.text == "That is ∂Z/∂W."
    assert target.counterexample is not None
    assert (target.counterexample.case, target.counterexample.index) == ("one feature", (0, 0, 0))
    assert set(target.counterexample.inputs) == {"W", "X", "B"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("return np.diag(1 - np.tanh(W @ X + B) ** 2)", Status.CORRECT),
        ("return (1 - np.tanh(W @ X + B) ** 2).tolist()", Status.WRONG_SHAPE),
        ("return np.diag(1 - np.tanh(W @ X + B) ** 2).tolist()", Status.CORRECT),
        ("return None", Status.WRONG_TYPE),
        ("return 'a'", Status.WRONG_TYPE),
        ("return np.eye(len(B)) * np.nan", Status.NOT_FINITE),
        ("return np.eye(len(B))", Status.WRONG_VALUE),
        ("raise NotImplementedError", Status.NOT_IMPLEMENTED),
        ("return np.eye(len(B) / 0)", Status.RAISED),
        ("raise MemoryError", Status.OUT_OF_MEMORY),
        ("import os; os._exit(0)", Status.KILLED),
        ("while True: pass", Status.TIMED_OUT),
    ],
)
def test_every_status_has_its_cause(sandbox: Sandbox, body: str, status: Status) -> None:
    """The other function is judged all the same."""
    source = RIGHT.replace("return np.diag(1 - np.tanh(W @ X + B) ** 2)", body)
    assert statuses(graded(sandbox, source)) == [Status.CORRECT, status]


def test_a_function_that_is_not_there_is_missing(sandbox: Sandbox) -> None:
    """And costs only its own points."""
    report = graded(sandbox, RIGHT.replace("def dY_dB", "def dY_db"))
    assert statuses(report) == [Status.CORRECT, Status.MISSING]
    assert report.score == 2.0
    assert "no function dY_dB is defined; if dY_db is meant to be it, rename it" == report.targets[1].detail


def test_a_broken_file_is_raised_with_its_line(sandbox: Sandbox) -> None:
    """Functions after the error are not defined; the reason is the error, not that they are missing."""
    report = graded(sandbox, "import numpy as np\ndef dY_dW(W, X, B):\n    return np.zeros(\n")
    assert statuses(report) == [Status.RAISED, Status.RAISED]
    assert "load_error" in report.flags
    assert "SyntaxError" in report.targets[0].detail


def test_what_ends_while_it_is_loaded_has_no_case(sandbox: Sandbox) -> None:
    """No function was called, so that no case shows anything."""
    report = graded(sandbox, RIGHT + "\nwhile True:\n    pass\n")
    assert statuses(report) == [Status.TIMED_OUT, Status.TIMED_OUT]
    assert [target.counterexample for target in report.targets] == [None, None]
    assert "it did not finish within 2 seconds while it was loaded" == report.targets[0].detail


def test_a_failing_last_line_costs_nothing(sandbox: Sandbox) -> None:
    """Test code at the end of a file often fails."""
    report = graded(sandbox, RIGHT + "\nassert dY_dW(1, 2, 3) == 4\n")
    assert (report.score, report.flags) == (3.0, ("load_error",))
    (error,) = report.load_errors
    assert "TypeError" in error.detail
    assert Report.from_json(report.to_json()).load_errors == report.load_errors


def test_a_tuple_of_three_is_judged_one_by_one(sandbox: Sandbox) -> None:
    """A wrong dw costs dw alone."""
    report = graded(sandbox, RIGHT_AFFINE.replace("x.T @ dout,", "-x.T @ dout,"), AFFINE)
    assert [(target.name, target.status, target.score) for target in report.targets] == [
        ("dx", Status.CORRECT, 1.0),
        ("dw", Status.WRONG_VALUE, 0.0),
        ("db", Status.CORRECT, 1.0),
    ]


def test_a_dict_with_the_names_is_right_and_a_pair_is_not(sandbox: Sandbox) -> None:
    """Several results: a tuple, a list, or a dict by name."""
    by_name = RIGHT_AFFINE.replace(
        "return dout @ w.T, x.T @ dout, dout.sum(axis=0)", "return dict(db=dout.sum(0), dw=x.T @ dout, dx=dout @ w.T)"
    )
    assert graded(sandbox, by_name, AFFINE).score == 3.0
    pair = graded(sandbox, RIGHT_AFFINE.replace(", dout.sum(axis=0)", ""), AFFINE)
    assert statuses(pair) == [Status.WRONG_COUNT] * 3


def test_partial_cases_gives_the_share_of_right_ones(sandbox: Sandbox) -> None:
    """`partial: none` gives nothing for square layers only, `partial: cases` gives 2 of 15."""
    square = RIGHT.replace("return np.diag(", "return (len(X) != len(B)) + np.diag(")
    assert graded(sandbox, square).targets[1].score == 0.0
    shared = graded(sandbox, square, replace(LAYER, partial="cases")).targets[1]
    assert shared.score == pytest.approx(shared.correct / 15)
    assert 0 < shared.correct < 15


def test_flags_are_for_what_staff_should_see(sandbox: Sandbox) -> None:
    """Prints, changed inputs and float32 cost nothing by themselves."""
    source = RIGHT.replace("    Y = np", "    print('hello'); W0 = W.copy(); W[0] = 7; W = W0\n    Y = np")
    report = graded(sandbox, source)
    assert report.score == 3.0
    assert set(report.flags) == {"mutates_inputs", "wrote_to_stdout"}
    assert "hello" in report.output


def test_a_timeout_by_the_wall_clock_is_flagged(sandbox: Sandbox) -> None:
    """In the first run or in the second; one of CPU time is not."""
    quick = replace(LAYER, limits=Limits(seconds=0.05, memory_mib=512))
    sleeps = graded(sandbox, RIGHT + "\nimport time\ntime.sleep(60)\n", quick)
    assert ([Status.TIMED_OUT] * 2, ("wall_timeout",)) == (statuses(sleeps), sleeps.flags)
    computes = graded(sandbox, RIGHT + "\nwhile True: pass\n", quick)
    assert ([Status.TIMED_OUT] * 2, ()) == (statuses(computes), computes.flags)


def test_torch_exercises_give_tensors(sandbox: Sandbox) -> None:
    """float64 tensors in, tensors or arrays out."""
    source = """
import torch

def dY_dW(W, X, B):
    assert W.dtype == torch.float64
    Y = torch.tanh(W @ X + B)
    return torch.einsum("ki,k,j->kij", torch.eye(len(Y)), 1 - Y**2, X)

def dY_dB(W, X, B):
    return torch.diag(1 - torch.tanh(W @ X + B) ** 2)
"""
    with Sandbox("torch", "best") as box:
        report = graded(box, source, replace(LAYER, arrays="torch"))
    assert (report.score, report.flags) == (3.0, ())


def test_autodiff_in_a_torch_exercise_is_flagged() -> None:
    """The answer is right; staff see how it came about."""
    source = """
import torch

def dY_dW(W, X, B):
    return torch.autograd.functional.jacobian(lambda W: torch.tanh(W @ X + B), W)
"""
    with Sandbox("torch", "best") as box:
        report = graded(box, source, replace(LAYER, arrays="torch"))
        allowed = graded(box, source, replace(LAYER, arrays="torch", autodiff="allow"))
    assert report.targets[0].status is Status.CORRECT
    assert "uses_autodiff" in report.flags
    assert "uses_autodiff" not in allowed.flags


def test_what_was_not_handed_in_is_missing_with_its_reason() -> None:
    """0 points, and why."""
    nothing = Failure(reason=Reason.NOTHING_HANDED_IN, detail="s02 handed in no tanh_layer.py.")
    report = Judge(LAYER, prepare.prepare(LAYER, 0)).report_failure("s02", nothing)
    assert (statuses(report), report.score, report.student) == ([Status.MISSING] * 2, 0.0, "s02")
    assert report.targets[0].detail == "s02 handed in no tanh_layer.py."


def test_the_report_is_strict_json(sandbox: Sandbox) -> None:
    """NaN and infinity are texts: any JSON reader can take the report."""
    import json

    report = graded(sandbox, RIGHT.replace("return np.diag(", "return np.nan * np.diag("))
    text = json.dumps(report.to_json(), allow_nan=False)
    assert json.loads(text)["targets"][1]["counterexample"]["actual"] == "NaN"
