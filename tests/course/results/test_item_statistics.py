"""Correlation and discrimination of a target, by hand."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course.results.item_statistics import FEWEST_FOR_STATISTICS, correlation, discrimination

SHARES = st.sampled_from([0.0, 0.25, 0.5, 1.0])
PAIRS = st.lists(st.tuples(SHARES, SHARES), max_size=40)


def test_discrimination_is_of_the_best_and_the_worst_27_percent() -> None:
    """Three of ten: shares of 1, 1, 0.5 among the best, of 0.5, 0, 0 among the worst; those between do not count."""
    shares = [0.5, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.5]
    pairs = [(share, place / 10) for place, share in enumerate(shares)]
    assert discrimination(pairs) == pytest.approx(2.5 / 3 - 0.5 / 3)


def test_those_who_tie_at_the_border_count_in_part() -> None:
    """The best three of ten are two clear ones, and one of the four who tie behind them, half of whom are right."""
    best = [(1.0, 0.9), (1.0, 0.8)]
    tied = [(1.0, 0.5), (0.0, 0.5), (1.0, 0.5), (0.0, 0.5)]
    worst = [(1.0, 0.3), (0.0, 0.2), (0.0, 0.1), (0.0, 0.0)]
    assert discrimination([*worst, *tied, *best]) == pytest.approx((1 + 1 + 0.5) / 3 - 0)


@given(PAIRS)
def test_measures_lie_between_minus_one_and_one_or_are_not_there(pairs: list[tuple[float, float]]) -> None:
    """For every class: no NaN, and nothing where nothing varies or few answered."""
    varies = len(pairs) >= FEWEST_FOR_STATISTICS and all(len({pair[side] for pair in pairs}) > 1 for side in (0, 1))
    for measure in (correlation(pairs), discrimination(pairs)):
        assert varies == (measure is not None)
        assert measure is None or -1.0000001 <= measure <= 1.0000001


@given(PAIRS, st.randoms())
def test_measures_do_not_depend_on_the_order_of_the_students(pairs: list[tuple[float, float]], randomly: Random) -> None:
    """Those who tie at the border count in part."""
    mixed = list(pairs)
    randomly.shuffle(mixed)
    for measure in (correlation, discrimination):
        assert (measure(pairs) is None) == (measure(mixed) is None)
        assert (measure(pairs) or 0.0) == pytest.approx(measure(mixed) or 0.0, abs=1e-12)


@given(PAIRS)
def test_the_correlation_is_pearsons(pairs: list[tuple[float, float]]) -> None:
    """As NumPy computes it."""
    found = correlation(pairs)
    if found is not None:
        assert found == pytest.approx(np.corrcoef(np.array(pairs).T)[0, 1], abs=1e-9)
