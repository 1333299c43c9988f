"""Named edge cases."""

from __future__ import annotations

from exercise_files import (
    faults_with,
    loaded,
)


def test_a_value_of_a_named_case_may_be_lists() -> None:
    """Nested in the shape of the input at that case's sizes; class indices stay whole."""
    exercise = loaded(
        inputs="  W: m n\n  X: n\n  T: m ~ labels(n)",
        forward="  Y: tanh(W @ X)\n  L: sum(take_along_axis(W, T[:, None], axis=1)) + sum(Y)",
        cases="  named:\n    small: {m: 1, n: 2, set: {W: [[1, 2.5]], X: 0, T: [1]}, scale: {X: 2}}",
    )
    assert exercise.named_cases[0].set == {"W": ((1.0, 2.5),), "X": 0.0, "T": (1,)}
    assert exercise.named_cases[0].scale == {"X": 2.0}


def test_a_named_case_is_tried_at_its_sizes() -> None:
    """A case may leave the ranges, but forward has to hold there."""
    text = faults_with(
        dims="  n: 3..6\n  m: 2..5",
        forward="  Y: tanh(W @ X)\n  L: sum(Y) + X[2]",
        cases="  named:\n    tiny: {n: 2}",
    )
    assert text == (
        "x.yaml:18: case tiny: forward.L: X[2]: the index 2 is outside an axis of size 2: X is (2,).\n    Choose other sizes."
    )
