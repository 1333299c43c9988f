"""Sizes of axes: whole numbers, and what is refused."""

from __future__ import annotations

import pytest

from grader.exercise.formula import (
    FormulaError,
    evaluate_integer,
    parse,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("H - K + 1", 4),
        ("(H + 2 * P - K) // 2 + 1", 4),
        ("H ** 2 % 7", 1),
        ("-K + H", 3),
        ("max(H - 8, 1)", 1),
        ("min(H, min(K, P))", 2),
        ("+K", 3),
    ],
)
def test_a_size_is_an_integer_of_axes(text: str, value: int) -> None:
    """Sizes of derived axes come from the others."""
    assert value == evaluate_integer(parse(text), {"H": 6, "K": 3, "P": 2})


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("H - q", "`q` is not an axis", "Axes known here: H, K."),
        ("H / 2", "`H / 2` is not a whole number of axes", "A size takes whole numbers, axes, + - * // % **, min and max."),
        ("H * 0.5", "`0.5` is not a whole number of axes", "A size takes whole numbers, axes, + - * // % **, min and max."),
        ("K ** -1", "`K ** -1` is not a whole number of axes", "A size takes whole numbers, axes, + - * // % **, min and max."),
        ("sum(H)", "`sum(H)` is not a whole number of axes", "A size takes whole numbers, axes, + - * // % **, min and max."),
        ("H // (K - 3)", "6 // 0 divides by zero", ""),
        ("H ** H ** H", "6 ** 46656 is too large", "Integers go up to 2**53, floats to 1.0e308."),
    ],
)
def test_what_is_no_size_is_refused(text: str, what: str, remedy: str) -> None:
    """Fractions, other functions and unknown axes are told apart."""
    with pytest.raises(FormulaError) as caught:
        evaluate_integer(parse(text), {"H": 6, "K": 3})
    assert (what, remedy) == (caught.value.what, caught.value.remedy)
