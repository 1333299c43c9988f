"""Tasks, and what they are given."""

from __future__ import annotations

from exercise_files import (
    faults_with,
    loaded,
)

from grader.sandbox.wire.call import Given, Group, Name


def test_a_task_may_be_given_what_the_student_makes() -> None:
    """`given` names a call and the entry of what it returns."""
    exercise = loaded(
        tasks="""\
  - call: back(dY, cache)
    given:
      state: start(X)
      cache: forward((W, X), state)[1]
    returns:
      dW: {vjp: Y, wrt: W, upstream: dY}""",
        upstream="  dY: like Y",
    )
    assert exercise.tasks[0].call.given == (
        Given(name="state", function="start", arguments=(Name("X"),)),
        Given(name="cache", function="forward", arguments=(Group((Name("W"), Name("X"))), Name("state")), item=1),
    )
    assert exercise.tasks[0].call.functions == ("start", "forward", "back")


def test_a_task_is_not_handed_its_own_answer() -> None:
    """Nobody would have to compute anything."""
    text = faults_with(tasks="  - call: f(W, Y)\n    returns:\n      Y: {value: Y}")
    assert text == "x.yaml:13: f is handed Y, which is its own answer.\n    Leave Y out of the call."
