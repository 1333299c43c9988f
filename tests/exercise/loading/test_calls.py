"""Calls as an author writes them."""

from __future__ import annotations

from exercise_files import (
    loaded,
)

from grader.exercise.loading.calls import parse_call
from grader.sandbox.wire.call import Call, Constant, Group, Name, Table


def test_a_call_is_read_with_all_that_it_may_hold() -> None:
    """Nested tuples, numbers, texts, None, axes, dicts; written back as it was."""
    exercise = loaded(
        tasks="""\
  - call: "f(Y, (W, (X,)), n, -1, 0.5, 'same', None, True, {'stride': 1, 'pad': (0, m)})"
    returns:
      dW: {gradient: L, wrt: W}"""
    )
    task = exercise.tasks[0]
    assert task.call.arguments[:3] == (Name("Y"), Group((Name("W"), Group((Name("X"),)))), Name("n"))
    assert task.call.arguments[3:8] == (Constant(-1), Constant(0.5), Constant("same"), Constant(None), Constant(True))
    assert task.call.arguments[8] == Table((("stride", Constant(1)), ("pad", Group((Constant(0), Name("m"))))))
    assert str(task.call) == "f(Y, (W, (X,)), n, -1, 0.5, 'same', None, True, {'stride': 1, 'pad': (0, m)})"


def test_a_float_in_a_call_may_be_as_large_as_floats_are() -> None:
    """Only integers end at 2**53."""
    assert parse_call("f(x, 1e20, -1.0e308)") == Call(function="f", arguments=(Name("x"), Constant(1e20), Constant(-1.0e308)))
