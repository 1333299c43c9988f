"""Axes, inputs, lines and upstream gradients."""

from __future__ import annotations

from exercise_files import (
    TWO,
    faults_with,
    loaded,
    target,
)

from grader.exercise.loading import dump, parse_exercise
from grader.exercise.model import (
    VJP,
    DerivedAxis,
)


def test_gradients_may_arrive_at_several_quantities() -> None:
    """As at h and c of an LSTM; a list of one is the same as a name; written back, it is the same."""
    exercise = loaded(**TWO)
    assert exercise.tasks[0].targets[0].kind == VJP(of="Y", wrt="W", upstream="dY", also=(("Z", "dZ"),))
    assert parse_exercise(dump(exercise), "test") == exercise
    assert target("{vjp: [Y], wrt: W, upstream: dY}", upstream="  dY: like Y").kind == VJP(of="Y", wrt="W", upstream="dY")


def test_an_axis_may_follow_from_others() -> None:
    """Its expression is kept, and shapes are named after it."""
    exercise = loaded(
        dims="  H: 5..9\n  K: 2..3\n  P: H - K + 1",
        inputs="  X: H\n  W: K",
        forward="  Y: conv1d(X[None, None], W[None, None])[0, 0]\n  L: sum(Y)",
        tasks="  - call: f(X, W)\n    returns:\n      dX: {jacobian: Y, wrt: X}",
    )
    assert isinstance(exercise.axes[2], DerivedAxis)
    assert exercise.forward[0].axes == ("P",)
    assert exercise.tasks[0].targets[0].axes == ("P", "H")


def test_a_formula_that_fails_at_some_sizes_says_at_which() -> None:
    """The ranges allow a case in which the line has no shape."""
    assert faults_with(dims="  n: 2..6\n  m: 2..3", forward="  Y: tanh(W @ X)\n  L: X[4]") == (
        "x.yaml:11: forward.L: at n = 2, m = 2, X[4]: the index 4 is outside an axis of size 2: X is (2,)."
    )


def test_an_upstream_gradient_needs_axes_with_names() -> None:
    """Its numbers are drawn, so its sizes must follow from dims."""
    text = faults_with(
        forward="  Y: concatenate((X, W @ X))\n  L: sum(Y)",
        upstream="  dY: like Y",
        tasks="  - call: f(dY)\n    returns:\n      dX: {vjp: Y, wrt: X, upstream: dY}",
    )
    assert (
        text
        == "x.yaml:17: upstream.dY: Y has an axis of size n + m, which dims does not name.\n    Name it in dims, as `p: n + m`."
    )


def test_an_upstream_gradient_stands_for_the_quantity_that_it_is_declared_of() -> None:
    """The statement says `dY` = ∂L/∂Y; with two gradients of one shape, a swap makes another key of it."""
    pair = "  - call: f(W, X, dY, dZ)\n    returns:\n      d: {vjp: [Y, Z], wrt: W, upstream: [dZ, dY]}"
    text = faults_with(forward="  Z: W @ X\n  Y: tanh(Z)", upstream="  dY: like Y\n  dZ: like Z", tasks=pair)
    assert "upstream is `dZ`, which is declared as ∂L/∂Z, and here stands for ∂L/∂Y." in text
    assert "Give dZ a shape in place of `like Z`, or say which it is: `dZ: like Y`." in text
    assert "upstream is `dY`, which is declared as ∂L/∂Y, and here stands for ∂L/∂Z." in text


def test_arrays_that_are_too_large_are_refused() -> None:
    """The largest sizes of the ranges decide."""
    text = faults_with(dims="  n: 2..600\n  m: 2..600", tasks="  - call: f(W, X)\n    returns:\n      dW: {jacobian: Y, wrt: W}")
    assert text == (
        "x.yaml: The target dW has 216000000 entries at n = 600, m = 600; at most 33554432 are compared.\n"
        "    Make the axes smaller."
    )
