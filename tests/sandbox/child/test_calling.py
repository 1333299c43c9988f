"""The calls of a task, in this process: what a student's function is given, and what is made of what it returns."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from failures import ended, status_of, traceback_of, words_of

from grader.outcome import Status
from grader.sandbox.child import rehearsal
from grader.sandbox.child.calling import call_task
from grader.sandbox.host import replies
from grader.sandbox.wire import frames
from grader.sandbox.wire.answer import Answer, NotAnArray
from grader.sandbox.wire.call import Call, Constant, Given, Group, Name, Table
from grader.sandbox.wire.plan import TaskPlan

X = np.array([1.0, 2.0])


def call(function: Callable[..., object], *, returns: tuple[str, ...] = ("y",), **extra: Any) -> Answer:
    """Return the answer of one call f(x)."""
    plan = TaskPlan(call=Call(function="f", arguments=(Name("x"),)), returns=returns, inputs=({"x": X},), **extra)
    (answer,) = call_task(plan, {"f": function}, "numpy")
    return answer


def item(function: Callable[..., object]) -> Any:
    """Return the one thing that was returned."""
    answer = call(function)
    assert status_of(answer) is None, answer
    (thing,) = answer.items
    return thing


def test_arguments_are_as_written() -> None:
    """Arrays, scalars as np.float64, labels as int64, axes as int, nested tuples, dicts and constants."""
    seen: list[Any] = []
    arguments = (Name("x"), Group((Name("s"), Group((Name("t"),)))), Table((("stride", Name("n")), ("mode", Constant("same")))))
    inputs: dict[str, np.ndarray | int] = {"x": X, "s": np.array(2.0), "t": np.array([1, 0]), "n": 4}
    plan = TaskPlan(call=Call(function="f", arguments=arguments), returns=("y",), inputs=(inputs,))
    call_task(plan, {"f": lambda *given: seen.extend(given)}, "numpy")
    x, (s, (t,)), options = seen
    assert (np.ndarray, np.float64, np.dtype(np.int64)) == (type(x), type(s), t.dtype)
    assert {"stride": 4, "mode": "same"} == options


def test_arguments_are_fresh_for_every_call() -> None:
    """What one call changes, the next does not see; the change is noted by name."""
    plan = TaskPlan(call=Call(function="f", arguments=(Name("x"),)), returns=("y",), inputs=({"x": X}, {"x": X}))

    def f(x: Any) -> Any:
        x += 1
        return x

    first, second = call_task(plan, {"f": f}, "numpy")
    assert [2.0, 3.0] == list(first.items[0]) == list(second.items[0])  # type: ignore[arg-type]
    assert ("x",) == first.mutated
    assert [1.0, 2.0] == list(X)


def test_items_are_read_only_copies() -> None:
    """An answer no longer changes with what the student's code holds."""
    kept = np.zeros(2)
    answer = call(lambda x: kept)
    kept[:] = 5.0
    assert [0.0, 0.0] == list(answer.items[0])  # type: ignore[arg-type]
    assert not answer.items[0].flags.writeable  # type: ignore[union-attr]


def test_given_functions_run_first() -> None:
    """A cache is made by the student's own function, with arguments of its own."""
    given = Given(name="cache", function="forward", arguments=(Name("x"),), item=1)
    plan = TaskPlan(call=Call(function="f", arguments=(Name("cache"),), given=(given,)), returns=("y",), inputs=({"x": X},))
    (answer,) = call_task(plan, {"forward": lambda x: (None, x * 10), "f": lambda cache: cache + 1}, "numpy")
    assert [11.0, 21.0] == list(answer.items[0])  # type: ignore[arg-type]


def test_failure_of_a_given_function_names_it() -> None:
    """A failure on the way to the call says which function failed."""
    given = Given(name="cache", function="forward", arguments=(Name("x"),), item=5)
    plan = TaskPlan(call=Call(function="f", arguments=(Name("cache"),), given=(given,)), returns=("y",), inputs=({"x": X},))
    (answer,) = call_task(plan, {"forward": lambda x: (1, 2), "f": lambda cache: cache}, "numpy")
    assert "forward, which makes `cache`, raised IndexError: tuple index out of range" == words_of(answer)


def test_an_array_is_not_taken_for_a_pair_with_a_cache() -> None:
    """Row 1 of what forward returns would pass for the cache, and what it lacks would be missed far from there."""
    given = Given(name="cache", function="forward", arguments=(Name("x"),), item=1)
    plan = TaskPlan(call=Call(function="f", arguments=(Name("cache"),), given=(given,)), returns=("y",), inputs=({"x": X},))
    (answer,) = call_task(plan, {"forward": lambda x: x, "f": lambda cache: cache}, "numpy")
    what = "it returned one array; a tuple is asked for, whose entry 1 is `cache`"
    assert f"forward, which makes `cache`, raised TypeError: {what}" == words_of(answer)


def test_missing_function_is_named() -> None:
    """The first function that is not there is named."""
    plan = TaskPlan(call=Call(function="f", arguments=()), returns=("y",), inputs=({}, {}))
    assert [Status.MISSING] * 2 == [status_of(answer) for answer in call_task(plan, {}, "numpy")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (True, 1.0),
        (2.5, 2.5),
        (np.float32(0.5), 0.5),
        (np.int8(3), 3.0),
        ([1, 2.5], [1.0, 2.5]),
        ([[1.0], [2.0]], [[1.0], [2.0]]),
        ((np.ones(2), [0, 1]), [[1.0, 1.0], [0.0, 1.0]]),
        (np.ones((2, 2))[::-1, ::-1], [[1.0, 1.0], [1.0, 1.0]]),
        (np.asfortranarray(np.arange(4.0).reshape(2, 2)), [[0.0, 1.0], [2.0, 3.0]]),
        (np.array([2**63], dtype=np.uint64), [2.0**63]),
        ([], []),
        ({"y": 4.0}, 4.0),
        (np.array(1.5, dtype=">f8"), 1.5),
    ],
)
def test_numbers_and_nested_lists_become_arrays(value: object, expected: object) -> None:
    """Python and NumPy numbers, arrays of any layout and nested sequences of them are accepted."""
    got = item(lambda x: value)
    assert isinstance(got, np.ndarray)
    assert expected == got.tolist()
    assert got.dtype in (np.float64, np.int64)


class Sub(np.ndarray):
    """A subclass."""


@pytest.mark.parametrize(
    ("value", "type_name", "word"),
    [
        (None, "NoneType", ""),
        ("1.0", "str", ""),
        (1j, "complex", "real"),
        (np.array([1j]), "ndarray of complex128", "real"),
        (np.array([None]), "ndarray of object", "Python objects"),
        (np.array(["a"]), "ndarray of str32", "not text"),
        (np.ones(2).view(np.matrix), "matrix", "np.asarray"),
        (np.ma.ones(2), "MaskedArray", "np.asarray"),
        (np.ones(2).view(Sub), "Sub", "np.asarray"),
        ([[1.0], [1.0, 2.0]], "list", "(1,), (2,)"),
        ([1.0, None], "NoneType", ""),
        ((x for x in [1.0]), "generator", "np.array(list(...))"),
        (len, "builtin_function_or_method", "forget to call"),
        ({"z": 1.0}, "dict", ""),
        ({1.0}, "set", "no order"),
        (10**400, "int", "too large"),
        ([10**400], "int", "too large"),
        (np.broadcast_to(1.0, (10**5, 10**5)), "ndarray", "larger"),
    ],
)
def test_other_things_are_no_arrays(value: object, type_name: str, word: str) -> None:
    """What is no array of numbers is named by its type, with what to return instead."""
    got = item(lambda x: value)
    assert isinstance(got, NotAnArray)
    assert type_name == got.type_name
    assert word in got.detail


def test_no_method_of_a_subclass_is_called() -> None:
    """A subclass or an array-like is refused without asking it anything."""

    class Trap:
        def __getattribute__(self, name: str) -> Any:
            raise SystemExit

        def __array__(self) -> Any:
            raise SystemExit

    assert NotAnArray("Trap") == item(lambda x: Trap())


def test_list_that_holds_itself() -> None:
    """A list nested without end is refused."""
    endless: list[Any] = []
    endless.append(endless)
    assert "nested too deeply" in item(lambda x: endless).detail


@pytest.mark.parametrize("value", [(1.0, 2.0), [1.0, 2.0], {"b": 2.0, "a": 1.0}])
def test_several_targets(value: object) -> None:
    """Several targets come as a tuple, a list, or a dict with their names."""
    answer = call(lambda x: value, returns=("a", "b"))
    assert [1.0, 2.0] == [float(thing) for thing in answer.items]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "count", "detail"),
    [
        ((1.0,), 1, "1 thing; asked for 2: a, b"),
        ((1.0, 2.0, 3.0), 3, "3 things; asked for 2: a, b"),
        ({"a": 1.0, "c": 2.0}, 0, "a dict with the keys a, c; asked for: a, b"),
        (np.ones((2, 3)), 1, ""),
        (None, 1, ""),
    ],
)
def test_wrong_count_is_visible(value: object, count: int, detail: str) -> None:
    """There are as many items as were returned; a dict with other keys says which."""
    answer = call(lambda x: value, returns=("a", "b"))
    assert (count, detail) == (len(answer.items), answer.detail)


@pytest.mark.skipif(np.finfo(np.longdouble).max == np.finfo(float).max, reason="numbers here are no longer than a double")
def test_a_number_beyond_doubles_is_infinite_without_a_warning() -> None:
    """Whatever numpy does of an overflow here, which the student may have set."""
    huge = np.longdouble("1e4000")
    with np.errstate(all="raise"):
        assert np.inf == item(lambda x: huge)


def test_single_precision_is_noted() -> None:
    """float32 on its way back is noted, float64 is not."""
    assert call(lambda x: x.astype(np.float32)).single_precision
    assert not call(lambda x: x).single_precision


def raise_(error: BaseException) -> Callable[[object], object]:
    """Return a function that raises."""

    def f(x: object) -> object:
        raise error

    return f


class Silent(Exception):
    """An exception whose text cannot be made."""

    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (ZeroDivisionError("no"), Status.RAISED, "ZeroDivisionError: no"),
        (NotImplementedError(), Status.NOT_IMPLEMENTED, "NotImplementedError"),
        (MemoryError(), Status.OUT_OF_MEMORY, "it ran out of memory (MemoryError)"),
        (SystemExit(0), Status.KILLED, "it called sys.exit()"),
        (GeneratorExit(), Status.RAISED, "GeneratorExit"),
        (KeyError("W1"), Status.RAISED, "KeyError: the key 'W1' is not there"),
        (Silent(), Status.RAISED, "Silent: (its message cannot be shown)"),
        (ValueError("\x1b[2J\u202ered\n\n=1+1"), Status.RAISED, "ValueError: red =1+1"),
    ],
)
def test_exceptions_by_status(error: BaseException, status: Status, detail: str) -> None:
    """Each kind of exception comes to its status and one clean line."""
    answer = call(raise_(error))
    assert (status, detail) == ended(answer)


def test_not_implemented_inside_a_library_is_raised() -> None:
    """NotImplementedError counts as `not implemented` only when the student's own code raises it."""
    import collections.abc
    import numbers

    assert Status.RAISED == status_of(call(lambda x: numbers.Complex.__abs__(collections.abc)))  # type: ignore[arg-type]


def test_real_interrupt_goes_through() -> None:
    """In the user's own process Ctrl-C is not the student's mistake."""
    with pytest.raises(KeyboardInterrupt):
        call(raise_(KeyboardInterrupt()))


def test_traceback_has_own_frames_only() -> None:
    """The traceback names the file, not its path, and leaves libraries and the grader out."""

    def f(x: Any) -> Any:
        return np.linalg.inv(x[None])

    lines = traceback_of(call(f)).splitlines()
    assert 2 == len(lines)
    assert lines[0].startswith("test_calling.py, line ")
    assert "    return np.linalg.inv(x[None])" == lines[1]


def test_torch_arguments_and_answers() -> None:
    """With torch arrays the function gets float64 tensors, 0-d for scalars, and tensors come back as arrays."""
    torch = pytest.importorskip("torch")
    seen: list[Any] = []

    def f(x: Any, s: Any) -> Any:
        seen.extend((x, s))
        return (x * s).requires_grad_()

    plan = TaskPlan(
        call=Call(function="f", arguments=(Name("x"), Name("s"))), returns=("y",), inputs=({"x": X, "s": np.array(2.0)},)
    )
    (answer,) = call_task(plan, {"f": f}, "torch")
    assert (torch.float64, 0) == (seen[0].dtype, seen[1].dim())
    assert [2.0, 4.0] == answer.items[0].tolist()  # type: ignore[union-attr]


def test_sparse_tensor_is_no_array() -> None:
    """A sparse tensor says what to return instead."""
    torch = pytest.importorskip("torch")
    got = item(lambda x: torch.eye(2).to_sparse())
    assert isinstance(got, NotAnArray)
    assert "ordinary tensor" in got.detail


def test_a_rehearsal_goes_well_and_leaves_nothing() -> None:
    """Its source loads, each call is answered with two arrays, and imports go as they went before."""
    before = list(sys.meta_path), sys.modules["grader"]
    loaded, *answers = [memoryview(sent)[frames.HEADER.size :] for sent in rehearsal.rehearse("numpy")]
    assert () == replies.unpack_loaded(loaded).errors
    assert [(None, 2)] * 4 == [
        (status_of(answer), len(answer.items)) for answer, _ in map(replies.unpack_answer, answers, range(len(answers)))
    ]
    assert before == (list(sys.meta_path), sys.modules["grader"])
    assert "rehearsal" not in sys.modules
