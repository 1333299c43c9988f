"""Exercises built in memory, for tests of the modules that come after loading."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from grader.exercise.formula import parse
from grader.exercise.model import (
    DEFAULT_RTOL,
    VJP,
    Axis,
    Draw,
    DrawnAxis,
    Exercise,
    Hessian,
    Input,
    Jacobian,
    Kind,
    Layout,
    Line,
    Mistake,
    NamedCase,
    Target,
    Task,
    Upstream,
)
from grader.sandbox.wire.call import Call, Group, Name


def axes(**ranges: tuple[int, int]) -> tuple[Axis, ...]:
    """Draw axes between bounds: `axes(n=(2, 6))`."""
    return tuple(DrawnAxis(name=name, low=low, high=high) for name, (low, high) in ranges.items())


def names(text: str) -> tuple[Name, ...]:
    """Pass names as arguments of a call: `names("W X B")`."""
    return tuple(map(Name, text.split()))


def line(name: str, formula: str, shape: str = "") -> Line:
    """Write a line of `forward`, with the axes that loading would infer."""
    return Line(name=name, formula=parse(formula), axes=tuple(shape.split()))


def inputs(**shapes: str) -> tuple[Input, ...]:
    """Declare inputs that are drawn normal: `inputs(W="m n")`."""
    return tuple(Input(name=name, axes=tuple(shape.split())) for name, shape in shapes.items())


def target(name: str, kind: Kind, shape: str, **changes: Any) -> Target:
    """Ask for one array: `target("dY_dB", Jacobian(of="Y", wrt="B"), "m m")`."""
    return Target(name=name, kind=kind, axes=tuple(shape.split()), **changes)


def task(function: str, arguments: str, *targets: Target) -> Task:
    """Ask for a function of some arguments."""
    return Task(call=Call(function=function, arguments=names(arguments)), targets=targets)


def tanh_layer() -> Exercise:
    """Build Y = tanh(W X + B) with two Jacobians, a declared mistake and named cases."""
    forgotten = Mistake(returned=parse("einsum('ki,j->kij', eye(m), X)"), hint="That is ∂Z/∂W.", credit=0.5)
    weights = target("dY_dW", Jacobian(of="Y", wrt="W"), "m m n", points=2.0, mistakes=(forgotten,))
    return Exercise(
        id="tanh_layer",
        title="Jacobians of a tanh layer",
        axes=axes(n=(2, 6), m=(2, 5)),
        inputs=inputs(W="m n", X="n", B="m"),
        forward=(line("Z", "W @ X + B", "m"), line("Y", "tanh(Z)", "m")),
        tasks=(
            task("dY_dW", "W X B", weights),
            task("dY_dB", "W X B", target("dY_dB", Jacobian(of="Y", wrt="B"), "m m")),
        ),
        named_cases=(
            NamedCase(name="one feature", sizes={"n": 1, "m": 1}),
            NamedCase(name="square layer", sizes={"n": 3, "m": 3}),
            NamedCase(name="saturated", scale={"W": 4.0}),
        ),
    )


def tanh_linear(**changes: Any) -> Exercise:
    """Build y = tanh(W x + b) with dy_dx (3 points) and dy_db (2 points): what the reports of `reports` are about."""
    exercise = Exercise(
        id="tanh_linear",
        title="Jacobians of a tanh layer",
        axes=axes(n=(2, 6), m=(2, 5)),
        inputs=inputs(x="n", W="m n", b="m"),
        forward=(line("z", "W @ x + b", "m"), line("y", "tanh(z)", "m")),
        tasks=(
            task("dy_dx", "x W b", target("dy_dx", Jacobian(of="y", wrt="x"), "m n", points=3.0)),
            task("dy_db", "x W b", target("dy_db", Jacobian(of="y", wrt="b"), "m m", points=2.0)),
        ),
    )
    return replace(exercise, **changes)


def affine() -> Exercise:
    """Build out = x w + b over a batch, with its three vector-Jacobian products: one call, with a nested tuple."""
    targets = tuple(
        target(f"d{wrt}", VJP(of="out", wrt=wrt, upstream="dout"), shape)
        for wrt, shape in (("x", "N D"), ("w", "D M"), ("b", "M"))
    )
    arguments = (Name("dout"), Group((Name("x"), Name("w"), Name("b"))))
    return Exercise(
        id="affine",
        title="Backward pass of an affine layer",
        axes=axes(N=(2, 6), D=(2, 6), M=(2, 6)),
        inputs=inputs(x="N D", w="D M", b="M"),
        upstream=(Upstream(name="dout", axes=("N", "M"), like="out"),),
        forward=(line("out", "x @ w + b", "N M"),),
        tasks=(Task(call=Call(function="affine_backward", arguments=arguments), targets=targets),),
        named_cases=(NamedCase(name="batch of one", sizes={"N": 1}), NamedCase(name="square", sizes={"N": 3, "D": 3, "M": 3})),
    )


def cubic() -> Exercise:
    """Build the sum of w³, with its Hessian as the only target."""
    return Exercise(
        id="cubic",
        title="Curvature",
        axes=axes(n=(2, 4)),
        inputs=inputs(w="n"),
        forward=(line("E", "sum(w ** 3)"),),
        tasks=(task("curvature", "w", target("H", Hessian(of="E", wrt="w", other="w"), "n n")),),
    )


def one_target(
    forward: str, kind: Kind, shape: str, *, draws: str = "normal", rtol: float = DEFAULT_RTOL, layout: Layout = "numerator"
) -> Exercise:
    """
    Build an exercise of one vector x and one target `g`, called with x.

    `forward` holds lines such as `u = x ** 2 | y = sum(u)`; a line's axes are (n,) unless it is named in capitals: a scalar.
    """
    lines = []
    for text in forward.split("|"):
        name, formula = text.split("=", 1)
        lines.append(line(name.strip(), formula, "" if name.strip().isupper() else "n"))
    return Exercise(
        id="one_target",
        title="One target",
        axes=axes(n=(2, 6)),
        inputs=(Input(name="x", axes=("n",), draw=Draw(law=draws)),),
        forward=tuple(lines),
        tasks=(task("g", "x", target("g", kind, shape, layout=layout)),),
        rtol=rtol,
    )
