"""The symbolic opinion on references: it covers the language, agrees where the reference is right, and finds a wrong one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import mpmath  # type: ignore[import-untyped]
import numpy as np
import pytest
import random_formulas
import torch
from builders import affine, one_target, tanh_layer
from formula_examples import AXES, EXAMPLES, FUNCTION_EXAMPLES, VALUES

import grader
from grader.audit.findings import Findings
from grader.audit.references import try_symbolic
from grader.exercise.formula import FUNCTIONS, CallNode, parse
from grader.exercise.model import VJP, Exercise, Gradient, Hessian, Jacobian, Kind, Local, Value
from grader.reference import prepare
from grader.reference.model import Expected, Record
from grader.reference.torch import compute, functions, symbolic
from grader.reference.torch.evaluate import evaluate
from grader.reference.torch.symbolic.entries import as_array
from grader.reference.torch.symbolic.formulas import COVERED
from grader.reference.torch.symbolic.formulas import evaluate as evaluate_symbolically
from grader.reference.torch.symbolic.program import DIGITS, Program
from grader.reference.torch.threads import one_thread

TENSORS = {name: torch.tensor(value) for name, value in VALUES.items()}
SMALLER = {  # of what the table has, where it is large for a symbolic derivative
    "x1": TENSORS["x1"][:1, :, :5],
    "w1": TENSORS["w1"][:2],
    "x2": TENSORS["x2"][:1, :, :4, :4],
    "w2": TENSORS["w2"][:2],
    "wt": TENSORS["wt"][:, :1],
}
POSED = {**TENSORS, **SMALLER}


def tried(exercise: Exercise, record: Record) -> Findings:
    """Have the audit compare a record's references with symbolic derivatives."""
    findings = Findings(where=exercise.id)
    with one_thread():
        try_symbolic(exercise, record, findings)
    return findings


def test_every_function_is_covered() -> None:
    """A new function of the language is told here that it has no symbolic form."""
    assert COVERED == FUNCTIONS.keys()


@pytest.mark.parametrize("text", [example.text for example in EXAMPLES if example.text != "X[1:1]"])
def test_values_and_slopes_of_an_example_are_torchs(text: str) -> None:
    """Each function, at the numbers of the table: its entries, and their derivative along weights that differ."""
    formula = parse(text)
    used = {name: value for name, value in POSED.items() if name in formula.names}
    leaves = {name: value.clone().requires_grad_(value.is_floating_point()) for name, value in used.items()}
    out = evaluate(formula, leaves, AXES)
    with mpmath.workdps(DIGITS):
        program = Program()
        given = {name: program.given(name, value, is_variable=True) for name, value in used.items()}
        found = evaluate_symbolically(program, formula, given, AXES)
        values = [float(program.value(entry)) for entry in found.reshape(-1)]
        assert found.shape == tuple(out.shape)
        assert np.allclose(values, out.detach().numpy().reshape(-1), rtol=1e-12, atol=1e-12)
        if not out.requires_grad:
            return
        weights = np.arange(1, out.numel() + 1)
        loss = program.name(np.dot(found.reshape(-1), weights))
        (out.reshape(-1) * torch.tensor(weights)).sum().backward()  # type: ignore[no-untyped-call]
        for name, leaf in leaves.items():
            if leaf.grad is not None:
                slopes, expected = program.rows(as_array(loss), given[name]), leaf.grad.numpy()
                assert np.abs(slopes - expected).max() <= 1e-11 * max(np.abs(expected).max(), 1)


def test_the_table_has_every_function() -> None:
    """Else the test above would leave one out."""
    called = {node.function for example in EXAMPLES for node in parse(example.text).nodes if isinstance(node, CallNode)}
    assert called >= FUNCTIONS.keys() and FUNCTION_EXAMPLES.keys() == FUNCTIONS.keys()


KINDS: tuple[tuple[str, Kind, str], ...] = (
    ("u = x ** 2 | y = sin(u) * x", Jacobian(of="y", wrt="x"), "n n"),
    ("u = x ** 2 | y = sin(u) * sum(u)", Jacobian(of="y", wrt="u"), "n n"),  # x held as u is cut
    ("u = x ** 2 | y = sin(u) * x", Local(of="y", wrt="x"), "n n"),
    ("u = x ** 2 | y = sin(u) * x", Value(of="y"), "n"),
    ("u = x ** 2 | E = sum(sin(u)) * prod(x)", Gradient(of="E", wrt="x"), "n"),
    ("u = x ** 2 | E = sum(sin(u)) * prod(x)", Hessian(of="E", wrt="x", other="x"), "n n"),
    ("u = x ** 2 | E = logsumexp(u) * std(x)", Hessian(of="E", wrt="x", other="x"), "n n"),
    ("E = sum(softmax(x) ** 2 * relu(x))", Hessian(of="E", wrt="x", other="x"), "n n"),
)


@pytest.mark.parametrize(
    ("forward", "kind", "shape", "layout"),
    [(*kind, "numerator") for kind in KINDS]
    + [(*kind, "denominator") for kind in KINDS if isinstance(kind[1], Jacobian | Local)],
)
def test_every_kind_is_confirmed_and_a_wrong_key_is_found(forward: str, kind: Kind, shape: str, layout: Any) -> None:
    """One entry that is 1e-7 of the largest off is named, with target, case and both values."""
    exercise = one_target(forward, kind, shape, layout=layout)
    record = prepare.make(exercise, 1)
    findings = tried(exercise, record)
    assert (findings.faults, findings.symbolic) == ([], 1)
    findings = tried(exercise, spoiled(record, ("g", "g"), 1e-7))
    assert findings.symbolic == 0
    (fault,) = map(str, findings.faults)
    assert "The reference of g and the symbolic derivative differ by 1e-07 of the largest entry in the case" in fault
    assert "at seed 1: g[0" in fault and ", by SymPy " in fault


def spoiled(record: Record, key: tuple[str, str], share: float) -> Record:
    """Make a record whose references of one target are off in their first entry."""

    def off(expected: Expected) -> Expected:
        array = expected.targets[key].copy()
        array.flat[0] += share * np.abs(array).max()
        return replace(expected, targets={**expected.targets, key: array})

    return replace(record, cases=tuple((case, off(expected)) for case, expected in record.cases))


def test_a_transposed_key_is_found() -> None:
    """Of an upstream product and a Jacobian, at a case with no axis of size 1, where it would not show."""
    exercise = affine()
    record = prepare.make(exercise, 1)
    key = ("affine_backward", "dx")
    assert isinstance(next(target.kind for _, target in exercise.targets()), VJP)
    cases = tuple(
        (case, replace(expected, targets={**expected.targets, key: np.flip(expected.targets[key])}))
        for case, expected in record.cases
    )
    findings = tried(exercise, replace(record, cases=cases))
    assert findings.symbolic == 2
    assert "The reference of dx and the symbolic derivative differ" in str(findings.faults[0])


def test_torch_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function whose backward is wrong in reverse, forward and differences alike: another function."""
    exercise = tanh_layer()
    monkeypatch.setitem(functions.IMPLEMENTATIONS, "tanh", lambda x: torch.tanh(x) * 1.000001)
    findings = tried(exercise, prepare.make(exercise, 1))
    assert findings.symbolic == 0
    assert "The reference of dY_dW and the symbolic derivative differ by 1e-06" in str(findings.faults[0])


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("relu(x * 1e-12)", "a branch that is not clear"),
        ("x * arctan2(0, 0)", "no value in mathematics; torch has 0"),
        ("x * (0.999 * ones(n)) ** 100000", "a fraction of millions of digits"),
        ("x * (((((x * 0.1 + 1) ** 64) * 0 + 0.1 * ones(n)) ** 64) ** 64) ** 64", "the same in steps"),
        ("max(stack((x, x + 1e-12)), axis=0)", "a tie that is none in exact numbers"),
        ("x * det(eye(6) + outer(ones(6), ones(6)))", "a large matrix"),
        ("x * sum(outer(arange(500), arange(500)))", "many products"),
        ("x * sum(zeros((100, 100)) + 1)", "many entries"),
    ],
)
def test_where_it_has_no_opinion(formula: str, reason: str) -> None:
    """Nothing is confirmed, and nothing is a fault."""
    exercise = one_target(f"y = {formula}", Jacobian(of="y", wrt="x"), "n n")
    case = next(case for case, _ in prepare.make(one_target("y = x", Jacobian(of="y", wrt="x"), "n n"), 1).cases)
    point = compute.point_of(exercise, case)
    ((_, target),) = exercise.targets()
    assert symbolic.derivative(point, target, np.zeros((2, 2))) is None, reason
    assert symbolic.derivative(point, target, np.zeros((symbolic.MAX_ENTRIES + 1,))) is None


def test_random_formulas_agree() -> None:
    """Accepted references of formulas over the whole language; hardly any has no opinion."""
    confirmed = unknown = 0
    with one_thread():
        for exercise in random_formulas.exercises(30, 8):
            for case, reason in random_formulas.judged(exercise, plans=1):
                if reason or not isinstance(expected := compute.expected(exercise, case), Expected):
                    continue
                record = Record(record_sha256="", seed=0, cases=((case, expected),), probes=(), hypotheses={}, versions={})
                findings = tried(exercise, record)
                assert findings.faults == [], exercise.forward[0].formula.text
                confirmed, unknown = confirmed + findings.symbolic, unknown + 1 - findings.symbolic
    assert confirmed >= 15
    assert unknown <= 2


def test_nothing_but_the_audit_loads_sympy() -> None:
    """Grading must not wait for it, nor need it."""
    package = Path(grader.__file__).parent
    loads = re.compile(r"^\s*(import|from) (sympy|mpmath)\b|import .*\bsymbolic\b", re.MULTILINE)
    importers = [path.relative_to(package) for path in package.rglob("*.py") if loads.search(path.read_text("utf-8"))]
    assert {str(path) for path in importers if path.parent != Path("reference/torch/symbolic")} == {"audit/references.py"}
