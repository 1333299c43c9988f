"""The laws that inputs are drawn from."""

from __future__ import annotations

import pytest
from exercise_files import (
    loaded,
)

from grader.exercise.model import (
    Draw,
)

PLAIN_LAWS = ("normal", "positive", "nonzero", "distinct", "simplex", "symmetric", "spd", "orthogonal")


@pytest.mark.parametrize(
    ("text", "draw"),
    [
        ("m m ~ uniform(-1, 1e-3)", Draw(law="uniform", parameters=(-1.0, 1e-3))),
        ("m m ~ integers(-2, 3)", Draw(law="integers", parameters=(-2.0, 3.0))),
        ("m m ~ choice(0.5, 1, 2)", Draw(law="choice", parameters=(0.5, 1.0, 2.0))),
        ("m m ~ mask(0.3)", Draw(law="mask", parameters=(0.3,))),
        ("m m ~ labels(n)", Draw(law="labels", parameters=("n",))),
        ("{shape: m m, draw: onehot}", Draw(law="onehot")),
        ("{shape: m m, draw: 'uniform(0, 1)'}", Draw(law="uniform", parameters=(0.0, 1.0))),
        ("{shape: m m}", Draw()),
        *((f"m m ~ {law}", Draw(law=law)) for law in PLAIN_LAWS),
    ],
)
def test_every_draw_is_read(text: str, draw: Draw) -> None:
    """In the short form and as a mapping."""
    exercise = loaded(inputs=f"  W: m n\n  X: n\n  Q: {text}", forward="  Y: Q @ W @ X\n  L: sum(Y)")
    assert exercise.inputs[2].axes == ("m", "m")
    assert exercise.inputs[2].draw == draw
