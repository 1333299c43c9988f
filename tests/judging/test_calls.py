"""One child for all calls, but for tasks of which one is given what another has to find out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from layer_answers import LAYER, RIGHT, graded, statuses

from grader.exercise import catalogue
from grader.exercise.loading import load_exercise, parse_exercise
from grader.judging.calls import plan_calls
from grader.judging.submission import Submission
from grader.outcome import Status
from grader.reference import prepare
from grader.sandbox import Sandbox
from grader.sandbox.host.zygote import Child
from grader.sandbox.job import Job


@pytest.mark.parametrize(
    "source",
    [
        RIGHT,
        RIGHT.replace("    Y = ", '    print(f"{id(W)}")\n    Y = '),
        "import random\nseen = np = None\n" + RIGHT,
        RIGHT.replace("    Y = ", "    Y = np.empty(len(B))\n    Y[:] = "),
        RIGHT.replace("def dY_dB", "ONES = np.ones(64)\nclass Layer:\n    pass\n\ndef dY_dB"),
        RIGHT.replace("    return np.diag(", "    try:\n        pass\n    finally:\n        pass\n    return np.diag("),
    ],
    ids=["plain", "prints text", "imports random", "np.empty", "a global array and a class", "try"],
)
def test_one_child_does_it_all(sandbox: Sandbox, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the code looks like: nothing is read off it, and no second child is begun."""
    begun: list[Job] = []
    child = Sandbox._child

    def counted(sandbox: Sandbox, job: Job) -> Child:
        begun.append(job)
        return child(sandbox, job)

    monkeypatch.setattr(Sandbox, "_child", counted)
    assert graded(sandbox, source).score == 3.0
    assert len(begun) == 1


# What one task is given, another may have to find out


HANDS_ON = """
schema: 1
title: A quantity that one task is given and the next is asked for
inputs: {x: scalar}
forward: {y: tanh(x)}
tasks:
  - call: dy_dx(y)
    returns: {dy_dx: {gradient: y, wrt: x}}
  - call: forward(x)
    returns: {y: {value: y}}
"""
HANDED_ON = """
given = []

def dy_dx(y):
    given.append(y)
    return 1 - y**2

def forward(x):
    return given.pop(0) if given else 0.0
"""


def test_what_one_task_was_given_does_not_answer_the_next(sandbox: Sandbox) -> None:
    """They run in children of their own: the function that kept it has nothing to give back."""
    exercise = parse_exercise(HANDS_ON, "hands_on")
    report = graded(sandbox, HANDED_ON, exercise)
    assert [Status.CORRECT, Status.WRONG_VALUE] == statuses(report)
    wrong_first = graded(sandbox, HANDED_ON.replace("1 - y**2", "5.0"), exercise)
    assert wrong_first.score == 0.0


LEFTOVERS = {
    "a list": ("kept.append(float(y))", "kept.pop(0)"),
    "memory that was freed": ("keep = np.full(3001, float(y)); del keep", "float(np.empty(3001)[7])"),
    "an attribute of a module": ("np.linalg.kept = getattr(np.linalg, 'kept', []) + [float(y)]", "np.linalg.kept.pop(0)"),
    "an attribute of a function": ("dy_dx.__dict__.setdefault('k', []).append(float(y))", "dy_dx.k.pop(0)"),
}


@pytest.mark.parametrize(("keep", "recall"), LEFTOVERS.values(), ids=LEFTOVERS)
def test_no_memory_carries_a_value_from_one_task_to_another(sandbox: Sandbox, keep: str, recall: str) -> None:
    """The trick works where tasks share a child, and earns nothing, since these do not."""
    functions = f"def dy_dx(y):\n    {keep}\n    return 1 - y**2\n\ndef forward(x):\n    return {recall}\n"
    source = f"import numpy as np\nkept = []\n\n{functions}"
    exercise = replace(parse_exercise(HANDS_ON, "hands_on"), limits=LAYER.limits)
    report = graded(sandbox, source, exercise)
    assert report.targets[0].status is Status.CORRECT
    assert (report.targets[1].status is Status.CORRECT, report.targets[1].score) == (False, 0.0)

    record = prepare.prepare(exercise, 0)
    plans = tuple(replace(plan, child=0, inputs=plan.inputs[:1]) for plan in plan_calls(exercise, record).counted)
    sources = Submission.from_bytes({"answer.py": source.encode()}).sources
    trial = sandbox.run(Job(sources=sources, tasks=plans, arrays="numpy", limits=exercise.limits))
    assert trial.tasks[1].answers[0].items == (record.cases[0][1].quantities["y"],)


def test_no_child_is_given_what_another_of_its_tasks_has_to_find_out() -> None:
    """Over the whole catalogue: the plans that share a child are given the same quantities of the forward function."""
    told_apart = 0
    for path in sorted(catalogue.shipped().glob("*.yaml")):
        exercise = load_exercise(path)
        lines = {line.name for line in exercise.forward}
        given: dict[int, set[frozenset[str]]] = {}
        for plan in plan_calls(exercise, prepare.prepare(exercise, 0)).counted:
            given.setdefault(plan.child, set()).add(frozenset(lines.intersection(plan.call.names)))
        assert all(len(sets) == 1 for sets in given.values()), exercise.id
        told_apart += len(given) > 1
    assert told_apart


SANDWICH = """
schema: 1
title: A quantity that a task before and a task after are given
dims: {m: 2, n: 3}
inputs: {W: m n, X: n}
forward: {Z: W @ X, Y: tanh(Z)}
tasks:
  - call: slope(Z)
    returns: {slope: {local: Y, wrt: Z}}
  - call: linear(W, X)
    returns: {Z: {value: Z}, dZ_dX: {jacobian: Z, wrt: X}}
  - call: activation(Z)
    returns: {Y: {value: Y}}
"""
SANDWICHED = """
import numpy as np

seen = []
used = []

def slope(Z):
    seen.append(Z.copy())
    return np.diag(1 - np.tanh(Z) ** 2)

def activation(Z):
    seen.append(Z.copy())
    return np.tanh(Z)

def linear(W, X):
    used.append(0)
    return seen[len(used) - 1], DERIVATIVE
"""


@pytest.mark.parametrize("derivative", ["W.copy()", "0 * W"])
def test_a_value_that_any_other_task_is_given_is_called_for_alone(sandbox: Sandbox, derivative: str) -> None:
    """In whichever order the calls come, and whatever else of the answer is wrong, it earns nothing."""
    report = graded(sandbox, SANDWICHED.replace("DERIVATIVE", derivative), parse_exercise(SANDWICH, "sandwich"))
    z = report.targets[1]
    assert (z.name, z.status, z.score) == ("Z", Status.RAISED, 0.0)


def test_honest_functions_that_share_quantities_are_right(sandbox: Sandbox) -> None:
    """Called alone, each gives what it gave among the others."""
    source = SANDWICHED.replace("DERIVATIVE", "W.copy()").replace("seen[len(used) - 1]", "W @ X")
    report = graded(sandbox, source, parse_exercise(SANDWICH, "sandwich"))
    assert (report.score, report.flags) == (4.0, ())
