"""An exercise and reports made by hand, for tests of what is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grader.exercise.formula import parse
from grader.exercise.model import (
    VJP,
    Axes,
    DrawnAxis,
    Exercise,
    Hessian,
    Input,
    Jacobian,
    Kind,
    Line,
    Target,
    Task,
    Upstream,
)
from grader.outcome import Counterexample, Diagnosis, Report, Status, TargetReport
from grader.sandbox.wire.call import Call, Group, Name

HINT = "tanh′(z) is 1 − tanh(z)², that is 1 − y². You squared z."


def tanh_exercise(**changes: Any) -> Exercise:
    """Return a tanh layer with the targets dy_dx (3 points) and dy_db (2 points)."""
    call = (Name("x"), Name("W"), Name("b"))
    tasks = (
        Task(
            call=Call(function="dy_dx", arguments=call),
            targets=(target("dy_dx", Jacobian(of="y", wrt="x"), ("m", "n"), points=3.0),),
        ),
        Task(
            call=Call(function="dy_db", arguments=call),
            targets=(target("dy_db", Jacobian(of="y", wrt="b"), ("m", "m"), points=2.0),),
        ),
    )
    exercise = Exercise(
        id="tanh_linear",
        title="Jacobians of a tanh layer",
        axes=(DrawnAxis(name="n", low=2, high=6), DrawnAxis(name="m", low=2, high=5)),
        inputs=(Input(name="x", axes=("n",)), Input(name="W", axes=("m", "n")), Input(name="b", axes=("m",))),
        forward=(
            Line(name="z", formula=parse("W @ x + b"), axes=("m",)),
            Line(name="y", formula=parse("tanh(z)"), axes=("m",)),
        ),
        tasks=tasks,
    )
    return replace(exercise, **changes)


def backward_exercise() -> Exercise:
    """One call of several targets, with a nested tuple and an upstream gradient."""
    call = (Name("dout"), Group((Name("x"), Name("w"))))
    targets = (
        target("dx", VJP(of="out", wrt="x", upstream="dout"), ("N", "D")),
        target("dw", VJP(of="out", wrt="w", upstream="dout"), ("D", "M")),
    )
    return Exercise(
        id="affine",
        title="Backward pass of an affine layer",
        axes=tuple(DrawnAxis(name=name, low=2, high=4) for name in "NDM"),
        inputs=(Input(name="x", axes=("N", "D")), Input(name="w", axes=("D", "M"))),
        upstream=(Upstream(name="dout", axes=("N", "M"), like="out"),),
        forward=(Line(name="out", formula=parse("x @ w"), axes=("N", "M")),),
        tasks=(Task(call=Call(function="affine_backward", arguments=call), targets=targets),),
    )


def hessian_exercise() -> Exercise:
    """A scalar of a vector, with the Hessian as its only target."""
    asked = target("H", Hessian(of="E", wrt="w", other="w"), ("n", "n"))
    return Exercise(
        id="quadratic",
        title="Curvature",
        axes=(DrawnAxis(name="n", low=2, high=4),),
        inputs=(Input(name="w", axes=("n",)),),
        forward=(Line(name="E", formula=parse("sum(w ** 3)"), axes=()),),
        tasks=(Task(call=Call(function="curvature", arguments=(Name("w"),)), targets=(asked,)),),
    )


def target(name: str, kind: Kind, axes: Axes, **changes: Any) -> Target:
    """A target of one point."""
    return Target(name=name, kind=kind, axes=axes, **changes)


def target_report(**changes: Any) -> TargetReport:
    """Return the report on dy_dx, wrong by 1 - z² for 1 - y²."""
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
    """dy_db, right in all cases."""
    right = target_report(call="dy_db", name="dy_db", wrt="b", status=Status.CORRECT, score=2.0, points=2.0, correct=15)
    return replace(right, **{"diagnosis": None, "counterexample": None, **changes})


def ended(status: Status, detail: str = "", traceback: str = "", **changes: Any) -> TargetReport:
    """dy_dx, which ended in a status before a value could be judged."""
    score = None if status is Status.UNGRADED else 0.0
    return target_report(
        status=status, score=score, detail=detail, traceback=traceback, diagnosis=None, counterexample=None, **changes
    )


def report(*targets: TargetReport, **changes: Any) -> Report:
    """Return a report of those targets; without any, of a wrong dy_dx and a right dy_db."""
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
