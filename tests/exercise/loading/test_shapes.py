"""Shapes of lines, in the names of the axes."""

from __future__ import annotations

import pytest
from exercise_files import (
    faults_with,
    loaded,
)


@pytest.mark.parametrize(
    ("formula", "axes"),
    [
        ("W", ("m", "n")),
        ("W.T", ("n", "m")),
        ("sum(W, axis=0, keepdims=True)", ("1", "n")),
        ("sum(W)", ()),
        ("concatenate((W @ X, X))", ("m + n",)),
        ("ravel(W)", ("m * n",)),
        ("X[1:]", ("n - 1",)),
        ("X[:, None] * X", ("n", "n")),
        ("stack((X, X, X))", ("3", "n")),
        ("concatenate((X, X))", ("2 * n",)),
        ("kron(eye(n), W)", ("m * n", "n * n")),
        ("pad(X, 1)", ("n + 2",)),
        ("conv1d(X[None, None], ones((1, 1, m)))[0, 0]", ("n - m + 1",)),
        ("W[None]", ("1", "m", "n")),
        ("ones((k, n)) * X", ("k", "n")),
    ],
)
def test_the_shape_of_a_line_is_named(formula: str, axes: tuple[str, ...]) -> None:
    """Each size is an axis, an expression of axes, or a number that holds at all sizes."""
    exercise = loaded(
        dims="  n: 5..8\n  m: 2..4\n  k: 3",
        inputs="  W: m n\n  X: n\n  Q: k",
        forward=f"  Y: {formula}\n  L: sum(W) + sum(X) + sum(Q)",
    )
    assert exercise.forward[0].axes == axes


def test_a_size_is_not_named_after_an_axis_that_happens_to_have_it() -> None:
    """Three rows are three rows, also where an axis is always 3."""
    exercise = loaded(dims="  k: 3\n  n: 3..4", inputs="  W: k\n  X: n", forward="  Y: stack((X, X, X))\n  L: sum(W) + sum(X)")
    assert exercise.forward[0].axes == ("3", "n")


def test_a_literal_size_is_an_axis_where_only_that_fits() -> None:
    """A formula that holds for one size of an axis alone is right, as the axis has no other."""
    exercise = loaded(
        dims="  k: 4\n  n: 2..5",
        inputs="  W: k\n  X: n",
        forward="  Y: reshape(W, (2, 2))\n  Z: W + ones(4)\n  L: sum(W) + sum(X)",
    )
    assert [line.axes for line in exercise.forward] == [("2", "2"), ("k",), ()]


def test_an_axis_that_equals_another_is_told_by_what_the_line_uses() -> None:
    """Where p is n by definition, a line of p's is named p."""
    exercise = loaded(
        dims="  n: 2..6\n  p: n", inputs="  W: p\n  X: n", forward="  Y: tanh(W)\n  Z: tanh(X)\n  L: sum(W) + sum(X)"
    )
    assert [line.axes for line in exercise.forward] == [("p",), ("n",), ()]


def test_a_size_without_a_name_asks_for_one() -> None:
    """A shape has to be readable: the axis gets a name in dims."""
    text = faults_with(dims="  n: 4..9\n  m: 2..5", forward="  Y: tanh(W @ X)\n  A: X[::4]\n  L: sum(A) + sum(Y)")
    assert text == (
        "x.yaml:11: forward.A: the size of axis 0 of its shape has no name.\n"
        "    Add an axis to dims that says what it is, as `P: (H - K) // 2 + 1`."
    )
