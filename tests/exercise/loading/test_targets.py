"""What a target differentiates, by what, and its shape."""

from __future__ import annotations

import pytest
from exercise_files import (
    TWO,
    faults_with,
    loaded,
    target,
)

from grader.exercise.model import (
    JVP,
    VJP,
    Gradient,
    Hessian,
    Jacobian,
    Local,
    Value,
)


def test_one_of_several_quantities_may_be_the_variable_itself() -> None:
    """The whole gradient of Z: dZ, and what comes through Y."""
    by_z = TWO["tasks"].replace("wrt: W", "wrt: Z")
    assert loaded(**{**TWO, "tasks": by_z}).tasks[0].targets[0].kind == VJP(of="Y", wrt="Z", upstream="dY", also=(("Z", "dZ"),))


@pytest.mark.parametrize(
    ("text", "kind", "axes"),
    [
        ("{value: Y}", Value(of="Y"), ("m",)),
        ("{local: Y, wrt: W}", Local(of="Y", wrt="W"), ("m", "m", "n")),
        ("{local: L, wrt: Y, layout: denominator}", Local(of="L", wrt="Y"), ("m",)),
        ("{gradient: L, wrt: W}", Gradient(of="L", wrt="W"), ("m", "n")),
        ("{gradient: L, wrt: Y}", Gradient(of="L", wrt="Y"), ("m",)),
        ("{jacobian: Y, wrt: X}", Jacobian(of="Y", wrt="X"), ("m", "n")),
        ("{jacobian: Y, wrt: X, layout: denominator}", Jacobian(of="Y", wrt="X"), ("n", "m")),
        ("{hessian: L, wrt: X}", Hessian(of="L", wrt="X", other="X"), ("n", "n")),
        ("{hessian: L, wrt: X, and: W}", Hessian(of="L", wrt="X", other="W"), ("n", "m", "n")),
        ("{vjp: Y, wrt: W, upstream: dY}", VJP(of="Y", wrt="W", upstream="dY"), ("m", "n")),
        ("{jvp: Y, wrt: X, tangent: V}", JVP(of="Y", wrt="X", tangent="V"), ("m",)),
    ],
)
def test_every_kind_of_target_has_its_shape(text: str, kind: object, axes: tuple[str, ...]) -> None:
    """The axes of a target follow from its kind and layout."""
    parts = {"upstream": "  dY: like Y"} if "upstream" in text else {}
    inputs = "  W: m n\n  X: n" + ("\n  V: n" if "tangent" in text else "")
    found = target(text, inputs=inputs, **parts)
    assert (found.kind, found.axes) == (kind, axes)


def test_an_integer_input_has_no_derivative() -> None:
    """Class indices cannot be moved by a little."""
    text = faults_with(
        inputs="  W: m n\n  X: n\n  T: m ~ labels(n)",
        forward="  Y: tanh(W @ X)\n  L: sum(Y[T])",
        tasks="  - call: f(W, X)\n    returns:\n      dT: {gradient: L, wrt: T}",
        dims="  n: 2..2\n  m: 2..5",
    )
    assert (
        text == "x.yaml:16: target dT: wrt is `T`, which holds class indices: they have no derivative.\n    Choose another input."
    )


def test_what_a_quantity_does_not_depend_on_is_no_variable() -> None:
    """The message lists what it does depend on."""
    text = faults_with(
        forward="  Y: tanh(W @ X)\n  A: sum(X)\n  L: sum(Y)",
        tasks="  - call: f(W, X)\n    returns:\n      dA: {gradient: L, wrt: A}",
    )
    assert text == "x.yaml:16: target dA: wrt is `A`, which does not influence L.\n    L depends on W, X, Y."
