"""The comparison, shown right and wrong answers of every sort."""

from __future__ import annotations

import numpy as np
import pytest

from grader.judging.compare import judge
from grader.judging.verdict import Verdict
from grader.outcome import Status
from grader.reference.model import Case
from grader.reference.tolerance import UNKNOWN, Tolerance, beside_the_largest
from grader.sandbox.wire.answer import Answer, Failure, NotAnArray, Reason

CASE = Case(name="one", role="random", sizes={}, values={})
KEY = ("f", "g")
EXPECTED = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def verdict(
    *items: object,
    expected: np.ndarray = EXPECTED,
    rounding: int | None = None,
    count: int = 1,
    place: int = 0,
    rtol: float = 1e-6,
) -> Verdict:
    """Judge what a function returned; `rounding` is the power of two by which it may move any entry."""
    powers = None if rounding is None else np.full(expected.shape, rounding, dtype=np.int8)
    answer = Answer(items=tuple(np.asarray(item, dtype=float) if not isinstance(item, NotAnArray) else item for item in items))
    return judge(answer, CASE, Tolerance(expected, powers, rtol), place=place, count=count)


@pytest.mark.parametrize(
    ("item", "status"),
    [
        (EXPECTED, Status.CORRECT),
        (EXPECTED + 5e-6, Status.CORRECT),
        (EXPECTED + 7e-6, Status.WRONG_VALUE),
        (-EXPECTED, Status.WRONG_VALUE),
        (EXPECTED.T, Status.WRONG_SHAPE),
        (EXPECTED[None], Status.WRONG_SHAPE),
        (5.0, Status.WRONG_SHAPE),
        (np.full((1, 3), 1.0), Status.WRONG_SHAPE),
        (np.full((2, 3), np.nan), Status.NOT_FINITE),
        (np.where(EXPECTED > 5, np.inf, EXPECTED), Status.NOT_FINITE),
        (NotAnArray(type_name="NoneType"), Status.WRONG_TYPE),
    ],
)
def test_the_first_no_decides(item: object, status: Status) -> None:
    """Type, shape, finite, value, in this order; nothing is broadcast."""
    assert verdict(item).status is status


@pytest.mark.parametrize(("first", "second"), [(np.inf, np.inf), (-np.inf, np.inf), (1.7e308, -1.7e308), (np.nan, 1.0)])
def test_numbers_without_a_distance_do_not_agree(first: float, second: float) -> None:
    """And nothing is said of it on the grader's own screen."""
    assert not beside_the_largest(np.array([first]), np.array([second]), 1e-6)


def test_the_largest_numbers_are_no_right_answer() -> None:
    """Their distance is infinite."""
    assert verdict([-1.7e308], expected=np.array([1.7e308])).status is Status.WRONG_VALUE


def test_infinity_in_the_right_place_is_not_finite_all_the_same() -> None:
    """An expected array is finite always, so an infinite answer is never right."""
    assert verdict([np.inf], expected=np.array([1e300])).status is Status.NOT_FINITE


def test_without_a_bound_on_rounding_the_tolerance_is_relative_to_the_largest_entry() -> None:
    """An entry of 1e-9 beside one of 1 may be off by 1e-6: the maximum is over the target."""
    expected = np.array([1.0, 1e-9])
    assert verdict([1.0, 0.0], expected=expected).status is Status.CORRECT
    assert verdict([1.0, 2e-6], expected=expected).status is Status.WRONG_VALUE


@pytest.mark.parametrize(
    ("item", "rounding", "rtol", "status"),
    [
        ([1.0, 0.0], -60, 1e-8, Status.WRONG_VALUE),  # a small entry is judged by itself
        ([1.0, 1e-9 + 5e-13], -60, 1e-8, Status.CORRECT),  # the floor
        ([1 + 0.9e-8, 1e-9], -60, 1e-8, Status.CORRECT),
        ([1 + 2e-8, 1e-9], -60, 1e-8, Status.WRONG_VALUE),
        ([1.0, 1.9e-9], -30, 1e-8, Status.CORRECT),  # 2 ** -30 is 9e-10: so far rounding may move it
        ([1.0, 3e-9], -30, 1e-8, Status.WRONG_VALUE),
        ([1.0, 3e-9], -30, 1e-7, Status.CORRECT),  # who asks for fewer digits asks for fewer of what it is made of
        ([1.0, 0.9e-6], UNKNOWN, 1e-8, Status.CORRECT),  # never looser than a millionth of the largest
        ([1.0, 1.1e-6], UNKNOWN, 1e-8, Status.WRONG_VALUE),
    ],
)
def test_each_entry_is_judged_by_itself(item: object, rounding: int, rtol: float, status: Status) -> None:
    """As far as rounding allows it in a right formula."""
    assert verdict(item, expected=np.array([1.0, 1e-9]), rounding=rounding, rtol=rtol).status is status


def test_the_worst_entry_is_a_wrong_one() -> None:
    """A large entry that is right in eight digits is not shown in the place of a small one that is zero."""
    worst = verdict([1e6 + 1e-3, 0.0], expected=np.array([1e6, 1e-4]), rounding=-60, rtol=1e-8).worst
    assert worst is not None
    assert (worst.index, worst.expected, worst.actual) == ((1,), 1e-4, 0.0)


@pytest.mark.parametrize("entries_at_a_time", [1, 1 << 20])
def test_a_large_array_is_held_to_the_same_limits(entries_at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Piece by piece, each with its own powers of two."""
    monkeypatch.setattr("grader.reference.tolerance.CHUNK", entries_at_a_time)
    tolerance = Tolerance(np.array([1.0, 1e-9]), np.array([-60, -30], dtype=np.int8), 1e-8)
    found = [tolerance.agrees(np.array(one)) for one in ([1.0, 1.5e-9], [1.0, 3e-9], [1 + 2e-8, 1e-9])]
    assert [True, False, False] == found


def test_a_saturated_row_set_to_zero_is_caught() -> None:
    """torch.testing's default atol of 1e-7 passes this; the rule here allows 3e-10."""
    row = np.array([2e-8, 1e-8, 3e-4])
    assert verdict([0.0, 0.0, 3e-4], expected=row).status is Status.WRONG_VALUE


def test_an_expected_zero_has_an_absolute_floor() -> None:
    """1e-12 is zero, 1e-11 is not."""
    zeros = np.zeros(3)
    assert verdict([0, 1e-13, 0], expected=zeros).status is Status.CORRECT
    assert verdict([0, 1e-11, 0], expected=zeros).status is Status.WRONG_VALUE


def test_the_worst_entry_is_named() -> None:
    """Index, expected and actual of the entry furthest out; the first that is not finite when there is one."""
    answer = EXPECTED.copy()
    answer[1, 2] = 0
    worst = verdict(answer).worst
    assert worst is not None
    assert (worst.index, worst.expected, worst.actual) == ((1, 2), 6.0, 0.0)
    answer[0, 1] = np.nan
    worst = verdict(answer).worst
    assert worst is not None
    assert worst.index == (0, 1)


def test_too_few_and_too_many_are_a_count() -> None:
    """The count is asked for before type and shape."""
    one = verdict(EXPECTED, count=2)
    assert (one.status, one.detail) == (Status.WRONG_COUNT, "It returned one thing; asked for 2, as a tuple or a dict.")
    assert verdict(EXPECTED, EXPECTED, count=2, place=1).status is Status.CORRECT


def test_what_the_call_ended_in_goes_first() -> None:
    """An exception is the verdict, with its line and frames."""
    failure = Failure(reason=Reason.RAISED, detail="NameError: name 'np' is not defined", traceback="answer.py, line 1")
    found = judge(Answer(failure=failure), CASE, Tolerance(EXPECTED, None, 1e-6), place=0, count=1)
    assert (found.status, found.failure) == (Status.RAISED, failure)


def test_empty_arrays_agree_when_their_shapes_do() -> None:
    """There is no entry that could be wrong."""
    assert verdict(np.zeros((0, 3)), expected=np.zeros((0, 3))).status is Status.CORRECT
    assert verdict(np.zeros((3, 0)), expected=np.zeros((0, 3))).status is Status.WRONG_SHAPE


def test_a_wrong_entry_in_a_later_chunk_is_found() -> None:
    """Large arrays are compared in pieces; the last entry counts like the first."""
    expected = np.ones((3, 1 << 20))
    answer = expected.copy()
    answer[2, -1] = 2.0
    found = verdict(answer, expected=expected)
    assert found.worst is not None
    assert (found.status, found.worst.index) == (Status.WRONG_VALUE, (2, (1 << 20) - 1))


@pytest.mark.parametrize("entries_at_a_time", [1, 1 << 20])
def test_agreement_is_of_every_entry(entries_at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative to the largest, negative or not; of one shape; NaN never agrees."""
    monkeypatch.setattr("grader.reference.tolerance.CHUNK", entries_at_a_time)
    expected = np.array([[1.0, -100.0], [2.0, 3.0]])
    last = np.array([[0, 0], [0, 1]])
    wrong = {"within": 0.9e-4, "beyond": 1.1e-4, "not a number": np.nan}
    found = {name: beside_the_largest(expected + off * last, expected, 1e-6) for name, off in wrong.items()}
    assert {"within": True, "beyond": False, "not a number": False} == found
    assert not beside_the_largest(expected[:1], expected, 1e-6)
