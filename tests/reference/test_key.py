"""The key at given inputs: sizes follow the arrays, the rest is drawn, what does not fit is refused."""

from __future__ import annotations

import numpy as np
import pytest
from builders import tanh_layer

from grader.errors import GraderError
from grader.reference.key import Given, key_at, shape_of


def test_the_key_is_computed_at_the_given_inputs() -> None:
    """At W X + B = 0 the slope of tanh is 1, so that ∂Y/∂B is the identity; only X is drawn."""
    key = key_at(tanh_layer(), {"W": [[0, 0, 0], [0, 0, 0]], "B": 0})
    assert ({"m": 2, "n": 3}, {"W", "B"}) == (dict(key.case.sizes), set(key.given))
    assert ["Z", "Y"] == [name for name, _ in key.lines]
    values = {target.name: value for target, value in key.targets}
    assert np.array_equal(np.eye(2), values["dY_dB"])


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"W": [1, 2]}, "W has shape (m, n), you gave (2,)."),
        ({"W": [[1, 2]], "X": [1, 2, 3]}, "The axis n is 3 long in X, elsewhere 2."),
    ],
)
def test_inputs_that_do_not_fit_are_refused(given: Given, what: str) -> None:
    """The message names the input and both sizes."""
    with pytest.raises(GraderError) as caught:
        key_at(tanh_layer(), given)
    assert what in str(caught.value)


def test_the_shape_of_nested_lists() -> None:
    """A number has none; a list has its length, then the shape of its items."""
    assert [(), (2,), (1, 3)] == [shape_of(value) for value in (1.5, [1, 2], [[1, 2, 3]])]


@pytest.mark.parametrize("value", [[], [[1], [1, 2]], "1", True, None, [1e400], {"a": 1}], ids=str)
def test_what_is_no_array_has_no_shape(value: object) -> None:
    """Ragged and empty lists, text, truth values, infinities."""
    with pytest.raises(ValueError):
        shape_of(value)
