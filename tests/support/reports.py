"""Reports built in memory, of the exercise `tanh_linear`: for tests of what is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grader.outcome import Counterexample, Diagnosis, Report, Status, TargetReport

HINT = "tanh′(z) is 1 − tanh(z)², that is 1 − y². You squared z."


def target_report(**changes: Any) -> TargetReport:
    """Report dy_dx as wrong, with a diagnosis and a counterexample."""
    wrong = TargetReport(
        call="dy_dx",
        name="dy_dx",
        kind="jacobian",
        of="y",
        wrt="x",
        status=Status.WRONG_VALUE,
        score=0.0,
        points=3.0,
        correct=0,
        total=15,
        diagnosis=Diagnosis(rule="declared", text=HINT),
        counterexample=Counterexample(
            case="one feature",
            sizes={"n": 1, "m": 1},
            inputs={"x": [1.0], "W": [[2.0]], "b": [0.0]},
            index=(0, 0),
            expected=-0.00602,
            actual=1.73767,
        ),
    )
    return replace(wrong, **changes)


def right_report(**changes: Any) -> TargetReport:
    """Report dy_db as right in all cases."""
    right = target_report(call="dy_db", name="dy_db", wrt="b", status=Status.CORRECT, score=2.0, points=2.0, correct=15)
    return replace(right, **{"diagnosis": None, "counterexample": None, **changes})


def ended(status: Status, detail: str = "", traceback: str = "", **changes: Any) -> TargetReport:
    """Report dy_dx as ended by a status, before a value could be judged."""
    score = None if status is Status.UNGRADED else 0.0
    return target_report(
        status=status, score=score, detail=detail, traceback=traceback, diagnosis=None, counterexample=None, **changes
    )


def report(*targets: TargetReport, **changes: Any) -> Report:
    """Report those targets; without any, dy_dx as wrong and dy_db as right."""
    made = Report(
        exercise="tanh_linear",
        title="Jacobians of a tanh layer",
        exercise_sha256="0" * 64,
        student="s01",
        source_sha256="1" * 64,
        seed=8317465,
        versions={"grader": "0.1.0"},
        isolation="strict",
        layers=("namespaces", "seccomp", "rlimits"),
        targets=targets or (target_report(), right_report()),
    )
    return replace(made, **changes)
