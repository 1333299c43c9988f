"""Exercises built in memory, for tests of the modules that come after loading."""

from __future__ import annotations

from grader.exercise.formula import parse
from grader.exercise.model import (
    DEFAULT_RTOL,
    VJP,
    Axis,
    Draw,
    DrawnAxis,
    Exercise,
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
    """Drawn axes: `axes(n=(2, 6))`."""
    return tuple(DrawnAxis(name=name, low=low, high=high) for name, (low, high) in ranges.items())


def names(text: str) -> tuple[Name, ...]:
    """Arguments of a call: `names("W X B")`."""
    return tuple(map(Name, text.split()))


def line(name: str, formula: str, shape: str = "") -> Line:
    """A line of `forward` whose axes are given: loading infers them."""
    return Line(name=name, formula=parse(formula), axes=tuple(shape.split()))


def inputs(**shapes: str) -> tuple[Input, ...]:
    """Inputs drawn normal: `inputs(W="m n")`."""
    return tuple(Input(name=name, axes=tuple(shape.split())) for name, shape in shapes.items())


def upstream(**shapes: str) -> tuple[Upstream, ...]:
    """Upstream gradients: `upstream(g="m")`."""
    return tuple(Upstream(name=name, axes=tuple(shape.split())) for name, shape in shapes.items())


def tanh_layer() -> Exercise:
    """Return the exercise Y = tanh(W X + B) with its two Jacobians."""
    forgotten = Mistake(returned=parse("einsum('ki,j->kij', eye(m), X)"), hint="That is ∂Z/∂W.", credit=0.5)
    weights = Target(name="dY_dW", kind=Jacobian(of="Y", wrt="W"), axes=("m", "m", "n"), points=2.0, mistakes=(forgotten,))
    bias = Target(name="dY_dB", kind=Jacobian(of="Y", wrt="B"), axes=("m", "m"))
    return Exercise(
        id="tanh_layer",
        title="Jacobians of a tanh layer",
        axes=axes(n=(2, 6), m=(2, 5)),
        inputs=inputs(W="m n", X="n", B="m"),
        forward=(line("Z", "W @ X + B", "m"), line("Y", "tanh(Z)", "m")),
        tasks=(
            Task(call=Call(function="dY_dW", arguments=names("W X B")), targets=(weights,)),
            Task(call=Call(function="dY_dB", arguments=names("W X B")), targets=(bias,)),
        ),
        named_cases=(
            NamedCase(name="one feature", sizes={"n": 1, "m": 1}),
            NamedCase(name="square layer", sizes={"n": 3, "m": 3}),
            NamedCase(name="saturated", scale={"W": 4.0}),
        ),
    )


def affine() -> Exercise:
    """Out = x w + b over a batch, its three vector-Jacobian products for an upstream gradient."""
    targets = tuple(
        Target(name=f"d{wrt}", kind=VJP(of="out", wrt=wrt, upstream="dout"), axes=tuple(shape.split()))
        for wrt, shape in (("x", "N D"), ("w", "D M"), ("b", "M"))
    )
    arguments = (Name("dout"), Group((Name("x"), Name("w"), Name("b"))))
    return Exercise(
        id="affine",
        title="Backward pass of an affine layer",
        axes=axes(N=(2, 6), D=(2, 6), M=(2, 6)),
        inputs=inputs(x="N D", w="D M", b="M"),
        upstream=upstream(dout="N M"),
        forward=(line("out", "x @ w + b", "N M"),),
        tasks=(Task(call=Call(function="affine_backward", arguments=arguments), targets=targets),),
        named_cases=(NamedCase(name="batch of one", sizes={"N": 1}), NamedCase(name="square", sizes={"N": 3, "D": 3, "M": 3})),
    )


def one_target(
    forward: str, kind: Kind, shape: str, *, draws: str = "normal", rtol: float = DEFAULT_RTOL, layout: Layout = "numerator"
) -> Exercise:
    """
    An exercise of one vector x and one target `g`, called with x.

    `forward` holds lines such as `u = x ** 2 | y = sum(u)`; a line's axes are (n,) unless it is named in capitals: a scalar.
    """
    lines = []
    for text in forward.split("|"):
        name, formula = text.split("=", 1)
        lines.append(line(name.strip(), formula, "" if name.strip().isupper() else "n"))
    target = Target(name="g", kind=kind, axes=tuple(shape.split()), layout=layout)
    return Exercise(
        id="one_target",
        title="One target",
        axes=axes(n=(2, 6)),
        inputs=(Input(name="x", axes=("n",), draw=Draw(law=draws)),),
        forward=tuple(lines),
        tasks=(Task(call=Call(function="g", arguments=names("x")), targets=(target,)),),
        rtol=rtol,
    )
