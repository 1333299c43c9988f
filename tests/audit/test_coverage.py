"""Sizes, batches, sides and probes that no case shows are found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from auditing import RIGHT, SQUARES, SandboxFor, audited, told
from builders import one_target

from grader.exercise.loading import parse_exercise
from grader.exercise.model import DrawnAxis, Exercise, Gradient, Task


def test_numerical_forbid_needs_a_probe(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """sum(x²) has one input: nothing else can be scaled."""
    found = audited(replace(SQUARES, numerical="forbid"), sandbox_for, tmp_path, RIGHT)
    assert "numerical: forbid cannot be held for g" in told(found)


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


def _of_a_scalar(exercise: Exercise) -> Task:
    task = exercise.tasks[0]
    return replace(task, targets=(replace(task.targets[0], axes=()),))


def test_a_size_that_too_few_cases_have_is_found(sandbox_for: SandboxFor, tmp_path: Path) -> None:
    """n: 2..4 in two cases."""
    few = replace(SQUARES, axes=(DrawnAxis(name="n", low=2, high=4),), random_cases=2)
    assert "No case has n = " in told(audited(few, sandbox_for, tmp_path, RIGHT))
