"""The audit, shown right exercises and wrong ones: an auditor that has only met right ones is untested."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from builders import one_target, tanh_layer

from grader.audit import Audit, audit, find_solutions, solution_folders
from grader.exercise import catalogue
from grader.exercise.formula import parse
from grader.exercise.loading import load_exercise, parse_exercise
from grader.exercise.model import DrawnAxis, Exercise, Gradient, Jacobian, Mistake, Task
from grader.sandbox import Sandbox
from grader.sandbox.limits import Arrays

SandboxFor = Callable[[Arrays], Sandbox]
CATALOGUE = sorted(catalogue.shipped().glob("*.yaml"))
RIGHT = "import numpy as np\ndef g(x):\n    return 2 * x\n"
SQUARES = one_target("E = sum(x ** 2)", Gradient(of="E", wrt="x"), "n")


@pytest.fixture(scope="module")
def sandbox_for() -> Iterator[SandboxFor]:
    """One sandbox for each array library."""
    with ExitStack() as stack:
        boxes: dict[Arrays, Sandbox] = {}

        def get(arrays: Arrays) -> Sandbox:
            if arrays not in boxes:
                boxes[arrays] = stack.enter_context(Sandbox(arrays))
            return boxes[arrays]

        yield get


def audited(exercise: Exercise, sandbox_for: SandboxFor, tmp_path: Path, *solutions: str) -> Audit:
    """The audit of an exercise with these model answers, at two seeds."""
    paths = []
    for number, solution in enumerate(solutions):
        path = tmp_path / f"answer{number}.py"
        path.write_text(solution, "utf-8")
        paths.append(path)
    return audit(exercise, paths, sandbox_for, seeds=(0, 1))


def told(found: Audit) -> str:
    """All faults as text."""
    return "\n".join(map(str, found.faults))


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_every_exercise_of_the_catalogue_is_right(path: Path, sandbox_for: SandboxFor) -> None:
    """Model answers, starters, mistakes, differences, conditioning."""
    exercise = load_exercise(path)
    found = audit(exercise, find_solutions(exercise, solution_folders(exercise)), sandbox_for, seeds=(0, 1))
    assert told(found) == ""
    assert found.model_answers >= 1
    assert found.declared == sum(len(target.mistakes) for _, target in exercise.targets())
    assert found.built_in > 0
    assert found.symbolic == found.targets


def test_the_seed_course_has_model_answers_in_numpy_and_torch() -> None:
    """It is a PyTorch course."""
    for name in ("tanh_derivative", "chain_rule", "scalar_linear", "linear_layer", "tanh_layer"):
        exercise = load_exercise(catalogue.find(name).path)
        assert {path.parent.name for path in find_solutions(exercise, solution_folders(exercise))} >= {"solutions", "torch"}


def test_a_right_exercise_is_right(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """The small one that the others vary."""
    found = audited(SQUARES, sandbox_for, tmp_path, RIGHT)
    assert (told(found), found.is_right, found.model_answers) == ("", True, 1)
    assert found.difference < 1e-9


def test_a_wrong_model_answer_is_found(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """Its status, case and seed are named; the other form of the answer is tried as well."""
    found = audited(SQUARES, sandbox_for, tmp_path, RIGHT, RIGHT.replace("2 * x", "x"))
    assert 'The model answer answer1.py is judged wrong_value for g in the case "small 1" at seed 0.' in told(found)
    assert "answer0.py" not in told(found)


def test_no_model_answer_is_a_fault(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """What was not tried is not proved."""
    assert "There is no model answer to try." in told(audited(SQUARES, sandbox_for, tmp_path))


def test_a_mistake_that_is_right_is_found(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """A hint for the right answer would be told to nobody, or to everybody."""
    task = SQUARES.tasks[0]
    mistake = Mistake(returned=parse("x + x"), hint="Not so.")
    target = replace(task.targets[0], mistakes=(mistake,))
    wrong = replace(SQUARES, tasks=(replace(task, targets=(target,)),))
    assert "The mistake `x + x` of g gives right answers in too many cases." in told(audited(wrong, sandbox_for, tmp_path, RIGHT))


def test_two_mistakes_that_return_the_same_are_found(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """The second hint would never be spoken."""
    task = SQUARES.tasks[0]
    mistakes = (Mistake(returned=parse("3 * x"), hint="Three?"), Mistake(returned=parse("x * 3"), hint="Why three?"))
    wrong = replace(SQUARES, tasks=(replace(task, targets=(replace(task.targets[0], mistakes=mistakes),)),))
    assert "The mistake `x * 3` of g is not named by its hint but by `Three?`." in told(
        audited(wrong, sandbox_for, tmp_path, RIGHT)
    )


def test_an_ill_conditioned_exercise_is_found(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """Cases that cannot be drawn are a fault, not a traceback."""
    found = audited(one_target("E = 1e-20 * sum(x)", Gradient(of="E", wrt="x"), "n"), sandbox_for, tmp_path, RIGHT)
    assert "no draw is usable" in told(found)


def test_numerical_forbid_needs_a_probe(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """sum(x²) has one input: nothing else can be scaled."""
    found = audited(replace(SQUARES, numerical="forbid"), sandbox_for, tmp_path, RIGHT)
    assert "numerical: forbid cannot be held for g" in told(found)


def test_a_model_answer_by_differences_is_found_where_they_are_forbidden(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """The probe refuses it, and the audit says so."""
    layer = tanh_layer()
    only_weights = replace(layer, numerical="forbid", tasks=layer.tasks[:1])
    solution = """
import numpy as np

def dY_dW(W, X, B):
    J = np.zeros((len(B), *W.shape))
    for place in np.ndindex(W.shape):
        D = np.zeros_like(W)
        D[place] = 1e-5
        J[(slice(None), *place)] = (np.tanh((W + D) @ X + B) - np.tanh((W - D) @ X + B)) / 2e-5
    return J
"""
    assert "is judged refused for dY_dW" in told(audited(only_weights, sandbox_for, tmp_path, solution))


def test_a_batch_of_one_that_no_case_has_is_found(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """A named case may leave the range; where there would be nothing to see it is a remark."""
    solution = "def f(x, w, g):\n    return x.T @ g\n"
    text = """
schema: 1
title: x
dims: {N: 2..4, D: 2..4, M: 2..4}
inputs: {x: N D, w: D M}
upstream: {g: N M}
forward:
  y: FORWARD
tasks:
  - call: f(x, w, g)
    returns: {dw: {vjp: y, wrt: w, upstream: g}}
"""
    found = audited(parse_exercise(text.replace("FORWARD", "x @ w"), "x"), sandbox_for, tmp_path, solution)
    assert told(found).startswith("x: No case has N = 1, a batch of one.\n    Write one, as `batch of one: {N: 1}`")
    assert told(found).count("No case") == 1
    centred = parse_exercise(text.replace("FORWARD", "(x - mean(x, axis=0)) @ w"), "x")
    found = audited(centred, sandbox_for, tmp_path, solution.replace("x.T", "(x - x.mean(axis=0)).T"))
    assert told(found) == ""
    assert [remark.partition(":")[0] for remark in found.remarks] == ["No case has N = 1, a batch of one"]


def test_a_target_that_is_zero_in_every_case_is_said(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """It may be meant; nobody should find out by a class that returned zeros."""
    exercise = one_target("E = sum(sign(x))", Gradient(of="E", wrt="x"), "n", draws="nonzero")
    found = audited(exercise, sandbox_for, tmp_path, "def g(x):\n    return 0 * x\n")
    assert told(found) == ""
    assert "g is zero in every case at seed 0: whoever returns zeros is right." in found.remarks


def test_a_side_that_too_few_cases_show_is_found(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """One case cannot be on both sides of relu."""
    relu = one_target("E = sum(relu(x))", Gradient(of="E", wrt="x"), "n")
    solution = "def g(x):\n    return (x > 0) * 1.0\n"
    assert told(audited(relu, sandbox_for, tmp_path, solution)) == ""
    scalar = replace(relu, axes=(), inputs=(replace(relu.inputs[0], axes=()),), random_cases=1, tasks=(_of_a_scalar(relu),))
    assert "No case shows x " in told(audited(scalar, sandbox_for, tmp_path, solution))
    impossible = one_target("E = sum(relu(x ** 2))", Gradient(of="E", wrt="x"), "n")
    found = audited(impossible, sandbox_for, tmp_path, RIGHT)
    assert told(found) == ""
    assert found.remarks == (
        "No draw reaches x ** 2 < 0 in relu(x ** 2), the line of E. Where that is possible, write a named case that shows it.",
    )


def test_a_size_that_too_few_cases_have_is_found(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """n: 2..4 in two cases."""
    few = replace(SQUARES, axes=(DrawnAxis(name="n", low=2, high=4),), random_cases=2)
    assert "No case has n = " in told(audited(few, sandbox_for, tmp_path, RIGHT))


def _of_a_scalar(exercise: Exercise) -> Task:
    task = exercise.tasks[0]
    return replace(task, targets=(replace(task.targets[0], axes=()),))


def test_a_gate_alone_is_a_right_exercise(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """The slope of relu at a number: 1 everywhere is right where relu is open, and no model answer."""
    text = "schema: 1\ntitle: x\ninputs: {x: scalar}\nforward: {y: relu(x)}\ntasks:\n  - call: g(x)\n"
    relu = parse_exercise(
        f"{text}    returns: {{d: {{gradient: y, wrt: x}}}}\n    mistakes: {{d: [{{returned: 1, hint: The gate.}}]}}\n", "relu"
    )
    found = audited(relu, sandbox_for, tmp_path, "def g(x):\n    return float(x > 0)\n")
    assert (told(found), found.declared) == ("", 1)
    assert "is judged wrong_value for d" in told(audited(relu, sandbox_for, tmp_path, "def g(x):\n    return 1.0\n"))


def test_entries_that_are_too_small_to_be_judged_are_named(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """Zero would be right for them in every case."""
    exercise = one_target("y = x * where(arange(n) == 0, 1.0e-14, 1.0)", Jacobian(of="y", wrt="x"), "n n")
    solution = "import numpy as np\ndef g(x):\n    return np.diag(np.where(np.arange(len(x)) == 0, 1e-14, 1.0))\n"
    found = told(audited(exercise, sandbox_for, tmp_path, solution))
    assert "Zero would be right in every case at seed 0 for g[0, 0], which is at most 1e-14." in found
    large = one_target("y = x * where(arange(n) == 0, 1.0e-7, 1.0)", Jacobian(of="y", wrt="x"), "n n")
    assert "Zero would be right" not in told(audited(large, sandbox_for, tmp_path, solution.replace("1e-14", "1e-7")))
